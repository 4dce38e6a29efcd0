"""What a run's graph and timeline are drawn from: groups of its tasks, so that their number hardly counts."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

from penstock.journal import columns, sql_files
from penstock.journal.damage import named
from penstock.journal.journal import Journal
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


class TaskNeeds(NamedTuple):
    """Whose results a task is given."""

    id: int  # number in the run
    step: int
    scope: int
    needs: tuple[int, ...]


class TaskBar(NamedTuple):
    """Tasks of a lane that began within one pixel of a timeline."""

    lane: Any  # a worker, or a step as `TaskGroup.step`
    began_at: float  # of the first
    ended_at: float  # of the last
    tasks: int
    failed: int
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


def needs(journal: Journal, run: int, limit: int) -> tuple[list[TaskNeeds], bool]:
    """Whose results went into which tasks: of the first tasks of each step, `limit` in all, and the first of each of so
    many maps; and whether there are more that were called alone."""
    each = max(1, limit // max(1, len(steps(journal, run))))
    found, has_more = list[TaskNeeds](), False
    rows = journal.database.rows(_sql("needs"), {"run_id": run, "each": each, "limit": limit})
    seen = Counter(row[1] for row in rows)
    for id_, step, scope, of_map, own, shared in rows:
        with named(journal.database, run, id_):
            inputs = (*columns.unpack_inputs(own), *columns.unpack_inputs(shared))
        given = dict.fromkeys(ref.task for item in inputs for ref in item.refs)
        found.append(TaskNeeds(id_ & columns.TASK_MASK, step, scope, tuple(given)))
        has_more |= of_map is None and seen[step] >= each
    return found, has_more


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
        TaskBar(lane, began_at, ended_at, tasks, failed, first if first == last else None, number)
        for lane, _, began_at, ended_at, tasks, failed, first, last, number in found
    ]


def _bounds(run: int) -> dict[str, Any]:
    return {"first": run << columns.RUN_SHIFT, "last": run << columns.RUN_SHIFT | columns.TASK_MASK}
