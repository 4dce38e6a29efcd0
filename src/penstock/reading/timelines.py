"""When the tasks of a run ran, as a page draws it: lanes, with no more bars than there are pixels."""

from __future__ import annotations

import time
from datetime import datetime

import msgspec

from penstock.journal import queries, run_shape
from penstock.journal.journal import Journal
from penstock.journal.run_shape import StepName, TaskBar
from penstock.journal.views import RunRow
from penstock.model.states import RunStatus
from penstock.model.words import utc

MOST_LANES = 200


class TimeBar(msgspec.Struct, frozen=True, omit_defaults=True):
    """Tasks that began within one pixel. Seconds since the timeline's `origin`."""

    start: float
    end: float
    tasks: int
    failed: int = 0
    step: str = ""  # "": they are of several
    task: str = ""  # "train/2": the only one; "": there are several


class TimeLane(msgspec.Struct, frozen=True):
    """What went on one after another, or in one place."""

    name: str  # of a worker, or of a step
    bars: tuple[TimeBar, ...]


class Timeline(msgspec.Struct, frozen=True):
    """When the tasks of a run ran: of each the latest attempt."""

    origin: datetime  # when the run was begun
    start: float  # seconds since then: what is shown
    end: float
    lanes: tuple[TimeLane, ...]
    is_partial: bool = False  # there are more lanes than 200, or more tasks that run than are told of


def timeline(
    journal: Journal, run: RunRow, begin: float | None, end: float | None, pixels: int, by_worker: bool
) -> Timeline:
    """The timeline of a run between two times, in seconds since it began (None: its own beginning and end), for a
    picture of so many pixels."""
    origin = run.created_at
    until = _end(journal, run)
    start, stop = begin or 0.0, max((until - origin) if end is None else end, (begin or 0.0) + 1e-3)
    steps = run_shape.steps(journal, run.id)
    found = run_shape.bars(journal, run.id, by_worker, origin + start, origin + stop, (stop - start) / pixels)
    lanes: dict[str, list[TimeBar]] = {}
    for bar in found:
        name = bar.lane if by_worker else steps[bar.lane].name
        lanes.setdefault(name, []).append(_bar(bar, steps, origin))
    flying = queries.in_flight(journal, run.id) if run.status == RunStatus.RUNNING else ()
    for task in flying:
        if task.status == "running" and task.since - origin < stop:
            step = task.name.rpartition("/")[0]
            bar = TimeBar(task.since - origin, max(until, task.since) - origin, 1, step=step, task=task.name)
            lanes.setdefault(task.executor if by_worker else step, []).append(bar)
    named = tuple(TimeLane(name, tuple(bars)) for name, bars in list(lanes.items())[:MOST_LANES])
    return Timeline(utc(origin), start, stop, named, len(lanes) > MOST_LANES or len(flying) >= MOST_LANES)


def _end(journal: Journal, run: RunRow) -> float:
    if run.status == RunStatus.RUNNING:
        return time.time()
    known = run_shape.span(journal, run.id)
    return max(run.ended_at or run.renewed_at, known[1] if known else 0.0)


def _bar(bar: TaskBar, steps: dict[int, StepName], origin: float) -> TimeBar:
    step = "" if bar.step is None else steps[bar.step].name
    task = f"{step}/{bar.number}" if bar.tasks == 1 else ""
    return TimeBar(bar.began_at - origin, bar.ended_at - origin, bar.tasks, bar.failed, step, task)
