"""Turns SQLite's errors into `JournalError` with what happened, where, and what to do."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from penstock.errors import JournalError, SlowQueryError

BUSY_S = 10.0
"""How long a write waits for another process's transaction."""

_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full. Free some space, then go on with `penstock resume`",
    sqlite3.SQLITE_BUSY: f"another process has kept it locked for {BUSY_S:.0f} s. End that process, or try again",
    sqlite3.SQLITE_LOCKED: "another connection of this process keeps it locked. Try again",
    sqlite3.SQLITE_CORRUPT: "it is damaged. Put a copy of it back, or move it away to begin a new one",
    sqlite3.SQLITE_NOTADB: "it is not a journal. Put a copy of it back, or move it away to begin a new one",
    sqlite3.SQLITE_READONLY: "it is read-only. Make its folder writable, or work on a copy of the project",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened. Check that the folder exists and that its files may be read",
    sqlite3.SQLITE_PERM: "access is denied. Check the permissions of the folder and its files",
    sqlite3.SQLITE_IOERR: "the disk reports an error. Check the disk and the space on it",
}
_ERRNOS = {
    errno.ENOSPC: sqlite3.SQLITE_FULL,
    errno.EDQUOT: sqlite3.SQLITE_FULL,
    errno.EROFS: sqlite3.SQLITE_READONLY,
    errno.EACCES: sqlite3.SQLITE_READONLY,
    errno.EPERM: sqlite3.SQLITE_READONLY,
}


def journal_error(path: str, error: sqlite3.Error | OSError) -> JournalError:
    """What to raise for an error that SQLite or the file system gave."""
    if isinstance(error, OSError):
        code = _ERRNOS.get(error.errno or 0, sqlite3.SQLITE_IOERR)
    else:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_INTERRUPT:
        return SlowQueryError("the journal could not answer in the time that a query may take: ask for less")
    word = _WORDS.get(code, "SQLite refuses: try `penstock doctor`")
    return JournalError(f"the journal {path} can't be used: {word} ({error})")


@contextmanager
def told(path: str) -> Generator[None]:
    """Raise it for an error that SQLite gives inside."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise journal_error(path, error) from error


def read_only(path: str) -> JournalError:
    """What to raise where a write was asked of a journal that may only be read."""
    return JournalError(f"the journal {path} can't be used: {_WORDS[sqlite3.SQLITE_READONLY]}")


def damaged(path: str) -> JournalError:
    """What to raise where the file holds text that is none."""
    return JournalError(f"the journal {path} can't be used: {_WORDS[sqlite3.SQLITE_CORRUPT]}")
