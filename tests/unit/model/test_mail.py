"""Letters come back as they were, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from penstock.model import mail, wire
from penstock.model.environments import Environment
from penstock.model.events import Began, Ended, Hint, Lane, Notice, Recalled
from penstock.model.outcomes import Metric, Outcome, failed
from penstock.model.rows import LoopProgress
from penstock.model.specs import Attempt, Function, Program, Resolved, RunSpec
from penstock.model.states import Cause

FUNCTION = Function("steps", "train", None, ("x",))
PROGRAM = Program("steps", "count", ("wc", "{text}"), (("text", "text"),))
INPUT = Resolved("x", b"record", (b"ref",), ((("item", 0),),))
METRIC = Metric("loss", 2, 0.5, 2, 11.0, 1.0, 1, 10.0, 0.5, 1.0)


def test_what_a_driver_writes_comes_back() -> None:
    lane = Lane(3, 2.0, 1 << 30, ("0",), Environment(packages=["numpy"], env={"A": "b"}), True, 1)
    launches = tuple(
        (Attempt(f"digits/3/train/{at}#1", b"k", work, (INPUT,), ("ValueError",), True, b"b", 1, 60.0), lane)
        for at, work in enumerate((FUNCTION, PROGRAM, FUNCTION))
    )
    letters = (
        mail.Obey(7, RunSpec("digits/3", (("rows", b"r"),), secrets=("TOKEN",), nonce="5f"), 360.0, 60.0),
        mail.Launch((*launches, (launches[0][0], Lane(4))), (("plain", 1),)),
        mail.Cancel("digits/3/train/1#1", Cause.TIMEOUT.value),
        mail.GiveBack(("digits/3/train/1#1",)),
        mail.Leave("it is over"),
    )
    assert mail.read_down(mail.pack_down(mail.Down("0000-aa", letters))) == mail.Down("0000-aa", letters)


def test_what_an_agent_writes_comes_back() -> None:
    hello = mail.Hello(4.0, None, 2, "0.1", "node-7", 3600.0, 12.5)
    letters = (
        hello,
        mail.Obeying(7, hello, (mail.HeldAttempt("digits/3/train/1#1", True, 1.0, None, 0, 2),)),
        mail.Logs((("a.log", 0, b"line\n", False),)),
        Began("digits/3/train/1#1"),
        Hint("digits/3/train/1#1", (METRIC,), (LoopProgress("epochs", 1, 3),)),
        Hint("digits/3/train/1#1", (METRIC,)),
        Ended("digits/3/train/1#1", failed(Cause.TIMEOUT, "too long", metrics=(METRIC,))),
        Ended("digits/3/train/2#1", Outcome("done", worker="a")),
        Recalled("digits/3/train/3#1"),
        Notice("it is so"),
        mail.Bye("nothing to do"),
    )
    assert mail.read_up(mail.pack_up(mail.Up(7, 12, letters))) == mail.Up(7, 12, letters)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80\x04garbage",
        wire.pack(["list"]),
        wire.pack((mail.VERSION,)),
        wire.pack((mail.VERSION, 7, 12, [("bye",)])),
        wire.pack((mail.VERSION, 7, 12, (("unheard of", 1),))),
        wire.pack((mail.VERSION, 7, 12, (("ended",),))),
        wire.pack((mail.VERSION, 7, 12, (3,))),
    ],
)
def test_what_is_no_envelope_is_refused(data: bytes) -> None:
    with pytest.raises(wire.MalformedError):
        mail.read_up(data)


def test_another_version_is_told_apart() -> None:
    with pytest.raises(mail.Foreign, match="it has version 3, and this Penstock knows 2: use one version at both ends"):
        mail.read_down(wire.pack((3, "something", "else")))


def test_names_say_whose_they_are() -> None:
    seat = mail.seat_of("5f-cluster-1", mail.incarnation(2, "aabbccdd"))
    assert seat == "5f-cluster-1.0002-aabbccdd"
    assert (mail.agent_of(seat), mail.incarnation_of(seat)) == ("5f-cluster-1", "0002-aabbccdd")
    assert mail.numbers_of(mail.up_name("5f", seat, 12)) == (seat, 12)
    assert mail.numbers_of(mail.down_name("5f", "5f-cluster-1", 3, 4)) == ("00000003", 4)


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [("0001-aa", "0000-ff", True), ("0000-ff", "0000-aa", False), ("0000-aa", "0001-aa", False)],
)
def test_a_higher_count_of_restarts_takes_the_place(new: str, old: str, expected: bool) -> None:
    assert mail.replaces(new, old) is expected
