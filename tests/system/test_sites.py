"""Runs whose steps go to sites that `penstock.toml` names: the same flow, wherever its agents are."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock import project as projects
from penstock.model import wire
from penstock.model.outcomes import from_plain
from penstock.model.states import Cause
from penstock.tiers import ownership
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
TOO_LONG = """
@step(on="cluster")
def last(jobs):
    job = os.environ["SLURM_JOB_ID"]
    with open(jobs, "a") as file:
        print(job, file=file)
    if len(open(jobs).readlines()) == 1:
        time.sleep(600)
    return job

@flow
def main(jobs):
    return last(jobs)
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
    report = far.run(environ=host.environ)
    assert report.value() == [[x * x, "127.0.0.1", ""] for x in range(4)]
    assert "Traceback" not in report.output
    assert len(list((home / "placed").glob("*/pid"))) == 1


def test_a_host_that_does_not_answer_is_named_with_a_mend(far: Project, host: sshd.Sshd, tmp_path: Path) -> None:
    host.stop()
    far.settings(settings(tmp_path, "ssh", 'hosts = ["gpu1"]'))
    run = far.popen([sys.executable, "-m", "penstock", "run", "mine.py"], host.environ)
    assert run.stdout is not None
    try:
        said = next(line for line in run.stdout if line.startswith("cluster: gpu1: "))
    finally:
        run.kill()
        run.communicate()
    assert "Connection refused" in said
    assert "See `ssh -v gpu1`" in said


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


@pytest.mark.slow
def test_what_an_allocation_of_slurm_has_no_time_for_any_more_runs_in_the_next_one(
    far: Project, cluster: slurm.Slurm, tmp_path: Path
) -> None:
    far.write(TOO_LONG)
    more = f'cpu = 1\nmemory = "300MiB"\ntime_limit = "1m"\nhome = "{tmp_path}/there"'
    far.settings(settings(tmp_path, "slurm", more))
    jobs = tmp_path / "jobs"
    drive = far.spawn(environ=cluster.environ, jobs=str(jobs))
    wait_until(jobs.exists, "for its first allocation")
    wait_until(lambda: causes(far), "for its time to be over")  # Slurm's shortest limit is a minute
    report = drive.join()
    assert causes(far) == [Cause.PREEMPTED.value]
    first, second = jobs.read_text().split()
    assert first != second
    assert report.value() == second


def causes(far: Project) -> list[str]:
    """Why attempts have not come to a good end."""
    packed = far.rows("SELECT outcome FROM attempt WHERE outcome IS NOT NULL")
    outcomes = [from_plain(wire.unpack(one)) for (one,) in packed]
    return [outcome.error.cause for outcome in outcomes if outcome.error is not None]


def test_agents_of_a_run_are_shown_with_their_state(far: Project, host: sshd.Sshd, tmp_path: Path) -> None:
    far.write("""
        @step(on="cluster")
        def wait(x):
            await_file(x)

        @flow
        def main():
            wait(os.path.abspath("go"))
    """)
    hosts = f'hosts = [{{ host = "gpu1", home = "{tmp_path}/there", cpu = 2 }}]'
    far.settings(settings(tmp_path, "ssh", hosts))
    drive = far.spawn(environ=host.environ)
    command = [sys.executable, "-m", "penstock", "sites", "--json"]

    def running() -> dict[str, Any] | None:
        output, _ = far.popen(command, host.environ).communicate(timeout=60)
        (site,) = json.loads(output)
        return site if [agent["state"] for agent in site["agents"]] == ["running"] else None

    site = wait_until(running, "for an agent")
    assert (site["executor"], site["kind"], site["place"], site["trouble"]) == ("cluster", "ssh", "gpu1", "")
    assert site["agents"][0]["run"] == "main/1"
    far.touch("go")
    assert drive.join().value() is None


def test_a_run_that_sends_nothing_to_agents_asks_neither_tier_nor_site(project: Project) -> None:
    """It is as fast as without them, and goes on where they are out of reach."""
    project.settings('[store]\nurl = "ssh://nobody@127.0.0.1:9/nowhere"\n[executors.big]\nkind = "agent"\n')
    project.write("""
        @step
        def one():
            return 1

        @flow
        def main():
            return one()
        """)
    report = project.run()
    assert report.value() == 1
    assert not [word for word in ("bundle", "127.0.0.1") if word in f"{report.output} {report.notes}"]


def test_a_run_that_can_not_go_on_there_ends_and_says_why(far: Project, tmp_path: Path) -> None:
    """A copy of the project owns its folder of the tier."""
    far.settings(settings(tmp_path, "slurm"))
    tiers = projects.Project.find(far.folder).tiers
    assert tiers is not None
    url = (tmp_path / "shared").as_uri()
    tier = tiers.claimed(url)
    ownership.write_owner(tier, ownership.TierOwner("7 other", "/elsewhere/copy on host"))
    report = far.run()
    assert report.error["type"] == "PlatformError"
    assert "belongs to another journal: /elsewhere/copy" in report.error["traceback"]
    assert "Traceback" not in report.output
