"""What every site keeps: `executors/site_port.py`. An agent is here what a test says: the code of its request is a
shell's line, which the site hands to `sh -c`."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from penstock.executors.site_port import Site
from penstock.model.agents import AgentRequest, AgentSight, AgentSize
from penstock.sites.host_site import HostRoom
from penstock.sites.process_site import ProcessSite
from penstock.sites.ray import RayFolder, RaySite
from penstock.sites.shells import LocalShell
from penstock.sites.slurm import SlurmSite
from penstock.sites.slurm_job import SlurmOptions
from penstock.sites.ssh import SshHost, SshSite
from tests import ray_cluster, slurm, sshd

SHELL = ("sh", "-c")
SIZE = AgentSize(cpu=1.0, memory_bytes=64 << 20)
_PATIENCE_S = 60.0


class Make:
    """Makes the site anew, as another process would: what was placed is known to the platform alone. Each test places
    for runs of its own."""

    _count = 0

    def __init__(self, site: Callable[[], Site]) -> None:
        Make._count += 1
        self.run = f"r{Make._count}x"
        self._site = site

    def __call__(self) -> Site:
        return self._site()

    def agent(self, number: int, line: str, more: str = "") -> AgentRequest:
        return AgentRequest(f"{self.run}{more}-there-{number}", line, SIZE)


def process_site(tmp_path: Path) -> Iterator[Callable[[], Site]]:
    yield lambda: ProcessSite(SHELL, tmp_path / "home", grace_s=1.0)


def ssh_site(tmp_path: Path) -> Iterator[Callable[[], Site]]:
    """Two hosts, which are this one with two homes."""
    with sshd.served(tmp_path / "sshd") as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENSTOCK_SSH", server.command)
        room = HostRoom(cpu=2.0)
        hosts = [SshHost(name, room, str(tmp_path / name)) for name in ("one", "two")]
        yield lambda: SshSite(SHELL, hosts, grace_s=1.0)


@pytest.fixture(scope="module")
def cluster() -> Iterator[slurm.Slurm]:
    """Two nodes of Slurm. Its sockets want a short path."""
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, slurm.served(Path(folder)) as served:
        yield served


def slurm_site(tmp_path: Path, cluster: slurm.Slurm) -> Iterator[Callable[[], Site]]:
    shell = LocalShell(cluster.environ)
    yield lambda: SlurmSite(SHELL, shell, str(tmp_path / "shared"), SlurmOptions())


@pytest.fixture(scope="module")
def ray() -> Iterator[ray_cluster.RayCluster]:
    """Two nodes of Ray. Its sockets want a short path."""
    with tempfile.TemporaryDirectory(prefix="ray-") as folder, ray_cluster.served(Path(folder)) as served:
        yield served


def ray_site(tmp_path: Path, ray: ray_cluster.RayCluster) -> Iterator[Callable[[], Site]]:
    folder = RayFolder(LocalShell(), str(tmp_path / "shared"))
    yield lambda: RaySite(SHELL, ray.address, folder)


SITES = {"process": process_site, "ssh": ssh_site, "slurm": slurm_site, "ray": ray_site}
_CLUSTERS = {"slurm": "cluster", "ray": "ray"}


@pytest.fixture(params=["process", "ssh", "slurm", pytest.param("ray", marks=pytest.mark.slow)])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    more = [request.getfixturevalue(_CLUSTERS[request.param])] if request.param in _CLUSTERS else []
    with contextmanager(SITES[request.param])(tmp_path, *more) as site:
        made = Make(site)
        yield made
        last = made()
        last.end([*last.find(made.run).values(), *last.find(f"{made.run}0").values()])


def seen(site: Site, handle: str, state: str) -> AgentSight:
    """How an agent is once it is in a state."""
    until = time.monotonic() + _PATIENCE_S
    while (sight := site.look([handle])[handle]).state != state:
        assert time.monotonic() < until, sight
        time.sleep(0.05)
    return sight


def appears(file: Path) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not file.exists():
        assert time.monotonic() < until, file
        time.sleep(0.05)


def test_an_agent_runs_until_it_ends_and_its_last_words_are_kept(make: Make, tmp_path: Path):
    go = tmp_path / "go"
    site = make()
    (handle,) = site.place(
        [make.agent(1, f"echo hello; until [ -e {go} ]; do sleep 0.05; done; echo gone >&2; exit 3")], {}
    )
    assert seen(site, handle, "running").why == ""
    go.touch()
    ended = seen(site, handle, "ended")
    assert ended.why == "exit status 3"
    assert ended.words.split() == ["hello", "gone"]


def test_of_what_an_agent_prints_the_last_4_kb_are_kept(make: Make):
    site = make()
    (handle,) = site.place([make.agent(1, "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done")], {})
    words = seen(site, handle, "ended").words
    assert len(words) <= 4096
    assert words.endswith("line 1999\n")
    assert "line 1700" in words


def test_an_agent_that_is_ended_gets_a_word_first(make: Make, tmp_path: Path):
    ready, told = tmp_path / "ready", tmp_path / "told"
    site = make()
    line = f"trap 'touch {told}; exit 0' TERM; touch {ready}; while :; do sleep 0.05; done"
    (handle,) = site.place([make.agent(1, line)], {})
    appears(ready)
    site.end([handle])
    seen(site, handle, "ended")
    assert told.exists()
    site.end([handle])
    assert site.look([handle])[handle].state == "ended"


def test_an_agent_that_does_not_listen_is_killed(make: Make, tmp_path: Path):
    ready = tmp_path / "ready"
    site = make()
    (handle,) = site.place([make.agent(1, f"trap '' TERM; touch {ready}; while :; do sleep 0.05; done")], {})
    appears(ready)
    site.end([handle])
    assert seen(site, handle, "ended").why != ""


def test_what_an_agent_leaves_behind_ends_with_it(make: Make, tmp_path: Path):
    child = tmp_path / "child"
    site = make()
    (handle,) = site.place([make.agent(1, f"sleep 1000 & echo $! > {child}.new; mv {child}.new {child}")], {})
    seen(site, handle, "ended")
    pid = int(child.read_text())
    until = time.monotonic() + _PATIENCE_S
    while is_running(pid):
        assert time.monotonic() < until
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_another_process_finds_what_was_placed_for_a_run(make: Make):
    make().place([make.agent(1, "sleep 1000"), make.agent(2, "true")], {})
    make().place([make.agent(1, "sleep 1000", more="0")], {})
    site = make()
    found = site.find(make.run)
    assert sorted(found) == [f"{make.run}-there-1", f"{make.run}-there-2"]
    seen(site, found[f"{make.run}-there-1"], "running")
    seen(site, found[f"{make.run}-there-2"], "ended")
    assert site.find("nobody") == {}


def test_an_agent_is_placed_once_under_its_name(make: Make, tmp_path: Path):
    mark = tmp_path / "starts"
    request = make.agent(1, f"echo x >> {mark}; sleep 1000")
    (first,) = make().place([request], {})
    appears(mark)
    site = make()
    assert site.place([request, make.agent(2, "sleep 1000")], {})[0] == first
    seen(site, site.find(make.run)[f"{make.run}-there-2"], "running")
    assert mark.read_text() == "x\n"


def test_what_nobody_placed_is_unknown(make: Make):
    site = make()
    (handle,) = site.place([make.agent(1, "sleep 1000")], {})
    other = handle.replace("-there-1", "-there-7")
    sights: Mapping[str, AgentSight] = site.look([handle, other])
    assert sights[other].state == "unknown"
    assert sights[other].why
    site.end([other])


def test_an_agent_is_told_its_size_and_what_is_private(make: Make, tmp_path: Path):
    told, again, size = tmp_path / "told", tmp_path / "again", tmp_path / "size"
    site = make()
    line = f"""
        echo "$PENSTOCK_AGENT_SIZE" > {size}; ls -l "$PENSTOCK_AGENT_PRIVATE"
        cat "$PENSTOCK_AGENT_PRIVATE" > {told}.new; mv {told}.new {told}
        until grep -q new "$PENSTOCK_AGENT_PRIVATE"; do sleep 0.05; done; touch {again}; sleep 1000
    """
    (handle,) = site.place([make.agent(1, line)], {"TOKEN": 'it\'s "old"'})
    appears(told)
    assert told.read_text() == '{"TOKEN": "it\'s \\"old\\""}'
    assert AgentSize.of_text(size.read_text()) == SIZE
    assert site.look([handle])[handle].words.startswith("-rw-------")
    site.refresh([handle], {"TOKEN": "new"})
    appears(again)


def test_what_is_private_may_come_after_an_agent_was_placed(make: Make, tmp_path: Path):
    began, came = tmp_path / "began", tmp_path / "came"
    site = make()
    line = f"""
        touch {began}; until grep -q late "$PENSTOCK_AGENT_PRIVATE" 2>/dev/null; do sleep 0.05; done
        touch {came}; sleep 1000
    """
    (handle,) = site.place([make.agent(1, line)], {})
    appears(began)
    site.refresh([handle], {"TOKEN": "late"})
    appears(came)


def test_private_values_are_in_no_list_of_arguments(make: Make, tmp_path: Path):
    ready = tmp_path / "ready"
    make().place([make.agent(1, f"touch {ready}; sleep 1000")], {"TOKEN": "a-very-private-value"})
    appears(ready)
    lists = [file.read_bytes() for file in Path("/proc").glob("[0-9]*/cmdline") if file.exists()]
    assert lists
    assert not [words for words in lists if b"a-very-private-value" in words]


def test_a_process_that_was_killed_is_seen_as_ended(tmp_path: Path):
    site = ProcessSite(SHELL, tmp_path / "home")
    (handle,) = site.place([AgentRequest("r1-there-1", "exec sleep 1000", SIZE)], {})
    seen(site, handle, "running")
    os.kill(site.pid(handle), signal.SIGKILL)
    assert seen(site, handle, "ended").why == "killed by SIGKILL"


def test_a_killed_machine_is_told_from_an_exit(tmp_path: Path):
    """The whole session at once, as a machine that is switched off ends it."""
    site = ProcessSite(SHELL, tmp_path / "home")
    (handle,) = site.place([AgentRequest("r1-there-1", "exec sleep 1000", SIZE)], {})
    seen(site, handle, "running")
    os.killpg(os.getpgid(site.pid(handle)), signal.SIGKILL)
    assert "killed" in seen(site, handle, "ended").why
