"""What an event costs does not depend on how many tasks there are. Counted in calls, not in time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from penstock.engine.facts import AttemptEnded, CancelTask, Command, Event, Start, Submitted
from penstock.engine.machine import Machine
from penstock.model.events import Profile
from penstock.model.options import Options
from penstock.model.states import Cause

OPTIONS = Options(retries=1, timeout_s=3600)


def calls_per_task(tasks: int, first: Callable[[int], Iterator[Event]], cause: Callable[[int], Cause | None]) -> float:
    """Calls per task from submission to settlement, everything being submitted before anything ends."""
    machine = Machine({"process": Profile(2, 2**33, depth=8)}, {}, 3, b"".join)
    count = 0

    def counted(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    def handle(events: list[Event], now: float) -> list[Start]:
        sys.setprofile(counted)
        try:
            commands: list[Command] = machine.handle(events, now)
        finally:
            sys.setprofile(None)
        return [command for command in commands if isinstance(command, Start)]

    started = [start for event in first(tasks) for start in handle([event], 0.0)]
    while started:
        start, *started = started
        why = cause(start.task) if start.attempt == 1 else None
        started += handle([AttemptEnded(start.task, start.attempt, why, True, b"r", 0.001)], 0.0)
    assert machine.tasks == machine.fresh == {}
    return count / tasks


def independent(tasks: int) -> Iterator[Event]:
    return (Submitted(task, "s", OPTIONS, ()) for task in range(1, tasks + 1))


def chained(tasks: int) -> Iterator[Event]:
    return (Submitted(task, "s", OPTIONS, (task - 1,) if task > 1 else ()) for task in range(1, tasks + 1))


def joined(tasks: int) -> Iterator[Event]:
    yield from independent(tasks - 1)
    yield Submitted(tasks, "join", OPTIONS, tuple(range(1, tasks)))


def cancelled(tasks: int) -> Iterator[Event]:
    yield from independent(tasks)
    yield from (CancelTask(task) for task in range(tasks, tasks // 2, -1))


def two_steps(tasks: int) -> Iterator[Event]:
    return (Submitted(task, "ab"[task % 2], OPTIONS, ()) for task in range(1, tasks + 1))


@pytest.mark.parametrize("first", [independent, chained, joined, cancelled, two_steps])
@pytest.mark.parametrize("cause", [None, Cause.RAISED])
def test_ten_times_the_tasks_cost_the_same_for_each(first: Callable[[int], Iterator[Event]], cause: Cause | None):
    few, many = (calls_per_task(tasks, first, lambda task: cause) for tasks in (200, 2000))
    assert many <= 1.05 * few
