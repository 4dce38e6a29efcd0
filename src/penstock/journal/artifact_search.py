"""Which results of tasks a condition holds for, the newest first: ids, and rows by id; and who is given them.

The parts of a condition are those of `artifact_search.sql`; what a user has written is always bound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from penstock.journal import columns, sql_files
from penstock.journal.conditions import ALL, Condition, Key, listed
from penstock.journal.damage import named
from penstock.journal.journal import Journal
from penstock.journal.queries import task_row
from penstock.journal.views import TaskRow
from penstock.model.specs import Input
from penstock.model.tuples import NamedTuple

_sql = partial(sql_files.statement, "artifact_search")


class TaskInputs(NamedTuple):
    """A task, and what it was given."""

    id: int  # number in the run
    name: str  # of its step
    number: int
    inputs: tuple[Input, ...]


def ids(journal: Journal, where: Condition, limit: int, by_size: bool = False) -> list[int]:
    """`artifact_id` of tasks that have a result, at most `limit`: the newest first, or the largest."""
    statement = _sql("ids_by_size" if by_size else "ids").format(where=where.sql)
    return [id_ for (id_,) in journal.database.rows(statement, (*where.values, limit))]


def count(journal: Journal, where: Condition) -> int:
    """How many there are."""
    if where == ALL:
        return journal.database.row(_sql("count_all"))[0]
    return journal.database.row(_sql("count").format(where=where.sql), where.values)[0]


def artifact_id(row: TaskRow) -> int:
    """What names a task's result among those of all runs."""
    return row.run << columns.RUN_SHIFT | row.id


def rows(journal: Journal, wanted: Sequence[int]) -> list[TaskRow]:
    """The tasks of these ids that have a result, in their order."""
    found = journal.database.rows(_sql("rows"), (listed(wanted),))
    known = {artifact_id(row): row for row in (task_row(journal, one) for one in found)}
    return [known[id_] for id_ in dict.fromkeys(wanted) if id_ in known]


def made_by(journal: Journal, digest: bytes, limit: int) -> list[TaskRow]:
    """The latest tasks whose result, which lies in blobs, has this digest."""
    return [
        task_row(journal, row) for row in journal.database.rows(_sql("made_by"), {"digest": digest, "limit": limit})
    ]


def small_made_by(journal: Journal, digest: bytes) -> list[TaskRow]:
    """A task whose result, which lies in its row, has this digest, if there is one. Reads all rows: an index of what is
    small would cost each task more than it is asked for."""
    return [task_row(journal, row) for row in journal.database.rows(_sql("small_made_by"), (digest,))]


def inputs_after(journal: Journal, run: int, task: int, limit: int) -> list[TaskInputs]:
    """What the tasks of a run were given that were called after one of them (its number in the run; 0: all)."""
    last = run << columns.RUN_SHIFT | columns.TASK_MASK
    values = {"run_id": run, "after": run << columns.RUN_SHIFT | task, "last": last, "limit": limit}
    with named(journal.database, run):
        return [
            TaskInputs(id_, name, number, columns.unpack_inputs(own) + columns.unpack_inputs(shared))
            for id_, name, number, own, shared in journal.database.rows(_sql("inputs_after"), values)
        ]


def given_to(journal: Journal, step: str, limit: int, is_telling: Callable[[str], bool]) -> Condition:
    """It was given to one of the latest `limit` tasks of a step, by its short or its module-qualified name: as a
    future, or as a value by itself of whose preview `is_telling` says that it is more than alike by chance."""
    tasks, digests = set[int](), set[bytes]()
    shared = set[tuple[int, bytes]]()
    for run, own, same, packed in journal.database.stream(_sql("given_to_step"), {"step": step, "limit": limit}):
        with named(journal.database, run):
            inputs = columns.unpack_inputs(own)
            if same is not None and (run, same) not in shared:
                shared.add((run, same))
                inputs += columns.unpack_inputs(packed)
        tasks.update(run << columns.RUN_SHIFT | ref.task for item in inputs for ref in item.refs)
        values = [item for item in inputs if not item.refs and item.identity not in digests]
        digests.update(item.identity for item in values if is_telling(item.preview))
    return Condition(_sql("used"), (listed(sorted(tasks)), listed([one.hex().upper() for one in digests])))


def of_flow(flow: str) -> Condition:
    """It is of a run of the flow."""
    return Condition(_sql("flow"), (flow,))


def of_run(run: int) -> Condition:
    """It is of the run, by `RunRow.id`."""
    return Condition(_sql("run"), (run << columns.RUN_SHIFT, run << columns.RUN_SHIFT | columns.TASK_MASK))


def of_step(step: str) -> Condition:
    """It is of a step, by its short or its module-qualified name."""
    return Condition(_sql("step"), (step, step))


def of_kind(kind: str) -> Condition:
    """It is a "table", a "column" or an "array"."""
    return Condition(_sql("kind"), (kind,))


def of_type(name: str) -> Condition:
    """It is of the class, by its name, with its module or without. Case does not count, of ASCII letters."""
    escaped = name.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return Condition(_sql("type"), (escaped,))


def of_digest(begin: bytes, end: bytes) -> Condition:
    """Its digest lies between these."""
    return Condition(_sql("digest"), (begin, end))


def size() -> Key:
    """Bytes of its record and its blobs."""
    return Key(_sql("size"))


def text(part: str) -> Condition:
    """`train/2` has this in it."""
    return Condition(_sql("text"), (part.encode().lower().decode(),))
