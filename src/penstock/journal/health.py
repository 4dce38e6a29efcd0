"""Whether a journal can be kept here, and whether the one that is here is sound."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from penstock.journal import queries
from penstock.journal.journal import FILE, Journal
from penstock.model.tuples import NamedTuple


class Health(NamedTuple):
    """A journal, looked at."""

    path: Path
    runs: int
    size_bytes: int
    damage: str  # "": it is sound


def library() -> tuple[str, str, str]:
    """Name and version of what this Python keeps journals with, and what that lacks; "": it will do."""
    is_old = sqlite3.sqlite_version_info < (3, 35)
    lack = "the journal needs SQLite 3.35 or newer: use a newer Python" if is_old else ""
    return "sqlite", sqlite3.sqlite_version, lack


def look(folder: Path) -> Health | None:
    """The journal in `.penstock/`; None: there is none. Reads all of it. Raises JournalError."""
    path = folder / FILE
    if not path.exists():
        return None
    journal = Journal.open(folder, read_only=True)
    (sound,) = journal.database.row("PRAGMA quick_check(1)")
    runs = len(queries.runs(journal))
    journal.close()
    return Health(path, runs, path.stat().st_size, "" if sound == "ok" else sound)
