"""The tasks that earlier drivers of a run wrote: what its next driver finds, and what its forks do."""

from __future__ import annotations

from typing import Any

from penstock.journal import columns, sql_files
from penstock.journal.damage import named
from penstock.journal.database import Database
from penstock.model.outcomes import Error
from penstock.model.rows import Intent, PriorTask, ScopeRecord


def prior_tasks(database: Database, run: int) -> list[PriorTask]:
    """All tasks of a run, in the order of their ids. As many queries whatever their number."""
    sql = sql_files.load("writes")
    steps = {id_: (step, name) for id_, step, name in database.rows(sql["prior_steps"], (run,))}
    first = run << columns.RUN_SHIFT
    all_tasks = {"first": first, "last": first + columns.TASK_MASK}
    rows = database.rows(sql["prior_tasks"], all_tasks)
    intents = {row[0]: Intent(*row) for row in database.rows(sql["prior_intents"], all_tasks)}
    found = {id_: database.row(sql["code_digest"], (id_,)) for id_ in {row[-3] for row in rows} - {None}}
    codes = {id_: row[0] for id_, row in found.items() if row is not None}
    with named(database, run):
        return [_prior(row, *steps[row[1]], codes.get(row[-3], b""), intents.get(row[0])) for row in rows]


def prior_scopes(database: Database, run: int, id_: int | None = None) -> list[ScopeRecord]:
    """The nested flows of a run, in the order of their numbers; `id_` None: all."""
    with named(database, run):
        return [
            columns.scope(row)
            for row in database.rows(sql_files.load("writes")["prior_scopes"], {"run_id": run, "id": id_})
        ]


def _prior(row: tuple[Any, ...], step: str, name: str, code: bytes, intent: Intent | None) -> PriorTask:
    id_, _, number, key, status, inputs_digest, attempt, delivered, *result, error, _, origin, settled = row
    if intent is not None and intent.attempt != (attempt or 1):
        intent = None  # a later one was started where none outlives its driver
    return PriorTask(
        id_, step, name, number, key, status, inputs_digest or b"", attempt or 1, bool(delivered),
        columns.stored(*result), columns.unpacked(Error, error), code, origin or "", settled or 0, intent,
    )  # fmt: skip
