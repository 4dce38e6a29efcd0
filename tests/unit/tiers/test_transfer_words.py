"""What is said of a transfer."""

from __future__ import annotations

from penstock.errors import StoreError
from penstock.tiers.transfer_words import Transfer


class Clock:
    """One that the test sets."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_short_one_is_not_told():
    said, clock = list[str](), Clock()
    with Transfer("sending", 100 << 20, "up to file:///shared", said.append, clock) as told:
        clock.now_s += 2.9
        told(50 << 20)
        told(100 << 20)
    assert said == []


def test_a_long_one_is_told_ever_less_often():
    said, clock = list[str](), Clock()
    with Transfer("bringing", 100 << 20, "down from file:///a{b}", said.append, clock) as told:
        for percent in range(1, 101):
            clock.now_s += 1.0
            told(percent << 20)
    assert said == [
        "bringing 100.0 MiB down from file:///a{b}: 3 % after 3.0 s",
        "bringing 100.0 MiB down from file:///a{b}: 6 % after 6.0 s",
        "bringing 100.0 MiB down from file:///a{b}: 12 % after 12.0 s",
        "bringing 100.0 MiB down from file:///a{b}: 24 % after 24.0 s",
        "bringing 100.0 MiB down from file:///a{b}: 48 % after 48.0 s",
        "bringing 100.0 MiB down from file:///a{b}: 96 % after 1 min 36 s",
        "bringing 100.0 MiB down from file:///a{b}: done in 1 min 40 s",
    ]


def test_one_that_fails_is_not_done():
    said, clock = list[str](), Clock()
    transfer = Transfer("sending", 10, "up to x", said.append, clock)
    told = transfer.__enter__()
    clock.now_s += 5.0
    told(5)
    transfer.__exit__(StoreError, StoreError("cut"), None)
    assert said == ["sending 10 B up to x: 50 % after 5.0 s"]
