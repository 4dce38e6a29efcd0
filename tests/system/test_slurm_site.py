"""What a real Slurm makes of agents: who waits and why, what ended them, and what is left of their time."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from penstock.errors import PlatformError
from penstock.model.agents import AgentRequest, AgentSight, AgentSize
from penstock.model.states import Cause
from penstock.sites.shells import LocalShell, SshShell
from penstock.sites.slurm import SlurmSite
from penstock.sites.slurm_job import SlurmOptions
from tests import slurm, sshd

SHELL = ("sh", "-c")
SIZE = AgentSize(1, 64 << 20)
_PATIENCE_S = 240.0
_runs = count(1)

Make = Callable[..., SlurmSite]


@pytest.fixture(scope="module")
def cluster() -> Iterator[slurm.Slurm]:
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, slurm.served(Path(folder)) as served:
        yield served


@pytest.fixture
def run() -> str:
    return f"s{next(_runs)}x"


@pytest.fixture
def make(cluster: slurm.Slurm, tmp_path: Path, run: str) -> Iterator[Make]:
    def made(**options: object) -> SlurmSite:
        shell = LocalShell(cluster.environ)
        return SlurmSite(SHELL, shell, str(tmp_path / "shared"), SlurmOptions()._replace(**options))

    yield made
    site = made()
    site.end(list(site.find(run).values()))
    for _ in iter(lambda: cluster.ask("squeue", "-h").strip(), ""):
        time.sleep(0.1)


def agents(run: str, count: int, line: str, size: AgentSize = SIZE) -> list[AgentRequest]:
    return [AgentRequest(f"{run}-there-{number}", line, size) for number in range(7, 7 + count)]


def until(site: SlurmSite, handle: str, holds: Callable[[AgentSight], bool]) -> AgentSight:
    end = time.monotonic() + _PATIENCE_S
    while not holds(sight := site.look([handle])[handle]):
        assert time.monotonic() < end, sight
        time.sleep(0.1)
    return sight


def is_running(sight: AgentSight) -> bool:
    return sight.state == "running"


def is_ended(sight: AgentSight) -> bool:
    return sight.state == "ended"


def appears(file: Path) -> str:
    end = time.monotonic() + _PATIENCE_S
    while not file.exists() or not file.read_text().endswith("\n"):
        assert time.monotonic() < end, file
        time.sleep(0.05)
    return file.read_text()


def test_many_agents_are_one_array_and_those_without_room_say_so(make: Make, run: str, cluster: slurm.Slurm):
    site = make()
    handles = site.place(agents(run, 5, "sleep 1000"), {})
    assert handles == tuple(f"{run}-there-{number}" for number in range(7, 12))
    waits = until(site, handles[-1], lambda sight: "free nodes" in sight.why)
    assert waits == AgentSight("pending", "it waits for free nodes")
    jobs = cluster.ask("squeue", "-h", "-r", "-o", "%A %F %j").splitlines()
    assert len({line.split()[1] for line in jobs if run in line}) == 1
    assert [sight.state for sight in site.look(handles).values()] == ["running"] * 4 + ["pending"]


def test_an_agent_knows_what_is_left_of_its_allocation_and_has_gpus(make: Make, run: str, tmp_path: Path):
    told = tmp_path / "told"
    line = f'echo "$PENSTOCK_AGENT_LEFT_S $CUDA_VISIBLE_DEVICES" >{told}; sleep 1000'
    make(time_limit_s=1800).place(agents(run, 1, line, AgentSize(1, 64 << 20, gpus=2)), {})
    left, devices = appears(told).split()
    assert 1700 < float(left) <= 1800
    assert devices == "0,1"


def test_each_agent_of_an_array_knows_what_is_left_of_its_own_allocation(make: Make, run: str, tmp_path: Path):
    line = f'echo "$PENSTOCK_AGENT_LEFT_S" >{tmp_path}/told-$SLURM_ARRAY_TASK_ID; sleep 1000'
    make(time_limit_s=1800).place(agents(run, 3, line), {})
    for number in range(3):
        assert 1700 < float(appears(tmp_path / f"told-{number}")) <= 1800


def test_lines_of_the_users_own_are_kept(make: Make, run: str, tmp_path: Path):
    told = tmp_path / "told"
    lines = ("#SBATCH --nodelist=n2", "export GREETING=hello", "cd /")
    make(lines=lines).place(agents(run, 1, f'echo "$GREETING $SLURMD_NODENAME" >{told}; sleep 1000'), {})
    assert appears(told) == "hello n2\n"


def test_a_preempted_agent_is_told_from_a_cancelled_one(make: Make, run: str, cluster: slurm.Slurm):
    site = make(partition="spot")
    (handle,) = site.place(agents(run, 1, "sleep 1000", AgentSize(2, 64 << 20)), {})
    until(site, handle, is_running)
    other = make(partition="first")
    names = other.place([AgentRequest(f"{run}-more-{n}", "sleep 1000", AgentSize(2, 64 << 20)) for n in (1, 2)], {})
    assert until(site, handle, is_ended)[1::2] == ("Slurm preempted it for another job", Cause.PREEMPTED)
    until(other, names[0], is_running)
    queue = cluster.ask("squeue", "-h", "-r", "-o", "%j|%i").split()
    (job,) = [line.split("|")[1] for line in queue if line.startswith(f"{names[0]}|") and line.endswith("_0")]
    cluster.ask("scancel", job)
    assert until(other, names[0], is_ended)[1::2] == ("its job was cancelled", Cause.LOST)


def test_a_requeued_agent_starts_again_under_its_name(make: Make, run: str, cluster: slurm.Slurm, tmp_path: Path):
    starts = tmp_path / "starts"
    site = make()
    (handle,) = site.place(agents(run, 1, f"echo x >>{starts}; sleep 1000"), {})
    until(site, handle, lambda _: starts.exists())
    job = cluster.ask("squeue", "-h", "-r", "-o", "%i").strip()
    cluster.ask("scontrol", "requeue", job)
    sight = until(site, handle, lambda sight: sight.state == "pending")
    assert sight.why
    until(site, handle, lambda _: starts.read_text() == "x\nx\n")
    until(site, handle, is_running)


def test_an_agent_whose_node_fails_is_lost(make: Make, run: str, cluster: slurm.Slurm):
    site = make(lines=("#SBATCH --no-requeue", "#SBATCH --nodelist=n2"))
    (handle,) = site.place(agents(run, 1, "sleep 1000"), {})
    until(site, handle, is_running)
    cluster.kill("n2")
    try:
        cluster.ask("scontrol", "update", "nodename=n2", "state=down", "reason=test")
        assert until(site, handle, is_ended)[1::2] == ("its node failed", Cause.LOST)
    finally:
        cluster.start_node("n2")
        cluster.resume("n2")
        until_idle(cluster)


def until_idle(cluster: slurm.Slurm) -> None:
    end = time.monotonic() + _PATIENCE_S
    while cluster.states() != {"n1": "idle", "n2": "idle"}:
        assert time.monotonic() < end, cluster.states()
        time.sleep(0.1)


@pytest.mark.slow
def test_an_agent_whose_time_is_over_is_told_from_others(make: Make, run: str):
    site = make(time_limit_s=60)
    (handle,) = site.place(agents(run, 1, "sleep 1000"), {})
    ended = until(site, handle, is_ended)
    assert ended[1::2] == ("its time limit is over: raise `time_limit`", Cause.PREEMPTED)
    assert "DUE TO TIME LIMIT" in ended.words


def test_by_way_of_a_login_node(cluster: slurm.Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with sshd.served(tmp_path / "sshd") as server:
        settings = server.folder / "server"
        variable = f"SetEnv SLURM_CONF={cluster.folder}/slurm.conf"
        settings.write_text(settings.read_text(encoding="utf-8").replace("SetEnv", variable), encoding="utf-8")
        server.stop()
        server.start()
        monkeypatch.setenv("PENSTOCK_SSH", server.command)
        site = SlurmSite(SHELL, SshShell("login"), str(tmp_path / "a shared folder"), SlurmOptions())
        (handle,) = site.place(agents("v1x", 1, "echo hello; exit 4"), {})
        ended = until(site, handle, is_ended)
        assert (ended.why, ended.words) == ("exit status 4", "hello\n")
        server.stop()
        server.cut()
        assert site.look([handle])[handle].state == "unknown"
        with pytest.raises(PlatformError, match="Connection refused"):
            site.find("v1x")


def test_what_slurm_refuses_is_named_with_a_mend(make: Make, run: str, tmp_path: Path):
    with pytest.raises(PlatformError, match="correct `partition`: `sinfo` lists them"):
        make(partition="nowhere").place(agents(run, 1, "true"), {})
    assert make().find(run) == {}
    without = LocalShell({"PATH": os.fspath(tmp_path)})
    (tmp_path / "sh").symlink_to("/bin/sh")
    for program in ("mkdir", "id"):
        (tmp_path / program).symlink_to(f"/usr/bin/{program}")
    with pytest.raises(PlatformError, match="set `via` to a login node"):
        SlurmSite(SHELL, without, os.fspath(tmp_path), SlurmOptions()).find(run)


def test_why_a_job_waits_and_that_its_limit_is_too_long(make: Make, run: str):
    site = make(partition="short", time_limit_s=3600)
    (handle,) = site.place(agents(run, 1, "true"), {})
    waits = until(site, handle, lambda sight: "time" in sight.why)
    assert waits == AgentSight("pending", "it asks for more time than its partition allows: lower `time_limit`")
