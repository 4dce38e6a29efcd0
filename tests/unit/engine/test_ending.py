"""Cancelling a task, and stopping a run."""

from __future__ import annotations

import pytest

from penstock.engine.facts import CancelAttempt, Recall, Settle, Settling, Stop, StopMode
from penstock.model.events import Profile
from penstock.model.options import Backoff
from penstock.model.states import Cause
from tests.unit.engine.rig import Rig, settled, started

DRAIN, KILL = Stop(StopMode.DRAIN), Stop(StopMode.KILL)
KILL_1 = CancelAttempt(1, 1, "process", Cause.CANCELLED)


class TestCancelTask:
    def test_one_that_waits_for_a_result_ends_and_so_does_what_needs_it(self):
        rig = Rig()
        rig.submit(1)
        rig.submit(2, deps=(1,))
        rig.submit(3, deps=(2,))
        assert rig.cancel(2) == [Settle(2, 0, Settling.CANCELLED), Settle(3, 0, Settling.UPSTREAM, 2)]
        assert settled(rig.end(1)) == [(1, Settling.FRESH)]

    def test_one_that_waits_for_resources_never_starts(self):
        rig = Rig()
        rig.submit(1, 2, 3)
        assert settled(rig.cancel(2)) == [(2, Settling.CANCELLED)]
        assert started(rig.end(1)) == [3]

    def test_one_that_waits_for_its_retry_never_starts_again(self):
        rig = Rig()
        rig.submit(1, retries=1, backoff=Backoff(first_s=5))
        rig.end(1, Cause.RAISED)
        assert settled(rig.cancel(1)) == [(1, Settling.CANCELLED)]
        assert rig.machine.wake_at() is None

    def test_one_that_runs_is_ended_once_and_not_retried(self):
        rig = Rig()
        rig.submit(1, retries=5)
        assert rig.cancel(1) == [KILL_1]
        assert rig.cancel(1) == []
        assert rig.end(1, Cause.CANCELLED) == [Settle(1, 1, Settling.FRESH)]

    @pytest.mark.parametrize("cause", [Cause.KILLED, Cause.RAISED])
    def test_one_that_ends_otherwise_meanwhile_is_not_retried_either(self, cause: Cause):
        rig = Rig()
        rig.submit(1, retries=5)
        rig.cancel(1)
        assert rig.end(1, cause) == [Settle(1, 1, Settling.FRESH)]

    def test_one_that_is_ended_for_its_timeout_is_not_retried(self):
        rig = Rig()
        rig.submit(1, retries=5, timeout_s=1)
        rig.wait(1)
        assert rig.cancel(1) == []
        assert rig.end(1, Cause.TIMEOUT) == [Settle(1, 1, Settling.FRESH)]

    def test_one_that_is_queued_is_taken_back_and_its_head_runs_on(self):
        rig = Rig(depth=2)
        rig.make_short()
        rig.submit(1, 2)
        assert rig.cancel(2) == [Recall(2, 1, "process")]
        assert settled(rig.recalled(2)) == [(2, Settling.CANCELLED)]

    def test_one_that_began_before_it_could_be_taken_back_is_ended(self):
        rig = Rig(depth=2)
        rig.make_short()
        rig.submit(1, 2)
        rig.cancel(2)
        assert CancelAttempt(2, 1, "process", Cause.CANCELLED) in rig.end(1)
        assert settled(rig.end(2, Cause.CANCELLED)) == [(2, Settling.FRESH)]

    def test_one_whose_intent_is_not_committed_yet_never_starts(self):
        rig = Rig(cluster=Profile(1, 1, outlives_driver=True))
        rig.submit(1, on="cluster")
        assert rig.cancel(1) == []
        assert rig.intent(1) == [Settle(1, 1, Settling.CANCELLED)]

    def test_one_that_is_settled_or_unknown_is_left_alone(self):
        rig = Rig()
        rig.submit(1)
        rig.end(1)
        assert rig.cancel(1) == []
        assert rig.cancel(99) == []


class TestDrain:
    def test_nothing_new_starts_and_what_runs_finishes(self):
        rig = Rig()
        rig.submit(1, 2)
        assert rig.send(DRAIN) == []
        assert not rig.machine.resting
        assert rig.end(1) == [Settle(1, 1, Settling.FRESH)]
        assert rig.machine.resting
        assert rig.submit(3) == []

    def test_what_is_queued_is_taken_back_and_stays_unsettled(self):
        rig = Rig(depth=3)
        rig.make_short()
        rig.submit(1, 2, 3)
        assert rig.send(DRAIN) == [Recall(2, 1, "process"), Recall(3, 1, "process")]
        assert rig.recalled(2, 3) == []
        rig.end(1)
        assert rig.machine.resting
        assert sorted(rig.machine.tasks) == [2, 3]

    def test_a_failure_is_not_retried(self):
        rig = Rig()
        rig.submit(1, retries=1)
        rig.send(DRAIN)
        assert settled(rig.end(1, Cause.RAISED)) == [(1, Settling.FRESH)]

    def test_a_retry_that_is_due_does_not_start(self):
        rig = Rig()
        rig.submit(1, retries=1, backoff=Backoff(first_s=1))
        rig.end(1, Cause.RAISED)
        rig.send(DRAIN)
        assert rig.machine.resting
        assert rig.wait(5) == []

    def test_an_intent_that_is_committed_meanwhile_is_not_carried_out(self):
        rig = Rig(cluster=Profile(1, 1, outlives_driver=True))
        rig.submit(1, on="cluster")
        rig.send(DRAIN)
        assert not rig.machine.resting
        assert rig.intent(1) == []
        assert rig.machine.resting

    def test_timeouts_still_count(self):
        rig = Rig()
        rig.submit(1, timeout_s=5)
        rig.send(DRAIN)
        assert rig.wait(5) == [CancelAttempt(1, 1, "process", Cause.TIMEOUT)]


class TestKill:
    def test_what_runs_is_ended(self):
        rig = Rig()
        rig.submit(1, 2)
        assert rig.send(KILL) == [KILL_1]
        assert rig.end(1, Cause.CANCELLED) == [Settle(1, 1, Settling.FRESH)]
        assert rig.machine.resting

    def test_after_a_drain_it_counts_and_not_the_other_way_round(self):
        rig = Rig()
        rig.submit(1)
        rig.send(DRAIN)
        assert rig.send(KILL) == [KILL_1]
        assert rig.send(DRAIN) == []
        assert rig.machine.stop == KILL

    def test_the_cause_is_the_runs(self):
        rig = Rig()
        rig.submit(1)
        assert rig.send(Stop(StopMode.KILL, Cause.TIMEOUT)) == [CancelAttempt(1, 1, "process", Cause.TIMEOUT)]

    def test_what_is_queued_is_taken_back_and_ended_if_it_began_before(self):
        rig = Rig(depth=2)
        rig.make_short()
        rig.submit(1, 2)
        assert rig.send(KILL) == [KILL_1, Recall(2, 1, "process")]
        assert CancelAttempt(2, 1, "process", Cause.CANCELLED) in rig.end(1, Cause.CANCELLED)
        rig.end(2, Cause.CANCELLED)
        assert rig.machine.resting
