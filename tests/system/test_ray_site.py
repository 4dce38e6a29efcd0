"""What a real Ray makes of agents: a node that dies, a head that is started anew, resources, and who may ask."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from penstock.errors import PlatformError
from penstock.model.agents import AgentRequest, AgentSight, AgentSize
from penstock.model.states import Cause
from penstock.sites.ray import RayFolder, RaySite
from penstock.sites.shells import LocalShell
from tests import ray_cluster
from tests.system.fault_trial import FAULTS, FaultTrial, settle
from tests.system.flows import Project, wait_until

SHELL = ("sh", "-c")
SIZE = AgentSize(1, 64 << 20)
_PATIENCE_S = 240.0

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ray() -> Iterator[ray_cluster.RayCluster]:
    python = ray_cluster.other_python()
    with tempfile.TemporaryDirectory(prefix="ray-") as folder, ray_cluster.served(Path(folder), python) as served:
        yield served


def site_of(ray: ray_cluster.RayCluster, tmp_path: Path, resources: dict[str, float] | None = None) -> RaySite:
    return RaySite(SHELL, ray.address, RayFolder(LocalShell(), str(tmp_path / "shared")), resources)


def until(site: RaySite, handle: str, holds: Callable[[AgentSight], bool]) -> AgentSight:
    end = time.monotonic() + _PATIENCE_S
    while not holds(sight := site.look([handle])[handle]):
        assert time.monotonic() < end, sight
        time.sleep(0.2)
    return sight


def test_a_run_brings_its_own_python_to_both_nodes(ray: ray_cluster.RayCluster, project: Project, tmp_path: Path):
    (tmp_path / "shared").mkdir()
    project.settings(f"""
        [store]
        url = "{(tmp_path / "shared").as_uri()}"
        [executors.cluster]
        kind = "ray"
        address = "{ray.address}"
        home = "{tmp_path}/there"
        max_agents = 2
        cpu = 2
    """)
    project.write("""
        @step(on="cluster", cpu=2)
        def one(folder, at):
            os.chdir(folder)
            note("runs", at)
            await_file("both")
            return at, list(sys.version_info[:2]), sys.prefix

        @flow
        def main():
            return one.map([os.getcwd()] * 2, range(2)).result()
    """)
    drive = project.spawn()
    for at in range(2):
        project.await_note(f"runs {at}")  # both at once: each node has room for one
    project.touch("both")
    for at, (number, version, prefix) in enumerate(drive.join().value()):
        assert (number, version) == (at, list(sys.version_info[:2]))
        foreign = Path(sys.prefix), ray.python.parents[1]  # the bundle alone has what runs there
        assert not any(Path(prefix).is_relative_to(one) for one in foreign), prefix


def test_an_agent_whose_node_dies_is_lost_and_others_go_on(ray: ray_cluster.RayCluster, tmp_path: Path):
    special, plain = site_of(ray, tmp_path, {"special": 1}), site_of(ray, tmp_path, {"node:__internal_head__": 0.1})
    (lost,) = special.place([AgentRequest("n1-there-1", "sleep 1000", SIZE)], {})
    (kept,) = plain.place([AgentRequest("n1-there-2", "sleep 1000", SIZE)], {})
    until(special, lost, lambda sight: sight.state == "running")
    until(plain, kept, lambda sight: sight.state == "running")
    ray.kill_node()
    ended = until(special, lost, lambda sight: sight.state == "ended")
    assert (ended.why, ended.cause) == ("Ray has lost it: its node has died", Cause.LOST)
    assert plain.look([kept])[kept].state == "running"
    ray.add_node()
    (again,) = special.place([AgentRequest("n1-there-3", "sleep 1000", SIZE)], {})
    until(special, again, lambda sight: sight.state == "running")
    plain.end([kept, again])


def test_what_finds_no_room_says_so(ray: ray_cluster.RayCluster, tmp_path: Path):
    site = site_of(ray, tmp_path)
    (handle,) = site.place([AgentRequest("n2-there-1", "sleep 1000", AgentSize(100, None))], {})
    waits = until(site, handle, lambda sight: sight.state == "pending")
    assert waits.why.startswith("it waits for CPUs")


def test_a_run_meets_with_faults(ray: ray_cluster.RayCluster, project: Project, tmp_path: Path):
    settle(project, "ray", f'address = "{ray.address}"\nhome = "{tmp_path}/there"')
    trial = FaultTrial(project, {})
    site = site_of(ray, tmp_path)

    def stop_a_job() -> None:
        def running() -> list[str]:
            return [name for name in site.find(nonce) if site.look([name])[name].state == "running"]

        ((nonce,),) = project.rows("SELECT nonce FROM run")
        site.end([trial.rounds.rng.choice(wait_until(running, "for a job"))])

    def kill_a_node() -> None:
        ray.kill_node()
        trial.go()
        ray.add_node()

    trial.run([trial.kill_worker, stop_a_job, trial.kill_driver, kill_a_node, *trial.others][:FAULTS])


def test_a_head_that_is_started_anew_knows_of_no_agent(ray: ray_cluster.RayCluster, tmp_path: Path):
    """It comes last here: the cluster forgets all."""
    site = site_of(ray, tmp_path)
    (handle,) = site.place([AgentRequest("n3-there-1", "sleep 1000", SIZE)], {})
    until(site, handle, lambda sight: sight.state == "running")
    ray.stop()
    gone = site.look([handle])[handle]
    assert gone.state == "unknown"
    assert "`address` is that of the head's dashboard" in gone.why
    with pytest.raises(PlatformError, match="does not answer"):
        site.find("n3")
    ray.start()
    assert until(site, handle, lambda sight: "anew" in sight.why).state == "unknown"
    assert site.find("n3") == {}
    (new,) = site.place([AgentRequest("n3-there-2", "exit 3", SIZE)], {})
    assert until(site, new, lambda sight: sight.state == "ended").why == "exit status 3"
