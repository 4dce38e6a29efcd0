"""`examples/hybrid.py` with the settings beside it: whatever is killed in whichever phase, what was finished never runs
again, and it ends as if nothing had been killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.system.flows import ROOT, Project

GRID = ("--strengths", "[1.0, 10.0]", "--widths", "[0.1, 1.0]", "--finalists", "2")
RUN = ("run", str(ROOT / "examples" / "hybrid.py"), *GRID)
PHASES = {"prepare": 1, "train": 4, "judge": 2}
PATIENCE_S = 300.0

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _libraries(require: Callable[[str], None]) -> None:
    require("sklearn")


@pytest.fixture(scope="module")
def expected(
    clean_project: Callable[[Path], AbstractContextManager[Project]], tmp_path_factory: pytest.TempPathFactory
) -> list[str]:
    """What a run says that nobody disturbs."""
    with clean_project(tmp_path_factory.mktemp("hybrid") / "work") as project:
        shutil.copy(ROOT / "penstock.toml", project.folder)
        said = ended(start(project, *RUN))
        executors = project.rows("SELECT DISTINCT name, executor FROM task_row ORDER BY id")
        assert executors == [("prepare", "process"), ("train", "training"), ("judge", "judging")]
        return said


@pytest.fixture
def hybrid(project: Project) -> Iterator[Project]:
    shutil.copy(ROOT / "penstock.toml", project.folder)
    yield project
    for _, session in agents(project):
        with suppress(ProcessLookupError):
            os.killpg(session, signal.SIGKILL)


def start(project: Project, *words: str) -> subprocess.Popen[str]:
    return project.popen([os.path.join(os.path.dirname(sys.executable), "penstock"), *words])


def ended(process: subprocess.Popen[str]) -> list[str]:
    """What the flow's body has printed."""
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, output
    return [line for line in output.splitlines() if line.startswith("C ")]


def agents(project: Project) -> list[tuple[int, int]]:
    """Those that live: the process, and its session."""
    files = (project.folder / ".penstock" / "agents").glob("placed/*/pid")
    words = [file.read_text().split() for file in files if not (file.parent / "status").exists()]
    return [(int(pid), int(session)) for pid, _, session, _ in words]


def finished(project: Project) -> set[tuple[Any, ...]]:
    """Each finished task, and which of its attempts that was."""
    return set(project.rows("SELECT id, attempt, worker, began_at FROM task WHERE status = 'done'"))


def await_phase(project: Project, driver: subprocess.Popen[str], step: str) -> None:
    """Until the run has begun, for a step that runs here; else until one of the step's attempts is on its way, and a
    quarter of its tasks is done."""
    placed = "SELECT 1 FROM intent JOIN task_row ON id = task_id WHERE name = ? AND status != 'done'"
    done = "SELECT count(*) FROM task_row WHERE name = ? AND status = 'done'"

    def is_there() -> bool:
        assert driver.poll() is None, driver.communicate()
        if step == "prepare":
            return bool(project.rows("SELECT 1 FROM run"))
        return bool(project.rows(placed, step)) and project.rows(done, step)[0][0] >= PHASES[step] // 4

    patiently(is_there, f"for {step}")


def patiently(done: Callable[[], Any], what: str) -> Any:
    """What `done` gives, once that is true: the libraries that are imported there take their time."""
    end = time.monotonic() + PATIENCE_S
    while not (found := done()):
        assert time.monotonic() < end, f"waited in vain {what}"
        time.sleep(0.005)
    return found


def test_a_driver_that_is_killed_in_each_phase(hybrid: Project, expected: list[str]) -> None:
    known = set[tuple[Any, ...]]()
    words = RUN
    for step in PHASES:
        driver = start(hybrid, *words)
        await_phase(hybrid, driver, step)
        driver.kill()
        driver.communicate()
        known |= finished(hybrid)
        words = ("resume", "hybrid/1")
    assert len(known) >= PHASES["prepare"] + PHASES["train"]
    assert ended(start(hybrid, *words)) == expected
    assert known <= finished(hybrid)
    assert sorted(hybrid.tasks().values()) == ["done"] * sum(PHASES.values())


def test_agents_that_are_killed_in_each_of_their_phases(hybrid: Project, expected: list[str]) -> None:
    driver = start(hybrid, *RUN)
    known = set[tuple[Any, ...]]()
    for step in ("train", "judge"):
        await_phase(hybrid, driver, step)
        known |= finished(hybrid)
        for pid, _ in patiently(lambda: agents(hybrid), "for agents"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    assert ended(driver) == expected
    assert known <= finished(hybrid)
    assert sorted(hybrid.tasks().values()) == ["done"] * sum(PHASES.values())
