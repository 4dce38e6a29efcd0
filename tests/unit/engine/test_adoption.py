"""Where attempts outlive the driver, intent is committed before a start, and the next driver finds what still runs."""

from __future__ import annotations

from penstock.engine.facts import Adopt, CancelAttempt, CommitIntent, Replay, Settle, Settling, Start, Stop, StopMode
from penstock.model.events import Lane, Profile
from penstock.model.options import Growth
from penstock.model.states import Cause
from tests.unit.engine.rig import Rig, combine, recalls, settled


def running(attempt: int = 1, inputs: bytes = b"", executor: str = "cluster") -> Replay:
    return Replay(False, False, True, attempt, inputs, b"", executor)


def rig(cpu: float = 1) -> Rig:
    return Rig(cluster=Profile(cpu, 1, outlives_driver=True))


def test_intent_is_committed_before_the_start():
    cluster = rig()
    assert cluster.submit(1, on="cluster") == [CommitIntent(1, 1, "cluster")]
    assert cluster.intent(1) == [Start(1, 1, "cluster", Lane(1))]
    assert cluster.intent(1) == []


def test_intent_carries_the_digest_of_the_inputs():
    cluster = rig()
    cluster.submit(1)
    cluster.submit(2, deps=(1,), on="cluster")
    assert CommitIntent(2, 1, "cluster", combine((b"r1",))) in cluster.end(1)


def test_resources_are_taken_from_the_intent_on():
    cluster = rig()
    cluster.submit(1, on="cluster")
    assert cluster.submit(2, on="cluster") == []


def test_a_timeout_counts_from_the_start_and_not_from_the_intent():
    cluster = rig()
    cluster.submit(1, on="cluster", timeout_s=5)
    assert cluster.wait(10) == []
    cluster.intent(1)
    assert cluster.machine.wake_at() == 15


def test_where_attempts_die_with_their_driver_they_just_start():
    assert Rig().submit(1) == [Start(1, 1, "process", Lane(1))]


def test_what_still_runs_is_adopted():
    cluster = rig()
    assert cluster.submit(1, on="cluster", replay=running(2)) == [Adopt(1, 2, "cluster")]
    assert cluster.adopted(1, running=True, attempt=2) == []
    assert cluster.end(1, attempt=2) == [Settle(1, 2, Settling.FRESH)]


def test_what_ended_meanwhile_is_answered_by_its_outcome():
    cluster = rig()
    cluster.submit(1, on="cluster", replay=running())
    assert settled(cluster.end(1)) == [(1, Settling.FRESH)]


def test_what_is_unknown_starts_anew():
    cluster = rig()
    cluster.submit(1, on="cluster", replay=running())
    assert cluster.adopted(1, running=False) == [CommitIntent(1, 2, "cluster")]


def test_what_is_unknown_and_cancelled_meanwhile_is_settled():
    cluster = rig()
    cluster.submit(1, on="cluster", replay=running())
    assert cluster.cancel(1) == [CancelAttempt(1, 1, "cluster", Cause.CANCELLED)]
    assert cluster.adopted(1, running=False) == [Settle(1, 1, Settling.CANCELLED)]


def test_what_is_unknown_in_a_run_that_stops_stays_unsettled():
    cluster = rig()
    cluster.submit(1, on="cluster", replay=running())
    cluster.send(Stop(StopMode.DRAIN))
    assert cluster.adopted(1, running=False) == []
    assert cluster.machine.resting


def test_adoption_may_take_more_than_there_is_and_nothing_starts_until_there_is_room():
    cluster = rig(cpu=1)
    cluster.submit(1, 2, on="cluster", replay=running())
    assert cluster.submit(3, on="cluster") == []
    assert cluster.end(1) == [Settle(1, 1, Settling.FRESH)]
    assert cluster.end(2) == [Settle(2, 1, Settling.FRESH), CommitIntent(3, 1, "cluster")]


def test_nothing_is_queued_ahead_behind_what_is_adopted():
    cluster = Rig(cluster=Profile(1, 1, depth=8, outlives_driver=True))
    cluster.submit(1, 2, on="cluster", replay=running())
    cluster.adopted(1, 2, running=True, lane="a/1")
    assert cluster.submit(3, 4, on="cluster") == []
    assert cluster.end(1, wall_s=0.001) == [Settle(1, 1, Settling.FRESH)]
    ahead = [CommitIntent(3, 1, "cluster"), CommitIntent(4, 1, "cluster")]
    assert cluster.end(2, wall_s=0.001) == [Settle(2, 1, Settling.FRESH), *ahead]


def test_what_waits_behind_what_is_adopted_takes_nothing_and_is_taken_back_for_a_free_lane():
    cluster = rig(cpu=2)
    cluster.submit(1, 2, 3, 4, on="cluster", replay=running())
    assert recalls(cluster.adopted(1, 2, 3, 4, running=True, lane="a/1")) == [3, 4]
    assert cluster.recalled(3, 4) == [CommitIntent(3, 1, "cluster")]
    assert cluster.end(1) == [Settle(1, 1, Settling.FRESH)]
    assert cluster.end(2) == [Settle(2, 1, Settling.FRESH), CommitIntent(4, 1, "cluster")]


