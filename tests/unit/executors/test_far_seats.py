"""When a driver expects to be told of ends: as soon as one may be, and not before."""

from __future__ import annotations

from penstock.executors.far_seats import Seat, new_seat
from penstock.model import mail
from penstock.model.events import Lane


def busy(*waiting: int, each_s: float = 0.0) -> Seat:
    """A seat with so many attempts in each of its lanes, which were given at 10.0."""
    seat = new_seat("agent.0000-aa", 10.0)
    seat.lanes = {
        number: (Lane(number), dict.fromkeys(f"a{at}" for at in range(count))) for number, count in enumerate(waiting)
    }
    seat.told_at, seat.each_s = 10.0, each_s
    return seat


def test_an_end_may_be_told_at_any_time_while_nothing_is_known_of_how_long_one_takes():
    assert busy(100, 100).tells_in(10.0) <= 0.0


def test_nothing_is_expected_for_a_while_of_one_that_has_much_to_do():
    seat = busy(100, 100, each_s=0.05)
    assert 0.5 * mail.FED_PACE_S < seat.tells_in(10.0) < mail.FED_PACE_S
    assert seat.tells_in(10.0 + mail.FED_PACE_S) < 0.0


def test_it_is_where_one_lane_has_little():
    assert busy(100, 3, each_s=0.05).tells_in(10.0) <= 0.0
    assert busy(1, each_s=100.0).tells_in(10.0) <= 0.0


def test_how_long_one_takes_is_what_those_have_taken_that_ended_whenever_that_is_heard():
    seat = busy(100, 100)
    seat.ended([0.25, 0.75], 11.0)
    assert seat.each_s == 0.5
    seat.ended([], 19.0)
    assert (seat.each_s, seat.told_at) == (0.5, 11.0)
    seat.ended([0.25] * 100, 21.0)
    assert seat.each_s == 0.375
