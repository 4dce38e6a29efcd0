"""What runs on one machine write down: seen by the others as long as the process lives, and by nobody else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from penstock.executors.host import HostFolder, folder_of
from penstock.model.shares import Amount, Share, Weight

SHARE = Share("fit/1", "/home/ada\udcff", True, Amount(2, 3, ("0",)), (Weight(1, 2, 1, ("0", "1")),), 1.5, 2.5, 3.5)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_RUNTIME_DIR": os.fspath(tmp_path)}


def others_of(host: HostFolder, share: Share = SHARE) -> list[Share]:
    """What a run sees while it writes its share."""
    seen: list[Share] = []

    def decide(others: Sequence[Share]) -> tuple[Share, bool]:
        seen.extend(others)
        return share, False

    assert host.exchange(decide)
    return seen


def test_a_share_is_read_as_it_was_written_until_its_run_leaves(environ: dict[str, str]) -> None:
    one, other = HostFolder(Amount(), "a", environ), HostFolder(Amount(), "b", environ)
    assert others_of(one) == []
    assert others_of(other) == [SHARE]
    one.leave()
    one.leave()
    assert others_of(other) == []
    other.leave()


def test_what_a_dead_process_left_counts_for_nothing_and_is_removed(environ: dict[str, str]) -> None:
    host = HostFolder(Amount(), "a", environ)
    others_of(host)
    left = Path(folder_of(environ), "1-1.bell")
    os.mkfifo(left)
    left.with_suffix(".json").write_text("[[],[]]")
    assert others_of(host) == []
    assert not left.exists()
    assert not left.with_suffix(".json").exists()
    host.leave()


def test_runs_on_other_processors_are_on_another_machine(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts: list[HostFolder] = []
    for cpus in ({0, 1}, {2, 3}, {1, 2}):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _pid, cpus=cpus: cpus, raising=False)
        hosts.append(HostFolder(Amount(), "a", environ))
    assert [len(others_of(host)) for host in hosts] == [0, 0, 2]
    for host in hosts:
        host.leave()


def test_nobody_waits_for_who_was_stopped_with_the_lock(environ: dict[str, str]) -> None:
    host, other = HostFolder(Amount(), "a", environ), HostFolder(Amount(), "b", environ)
    held: list[bool] = []

    def decide(others: Sequence[Share]) -> tuple[Share, bool]:
        held.append(other.exchange(lambda _: (SHARE, False)))
        return SHARE, False

    assert host.exchange(decide)
    assert held == [False]
    assert others_of(other) == [SHARE]
    host.leave()
    other.leave()


def test_a_runtime_folder_that_is_not_there_is_not_used(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": os.fspath(tmp_path / "gone"), "TMPDIR": os.fspath(tmp_path)}
    assert Path(folder_of(environ)).parent == tmp_path / f"penstock-{os.geteuid()}"
