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
    peak_bytes: int = 0  # the most that one of them held; 0: not measured
    limit_bytes: int = 0  # of memory, for each of them; 0: none had one, or they had several
    limit_share: float = 0.0  # the most of its limit that one of them held; 0: not measured, or none had one
    is_running: bool = False  # it goes on
    step: str = ""  # "": they are of several
    task: str = ""  # "train/2": the only one; "": there are several


class TimeLane(msgspec.Struct, frozen=True):
    """What went on one after another, or in one place."""

    name: str  # of a worker, or of a step
    bars: tuple[TimeBar, ...]


class TimelineStep(msgspec.Struct, frozen=True):
    """A step of the run, whether or not one of its tasks is shown."""

    name: str
    reused: int = 0  # how many of its tasks took over a result of another run: those never began


class Timeline(msgspec.Struct, frozen=True):
    """When the tasks of a run ran: of each the latest attempt."""

    origin: datetime  # when the run was begun
    start: float  # seconds since then: what is shown
    end: float
    lanes: tuple[TimeLane, ...]
    steps: tuple[TimelineStep, ...]  # in the order of their first calls
    busy: tuple[float, ...]  # how many tasks ran at once, on average over each pixel
    is_partial: bool = False  # there are more lanes than 200, or more tasks that run than are told of


def timeline(
    journal: Journal, run: RunRow, begin: float | None, end: float | None, pixels: int, by_worker: bool
) -> Timeline:
    """The timeline of a run between two times, in seconds since it began (None: its own beginning and end), for a
    picture of so many pixels."""
    origin = run.created_at
    until = _end(journal, run)
    start, stop = begin or 0.0, max(_seconds(until - origin) if end is None else end, (begin or 0.0) + 1e-3)
    steps = run_shape.steps(journal, run.id)
    found = run_shape.bars(journal, run.id, by_worker, origin + start, origin + stop, (stop - start) / pixels)
    lanes: dict[str, list[TimeBar]] = {}
    for bar in found:
        name = bar.lane if by_worker else steps[bar.lane].name
        lanes.setdefault(name, []).append(_bar(bar, steps, origin))
    flying = queries.in_flight(journal, run.id) if run.status == RunStatus.RUNNING else ()
    running = sorted((task for task in flying if task.status == "running"), key=lambda task: task.since)
    for task in running:
        if task.since - origin >= stop:
            continue
        step = task.name.rpartition("/")[0]
        ends = _seconds(max(until, task.since) - origin)
        limit = task.granted.memory_bytes if task.granted else 0
        bar = TimeBar(
            _seconds(task.since - origin), ends, 1, limit_bytes=limit, is_running=True, step=step, task=task.name
        )
        lanes.setdefault(_free(lanes, task.executor, bar.start) if by_worker else step, []).append(bar)
    named = tuple(TimeLane(name, tuple(bars)) for name, bars in list(lanes.items())[:MOST_LANES])
    busy = run_shape.busy(journal, run.id, origin + start, origin + stop, (stop - start) / pixels)
    _add_running(
        busy, [task.since - origin - start for task in running], until - origin - start, (stop - start) / pixels
    )
    return Timeline(
        utc(origin), start, stop, named, _steps(journal, run.id, steps), tuple(round(count, 3) for count in busy),
        len(lanes) > MOST_LANES or len(flying) >= MOST_LANES,
    )  # fmt: skip


def _free(lanes: dict[str, list[TimeBar]], executor: str, start: float) -> str:
    """A lane for what runs: rows tell a worker's name once its task has ended, so this is that of the executor's
    workers which was free, and had been busy last."""
    free = [
        (bars[-1].end, name)
        for name, bars in lanes.items()
        if name.startswith(executor) and not bars[-1].is_running and bars[-1].end <= start + 0.1
    ]
    own = [name for name in lanes if name.startswith(f"{executor} ")]
    return max(free)[1] if free else f"{executor} {len(own) + 1}"


def _add_running(busy: list[float], begins: list[float], now: float, width: float) -> None:
    """Counts those that run, from their begins to now, in seconds since the first pixel."""
    for begin in begins:
        for at in range(max(0, int(begin / width)), min(len(busy), int(now / width) + 1)):
            busy[at] += max(0.0, min(at + 1, now / width) - max(at, begin / width))


def _steps(journal: Journal, run: int, names: dict[int, StepName]) -> tuple[TimelineStep, ...]:
    reused = run_shape.reused(journal, run)
    counts: dict[str, int] = {}
    for step, name in names.items():
        counts[name.name] = counts.get(name.name, 0) + reused.get(step, 0)
    return tuple(TimelineStep(name, count) for name, count in counts.items())


def _end(journal: Journal, run: RunRow) -> float:
    if run.status == RunStatus.RUNNING:
        return time.time()
    known = run_shape.span(journal, run.id)
    return max(run.ended_at or run.renewed_at, known[1] if known else 0.0)


def _bar(bar: TaskBar, steps: dict[int, StepName], origin: float) -> TimeBar:
    step = "" if bar.step is None else steps[bar.step].name
    task = f"{step}/{bar.number}" if bar.tasks == 1 else ""
    begin, end = _seconds(bar.began_at - origin), _seconds(bar.ended_at - origin)
    limits = bar.limit_bytes, round(bar.limit_share, 4)
    return TimeBar(begin, end, bar.tasks, bar.failed, bar.peak_bytes, *limits, False, step, task)


def _seconds(exact: float) -> float:
    """To the microsecond: what is beyond is noise of floats, and as long as the rest where thousands are sent."""
    return round(exact, 6)
