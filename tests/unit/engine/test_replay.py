"""What an earlier driver left is taken where it is still about the same inputs."""

from __future__ import annotations

import pytest

from penstock.engine.facts import RecordAttempt, Replay, ResultDamaged, Settle, Settling, Submitted
from penstock.model.options import Backoff, Options
from penstock.model.states import Cause
from tests.unit.engine.rig import Rig, combine, done, settled, started


def test_a_task_waits_for_the_results_that_it_was_given():
    rig = Rig(cpu=4)
    rig.submit(1, 2)
    assert rig.submit(3, deps=(1, 2, 1)) == []
    assert started(rig.end(1)) == []
    assert started(rig.end(2)) == [3]


def test_a_settlement_carries_the_digest_of_the_inputs_in_the_order_of_the_edges():
    rig = Rig(cpu=4)
    rig.submit(1, 2)
    rig.submit(3, deps=(2, 1, 2))
    rig.end(1)
    rig.end(2)
    assert rig.end(3) == [Settle(3, 1, Settling.FRESH, 0, combine((b"r2", b"r1", b"r2")))]


def test_a_failed_result_fails_what_needs_it_and_names_the_culprit():
    rig = Rig(cpu=4)
    rig.submit(1)
    rig.submit(2, deps=(1,))
    rig.submit(3, deps=(2,))
    commands = rig.end(1, Cause.RAISED)
    assert commands == [
        Settle(1, 1, Settling.FRESH),
        Settle(2, 0, Settling.UPSTREAM, 1),
        Settle(3, 0, Settling.UPSTREAM, 2),
    ]
    assert rig.submit(4, deps=(3,)) == [Settle(4, 0, Settling.UPSTREAM, 3)]
    assert rig.machine.resting


def test_a_long_chain_fails_at_once():
    rig = Rig()
    rig.submit(1)
    for task in range(2, 5000):
        rig.submit(task, deps=(task - 1,))
    assert len(settled(rig.end(1, Cause.RAISED))) == 4999


def test_a_finished_task_is_reused():
    rig = Rig()
    assert rig.submit(1, replay=done(b"r1", attempt=3)) == [Settle(1, 3, Settling.REUSED)]
    assert rig.machine.settled[1] == b"r1"


def test_a_finished_task_is_reused_only_if_its_inputs_are_the_same():
    rig = Rig()
    rig.submit(1)
    rig.submit(2, deps=(1,), replay=done(b"r2", inputs=combine((b"other",))))
    assert started(rig.end(1)) == [2]
    assert rig.end(2, attempt=2) == [Settle(2, 2, Settling.FRESH, 0, combine((b"r1",)))]


def test_a_finished_task_is_reused_behind_one_that_ran_again_with_the_same_result():
    rig = Rig()
    rig.submit(1)
    rig.submit(2, deps=(1,), replay=done(b"r2", inputs=combine((b"r1",))))
    assert settled(rig.end(1)) == [(1, Settling.FRESH), (2, Settling.REUSED)]


@pytest.mark.parametrize(("delivered", "how"), [(True, [(1, Settling.REUSED)]), (False, [])])
def test_a_failure_is_replayed_where_the_body_has_seen_it(delivered: bool, how: list[tuple[int, Settling]]):
    rig = Rig()
    commands = rig.submit(1, replay=Replay(False, delivered, False, 2, b"", b""))
    assert settled(commands) == how
    assert started(commands) == ([] if delivered else [1])


def test_a_replayed_failure_fails_what_needs_it():
    rig = Rig()
    rig.submit(1, replay=Replay(False, True, False, 1, b"", b""))
    assert rig.submit(2, deps=(1,)) == [Settle(2, 0, Settling.UPSTREAM, 1)]


def test_a_new_attempt_never_takes_the_number_of_one_that_has_ended():
    rig = Rig()
    rig.submit(1, replay=Replay(False, True, False, 2, b"other", b""))
    assert rig.machine.tasks[1].attempt == 3


def test_an_attempt_that_was_in_flight_when_its_driver_died_is_made_again_under_its_number():
    """So it has the random numbers that it had, and what it logged is not logged twice."""
    rig = Rig()
    rig.submit(1, replay=Replay(False, False, True, 2, b"", b""))
    assert rig.machine.tasks[1].attempt == 2


def test_a_task_that_comes_twice_counts_once():
    rig = Rig(cpu=2)
    assert started(rig.submit(1, 1)) == [1]
    assert rig.submit(1) == []
    rig.end(1)
    assert rig.submit(1) == []


