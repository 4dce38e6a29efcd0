"""Names the run or the task whose row holds what was never written there. Knows nothing of what rows mean."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from penstock.errors import JournalError
from penstock.journal import sql_files
from penstock.journal.database import Database
from penstock.model.wire import MalformedError


@contextmanager
def named(database: Database, run: int, id_: int | None = None) -> Generator[None]:
    """Raise JournalError, which names the run and the task of the row's id (None: it is the run's own row), for bytes
    that are damaged."""
    try:
        yield
    except MalformedError as error:
        raise malformed(database, run, id_, error) from None


def malformed(database: Database, run: int, id_: int | None, error: MalformedError) -> JournalError:
    """The same, for who has caught it."""
    sql = sql_files.load("queries")
    (run_id,) = database.row(sql["name_of_run"], (run,)) or ("",)
    (task,) = (database.row(sql["name_of_task"], (id_,)) if id_ else None) or ("",)
    return JournalError(
        f"the journal {database.path} is damaged where it keeps {run_id}{task} ({error}). Put a copy of it back, or go "
        f"on without the run: `penstock rm {run_id}`"
    )
