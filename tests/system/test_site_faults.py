"""Runs at agents by ssh and in Slurm meet with faults: of the agents, of what they run, of the driver, of the site."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import slurm, sshd
from tests.system.fault_trial import FAULTS, FaultTrial, settle
from tests.system.flows import Project, wait_until


@pytest.fixture
def host(tmp_path: Path) -> Iterator[sshd.Sshd]:
    with sshd.served(tmp_path / "sshd") as served:
        yield served


@pytest.fixture
def cluster() -> Iterator[slurm.Slurm]:
    with tempfile.TemporaryDirectory(prefix="slurm-") as folder, slurm.served(Path(folder)) as served:
        yield served


def test_hosts_by_ssh(project: Project, host: sshd.Sshd, tmp_path: Path) -> None:
    settle(project, "ssh", f'hosts = [{{ host = "gpu1", home = "{tmp_path}/there", cpu = 4 }}]')
    trial = FaultTrial(project, host.environ)

    def cut() -> None:
        host.stop()
        host.cut()
        trial.go()
        host.start()

    def cut_while_agents_die() -> None:
        host.stop()
        host.cut()
        trial.kill_agent()
        host.start()

    trial.run([trial.kill_worker, cut, trial.kill_driver, cut_while_agents_die, *trial.others][:FAULTS])


def test_slurm(project: Project, cluster: slurm.Slurm, tmp_path: Path) -> None:
    settle(project, "slurm", f'memory = "500MiB"\nhome = "{tmp_path}/there"')
    trial = FaultTrial(project, cluster.environ)

    def jobs() -> list[str]:
        return cluster.ask("squeue", "-h", "-r", "-t", "R", "-o", "%i").split()

    def cancel() -> None:
        cluster.ask("scancel", trial.rounds.rng.choice(wait_until(jobs, "for a job")))

    def requeue() -> None:
        cluster.ask("scontrol", "requeue", trial.rounds.rng.choice(wait_until(jobs, "for a job")))

    def controller() -> None:
        program = shutil.which("slurmctld", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        assert program is not None
        cluster.kill("slurmctld")
        trial.go()
        cluster.start("slurmctld", [program, "-D"])
        wait_until(cluster.states, "for the controller")

    trial.run([trial.kill_worker, cancel, trial.kill_driver, requeue, controller, *trial.others][:FAULTS])
    wait_until(lambda: not cluster.ask("squeue", "-h").strip(), "for the agents to go")
