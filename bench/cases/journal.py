"""Looking at a journal of 10,000 runs and 1,000,000 tasks, against one of 100 runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from bench.finding import Finding, Must
from bench.workplace import Project, Workplace, timed

_LOOKS = {
    "runs": "client: the latest 20 runs",
    "show": "client: one run and its steps",
    "tasks": "client: tasks of one step",
}

_ASKED = "filled accuracy>0.5 depth<4 tag:nightly since:2d"


def measure(workplace: Workplace) -> Iterator[Finding]:
    scale = workplace.scale
    few = _filled(workplace, scale.few_runs)
    many = _filled(workplace, scale.many_runs)
    floor_is = f"{scale.few_runs:,} runs"
    yield Finding(
        f"journal of {scale.many_runs * scale.tasks_per_run:,} tasks", [_size(many)], "bytes", [_size(few)], floor_is
    )
    for verb in ("ls", "show"):
        args = [verb] if verb == "ls" else [verb, f"filled/{scale.few_runs // 2}"]
        floor, subject = workplace.in_turn(*(_command(project, *args) for project in (few, many)))
        yield Finding(f"penstock {verb}", subject, "s", floor, floor_is, Must(2))
    asked = ("ls", "--filter", _ASKED)
    floor, subject = workplace.in_turn(_command(many, "ls"), _command(many, *asked))
    yield Finding(f"penstock ls --filter, {scale.many_runs:,} runs", subject, "s", floor, "penstock ls", Must(1.5))
    looked: dict[Project, list[dict[str, Any]]] = {few: [], many: []}
    workplace.in_turn(*(lambda project=project: _look(project, scale.few_runs, looked[project]) for project in looked))
    for look, what in _LOOKS.items():
        floor, subject = ([one[look] for one in looked[project][-scale.times :]] for project in (few, many))
        yield Finding(what, subject, "s", floor, floor_is, Must(2))
    few.remove()
    many.remove()


def _filled(workplace: Workplace, runs: int) -> Project:
    project = workplace.project("fill.py", "look.py")
    project.script("fill.py", runs, workplace.scale.tasks_per_run)
    return project


def _size(project: Project) -> int:
    return (project.home / "journal.db").stat().st_size


def _command(project: Project, *args: str) -> Any:
    return lambda: timed(lambda: project.run(sys.executable, "-m", "penstock", *args))


def _look(project: Project, runs: int, looked: list[dict[str, Any]]) -> float:
    looked.append(project.script("look.py", f"filled/{runs // 2}"))
    return 0.0
