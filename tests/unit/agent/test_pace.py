"""What an agent tells at once, and what may wait for more of its kind."""

from __future__ import annotations

from penstock.model import mail
from penstock.model.events import Began, Ended, Recalled
from penstock.model.outcomes import Outcome
from tests.unit.agent.test_allocation import OBEY, Seat, attempt


def started(count: int) -> tuple[Seat, list[str]]:
    """A seat with so many attempts in one lane, of which all is told."""
    seat = Seat(None)
    attempts = [attempt(number, None) for number in range(count)]
    seat.launch(*attempts, now=0.0)
    for one in attempts:
        seat.duty.said(Began(one.id), 0.0)
    seat.told()
    return seat, [one.id for one in attempts]


def test_an_answer_to_its_driver_is_told_at_once():
    seat = Seat(None)
    seat.send(OBEY, now=1.0)
    assert seat.duty.is_urgent
    seat.told()
    assert not seat.duty.is_urgent


def test_an_end_behind_which_much_waits_is_not():
    seat, ids = started(10)
    for id_ in ids[:6]:
        seat.duty.said(Ended(id_, Outcome("done")), 1.0)
    assert not seat.duty.is_urgent
    seat.duty.said(Ended(ids[6], Outcome("done")), 1.0)
    assert seat.duty.is_urgent


def test_what_was_told_does_not_count_again():
    seat, ids = started(10)
    for id_ in ids[:6]:
        seat.duty.said(Ended(id_, Outcome("done")), 1.0)
    seat.told()
    seat.duty.said(Ended(ids[6], Outcome("done")), 1.0)
    assert not seat.duty.is_urgent


def test_the_end_of_a_lane_s_last_one_is_told_at_once_whatever_other_lanes_have():
    seat, _ = started(10)
    seat.launch(alone := attempt(99, None), lane=2, now=0.0)
    seat.duty.said(Began(alone.id), 0.0)
    assert not seat.duty.is_urgent
    seat.duty.said(Ended(alone.id, Outcome("done")), 1.0)
    assert seat.duty.is_urgent


def test_what_was_asked_back_is_told_at_once():
    seat, ids = started(10)
    seat.send(mail.GiveBack((ids[-1],)), now=1.0)
    assert not seat.duty.is_urgent
    seat.duty.said(Recalled(ids[-1]), 1.0)
    assert seat.duty.is_urgent
