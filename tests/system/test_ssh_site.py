"""Several hosts by a real sshd: who gets how many agents, and what becomes of hosts that don't answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.errors import PlatformError
from penstock.model.agents import AgentRequest, AgentSize
from penstock.sites.host_site import HostRoom
from penstock.sites.ssh import SshHost, SshSite
from tests import sshd

SHELL = ("sh", "-c")
_PATIENCE_S = 60.0


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[sshd.Sshd]:
    with sshd.served(tmp_path / "sshd") as served:
        monkeypatch.setenv("PENSTOCK_SSH", served.command)
        yield served


@pytest.fixture
def hosts(tmp_path: Path, server: sshd.Sshd) -> Iterator[list[SshHost]]:
    """One has two GPUs and one has three."""
    made = [SshHost(f"host{n}", HostRoom(cpu=8, gpus=n), str(tmp_path / f"host{n}")) for n in (2, 3)]
    yield made
    server.stop()
    server.start()
    site = SshSite(SHELL, made, grace_s=1.0)
    site.end(list(site.find("r1").values()))


def agents(count: int, line: str, gpus: int = 1) -> list[AgentRequest]:
    return [AgentRequest(f"r1-there-{number}", line, AgentSize(1, None, gpus)) for number in range(1, count + 1)]


def states(site: SshSite, handles: tuple[str, ...], *wanted: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while sorted(sight.state for sight in site.look(handles).values()) != sorted(wanted):
        assert time.monotonic() < until, site.look(handles)
        time.sleep(0.05)


def test_hosts_take_agents_in_turn_up_to_their_room_and_the_rest_waits(hosts: list[SshHost], tmp_path: Path):
    site = SshSite(SHELL, hosts, grace_s=1.0)
    line = f'echo "$PENSTOCK_AGENT_HOME $CUDA_VISIBLE_DEVICES" >> {tmp_path}/gpus; sleep 1000'
    handles = site.place(agents(6, line), {})
    states(site, handles, *["running"] * 5, "pending")
    (waits,) = [sight for sight in site.look(handles).values() if sight.state == "pending"]
    assert waits.why == "no host has room: host2, host3"
    used = sorted(line.split()[0][-1] + ":" + line.split()[1] for line in read_lines(tmp_path / "gpus", 5))
    assert used == ["2:0", "2:1", "3:0", "3:1", "3:2"]


def read_lines(file: Path, count: int) -> list[str]:
    until = time.monotonic() + _PATIENCE_S
    while len(lines := file.read_text().splitlines() if file.exists() else []) < count:
        assert time.monotonic() < until, lines
        time.sleep(0.05)
    return lines


def test_what_waits_is_started_once_another_has_ended(hosts: list[SshHost], tmp_path: Path):
    go = tmp_path / "go"
    site = SshSite(SHELL, [hosts[0]], grace_s=1.0)
    first = site.place(agents(2, "sleep 1000"), {})
    other = SshSite(SHELL, [hosts[0]], grace_s=1.0)
    request = AgentRequest("r1-there-9", f"touch {go}; sleep 1000", AgentSize(1, None, 1))
    waiting = other.place([request], {})
    states(other, waiting, "pending")
    site.end(first[:1])
    states(other, waiting, "running")


def test_a_host_that_does_not_answer_gets_no_agents_and_what_runs_there_goes_on(
    hosts: list[SshHost], server: sshd.Sshd, monkeypatch: pytest.MonkeyPatch
):
    site = SshSite(SHELL, [hosts[0], SshHost("-odd")], grace_s=1.0)
    handles = site.place(agents(2, "sleep 1000"), {})
    states(site, handles, "running", "running")
    assert sorted(site.find("r1")) == ["r1-there-1", "r1-there-2"]
    server.stop()
    server.cut()
    sights = site.look(handles)
    assert [sight.state for sight in sights.values()] == ["unknown", "unknown"]
    assert "see `ssh" in sights["r1-there-1"].why.lower()
    with pytest.raises(PlatformError, match="Connection refused"):
        site.find("r1")
    with pytest.raises(PlatformError, match="Connection refused"):
        site.place(agents(3, "sleep 1000")[2:], {})
    server.start()
    states(site, handles, "running", "running")


def test_an_agent_that_is_larger_than_any_host_is_refused(hosts: list[SshHost]):
    with pytest.raises(PlatformError, match="no host is as large"):
        SshSite(SHELL, hosts).place(agents(1, "true", gpus=4), {})


def test_what_a_host_has_room_for_is_counted_by_all_that_it_has():
    size = AgentSize(2.0, 4 << 30, 1)
    assert HostRoom(cpu=9, memory_bytes=64 << 30, gpus=8).agents(size) == 4
    assert HostRoom(cpu=64, memory_bytes=9 << 30, gpus=8).agents(size) == 2
    assert HostRoom(cpu=64).agents(size) == 0
    assert HostRoom().agents(size._replace(gpus=0)) == 1
