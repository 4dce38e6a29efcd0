"""What tasks and the bodies of flows have recorded on purpose: displays, tags and the like, a row for each.

A task's come with its outcome. A body has none, and is called anew by each driver: what it records takes the place of
what is there of the same kind, name and step, and what a run that is done has not recorded again goes with its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from penstock.journal import columns, sql_files
from penstock.journal.damage import named
from penstock.journal.database import Database
from penstock.model.outcomes import Recorded, Stored, blobs_of
from penstock.model.tuples import NamedTuple
from penstock.model.wire import pack, read

_NO_STEP = -(1 << 63)
_sql = partial(sql_files.statement, "recorded")


class RecordedRow(NamedTuple):
    """What was recorded, and where."""

    task: int  # number of the task in its run, or of the nested flow; 0: the run's own body
    recorded: Recorded


class RecordedPlace(NamedTuple):
    """Where something of a kind stands in the order of what was recorded."""

    task: int
    name: str
    step: int | None  # None: it has none


class RecordedTable:
    """Writes for one driver. All within a transaction of the caller's."""

    def __init__(self, database: Database, run: int, token: int) -> None:
        self._database, self._run, self._token = database, run, token

    def put(self, task: int, records: tuple[Recorded, ...]) -> None:
        """Write what a task, or a body, has recorded, and what it says of the run itself."""
        database = self._database
        for kind, name, step, at, data, values in records:
            number = _NO_STEP if step is None else step
            stored = pack(tuple(map(tuple, values))) if values else None
            row = (self._run, task, kind, name, number, self._token, at, data, stored)
            database.run(_sql("put"), row)
            if kind == "tag":
                database.run(sql_files.statement("writes", "insert_tag"), (self._run, name))
            elif kind in ("name", "note"):
                import json

                text = json.loads(data)["text"]
                database.run(sql_files.statement("writes", f"{kind}_run"), (text, self._run))
        blobs = [(self._run, digest) for digest in blobs_of(records)]
        database.run_many(sql_files.statement("writes", "insert_blob"), blobs)

    def forget(self, task: int) -> None:
        """Remove what older code of a task has recorded. Tags stay: somebody may rely on them."""
        self._database.run(_sql("forget_task"), (self._run, task))

    def forget_earlier(self) -> None:
        """Remove what bodies have recorded under earlier drivers, and not under this one."""
        self._database.run(_sql("forget_earlier"), {"run_id": self._run, "driver": self._token})


def rows(
    database: Database,
    run: int,
    task: int | None = None,
    kind: str | None = None,
    limit: int | None = None,
    after: RecordedPlace | None = None,
) -> Iterator[RecordedRow]:
    """What was recorded, by task, kind, name and step. None: by all tasks and bodies, of all kinds, all of it, from the
    beginning. `after`: the one of this `kind` with which the page before has ended."""
    at, name, step = after or (-1, "", None)
    values = {"run_id": run, "task": task, "kind": kind, "limit": -1 if limit is None else limit}
    values |= {"after_task": at, "after_name": name, "after_step": _NO_STEP if step is None else step}
    with named(database, run):
        for number, *row in database.rows(_sql("rows"), values):
            yield RecordedRow(number, _recorded(*row))


def one(database: Database, run: int, task: int, kind: str, name: str, step: int | None) -> Recorded | None:
    """What a task, or a body, has recorded under a name; None: nothing. `step` None: of no series."""
    row = database.row(_sql("one"), (run, task, kind, name, _NO_STEP if step is None else step))
    with named(database, run):
        return None if row is None else _recorded(*row)


def by_task(database: Database, run: int) -> dict[int, tuple[Recorded, ...]]:
    """All that was recorded in a run."""
    found: dict[int, list[Recorded]] = {}
    for task, recorded in rows(database, run):
        found.setdefault(task, []).append(recorded)
    return {task: tuple(records) for task, records in found.items()}


def _recorded(kind: str, name: str, step: int, at: float, data: str, stored: Any) -> Recorded:
    values = tuple(columns.sound(value) for value in read(tuple[Stored, ...], stored)) if stored else ()
    return Recorded(kind, name, None if step == _NO_STEP else step, at, data, values)