class TestDamagedResult:
    """Task 1 was reused; 2 needs it and finds that it can't be read."""

    def again(self, rig: Rig):
        return rig.send(ResultDamaged(1), Submitted(1, "s", Options(), ()))

    def start(self, **options: int) -> Rig:
        rig = Rig(**options)
        rig.submit(1, replay=done(b"old", attempt=4))
        rig.submit(2, deps=(1,))
        return rig

    def test_its_task_runs_again_and_the_one_that_needs_it_waits(self):
        rig = self.start()
        self.again(rig)
        commands = rig.end(2, Cause.DAMAGED)
        assert commands[0] == RecordAttempt(2, 1)
        assert started(commands) == [1]
        assert started(rig.end(1, attempt=5, fingerprint=b"new")) == [2]
        assert rig.end(2, attempt=2)[0] == Settle(2, 2, Settling.FRESH, 0, combine((b"new",)))

    def test_what_was_ready_waits_too(self):
        rig = self.start()
        rig.submit(3, deps=(1,))
        rig.send(ResultDamaged(1))
        assert started(rig.end(2)) == []
        assert started(rig.send(Submitted(1, "s", Options(), ()))) == [1]
        assert started(rig.end(1, attempt=5)) == [3]

    def test_what_runs_is_left_alone(self):
        rig = self.start(cpu=2)
        self.again(rig)
        assert settled(rig.end(1, attempt=5)) == [(1, Settling.FRESH)]
        assert settled(rig.end(2)) == [(2, Settling.FRESH)]
        assert rig.machine.resting

    def test_what_waits_for_its_retry_looks_again(self):
        rig = Rig(cpu=2)
        rig.submit(1, replay=done(b"old"))
        rig.submit(2, deps=(1,), retries=1, backoff=Backoff(first_s=1))
        rig.end(2, Cause.RAISED)
        self.again(rig)
        assert rig.wait(2) == []
        assert started(rig.end(1, attempt=2)) == [2]

    def test_and_not_before_its_retry_is_due(self):
        rig = Rig(cpu=2)
        rig.submit(1, replay=done(b"old"))
        rig.submit(2, deps=(1,), retries=1, backoff=Backoff(first_s=5))
        rig.end(2, Cause.RAISED)
        self.again(rig)
        assert started(rig.end(1, attempt=2)) == []
        assert started(rig.wait(6)) == [2]

    def test_damage_that_is_being_mended_counts_against_nothing(self):
        rig = self.start(platform_retries=0)
        self.again(rig)
        assert settled(rig.end(2, Cause.DAMAGED)) == []
        assert started(rig.end(1, attempt=5)) == [2]

    def test_what_fails_meanwhile_for_another_reason_waits_too(self):
        rig = self.start(cpu=2)
        self.again(rig)
        assert started(rig.end(2, Cause.KILLED)) == []
        assert started(rig.end(1, attempt=5)) == [2]

    def test_another_that_finds_it_later_just_tries_again(self):
        rig = self.start(cpu=2)
        rig.submit(3, deps=(1,))
        self.again(rig)
        rig.end(2, Cause.DAMAGED)
        rig.end(1, attempt=5)
        assert started(rig.end(3, Cause.DAMAGED)) == [3]

    def test_damage_that_stays_fails_in_the_end(self):
        rig = self.start(platform_retries=1)
        assert started(rig.end(2, Cause.DAMAGED)) == [2]
        assert settled(rig.end(2, Cause.DAMAGED, attempt=2)) == [(2, Settling.FRESH)]

    def test_if_it_fails_the_second_time_so_does_what_needs_it(self):
        rig = self.start()
        self.again(rig)
        rig.end(2, Cause.DAMAGED)
        assert settled(rig.end(1, Cause.RAISED, attempt=5)) == [(1, Settling.FRESH), (2, Settling.UPSTREAM)]

    def test_what_was_settled_stays_settled(self):
        rig = self.start()
        rig.end(2)
        assert started(self.again(rig)) == [1]
        assert settled(rig.end(1, attempt=5, fingerprint=b"new")) == [(1, Settling.FRESH)]
        assert rig.machine.settled[2] == b"r2"

    def test_a_failed_task_has_no_result_to_be_damaged(self):
        rig = Rig()
        rig.submit(1)
        rig.end(1, Cause.RAISED)
        assert rig.send(ResultDamaged(1)) == []
        assert 1 in rig.machine.settled
