from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import FencedError, NotFoundError, RunBusyError, UsageError
from penstock.journal import mounts, owners, queries
from penstock.journal.clock import Clock
from penstock.journal.handle import RunHandle
from penstock.journal.journal import Journal
from penstock.journal.leases import EXPIRY_S, Lease, LeaseVerdict, View, judge, looks_dead
from penstock.model.rows import Batch, Owner, RunEnd, Surroundings
from tests.journal_records import NEW, OWNER

ME = owners.owner_of_this_process()
EARLIER_BOOT = ME._replace(boot_id="an earlier boot")


@dataclass
class FakeTime:
    """A clock that moves when somebody sleeps."""

    seconds: float = 0.0
    while_asleep: Callable[[], None] = lambda: None
    naps: list[float] = field(default_factory=list)

    def now(self) -> float:
        return 1000.0 + self.seconds

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self.naps.append(seconds)
        self.while_asleep()

    def clock(self) -> Clock:
        return Clock(self.now, self.monotonic, self.sleep)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def journal(tmp_path: Path, time: FakeTime) -> Generator[Journal]:
    journal = Journal.open(tmp_path / ".penstock", clock=time.clock())
    yield journal
    journal.close()


@pytest.fixture
def begin(journal: Journal) -> Generator[Callable[[Owner], RunHandle]]:
    handles: list[RunHandle] = []

    def run(owner: Owner) -> RunHandle:
        handles.append(journal.create(NEW, owner, 1000.0, 0.0))
        return handles[-1]

    yield run
    for handle in handles:
        handle.close()


def take(journal: Journal, monotonic: float = 0.0) -> int:
    handle = journal.take("digits/1", ME, 2000.0, monotonic)
    handle.close()
    return handle.token


def test_a_live_owner_that_renews_keeps_its_run(journal: Journal, begin: Callable[[Owner], RunHandle]) -> None:
    begin(ME)
    with pytest.raises(RunBusyError) as caught:
        take(journal, EXPIRY_S)
    assert str(caught.value) == (
        f"digits/1 is driven by process {os.getpid()} on {ME.host}, which is alive. Wait for it, stop it with "
        "`penstock cancel digits/1`, or, if it is stuck, end that process; then `penstock resume digits/1`"
    )


def test_a_live_owner_that_has_not_renewed_for_30_s_loses_its_run(
    journal: Journal, begin: Callable[[Owner], RunHandle], time: FakeTime
) -> None:
    sleeper = begin(ME)
    time.seconds = 20.0
    sleeper.renew(())
    with pytest.raises(RunBusyError):
        take(journal, 20.0 + EXPIRY_S)
    assert take(journal, 20.1 + EXPIRY_S) == 2
    with pytest.raises(FencedError):
        sleeper.commit(Batch())


def test_a_commit_is_a_sign_of_life_but_not_each_of_many(
    journal: Journal, begin: Callable[[Owner], RunHandle], time: FakeTime
) -> None:
    driver = begin(ME)
    for time.seconds, seen_at in [(20.0, 1020.0), (20.01, 1020.0), (20.02, 1020.02)]:
        driver.commit(Batch())
        assert queries.resolve(journal).renewed_at == seen_at


def test_a_dead_owner_on_this_host_loses_its_run_at_once(
    journal: Journal, begin: Callable[[Owner], RunHandle], time: FakeTime
) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = ME._replace(pid=process.pid, started=owners.process_started(process.pid))
    begin(owner)
    assert owners.is_alive(owner) is True
    with pytest.raises(RunBusyError, match=f"process {process.pid} on"):
        take(journal)
    process.kill()
    process.communicate()
    assert owners.is_alive(owner) is False
    assert take(journal) == 2
    assert time.naps == []


