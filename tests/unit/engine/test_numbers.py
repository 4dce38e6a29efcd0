"""A call keeps its number over all drivers of its run, and no number is given twice."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from penstock.engine.submissions import Numbers
from penstock.model.rows import Dealt, PriorTask

CALLS = st.lists(st.tuples(st.sampled_from(["train", "load"]), st.integers(0, 5)), max_size=8, unique=True)


def key(name: str, number: int) -> bytes:
    return f"{name} {number}".encode()


def row(dealt: Dealt) -> PriorTask:
    return PriorTask(dealt.id, dealt.name, dealt.name, dealt.number, dealt.key, "done", b"", 1, False)


@given(st.lists(st.tuples(CALLS, st.randoms(use_true_random=False)), max_size=5))
def test_whatever_the_drivers_of_a_run_call_and_whenever_they_die(drivers: list[Any]) -> None:
    noted: list[Dealt] = []
    rows: dict[bytes, PriorTask] = {}
    seen: dict[bytes, Dealt] = {}
    for calls, random in drivers:
        numbers = Numbers(rows.values(), noted)
        for name, which in calls:
            news: list[Dealt] = []
            (given_now,) = numbers.of(name, [key(name, which)], news)
            noted += news  # before anything is seen of it
            assert seen.setdefault(given_now.key, given_now) == given_now
            if random.random() < 0.5:  # it has settled
                rows[given_now.key] = row(given_now)
    assert len({dealt.id for dealt in seen.values()}) == len(seen)
    assert len({(dealt.name, dealt.number) for dealt in seen.values()}) == len(seen)


def test_what_is_in_the_rows_alone_counts() -> None:
    """The file of an older run is not there."""
    numbers = Numbers([row(Dealt(b"train 1", 7, "train", 3))])
    news: list[Dealt] = []
    known, new, newer = numbers.of("train", [key("train", 1), key("train", 2), key("train", 3)], news)
    assert known == (b"train 1", 7, "train", 3)
    assert [new, newer] == news == [(b"train 2", 8, "train", 4), (b"train 3", 9, "train", 5)]
    assert numbers.of("load", [key("load", 1)], news) == [(b"load 1", 10, "load", 1)]
