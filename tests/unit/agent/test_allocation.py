"""What an agent takes, hands back and cuts as the end of its allocation comes nearer."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.agent import allocation
from penstock.agent.duty import Duty, End, RunAttempts, TakeBack
from penstock.errors import UsageError
from penstock.model import mail
from penstock.model.agents import CUT_S, has_time
from penstock.model.events import Began, Ended, Lane, Recalled
from penstock.model.specs import Attempt, Function, RunSpec
from penstock.model.states import Cause
from tests.unit.executors.far_world import TIMEOUTS_S, Agent, World, attempt_id, attempt_of, task_of, timeout_of

HELLO = mail.Hello(4.0, None, 0, "1", "here")
OBEY = mail.Obey(1, RunSpec("digits/3", nonce="5f0c9a1e"), 1e9, 1e9)


def attempt(number: int, timeout_s: float | None) -> Attempt:
    return Attempt(f"digits/3/step/{number}#1", b"k", Function("m", "step"), (), None, False, timeout_s=timeout_s)


class Seat:
    """A duty on a bench."""

    def __init__(self, left_s: float | None) -> None:
        self.duty = Duty("0000-aa", HELLO, (), 0.0, left_s)
        self.number = 0
        self.send(OBEY, now=0.0)
        self.told()

    def send(self, *letters: mail.DownLetter, now: float) -> None:
        self.number += 1
        self.duty.take(1, self.number, mail.Down("0000-aa", letters), now)

    def launch(self, *attempts: Attempt, lane: int = 1, now: float) -> None:
        self.send(mail.Launch(tuple((one, Lane(lane)) for one in attempts)), now=now)

    def told(self) -> list[mail.UpLetter]:
        envelope = self.duty.envelope()
        return list(envelope.letters) if envelope else []


def test_it_says_how_much_is_left():
    seat = Seat(1000.0)
    seat.send(OBEY, now=100.0)
    (obeying,) = seat.told()
    assert isinstance(obeying, mail.Obeying)
    assert (obeying.hello.lasts_s, obeying.hello.left_s) == (980.0, 880.0)


def test_to_one_that_has_done_nothing_all_may_come_and_then_what_fits():
    seat = Seat(1000.0)
    long, short = attempt(1, 800.0), attempt(2, 100.0)
    seat.launch(long, now=500.0)
    assert isinstance(seat.duty.orders()[-1], RunAttempts)
    seat.duty.said(Began(long.id), 500.0)
    seat.told()
    more = attempt(3, 800.0)
    seat.launch(more, lane=2, now=510.0)
    seat.launch(short, lane=3, now=510.0)
    orders = seat.duty.orders()
    assert [one.launches[0][0] for one in orders if isinstance(one, RunAttempts)] == [short]
    hello, back = seat.told()
    assert isinstance(hello, mail.Hello)
    assert hello.left_s == 470.0
    assert back == Recalled(more.id)


def test_what_hardly_fits_into_the_whole_takes_its_chance():
    seat = Seat(1000.0)
    first, generous = attempt(1, None), attempt(2, 86_400.0)
    seat.launch(first, generous, now=1.0)
    seat.duty.said(Began(first.id), 2.0)
    seat.duty.look(900.0)
    assert not any(isinstance(order, TakeBack) for order in seat.duty.orders())


def test_what_waits_is_handed_back_once_it_does_not_fit_any_more():
    seat = Seat(1000.0)
    runs, waits, brief = attempt(1, None), attempt(2, 300.0), attempt(3, 5.0)
    seat.launch(runs, waits, brief, now=1.0)
    for one in (runs, waits):
        seat.duty.said(Began(one.id), 2.0)
    seat.duty.look(680.0)
    assert TakeBack((waits.id,)) not in seat.duty.orders()
    seat.duty.look(680.5)
    assert seat.duty.orders() == [TakeBack((waits.id,))]
    seat.duty.look(681.0)
    assert seat.duty.orders() == []
    seat.duty.said(Recalled(waits.id), 681.0)
    assert Recalled(waits.id) in seat.told()


@pytest.mark.parametrize(("left_s", "cut_at"), [(1000.0, 1000.0 - CUT_S), (60.0, 54.0)])
def test_what_is_cut_by_its_end_is_preempted_and_told_in_time(left_s: float, cut_at: float):
    seat = Seat(left_s)
    seat.launch(attempt(1, None), now=1.0)
    seat.duty.said(Began("digits/3/step/1#1"), 2.0)
    seat.duty.orders()
    seat.duty.look(cut_at - 0.1)
    assert seat.duty.orders() == []
    seat.duty.look(cut_at)
    assert seat.duty.orders() == [End("digits/3/step/1#1", Cause.PREEMPTED)]
    assert seat.duty.going == "its allocation ends"


def test_an_attempt_begins_once_it_has_what_it_needs_and_is_the_first_of_its_lane():
    seat = Seat(None)
    one, two = attempt(1, None), attempt(2, None)
    seat.launch(one, two, now=1.0)
    assert seat.told() == []
    seat.send(OBEY, now=1.0)
    (obeying,) = seat.told()
    assert isinstance(obeying, mail.Obeying)
    assert [held.began for held in obeying.holds] == [False, False]
    for ready in (one, two):
        seat.duty.said(Began(ready.id), 2.0)
    assert seat.told() == [Began(one.id)]
    seat.duty.said(Recalled(one.id), 3.0)
    assert seat.told() == [Recalled(one.id), Began(two.id)]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("launch"), st.integers(1, 3), st.sampled_from(range(len(TIMEOUTS_S)))),
        st.tuples(st.sampled_from(["bring", "finish"]), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("pass"), st.integers(1, 40), st.just(0)),
    ),
    max_size=60,
)


@given(left_s=st.sampled_from([None, 50.0, 120.0, 400.0]), steps=STEPS)
@settings(max_examples=150, deadline=None)
def test_whatever_comes_is_answered_once_and_nothing_begins_that_would_be_cut(
    left_s: float | None, steps: list[tuple[str, int, int]]
):
    world = World(0)
    agent = world.place("a", left_s=left_s)
    deliver(agent, 1, OBEY)
    launched: list[str] = []
    told: list[mail.UpLetter] = []
    for at, (kind, which, timeout) in enumerate(steps, 1):
        if kind == "launch" and not agent.duty.going:
            one = attempt_of(attempt_id(at * len(TIMEOUTS_S) + timeout, 1))
            launched.append(one.id)
            deliver(agent, 1 + len(launched), mail.Launch(((one, Lane(which)),)))
        elif kind == "pass":
            world.pass_time(float(which))
        elif kind == "bring" and agent.staged:
            agent.bring()
        elif kind == "finish" and agent.runs:
            agent.finish(sorted(agent.runs)[which % len(agent.runs)])
        told += written(agent)
    if left_s is None:
        assert not any(isinstance(letter, Recalled) for letter in told)
        return
    world.pass_time(left_s)
    told += written(agent)
    assert isinstance(told[-1], mail.Bye)
    answered = [letter.attempt for letter in told if isinstance(letter, (Ended, Recalled))]
    assert sorted(answered) == sorted(launched)


def deliver(agent: Agent, number: int, letter: mail.DownLetter) -> None:
    agent.duty.take(1, number, mail.Down(mail.incarnation_of(agent.seat), (letter,)), agent.world.now)
    agent.obey()


def written(agent: Agent) -> list[mail.UpLetter]:
    """What it tells now. Of what it hands back its driver learns before that there is no time for it."""
    envelope = agent.duty.envelope()
    letters = list(envelope.letters) if envelope else []
    left = [letter.left_s for letter in letters if isinstance(letter, mail.Hello)]
    for letter in letters:
        if isinstance(letter, Recalled) and not agent.duty.going:
            assert not has_time(timeout_of(task_of(letter.attempt)), agent.lasts_s, left[-1])
    return letters


def test_what_its_site_says_of_its_time_counts_from_the_start_of_its_process(tmp_path: Path):
    assert allocation.left_s({}, 3.0) is None
    assert allocation.left_s({"PENSTOCK_AGENT_LEFT_S": "100"}, 3.0) == 97.0
    assert allocation.left_s({"PENSTOCK_AGENT_LEFT_S": "2"}, 3.0) == 0.0
    with pytest.raises(UsageError, match="PENSTOCK_AGENT_LEFT_S='soon': expected a number of seconds"):
        allocation.left_s({"PENSTOCK_AGENT_LEFT_S": "soon"}, 3.0)
    (tmp_path / "stat").write_text(f"7 (an ) agent) S {'0 ' * 18}{100 * os.sysconf('SC_CLK_TCK')} 0\n")
    (tmp_path / "uptime").write_text("130.5 7.0\n")
    assert allocation.running_s(tmp_path / "stat", tmp_path / "uptime") == 30.5
    assert allocation.running_s(tmp_path / "none") == 0.0
