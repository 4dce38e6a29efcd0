"""Brings a journal to the newest version of its tables. `PRAGMA user_version` counts the migrations that it has had.

A new one begins with `tables.sql`, where the migrations lie: it makes what they make, in a quarter of their time.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable

from penstock.errors import JournalVersionError
from penstock.journal import run_facts, sql_files

MIGRATIONS = os.path.join(os.path.dirname(__file__), "migrations")

_FILLED: dict[str, Callable[[sqlite3.Connection], None]] = {"facts": run_facts.fill}
"""What no SQL can make of what is in an older journal: by the name of the migration that made room for it. It is made
when all migrations have had their turn, so that it needs to know the newest tables alone."""


def newest(migrations: str | os.PathLike[str] = MIGRATIONS) -> int:
    """The version that the migrations lead to."""
    return max(_scripts(migrations), default=0)


def version(connection: sqlite3.Connection) -> int:
    """The version of a journal; 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection, path: str, migrations: str | os.PathLike[str] = MIGRATIONS) -> None:
    """Apply what is missing, all of it in one transaction; raises JournalVersionError for a newer journal."""
    scripts = _scripts(migrations)
    if version(connection) == max(scripts):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated it while this one waited for the lock.
        tables = os.path.join(migrations, "tables.sql")
        if version(connection) == 0 and os.path.exists(tables):
            _apply(connection, tables)
        present = version(connection)
        refuse_newer(present, max(scripts), path)
        for number in range(present + 1, max(scripts) + 1):
            _apply(connection, scripts[number])
        for number in range(max(present, 1) + 1, max(scripts) + 1):
            _FILLED.get(os.path.basename(scripts[number])[5:-4], _nothing)(connection)
        connection.execute(f"PRAGMA user_version = {max(scripts)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _nothing(connection: sqlite3.Connection) -> None: ...


def _apply(connection: sqlite3.Connection, script: str) -> None:
    for statement in sql_files.split(sql_files.text_of(script)):
        connection.execute(statement)


def refuse_newer(present: int, known: int, path: str) -> None:
    """Raise JournalVersionError where a newer Penstock wrote the journal."""
    if present > known:
        raise JournalVersionError(
            f"the journal {path} was written by a newer Penstock (version {present} of its tables; this one knows "
            f"{known}). Upgrade with `pip install --upgrade penstock`"
        )


def _scripts(migrations: str | os.PathLike[str]) -> dict[int, str]:
    return {int(name[:4]): os.path.join(migrations, name) for name in os.listdir(migrations) if name[:4].isdecimal()}