def test_a_host_that_was_renamed_is_the_same(
    journal: Journal, begin: Callable[[Owner], RunHandle], time: FakeTime
) -> None:
    begin(ME._replace(host="before"))
    with pytest.raises(RunBusyError):
        take(journal, EXPIRY_S)
    begin(ME._replace(host="before", started="1@" + ME.started.partition("@")[2]))
    assert owners.is_alive(ME._replace(host="before")) is True
    assert journal.take("digits/2", ME, 2.0, 2.0).token == 2
    assert time.naps == []


def test_a_dead_owner_that_nobody_has_waited_for_is_dead() -> None:
    process = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    owner = ME._replace(pid=process.pid, started=owners.process_started(process.pid))
    assert process.stdout is not None
    process.stdout.read()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert owners.is_alive(owner) is False
    process.communicate()


def test_another_process_of_the_same_number_is_not_the_owner(
    journal: Journal, begin: Callable[[Owner], RunHandle]
) -> None:
    begin(ME._replace(started="1@" + ME.started.partition("@")[2]))
    assert take(journal) == 2


def test_an_owner_in_another_process_namespace_is_not_called_dead(
    journal: Journal, begin: Callable[[Owner], RunHandle]
) -> None:
    begin(ME._replace(pid=2**22 + 1, started="1@1"))
    with pytest.raises(RunBusyError):
        take(journal, EXPIRY_S)
    assert take(journal, EXPIRY_S + 0.1) == 2


def test_an_owner_before_the_last_boot_is_dead(
    journal: Journal, begin: Callable[[Owner], RunHandle], time: FakeTime
) -> None:
    begin(EARLIER_BOOT)
    assert take(journal) == 2
    assert time.naps == []


