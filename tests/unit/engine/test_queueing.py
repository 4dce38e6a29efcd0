"""Short attempts wait at the worker rather than here, and come back when that was the wrong place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.engine.facts import Settling, Submitted, SubmittedAlike
from penstock.engine.schedule import AHEAD_S, ROUND_TRIPS, STALE_S
from penstock.model.events import Profile
from penstock.model.options import Options
from penstock.model.states import Cause
from tests.unit.engine.rig import Rig, lanes, recalls, settled, started


def test_steps_of_unknown_length_are_not_queued_ahead():
    rig = Rig(cpu=2, depth=4)
    assert started(rig.submit(*range(1, 10))) == [1, 2]


def test_long_steps_are_not_queued_ahead():
    rig = Rig(cpu=2, depth=4)
    rig.submit(*range(1, 10))
    assert started(rig.end(1, wall_s=0.5)) == [3]


def test_short_steps_fill_their_lanes_evenly_up_to_the_depth():
    rig = Rig(cpu=2, depth=4)
    rig.make_short()
    filled = list(lanes(rig.submit(*range(1, 20))).values())
    first, second = filled[:2]
    assert filled == [first, second] * 4
    assert started(rig.end(1, wall_s=0.001)) == [9]


def test_what_is_queued_ahead_is_soon_over():
    for wall_s, queued in ((AHEAD_S / 16, 16), (AHEAD_S / 40, 40), (AHEAD_S / 1000, 64)):
        rig = Rig(cpu=1, depth=64)
        rig.make_short(wall_s=wall_s)
        assert len(started(rig.submit(*range(1, 100)))) == queued


def test_older_calls_are_queued_ahead_first_whatever_their_kind():
    rig = Rig(cpu=2, depth=4)
    rig.make_short(1000, "a")
    rig.make_short(1001, "b")
    calls = [Submitted(task, kind, Options(), ()) for task, kind in enumerate("abaabbabab", 1)]
    assert started(rig.send(*calls)) == list(range(1, 9))


def test_short_is_a_matter_of_the_step():
    rig = Rig(cpu=2, depth=4)
    rig.make_short()
    assert started(rig.submit(*range(1, 10), step="other")) == [1, 2]


def test_lanes_are_opened_before_anything_is_queued_ahead():
    rig = Rig(cpu=3, depth=4)
    rig.make_short()
    numbers = lanes(rig.submit(1, 2, 3))
    assert len(set(numbers.values())) == 3


def test_a_limit_is_kept_by_those_queued_ahead_too():
    rig = Rig(cpu=4, depth=3, limits={"db": 1})
    rig.make_short(limits=("db",))
    numbers = lanes(rig.submit(*range(1, 10), limits=("db",)))
    assert len(numbers) == 3
    assert len(set(numbers.values())) == 1


def test_what_waits_for_a_limit_is_not_taken_back_to_wait_for_it_here():
    rig = Rig(cpu=4, depth=4, limits={"db": 1})
    rig.make_short(limits=("db",))
    assert recalls(rig.submit(1, 2, 3, limits=("db",))) == []
    assert rig.wait(0.5) == []


def test_an_attempt_that_owns_its_process_is_not_queued_ahead():
    rig = Rig(cpu=8, gpus=("0",), depth=4)
    rig.make_short(gpu=1)
    assert started(rig.submit(1, 2, gpu=1)) == [1]


def test_what_outlives_its_driver_is_queued_ahead_once_that_is_committed():
    rig = Rig(cluster=Profile(1, 1, depth=4, outlives_driver=True))
    rig.submit(3, 4, on="cluster")
    rig.intent(3)
    rig.end(3, wall_s=0.001)
    rig.submit(5, on="cluster")
    assert [started(rig.intent(task)) for task in (4, 5)] == [[4], [5]]


def test_where_a_start_is_long_on_its_way_more_is_short():
    for round_trip_s, expected in ((0.0, [4]), (0.1, [4, 5, 6])):
        rig = Rig(cluster=Profile(1, 1, depth=3, round_trip_s=round_trip_s))
        rig.submit(3, on="cluster")
        rig.end(3, wall_s=0.05)
        assert started(rig.submit(4, 5, 6, 7, on="cluster")) == expected


def test_no_more_lanes_are_opened_than_there_may_be():
    rig = Rig(cluster=Profile(None, None, lanes=2))
    assert started(rig.submit(1, 2, 3, on="cluster")) == [1, 2]
    assert started(rig.end(1)) == [3]


class TestRebalancing:
    def full(self) -> Rig:
        """Two lanes: 1, 3, 5, 7 and 2, 4, 6, 8."""
        rig = Rig(cpu=2, depth=4)
        rig.make_short()
        rig.submit(*range(1, 9))
        return rig

    def test_when_a_lane_runs_dry_half_of_the_longest_is_taken_back(self):
        rig = self.full()
        for task in (2, 4, 6):
            assert recalls(rig.end(task, wall_s=0.001)) == []
        assert recalls(rig.end(8, wall_s=0.001)) == [5, 7]
        assert rig.wait(0.1) == []  # asked once
        numbers = lanes(rig.recalled(5, 7))
        assert sorted(numbers) == [5, 7]
        assert len(set(numbers.values())) == 1  # a lane of their own, one behind the other

    def test_far_away_only_where_it_still_waits_once_it_is_asked_back(self):
        for wall_s, expected in ((0.001, []), (0.1, [6])):
            rig = Rig(cluster=Profile(2, 1, depth=4, round_trip_s=0.2))
            rig.submit(10, on="cluster")
            rig.end(10, wall_s=wall_s)
            rig.submit(1, 2, 3, 4, 5, 6, on="cluster")  # lanes: 1, 3, 5 and 2, 4, 6
            for task in (1, 3):
                assert recalls(rig.end(task, wall_s=wall_s)) == []
            assert recalls(rig.end(5, wall_s=wall_s)) == expected

    def test_what_was_taken_back_never_began_and_does_not_count(self):
        rig = self.full()
        for task in (2, 4, 6, 8):
            rig.end(task, wall_s=0.001)
        rig.recalled(5)
        assert rig.machine.tasks[5].attempt == 1
        assert settled(rig.end(5)) == [(5, Settling.FRESH)]

    def test_what_began_before_it_could_be_taken_back_just_ends(self):
        rig = self.full()
        for task in (2, 4, 6, 8):
            rig.end(task, wall_s=0.001)
        assert settled(rig.end(5, wall_s=0.001)) == [(5, Settling.FRESH)]
        assert rig.recalled(5) == []

    def test_behind_a_head_that_is_not_short_after_all_nothing_waits(self):
        rig = self.full()
        rig.submit(*range(9, 30))
        rig.now += STALE_S
        assert recalls(rig.end(2, wall_s=0.001)) == [3, 5, 7]
        commands = rig.recalled(3, 5, 7)
        assert recalls(commands) == []
        assert 3 in started(rig.end(4, wall_s=0.001))

    def test_far_away_a_head_is_short_for_as_long_as_its_end_may_be_on_its_way(self):
        rig = Rig(cluster=Profile(2, 1, depth=4, round_trip_s=0.2))
        rig.submit(10, on="cluster")
        rig.end(10, wall_s=0.1)
        rig.submit(1, 2, 3, 4, 5, 6, on="cluster")  # lanes: 1, 3, 5 and 2, 4, 6
        rig.now += STALE_S + 0.1
        assert recalls(rig.end(2, wall_s=0.1)) == []
        rig.now += ROUND_TRIPS * 0.2
        assert recalls(rig.end(4, wall_s=0.1)) == [3, 5]

    def test_what_a_dying_head_leaves_behind_comes_back_unasked(self):
        rig = self.full()
        rig.end(1, Cause.EXITED)
        assert started(rig.recalled(3, 5, 7)) == [3, 5, 7]
        assert rig.machine.in_flight == 7


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 6)), max_size=8),
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from([0.001, 1.0])), max_size=30),
)
def test_calls_that_come_alike_are_as_if_each_came_by_itself(
    groups: list[tuple[str, int]], ends: list[tuple[int, float]]
):
    alike, single = Rig(cpu=2, depth=4), Rig(cpu=2, depth=4)
    last = 0
    for step, size in groups:
        tasks = tuple(range(last + 1, last + size + 1))
        again = (*tasks, last) if last else tasks  # one that is known changes nothing
        last += size
        together = alike.send(SubmittedAlike(again, step, Options()))
        assert together == single.send(*(Submitted(task, step, Options(), ()) for task in again))
    for task, wall_s in ends:
        assert alike.end(task, wall_s=wall_s) == single.end(task, wall_s=wall_s)
    assert alike.machine.resting == single.machine.resting


def test_what_was_queued_ahead_and_takes_longer_now_is_taken_back_for_an_older_call_that_has_waited_for_long():
    rig = Rig(cpu=1, depth=64)
    rig.make_short(wall_s=0.001)
    assert len(started(rig.submit(*range(101, 165)))) == 64
    rig.submit(1, step="other")
    for task in range(101, 112):
        rig.now += 0.9
        assert recalls(rig.end(task, wall_s=0.9)) == []
    rig.now += 0.9
    assert recalls(rig.end(112, wall_s=0.9)) == list(range(114, 165))
    assert started(rig.recalled(*range(114, 165))) == []
    assert started(rig.end(113, wall_s=0.9)) == [1]
