"""The user's failures count against `retries`, the platform's against a budget of their own."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.engine.facts import CancelAttempt, Command, RecordAttempt, Settle, Settling, Start, Submitted
from penstock.engine.retries import retry_delay_s
from penstock.model.environments import Environment
from penstock.model.events import Profile
from penstock.model.options import Backoff, Growth, Options
from penstock.model.states import PLATFORM_CAUSES, Cause
from tests.unit.engine.rig import GIB, Rig, recalls, settled, started

USER_CAUSES = (Cause.RAISED, Cause.EXITED, Cause.TIMEOUT, Cause.OUT_OF_MEMORY)


@pytest.mark.parametrize("cause", USER_CAUSES)
def test_the_users_failures_are_retried_as_often_as_the_step_says(cause: Cause):
    rig = Rig()
    rig.submit(1, retries=2)
    for attempt in (1, 2):
        commands = rig.end(1, cause, attempt=attempt)
        assert commands[0] == RecordAttempt(1, attempt)
        assert started(commands) == [1]
    assert rig.end(1, cause, attempt=3) == [Settle(1, 3, Settling.FRESH)]


def test_what_can_not_be_placed_is_not_tried_there_again():
    rig = Rig(platform_retries=2)
    rig.submit(1, retries=2)
    assert rig.end(1, Cause.UNPLACED) == [Settle(1, 1, Settling.FRESH)]


def test_what_can_not_be_placed_goes_to_the_next_executor_that_its_step_names():
    profile = Profile(1, 1)
    rig = Rig(first=profile, second=profile, third=profile)
    rig.submit(1, on="first", otherwise=("second", "third"))
    places: list[str] = []
    for attempt in (1, 2):
        commands = rig.end(1, Cause.UNPLACED, attempt=attempt)
        assert commands[0] == RecordAttempt(1, attempt)
        places += [command.executor for command in commands if isinstance(command, Start)]
    assert places == ["second", "third"]
    assert rig.end(1, Cause.UNPLACED, attempt=3) == [Settle(1, 3, Settling.FRESH)]


def test_where_it_goes_then_it_is_run_with_what_holds_there():
    profile = Profile(1, 1)
    rig = Rig(first=profile, second=profile, third=profile)
    there = Environment(packages=["lib==2"])
    options = Options(on="first", otherwise=("second", "third")).settled(Environment(env={"A": "1"}), {"second": there})
    commands = rig.send(Submitted(1, "s", options, ()))
    for attempt in (1, 2):
        commands += rig.end(1, Cause.UNPLACED, attempt=attempt)
    found = [command.lane.environment for command in commands if isinstance(command, Start)]
    plain = Environment(env={"A": "1"})
    assert found == [plain, there._replace(env=plain.env), plain]


@pytest.mark.parametrize("cause", sorted(PLATFORM_CAUSES - {Cause.UNPLACED}))
def test_the_platforms_failures_have_a_budget_of_their_own(cause: Cause):
    rig = Rig(platform_retries=2)
    rig.submit(1, retries=1)
    assert started(rig.end(1, cause) + rig.wait(1)) == [1]
    assert started(rig.end(1, Cause.RAISED, attempt=2)) == [1]
    assert started(rig.end(1, cause, attempt=3) + rig.wait(1)) == [1]
    assert settled(rig.end(1, cause, attempt=4)) == [(1, Settling.FRESH)]


def test_what_the_machine_has_run_out_of_is_given_time_to_come_back():
    rig = Rig(platform_retries=2)
    rig.submit(1)
    assert started(rig.end(1, Cause.PLATFORM) + rig.wait(0.09)) == []
    assert started(rig.wait(0.1)) == [1]
    assert started(rig.end(1, Cause.PLATFORM, attempt=2) + rig.wait(0.3)) == []
    assert started(rig.wait(0.3)) == [1]
    assert settled(rig.end(1, Cause.PLATFORM, attempt=3)) == [(1, Settling.FRESH)]


GROWTH = Growth(GIB, 6 * GIB, 2)


def grown(commands: list[Command]) -> list[int | None]:
    """The memory of what starts, in GiB."""
    return [(command.lane.memory_bytes or 0) // GIB for command in commands if isinstance(command, Start)]


def test_what_runs_out_of_memory_gets_more_and_it_does_not_count():
    rig = Rig(memory_bytes=8 * GIB)
    assert grown(rig.submit(1, memory_bytes=GIB, growth=GROWTH)) == [1]
    commands = rig.end(1, Cause.OUT_OF_MEMORY)
    assert commands[0] == RecordAttempt(1, 1, 2 * GIB)
    assert grown(commands) == [2]
    assert grown(rig.end(1, Cause.OUT_OF_MEMORY, attempt=2)) == [4]
    assert grown(rig.end(1, Cause.OUT_OF_MEMORY, attempt=3)) == [6]
    assert settled(rig.end(1, Cause.OUT_OF_MEMORY, attempt=4)) == [(1, Settling.FRESH)]


def test_at_its_most_memory_it_counts_as_any_failure_does():
    rig = Rig(memory_bytes=8 * GIB)
    rig.submit(1, memory_bytes=5 * GIB, growth=GROWTH, retries=1)
    assert grown(rig.end(1, Cause.OUT_OF_MEMORY)) == [6]
    assert grown(rig.end(1, Cause.OUT_OF_MEMORY, attempt=2)) == [6]
    assert settled(rig.end(1, Cause.OUT_OF_MEMORY, attempt=3)) == [(1, Settling.FRESH)]


def test_other_failures_keep_what_it_has_grown_to():
    rig = Rig(memory_bytes=8 * GIB)
    rig.submit(1, memory_bytes=GIB, growth=GROWTH, retries=1)
    assert grown(rig.end(1, Cause.OUT_OF_MEMORY)) == [2]
    assert grown(rig.end(1, Cause.KILLED, attempt=2)) == [2]
    assert grown(rig.end(1, Cause.RAISED, attempt=3)) == [2]


def test_it_grows_to_what_the_executor_has_and_waits_for_it():
    rig = Rig(cpu=2, memory_bytes=3 * GIB)
    rig.submit(1, 2, memory_bytes=GIB, growth=GROWTH)
    assert grown(rig.end(1, Cause.OUT_OF_MEMORY)) == [2]
    assert grown(rig.end(1, Cause.OUT_OF_MEMORY, attempt=2)) == []  # it needs all, and the other one runs
    assert grown(rig.end(2)) == [3]
    assert settled(rig.end(1, Cause.OUT_OF_MEMORY, attempt=3)) == [(1, Settling.FRESH)]


def test_one_that_grows_does_not_change_the_next_ones():
    rig = Rig(memory_bytes=8 * GIB)
    rig.submit(1, memory_bytes=GIB, growth=GROWTH)
    rig.end(1, Cause.OUT_OF_MEMORY)
    rig.end(1, attempt=2)
    assert grown(rig.submit(2, memory_bytes=GIB, growth=GROWTH)) == [1]


def test_what_is_cancelled_does_not_grow():
    rig = Rig()
    rig.submit(1, memory_bytes=GIB, growth=GROWTH)
    rig.cancel(1)
    assert settled(rig.end(1, Cause.OUT_OF_MEMORY)) == [(1, Settling.FRESH)]


@given(
    st.builds(Growth, st.integers(1, 10**12), st.integers(1, 10**13), st.floats(1.0, 10, exclude_min=True)),
    st.integers(1, 10**13),
)
def test_growth_comes_to_an_end(growth: Growth, most_bytes: int):
    amounts = [growth.first_bytes]
    while (more := growth.after(amounts[-1], most_bytes)) is not None and len(amounts) < 100:
        assert amounts[-1] < more <= min(growth.to_bytes, most_bytes)
        amounts.append(more)
    assert len(amounts) == 100 or growth.after(amounts[-1], most_bytes) is None


def test_a_cancellation_that_nobody_asked_for_is_the_platforms():
    rig = Rig(platform_retries=1)
    rig.submit(1)
    assert started(rig.end(1, Cause.CANCELLED)) == [1]
    assert settled(rig.end(1, Cause.CANCELLED, attempt=2)) == [(1, Settling.FRESH)]


def test_what_retry_on_does_not_name_is_not_retried():
    rig = Rig()
    rig.submit(1, retries=2)
    assert settled(rig.end(1, Cause.RAISED, retryable=False)) == [(1, Settling.FRESH)]


def test_a_retry_goes_before_younger_calls():
    rig = Rig()
    rig.submit(1, 2, 3, retries=1)
    assert started(rig.end(1, Cause.RAISED)) == [1]


def test_a_retry_waits_for_its_backoff_and_leaves_its_place_to_others_meanwhile():
    rig = Rig()
    rig.submit(1, 2, retries=1, backoff=Backoff(first_s=5, jitter=0))
    assert started(rig.end(1, Cause.RAISED)) == [2]
    assert rig.machine.wake_at() == 5
    rig.end(2)
    assert rig.wait(4.9) == []
    assert started(rig.wait(0.2)) == [1]
    assert rig.machine.wake_at() is None


def test_the_platforms_failures_wait_for_nothing():
    rig = Rig()
    rig.submit(1, backoff=Backoff(first_s=5))
    assert started(rig.end(1, Cause.KILLED)) == [1]


class TestBackoff:
    def test_it_doubles_up_to_its_maximum(self):
        backoff = Backoff(first_s=1, factor=2, max_s=10, jitter=0)
        assert [retry_delay_s(backoff, retry, 7) for retry in (1, 2, 3, 4, 5, 5000)] == [1, 2, 4, 8, 10, 10]

    def test_no_first_delay_means_none_at_all(self):
        assert retry_delay_s(Backoff(first_s=0), 3, 7) == 0

    @given(retry=st.integers(1, 10_000), salt=st.integers(1, 2**40), jitter=st.floats(0, 2))
    def test_jitter_only_ever_adds_and_never_more_than_its_share(self, retry: int, salt: int, jitter: float):
        delay_s = retry_delay_s(Backoff(first_s=1, max_s=60, jitter=jitter), retry, salt)
        exact_s = retry_delay_s(Backoff(first_s=1, max_s=60, jitter=0), retry, salt)
        assert exact_s <= delay_s <= exact_s * (1 + jitter)

    def test_a_thousand_tasks_do_not_knock_at_once(self):
        delays = sorted(retry_delay_s(Backoff(first_s=100, jitter=1), 1, task) for task in range(1000))
        assert max(later - earlier for earlier, later in itertools.pairwise(delays)) < 1


class TestTimeout:
    def test_it_ends_the_attempt_and_counts_as_the_users(self):
        rig = Rig()
        rig.submit(1, timeout_s=30, retries=1)
        assert rig.machine.wake_at() == 30
        assert rig.wait(29) == []
        assert rig.wait(1) == [CancelAttempt(1, 1, "process", Cause.TIMEOUT)]
        assert rig.machine.wake_at() is None
        assert started(rig.end(1, Cause.TIMEOUT)) == [1]
        assert rig.machine.wake_at() == 60

    def test_one_that_had_not_begun_is_started_again_and_nothing_counts(self):
        rig = Rig()
        rig.submit(1, timeout_s=30)
        rig.wait(30)
        (again,) = rig.recalled(1)
        assert (again.task, again.attempt) == (1, 1)
        assert rig.machine.wake_at() == 60
        assert settled(rig.end(1)) == [(1, Settling.FRESH)]

    def test_an_attempt_that_ended_in_time_is_left_alone(self):
        rig = Rig()
        rig.submit(1, timeout_s=30)
        rig.end(1)
        assert rig.machine.wake_at() is None

    def test_one_that_ends_at_the_last_moment_is_done(self):
        rig = Rig()
        rig.submit(1, timeout_s=30)
        rig.now = 30
        assert rig.end(1) == [Settle(1, 1, Settling.FRESH)]

    def test_it_counts_from_when_the_attempt_became_the_head_of_its_lane(self):
        rig = Rig(cpu=1, depth=2)
        rig.make_short()
        rig.submit(1, 2, timeout_s=30)
        rig.now = 0.5
        rig.end(1, wall_s=0.5)
        assert rig.machine.wake_at() == 30.5

    def test_it_does_not_count_the_time_before_an_attempt_was_taken_back(self):
        rig = Rig(cpu=1, depth=2)
        rig.make_short()
        rig.submit(1, 2, timeout_s=30)
        rig.end(1, Cause.EXITED)  # 2 becomes the head of a lane whose worker is dead
        rig.now = 20
        rig.recalled(2)
        assert rig.wait(15) == []
        assert rig.machine.wake_at() == 50

    def test_waiting_for_resources_does_not_count(self):
        rig = Rig()
        rig.submit(1)
        rig.submit(2, timeout_s=5)
        assert rig.wait(10) == []
        rig.end(1)
        assert rig.machine.wake_at() == 15

    def test_waiting_where_it_was_started_does_not_count(self):
        rig = Rig(cluster=Profile(1, 1, begins_later=True))
        rig.submit(1, on="cluster", timeout_s=5)
        assert rig.wait(10) == []
        assert rig.machine.wake_at() is None
        rig.began(1)
        rig.now = 12
        rig.began(1)
        assert rig.machine.wake_at() == 15
        assert rig.wait(3) == [CancelAttempt(1, 1, "cluster", Cause.TIMEOUT)]

    def test_what_was_taken_back_begins_anew(self):
        rig = Rig(cluster=Profile(1, 1, begins_later=True))
        rig.submit(1, on="cluster", timeout_s=5)
        rig.began(1)
        rig.recalled(1)
        assert rig.machine.wake_at() is None
        rig.now = 3
        rig.began(1)
        assert rig.machine.wake_at() == 8

    def test_the_time_that_its_inputs_took_to_come_does_not_count(self):
        rig = Rig(depth=2)
        rig.make_short()
        rig.submit(1, 2, timeout_s=5)
        rig.now = 4
        rig.began(1)
        rig.began(2)
        assert rig.machine.wake_at() == 9
        rig.began(1)
        rig.now = 6
        rig.end(1)
        assert rig.machine.wake_at() == 11

    def test_where_nothing_enforces_it_nothing_counts(self):
        rig = Rig(here=Profile(1, 1, enforces=()))
        rig.submit(1, on="here", timeout_s=5)
        assert rig.machine.wake_at() is None

    def test_a_result_that_was_faster_than_the_cancel_counts(self):
        rig = Rig()
        rig.submit(1, timeout_s=5)
        rig.wait(5)
        assert settled(rig.end(1)) == [(1, Settling.FRESH)]
        assert rig.machine.settled[1] is not None

    def test_passed_alarms_are_forgotten(self):
        rig = Rig()
        for task in range(1, 1001):
            rig.submit(task, timeout_s=3600)
            rig.end(task)
        assert len(rig.machine._alarms._heap) < 100
        assert recalls(rig.wait(3600)) == []
