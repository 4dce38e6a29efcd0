"""A run of 200 tasks of 20 ms that is killed with -9 at 50 random instants, and resumed at once each time."""

from __future__ import annotations

from collections.abc import Iterator

from bench.finding import Finding, Must
from bench.killing import prepared
from bench.workplace import Workplace


def measure(workplace: Workplace) -> Iterator[Finding]:
    yield from experiment(workplace, "survivor.py", f"{workplace.scale.killed_tasks} tasks of 20 ms")


def experiment(workplace: Workplace, script: str, what: str) -> Iterator[Finding]:
    """Kill and resume, and tell what came of it."""
    seen = prepared(script, workplace.scale.killed_tasks, workplace)
    seen.until(workplace.scale.kills, workplace)
    yield Finding(f"{what}: kills with -9", [seen.kills], "", must=Must(workplace.scale.kills, "value", at_least=True))
    yield Finding("  of them, after a task had run since the resume", [seen.killed_while_working], "")
    yield Finding("  runs that came to their end", [seen.runs], "")
    yield Finding("  finished tasks that ran again", [len(seen.again)], "", must=Must(0, "value"))
    yield Finding(
        "  numbers, checkpoints, metrics and log lines that were another task's",
        [len(seen.strange)],
        "",
        must=Must(0, "value"),
    )
    yield Finding("  results other than the undisturbed one", [seen.wrong], "", must=Must(0, "value"))
