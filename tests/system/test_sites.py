"""Runs whose steps go to sites that `penstock.toml` names: the same flow, wherever its agents are."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import slurm, sshd
from tests.system.flows import Project, wait_until

FLOW = """
@step(on="cluster")
def square(x):
    return x * x, os.environ.get("SSH_CONNECTION", "").split(" ")[0], os.environ.get("SLURM_JOB_ID", "")

@step
def gather(values):
    return [list(value) for value in values]

@flow
def main():
    return gather(square.map(range(4)))
"""
AGENT = f'agent = ["{sys.executable}", "-m", "penstock.agent"]'


@pytest.fixture
def far(project: Project, tmp_path: Path) -> Project:
    """A project with a far tier."""
    (tmp_path / "shared").mkdir()
    project.write(FLOW)
    return project


def settings(tmp_path: Path, kind: str, more: str = "") -> str:
    tier = f'[store]\nurl = "{(tmp_path / "shared").as_uri()}"\n'
    return f'{tier}[executors.cluster]\nkind = "{kind}"\n{AGENT}\nlinger = "1s"\nmax_agents = 1\n{more}\n'


@pytest.fixture
def host(tmp_path: Path) -> Iterator[sshd.Sshd]:
    with sshd.served(tmp_path / "sshd") as served:
        yield served


def test_a_flow_whose_steps_run_on_another_host(far: Project, host: sshd.Sshd, tmp_path: Path) -> None:
    home = tmp_path / "there"
    far.settings(settings(tmp_path, "ssh", f'hosts = [{{ host = "gpu1", home = "{home}", cpu = 2 }}]'))
    assert far.run(environ=host.environ).value() == [[x * x, "127.0.0.1", ""] for x in range(4)]
    assert len(list((home / "placed").glob("*/pid"))) == 1


@pytest.fixture
def cluster() -> Iterator[slurm.Slurm]:
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, slurm.served(Path(folder)) as served:
        yield served


def test_a_flow_whose_steps_run_in_one_allocation_of_slurm(far: Project, cluster: slurm.Slurm, tmp_path: Path) -> None:
    more = f'cpu = 2\nmemory = "500MiB"\ntime_limit = "10m"\nhome = "{tmp_path}/there"'
    far.settings(settings(tmp_path, "slurm", more))
    found = far.run(environ=cluster.environ).value()
    assert [value for value, _, _ in found] == [0, 1, 4, 9]
    assert len({job for _, _, job in found if job}) == 1
    wait_until(lambda: not cluster.ask("squeue", "-h").strip(), "for the agent to go")
