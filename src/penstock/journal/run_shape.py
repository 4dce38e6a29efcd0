"""What a run's graph and timeline are drawn from: groups of its tasks, so that their number hardly counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from functools import partial
from itertools import accumulate
from typing import Any

from penstock.journal import columns, sql_files
from penstock.journal.conditions import listed
from penstock.journal.damage import named
from penstock.journal.journal import Journal
from penstock.model.ids import parse_path
from penstock.model.rows import Granted
from penstock.model.specs import Input
from penstock.model.tuples import NamedTuple

_sql = partial(sql_files.statement, "run_shape")


class StepName(NamedTuple):
    """A step of a run."""

    step: str  # module-qualified name
    name: str


class TaskGroup(NamedTuple):
    """The tasks of a step that one nested flow has called and that stand alike."""

    step: int  # names a step of the run
    scope: int  # number of the nested flow; 0: the run's own flow
    status: str
    tasks: int
    first: int  # number of the first of them in the run


class TaskGiven(NamedTuple):
    """What a task was given, and how what it made can be told again."""

    id: int  # number in the run
    step: int
    scope: int
    inputs: tuple[Input, ...]
    digest: bytes = b""  # of its result; b"": it has none, or none that is stable
    preview: str = ""
    blobs: tuple[bytes, ...] = ()
    began_at: float = 0.0  # UTC, seconds; 0: it never began, as a result was there
    ended_at: float = 0.0


class TaskTimes(NamedTuple):
    """When a task ran."""

    step: int
    scope: int
    began_at: float  # UTC, seconds
    ended_at: float


class StepUse(NamedTuple):
    """What the tasks of a step used that ran: of each the latest attempt."""

    tasks: int
    wall_s: float  # of all of them
    longest_s: float
    cpu_s: float
    peak_bytes: int  # the most that one of them held; 0: not measured


class TaskBar(NamedTuple):
    """Tasks of a lane that began within one pixel of a timeline."""

    lane: Any  # a worker, or a step as `TaskGroup.step`
    began_at: float  # of the first
    ended_at: float  # of the last
    tasks: int
    failed: int
    peak_bytes: int  # the most that one of them held; 0: not measured
    limit_share: float  # the most of its limit that one of them held; 0: not measured, or none had one
    limit_bytes: int  # the limit of each; 0: they had none, or several, or it is not known
    step: int | None  # None: they are of several
    number: int  # the smallest of their numbers in their steps


def steps(journal: Journal, run: int) -> dict[int, StepName]:
    """The steps of a run, as `TaskGroup.step` names them."""
    return {id_: StepName(step, name) for id_, step, name in journal.database.rows(_sql("steps"), (run,))}


def groups(journal: Journal, run: int) -> list[TaskGroup]:
    """All tasks of a run in groups, in the order of the first of each, as far as that is known."""
    counts: Counter[tuple[int, int, str]] = Counter()  # by step, scope and status
    firsts: dict[tuple[int, int, str], int] = {}
    for kind, step, scope, status, count, first in journal.database.rows(_sql("groups"), {"run_id": run}):
        counts[step, scope, status] += count
        firsts[step, scope, status] = first
        if kind == "undone":
            counts[step, 0, "done"] -= count
        elif kind == "scoped":
            counts[step, 0, status] -= count
    known = sorted((key for key, count in counts.items() if count), key=lambda key: firsts[key])
    return [TaskGroup(*key, counts[key], firsts[key] & columns.TASK_MASK) for key in known]


def given(journal: Journal, run: int, limit: int) -> tuple[list[TaskGiven], bool]:
    """What the first tasks of each step were given, `limit` in all, and the first of each of so many maps; and whether
    there are more that were called alone."""
    each = max(1, limit // max(1, len(steps(journal, run))))
    found, has_more = list[TaskGiven](), False
    rows = journal.database.rows(_sql("given"), {"run_id": run, "each": each, "limit": limit})
    seen = Counter(row[1] for row in rows)
    for id_, step, scope, of_map, own, shared, digest, preview, blobs, began_at, wall_s in rows:
        with named(journal.database, run, id_):
            inputs = (*columns.unpack_inputs(own), *columns.unpack_inputs(shared))
            split = columns.split_blobs(blobs)
        times = (began_at or 0.0, (began_at or 0.0) + (wall_s or 0.0))
        number = id_ & columns.TASK_MASK
        found.append(TaskGiven(number, step, scope, inputs, digest or b"", preview or "", split, *times))
        has_more |= of_map is None and seen[step] >= each
    return found, has_more


def last_times(journal: Journal, run: int, limit: int) -> list[TaskTimes]:
    """When the last tasks of each step ran, `limit` in all; of those that never began, nothing."""
    each = max(1, limit // max(1, len(steps(journal, run))))
    rows = journal.database.rows(_sql("last_tasks"), {"run_id": run, "each": each})
    return [TaskTimes(step, scope, began_at, began_at + (wall_s or 0.0)) for step, scope, began_at, wall_s in rows]


def used(journal: Journal, run: int, step: str) -> StepUse:
    """By the tasks of a step, by its short name."""
    return StepUse(*journal.database.row(_sql("step_used"), {"run_id": run, "name": step}))


def granted(journal: Journal, run: int, step: str) -> list[Granted]:
    """What the tasks of a step were given, by its short name: the most frequent first. Of one that none was started of,
    what it asks for; [] where that was not noted."""
    rows = journal.database.rows(_sql("step_granted"), {"run_id": run, "name": step})
    return [Granted(*row) for row in rows]


def that_matter(journal: Journal, run: int, step: str, limit: int) -> list[int]:
    """Numbers in the run of the tasks of a step that one looks at first: those that failed, then the longest."""
    rows = journal.database.rows(_sql("step_that_matter"), {"run_id": run, "name": step, "limit": limit})
    return [id_ & columns.TASK_MASK for (id_,) in rows]


def saved(journal: Journal, run: int, limit: int) -> float | None:
    """What those tasks took whose results a run took over, as far as they are there; None: it took over more than
    `limit`."""
    rows = journal.database.rows(_sql("copied_from"), {"run_id": run, "limit": limit + 1})
    if len(rows) > limit:
        return None
    paths = [parse_path(origin) for (origin,) in rows]
    return journal.database.row(_sql("took"), {"names": json.dumps(paths)})[0]


def place_of(journal: Journal, run: int, id_: int) -> tuple[int, int] | None:
    """Step and scope of a task, by its number; None: it has no row."""
    return journal.database.row(_sql("place_of_task"), (run << columns.RUN_SHIFT | id_,))


def span(journal: Journal, run: int) -> tuple[float, float] | None:
    """When the first attempt began and the last ended (UTC, seconds); None: none has ended."""
    found = journal.database.row(_sql("span"), _bounds(run))
    return None if found is None or found[0] is None else found


def bars(journal: Journal, run: int, by_worker: bool, begin: float, end: float, width: float) -> list[TaskBar]:
    """What the tasks of a run took, in lanes: by worker or by step; those that began in the same `width` seconds of a
    lane are one bar. From `begin` to `end`, UTC, seconds."""
    values = _bounds(run) | {"begin": begin, "end": end, "width": width}
    found = journal.database.rows(_sql("bars_by_worker" if by_worker else "bars_by_step"), values)
    return [
        TaskBar(
            lane,
            began_at,
            ended_at,
            tasks,
            failed,
            peak_bytes,
            share,
            low if low and low == high else 0,
            first if first == last else None,
            number,
        )
        for lane, _, began_at, ended_at, tasks, failed, peak_bytes, share, low, high, first, last, number in found
    ]


def busy(journal: Journal, run: int, begin: float, end: float, width: float) -> list[float]:
    """How many tasks ran at once, on average over each `width` seconds from `begin` to `end` (UTC): of those whose
    latest attempt has ended."""
    values = _bounds(run) | {"begin": begin, "end": end, "width": width}
    pixels = round((end - begin) / width)
    change = [0.0] * (pixels + 1)  # of the average, from one pixel to the next
    for name, sign in (("busy_begin", 1.0), ("busy_end", -1.0)):
        for at, count, rest in journal.database.rows(_sql(name), values):
            if at < pixels:  # in its own pixel a task counts by what is left of it, in all later ones wholly
                change[at] += sign * rest
                change[at + 1] += sign * (count - rest)
    return list(accumulate(change[:pixels]))


def reused(journal: Journal, run: int) -> dict[int, int]:
    """How many tasks of a step, as `TaskGroup.step` names it, took over a result of another run."""
    return dict(journal.database.rows(_sql("reused"), (run,)))


def ran(journal: Journal, run: int, limit: int) -> list[tuple[int, float, float, str]]:
    """Number, begin, end (UTC, seconds) and worker of the latest attempts, `limit` at most: the last to end first."""
    return journal.database.rows(_sql("ran"), _bounds(run) | {"limit": limit})


def given_to(journal: Journal, run: int, tasks: Sequence[int]) -> dict[int, set[int]]:
    """Numbers of the tasks whose results these tasks were given, by number."""
    found: dict[int, set[int]] = {}
    for id_, own, shared in journal.database.rows(_sql("given_to"), (run << columns.RUN_SHIFT, listed(tasks))):
        with named(journal.database, run, id_):
            inputs = (*columns.unpack_inputs(own), *columns.unpack_inputs(shared))
        found[id_ & columns.TASK_MASK] = {ref.task for item in inputs for ref in item.refs}
    return found


def ended_at(journal: Journal, run: int, tasks: Collection[int]) -> dict[int, float]:
    """When the latest attempts of these tasks ended (UTC, seconds), of those that ran."""
    return dict(journal.database.rows(_sql("ended_at"), (run << columns.RUN_SHIFT, listed(sorted(tasks)))))


def called(journal: Journal, run: int, id_: int) -> str:
    """`train/2`, by its number in the run."""
    return journal.database.row(_sql("called"), (run << columns.RUN_SHIFT | id_,))[0]


def _bounds(run: int) -> dict[str, Any]:
    return {"first": run << columns.RUN_SHIFT, "last": run << columns.RUN_SHIFT | columns.TASK_MASK}
