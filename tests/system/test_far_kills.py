"""Driver, agent, zygote and worker are killed at random instants: a run's result is the undisturbed one, and what had
finished runs no second time."""

from __future__ import annotations

import os
import random
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.model import wire
from penstock.model.outcomes import from_plain
from penstock.model.states import Cause
from penstock.worker import posix
from tests.system.flows import ROOT, Drive, Project, wait_until

KILLS = 10 if os.environ.get("PENSTOCK_REQUIRE_ALL") == "1" else 1
TASKS = 8
WIRED = f"""
import os, sys
from pathlib import Path
os.environ["HERE"] = os.getcwd()
sys.path.append({os.fspath(ROOT)!r})
from penstock.launch import preparing
from penstock.model.agents import AgentSize
from tests.contract.far_bench import LIMITS, PROFILE, far_of

wire_executors = preparing.wire_executors
preparing.wire_executors = lambda *args, tiers, **kwargs: wire_executors(*args, tiers=tiers, **kwargs) | {{
    "cluster": far_of(
        tiers, Path("far").absolute().as_uri(), Path("home").absolute(), "cluster",
        profile=PROFILE._replace(lanes=4), limits=LIMITS._replace(size=AgentSize(2.0, None, 0)),
    )
}}
"""
FLOW = f"""
@step(on="cluster")
def square(x):
    os.chdir(os.environ["HERE"])
    note("began", x, os.getpid(), os.getppid())
    time.sleep(0.15)
    note("ended", x)
    return x * x

@step(on="cluster")
def total(squares):
    return sum(squares)

@flow
def main():
    return total([square(x) for x in range(2)] + [future.result() for future in square.map(range(2, {TASKS}))])
"""
EXPECTED = sum(x * x for x in range(TASKS))


@pytest.fixture
def far(project: Project) -> Project:
    (project.folder / "far").mkdir()
    url = (project.folder / "far").as_uri()
    project.settings(f"platform_retries = 20\n[store]\nurl = '{url}'\n[executors.cluster]\nkind = 'process'\n")
    project.write(FLOW)
    return project


def begun(project: Project) -> list[list[int]]:
    return [[int(word) for word in line.split()[1:]] for line in project.trace() if line.startswith("began")]


def agents(project: Project) -> list[int]:
    files = (project.folder / "home" / "placed").glob("*/pid")
    return [int(file.read_text().split()[0]) for file in files if not (file.parent / "status").exists()]


def zygotes(project: Project) -> list[int]:
    return [zygote for _, _, zygote in begun(project) if posix.parent_of(zygote) in agents(project)]


def workers(project: Project) -> list[int]:
    return [pid for _, pid, zygote in begun(project) if posix.parent_of(pid) == zygote]


def settled(project: Project) -> set[str]:
    return {task for task, status in project.tasks().items() if status == "done"}


def await_some(project: Project, rng: random.Random) -> None:
    """Until a random part of it has begun, and a random moment longer."""
    enough = rng.randint(1, TASKS - 1)
    wait_until(lambda: len(begun(project)) >= enough, "for attempts")
    time.sleep(rng.random() * 0.2)


def kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:  # it has just ended
            continue


@pytest.mark.parametrize("seed", range(KILLS))
def test_driver(far: Project, seed: int) -> None:
    rng = random.Random(seed)
    drive = far.spawn(before=WIRED)
    await_some(far, rng)
    drive.kill()
    done = {int(task.rpartition("/")[2]) - 1 for task in settled(far) if task.startswith("square/")}
    before = len(begun(far))
    assert far.run("main/1", before=WIRED).value() == EXPECTED
    assert not done & {x for x, *_ in begun(far)[before:]}
    assert len({x for x, *_ in begun(far)}) == len(begun(far)) == TASKS


@pytest.mark.parametrize("seed", range(KILLS))
@pytest.mark.parametrize("victims", [agents, zygotes, workers])
def test_what_runs_far_away(far: Project, victims: Callable[[Project], list[int]], seed: int) -> None:
    rng = random.Random(seed)
    drive = far.spawn(before=WIRED)
    await_some(far, rng)
    found = sorted(set(victims(far)))
    kill(rng.sample(found, min(len(found), 1)))
    assert drive.join().value() == EXPECTED
    assert sorted(far.tasks().values()) == ["done"] * (TASKS + 1)


def test_nothing_is_left_running(far: Project) -> None:
    assert far.run(before=WIRED).value() == EXPECTED
    wait_until(lambda: agents(far) == [], "for the agents' end")
    assert [file for file in Path(far.folder / "far").rglob("mail/*/*/*") if file.is_file()] == []


BROKEN = WIRED.replace("profile=PROFILE", "command=('sh', '-c', 'echo no space left; exit 3'), profile=PROFILE")


def test_what_can_not_be_placed_says_what_its_agents_have_printed(far: Project) -> None:
    report = far.run(before=BROKEN)
    assert report.error["type"] == "PlatformError"
    words = r"could not be placed at cluster: no agent has come up, \d times in a row: exit status 3"
    assert re.search(words, str(report.error))
    assert "no space left" in str(report.error)
    assert far.tasks() == {"square/1": "failed"}


def test_what_can_not_be_placed_goes_elsewhere_where_its_step_says_so(far: Project) -> None:
    far.write(FLOW.replace('on="cluster"', 'on=["cluster", "process"]'))
    report = far.run(before=BROKEN)
    assert report.value() == EXPECTED
    assert sum("nothing more can be placed" in note for note in report.notes) == 1


def test_an_agent_that_its_machine_ends_is_told_as_preempted(far: Project) -> None:
    drive: Drive = far.spawn(before=WIRED)
    wait_until(lambda: len(begun(far)) >= 2, "for attempts")
    for pid in agents(far):
        os.kill(pid, signal.SIGTERM)
    assert drive.join().value() == EXPECTED
    outcomes = [from_plain(wire.unpack(packed)) for (packed,) in far.rows("SELECT outcome FROM attempt")]
    causes = {outcome.error.cause for outcome in outcomes if outcome.error is not None}
    assert causes == {Cause.PREEMPTED.value}
