"""What an agent tells at once, and what may wait for more of its kind."""

from __future__ import annotations

from penstock.agent import duty as duties
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
    assert seat.duty.pace_s <= duties.LOW_PACE_S
    seat.told()
    assert seat.duty.pace_s > duties.LOW_PACE_S


def test_an_end_behind_which_enough_waits_is_not():
    seat, ids = started(10)
    for number, id_ in enumerate(ids[:3]):
        seat.duty.said(Ended(id_, Outcome("done")), 0.1 * (number + 1))
        assert seat.duty.pace_s > duties.LOW_PACE_S
    assert 0.55 < seat.duty.waits_s < 0.65
    for number, id_ in enumerate(ids[3:5]):
        seat.duty.said(Ended(id_, Outcome("done")), 0.1 * (number + 4))
    assert seat.duty.pace_s <= duties.LOW_PACE_S


def test_that_little_is_left_is_told_once_until_more_is_given():
    seat, ids = started(5)
    seat.duty.said(Ended(ids[0], Outcome("done")), 0.1)
    assert seat.duty.pace_s <= duties.LOW_PACE_S
    seat.told()
    seat.duty.said(Ended(ids[1], Outcome("done")), 0.2)
    assert seat.duty.pace_s > duties.LOW_PACE_S
    seat.launch(attempt(99, None), now=0.3)
    seat.duty.said(Ended(ids[2], Outcome("done")), 0.3)
    assert seat.duty.pace_s <= duties.LOW_PACE_S


def test_what_is_left_counts_as_told_where_little_will_be_left_soon():
    seat, ids = started(10)
    seat.duty.said(Ended(ids[0], Outcome("done")), 0.1)
    seat.told()
    for number, id_ in enumerate(ids[1:9]):  # 0.8 s are left
        seat.duty.said(Ended(id_, Outcome("done")), 0.1 * (number + 2))
        assert seat.duty.pace_s > duties.LOW_PACE_S
    seat.duty.said(Ended(ids[9], Outcome("done")), 1.0)
    assert seat.duty.pace_s <= duties.LOW_PACE_S


def test_a_lane_without_anything_needs_its_answer_soon_whatever_others_have():
    seat, ids = started(10)
    seat.launch(alone := attempt(99, None), lane=2, now=0.0)
    seat.duty.said(Began(alone.id), 0.0)
    seat.duty.said(Ended(ids[0], Outcome("done")), 0.1)
    assert seat.duty.waits_s == 0.0
    seat.duty.said(Ended(alone.id, Outcome("done")), 0.2)
    assert seat.duty.waits_s == 0.0
    seat.told()
    assert seat.duty.waits_s > 0.5


def test_the_end_of_a_lane_s_last_one_is_told_at_once_whatever_other_lanes_have():
    seat, _ = started(10)
    seat.launch(alone := attempt(99, None), lane=2, now=0.0)
    seat.duty.said(Began(alone.id), 0.0)
    assert seat.duty.pace_s > duties.LOW_PACE_S
    seat.duty.said(Ended(alone.id, Outcome("done")), 1.0)
    assert seat.duty.pace_s <= duties.LOW_PACE_S


def test_what_was_asked_back_is_told_at_once():
    seat, ids = started(10)
    seat.send(mail.GiveBack((ids[-1],)), now=1.0)
    assert seat.duty.pace_s > duties.LOW_PACE_S
    seat.duty.said(Recalled(ids[-1]), 1.0)
    assert seat.duty.pace_s <= duties.LOW_PACE_S


def test_many_short_ones_are_told_soon_of_a_lane_that_has_little_for_as_long_as_it_has():
    seat, ids = started(200)
    seat.duty.said(Ended(ids[0], Outcome("done")), 0.001)
    seat.told()
    for number, id_ in enumerate(ids[1 : duties.MANY + 1]):
        assert seat.duty.pace_s == mail.FED_PACE_S, number
        seat.duty.said(Ended(id_, Outcome("done")), 0.001 * (number + 2))
    assert seat.duty.pace_s == duties.LOW_PACE_S
    seat.told()
    assert seat.duty.pace_s == mail.FED_PACE_S


def test_nothing_waits_that_a_driver_has_asked_for():
    seat, _ = started(10)
    seat.send(OBEY, now=1.0)
    assert seat.duty.pace_s == 0.0