def test_on_a_shared_disk_another_machine_may_have_this_ones_name(
    journal: Journal, begin: Callable[[Owner], RunHandle], time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(EARLIER_BOOT)
    monkeypatch.setattr(mounts, "is_network", lambda _folder: True)
    assert take(journal) == 2
    assert sum(time.naps) > EXPIRY_S


def test_an_owner_elsewhere_is_watched_for_30_s(
    journal: Journal, begin: Callable[[Owner], RunHandle], time: FakeTime
) -> None:
    begin(OWNER)
    assert take(journal) == 2
    assert EXPIRY_S < sum(time.naps) < EXPIRY_S + 3


def test_an_owner_elsewhere_that_renews_keeps_its_run(
    journal: Journal, begin: Callable[[Owner], RunHandle], time: FakeTime
) -> None:
    handle = begin(OWNER)

    def renew_late() -> None:
        if time.seconds == EXPIRY_S - 1:
            handle.renew(())

    time.while_asleep = renew_late
    with pytest.raises(RunBusyError, match="process 4711 on elsewhere"):
        take(journal)
    assert handle.renew(()) is False


def test_a_watched_run_that_ends_is_free_at_once(
    journal: Journal, begin: Callable[[Owner], RunHandle], time: FakeTime
) -> None:
    handle = begin(OWNER)
    time.while_asleep = lambda: handle.end(RunEnd("interrupted"))
    assert take(journal) == 2
    assert len(time.naps) == 1


def test_of_two_that_watch_one_gets_the_run(
    journal: Journal, begin: Callable[[Owner], RunHandle], time: FakeTime, tmp_path: Path
) -> None:
    begin(OWNER)
    rival = Journal.open(tmp_path / ".penstock", clock=FakeTime().clock())

    def snatch() -> None:
        if time.seconds > EXPIRY_S:
            time.while_asleep = lambda: None
            rival.take("digits/1", ME, 2000.0, time.seconds).close()

    time.while_asleep = snatch
    with pytest.raises(RunBusyError, match=f"process {os.getpid()} on"):
        take(journal)
    rival.close()


def test_a_check_says_what_taking_would_say_and_takes_nothing(
    journal: Journal, begin: Callable[[Owner], RunHandle], time: FakeTime
) -> None:
    owner = begin(ME)
    with pytest.raises(RunBusyError, match=f"process {os.getpid()} on"):
        journal.check("digits/1", EXPIRY_S)
    journal.check("digits/1", EXPIRY_S + 0.1)
    assert owner.renew(()) is False
    begin(ME._replace(host="elsewhere", boot_id="elsewhere"))
    journal.check("digits/2", 0.0)
    assert time.naps == []
    owner.end(RunEnd("failed"))
    journal.check("digits/1", 0.0)
    with pytest.raises(NotFoundError, match="there is no run digits/9"):
        journal.check("digits/9", 0.0)


def test_a_run_that_is_done_can_not_be_taken(journal: Journal, begin: Callable[[Owner], RunHandle]) -> None:
    begin(ME).end(RunEnd("done"))
    with pytest.raises(
        UsageError, match=r"digits/1 is done: there is nothing to resume\. See `penstock show digits/1`"
    ):
        take(journal)
    with pytest.raises(UsageError, match="digits/1 is done"):
        journal.check("digits/1", 0.0)


@pytest.mark.parametrize("status", ["failed", "cancelled", "interrupted"])
def test_a_run_that_ended_otherwise_is_free(journal: Journal, begin: Callable[[Owner], RunHandle], status: str) -> None:
    begin(ME).end(RunEnd(status))
    assert take(journal) == 2
    row = queries.resolve(journal)
    assert (row.status, row.drivers, row.started_at, row.ended_at) == ("running", 2, 2000.0, None)


def test_a_run_that_is_not_there_can_not_be_taken(journal: Journal) -> None:
    with pytest.raises(NotFoundError, match="there is no run digits/1; see `penstock ls`"):
        take(journal)


def test_each_driver_is_noted_with_what_it_ran_in(journal: Journal, begin: Callable[[Owner], RunHandle]) -> None:
    begin(ME).end(RunEnd("failed"))
    surroundings = Surroundings("b3-1", "3.12", (("numpy", "2.0"),), ("penstock", "resume"), "/src")
    for mine in (surroundings, None):
        handle = journal.take("digits/1", ME, 2000.0, 0.0, mine)
        handle.end(RunEnd("failed"))
        handle.close()
    first, second, third = queries.detail(journal, 1).drivers
    assert (first.number, first.snapshot, first.packages, first.argv) == (1, "", (), ())
    assert second[4:] == surroundings
    assert (third.number, third[4:]) == (3, surroundings)


VIEWS = st.builds(View, st.sampled_from([True, False, None]), st.booleans(), st.booleans(), st.floats(0, 1000))


@given(VIEWS, st.floats(0, 1000))
def test_a_lease_is_free_only_by_proof(view: View, renewed: float) -> None:
    verdict = judge(Lease(1, 0, renewed, 0.0, OWNER), view)
    proven = view.alive is False or view.rebooted or (view.same_boot and view.monotonic - renewed > EXPIRY_S)
    assert (verdict is LeaseVerdict.FREE) == proven
    assert (verdict is LeaseVerdict.WATCH) == (not proven and not view.same_boot)


@given(VIEWS, st.floats(0, 1000), st.floats(-1e6, 1e6))
def test_what_is_seen_to_live_is_never_shown_as_crashed(view: View, renewed: float, now: float) -> None:
    dead = looks_dead(Lease(1, 0, renewed, 0.0, OWNER), view, now)
    if view.alive is True and not view.rebooted:
        assert not dead
    if view.alive is False:
        assert dead


def test_where_there_is_no_proc_the_system_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    if subprocess.run(["ps", "-o", "lstart=", "-p", str(os.getpid())], capture_output=True, check=False).returncode:
        pytest.skip("no ps that knows lstart")
    monkeypatch.setattr(owners, "_IS_LINUX", False)
    assert owners.process_started(os.getpid()) == owners.process_started(os.getpid()) != ""
    assert owners.process_started(2**22 + 1) == ""
