"""What a run's graph and timeline are drawn from: groups of its tasks, so that their number hardly counts."""

from __future__ import annotations

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
    """All tasks of a run in groups, in the order of the first of each."""
    found = journal.database.rows(_sql("groups"), _bounds(run))
    return [TaskGroup(step, scope, status, count, id_ & columns.TASK_MASK) for step, scope, status, count, id_ in found]


def needs(journal: Journal, run: int, limit: int) -> tuple[list[TaskNeeds], bool]:
    """Whose results went into which tasks: of each map the first, and those that were called alone, at most `limit` of
    both; and whether there are more."""
    found = [
        *journal.database.rows(_sql("heads_of_maps"), _bounds(run) | {"limit": limit}),
        *(alone := journal.database.rows(_sql("called_alone"), _bounds(run) | {"limit": limit})),
    ]
    return [_needs(journal, run, *row) for row in found], len(alone) == limit or len(found) - len(alone) == limit


def _needs(journal: Journal, run: int, id_: int, step: int, scope: int) -> TaskNeeds:
    own, shared = journal.database.row(_sql("inputs"), {"run_id": run, "id": id_}) or (None, None)
    with named(journal.database, run, id_):
        inputs = (*columns.unpack_inputs(own), *columns.unpack_inputs(shared))
    given = dict.fromkeys(ref.task for item in inputs for ref in item.refs)
    return TaskNeeds(id_ & columns.TASK_MASK, step, scope, tuple(given))


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
