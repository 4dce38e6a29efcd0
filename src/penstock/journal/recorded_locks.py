"""The locks that the steps of runs were run with: written once for each run and wish, found by resumes and forks."""

from __future__ import annotations

from penstock.journal import sql_files
from penstock.journal.journal import Journal


def keep(journal: Journal, run: int, wish: str, digest: str, lock: str) -> None:
    """Note which lock was made of a wish in a run. `wish` and `digest` as text; `lock`: the lock itself."""
    sql, database = sql_files.load("recorded_locks"), journal.database
    with database.transaction():
        database.run(sql["insert_environment"], (digest, lock))
        database.run(sql["insert_run_environment"], (run, wish, digest))


def locks_of_run(journal: Journal, run: int) -> dict[str, str]:
    """The locks of a run, by the digests of the wishes."""
    return dict(journal.database.rows(sql_files.load("recorded_locks")["locks_of_run"], (run,)))
