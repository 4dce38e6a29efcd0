"""The resume of 1,000 tasks of which one failed, as a whole process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from bench.cases.smallest import by_command
from bench.finding import Finding, Must
from bench.workplace import Project, Workplace, timed


def measure(workplace: Workplace) -> Iterator[Finding]:
    tasks = workplace.scale.resumed
    project = workplace.project("broken.py")
    broken, saved = project.folder / "broken", project.folder.with_name("saved")
    broken.touch()
    project.penstock("run", "broken.py", "--tasks", str(tasks), code=1)
    broken.unlink()
    project.home.rename(saved)
    floor, resumed = workplace.in_turn(lambda: by_command(workplace), lambda: _resume(project, saved))
    shutil.rmtree(saved)
    what = f"penstock resume, {tasks:,} tasks, one failed"
    yield Finding(what, resumed, "s", floor, "the smallest flow", Must(0.2, "difference"))


def _resume(project: Project, saved: object) -> float:
    shutil.copytree(str(saved), project.home)
    output: list[str] = []
    seconds = timed(lambda: output.append(project.penstock("resume")))
    assert output == ["whole\n"], output
    shutil.rmtree(project.home)
    return seconds
