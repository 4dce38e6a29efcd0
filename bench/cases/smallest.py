"""The smallest flow as a whole process, in a new project each time."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bench.finding import Finding, Must
from bench.workplace import Project, Workplace, timed


def measure(workplace: Workplace) -> Iterator[Finding]:
    empty = workplace.project()

    def bare() -> float:
        return timed(lambda: empty.run(sys.executable, "-c", "pass"))

    floor, command, script = workplace.in_turn(bare, lambda: by_command(workplace), lambda: by_script(workplace))
    yield Finding("penstock run, the smallest flow", command, "s", floor, "python -c pass", Must(10))
    yield Finding("python hello.py, the smallest flow", script, "s", floor, "python -c pass", Must(10))


def by_command(workplace: Workplace) -> float:
    """Seconds of `penstock run hello.py`."""
    return _seconds(workplace.project("hello.py"), "-m", "penstock", "run", "hello.py")


def by_script(workplace: Workplace) -> float:
    """Seconds of `python hello.py`."""
    return _seconds(workplace.project("hello.py"), "hello.py")


def _seconds(project: Project, *command: str) -> float:
    output: list[str] = []
    seconds = timed(lambda: output.append(project.run(sys.executable, *command)))
    assert output == ["hello\n"], output
    project.remove()
    return seconds