def test_adopted_lanes_are_told_apart_and_the_same_answer_again_changes_nothing():
    cluster = rig(cpu=2)
    cluster.submit(1, 2, 3, 4, on="cluster", replay=running())
    for _ in range(2):
        cluster.adopted(3, running=True, lane="b/1")
        cluster.adopted(1, 2, running=True, lane="a/1")
        cluster.adopted(4, running=True)
    assert cluster.submit(5, on="cluster") == []
    assert settled(cluster.end(3)) == [(3, Settling.FRESH)]
    assert cluster.end(4) == [Settle(4, 1, Settling.FRESH), CommitIntent(5, 1, "cluster")]


def test_what_runs_on_other_inputs_is_ended_and_nobody_takes_its_outcome():
    cluster = rig()
    cluster.submit(1)
    cluster.submit(2, deps=(1,), on="cluster", replay=running(inputs=combine((b"old",))))
    orphan = CancelAttempt(2, 1, "cluster", Cause.CANCELLED)
    assert cluster.end(1)[1:] == [orphan, CommitIntent(2, 2, "cluster", combine((b"r1",)))]
    assert cluster.end(2, attempt=1) == []


def test_what_runs_for_a_task_that_can_have_no_result_is_ended():
    cluster = rig()
    cluster.submit(1)
    cluster.submit(2, deps=(1,), on="cluster", replay=running())
    orphan = CancelAttempt(2, 1, "cluster", Cause.CANCELLED)
    assert cluster.end(1, Cause.RAISED) == [Settle(1, 1, Settling.FRESH), orphan, Settle(2, 1, Settling.UPSTREAM, 1)]


def test_what_runs_is_asked_for_where_it_was_started_although_its_step_goes_elsewhere_now():
    cluster = rig()
    assert cluster.submit(1, replay=running(2)) == [Adopt(1, 2, "cluster")]
    assert cluster.cancel(1) == [CancelAttempt(1, 2, "cluster", Cause.CANCELLED)]
    assert settled(cluster.end(1, Cause.CANCELLED, attempt=2)) == [(1, Settling.FRESH)]


def test_what_is_unknown_or_fails_there_goes_where_its_step_goes_now():
    cluster = rig()
    cluster.submit(1, replay=running(2))
    (start,) = cluster.adopted(1, running=False, attempt=2)
    assert start == Start(1, 3, "process", Lane(2))
    cluster.end(1, attempt=3)
    cluster.submit(2, replay=running(2))
    (_, start) = cluster.end(2, Cause.KILLED, attempt=2)
    assert isinstance(start, Start)
    assert (start.attempt, start.executor) == (3, "process")


def test_an_executor_that_the_settings_have_no_more_is_not_asked():
    (start,) = Rig().submit(1, replay=running(2))
    assert start == Start(1, 2, "process", Lane(1))


def test_a_detached_run_leaves_what_outlives_it_and_waits_for_the_rest():
    cluster = rig()
    cluster.submit(1, on="cluster")
    cluster.intent(1)
    cluster.submit(2)
    assert cluster.send(Stop(StopMode.DETACH)) == []
    assert not cluster.machine.resting
    cluster.end(2)
    assert cluster.machine.resting
    assert cluster.send(Stop(StopMode.DRAIN)) == []
    assert cluster.machine.resting
    assert cluster.send(Stop(StopMode.KILL)) == [CancelAttempt(1, 1, "cluster", Cause.CANCELLED)]


def test_where_nothing_outlives_the_driver_what_ran_runs_again():
    (start,) = Rig().submit(1, replay=running(2, executor=""))
    assert start == Start(1, 2, "process", Lane(1)), "the one that died with its driver does not count"


def test_what_is_adopted_holds_all_the_memory_that_it_may_have_grown_to():
    """Its second attempt may have got more than the first, and nothing says whether it did."""
    cluster, growth = Rig(cluster=Profile(9, 4, outlives_driver=True)), Growth(1, 4)
    cluster.submit(1, on="cluster", memory_bytes=1, growth=growth, replay=running(2))
    assert cluster.submit(2, on="cluster", memory_bytes=3) == []
    assert cluster.submit(3, on="cluster", memory_bytes=2) == [CommitIntent(3, 1, "cluster", memory_bytes=2)]
    assert cluster.end(1, attempt=2) == [Settle(1, 2, Settling.FRESH)]
    assert cluster.end(3) == [Settle(3, 1, Settling.FRESH), CommitIntent(2, 1, "cluster", memory_bytes=3)]


def test_a_first_attempt_that_is_adopted_has_not_grown():
    cluster = Rig(cluster=Profile(9, 4, outlives_driver=True))
    cluster.submit(1, on="cluster", memory_bytes=1, growth=Growth(1, 4), replay=running())
    assert cluster.submit(2, on="cluster", memory_bytes=3) == [CommitIntent(2, 1, "cluster", memory_bytes=3)]


def test_what_runs_out_of_memory_elsewhere_grows_to_what_its_step_s_executor_has():
    home = Rig(memory_bytes=3, cluster=Profile(1, 8, outlives_driver=True))
    home.submit(1, memory_bytes=2, growth=Growth(2, 8), replay=running())
    (_, start) = home.end(1, Cause.OUT_OF_MEMORY)
    assert start == Start(1, 2, "process", Lane(2, memory_bytes=3))
