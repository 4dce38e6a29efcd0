"""One connection to the journal's file: opened, migrated, used in transactions. Knows nothing of runs."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

from penstock.errors import JournalError, PenstockError
from penstock.journal import faults, mounts, storable_names
from penstock.journal.migrate import migrate, newest, refuse_newer, version

Values = Sequence[Any] | dict[str, Any]
_INSTRUCTIONS = 20_000
"""Of SQLite's machine between two looks at whether it is over: about a millisecond."""
_LOGGED_PAGES = 4_000
"""So many pages of 4 KiB a driver's commits put into the log before it is folded into the file, for which the driver
waits some 10 ms. After each 1,000, as SQLite has it, that was a twelfth of the time of a map of short tasks."""


class Database:
    """A connection, for one thread at a time. Errors of SQLite become `JournalError`."""

    def __init__(self, connection: sqlite3.Connection, path: str, writable: bool) -> None:
        self.path = path
        self.writable = writable
        self._connection = connection

    def rows(self, statement: str, values: Values = ()) -> list[Any]:
        return list(self.stream(statement, values))

    def stream(self, statement: str, values: Values = ()) -> Generator[Any]:
        """The rows of a query as they are found; read them to the end, or close the generator, before a write."""
        try:
            yield from self._connection.execute(statement, values)
        except (UnicodeError, sqlite3.DatabaseError) as error:
            raise self._fault(error) from error

    def row(self, statement: str, values: Values = ()) -> Any:
        try:
            return self._connection.execute(statement, values).fetchone()
        except (UnicodeError, sqlite3.DatabaseError) as error:
            raise self._fault(error) from error

    def _fault(self, error: UnicodeError | sqlite3.DatabaseError) -> PenstockError:
        if isinstance(error, UnicodeEncodeError):
            return storable_names.unknown(error)
        if isinstance(error, UnicodeError):  # of a damaged file, also in what SQLite says of it
            return faults.damaged(self.path)
        return faults.journal_error(self.path, error)

    def run(self, statement: str, values: Values = ()) -> int:
        """Execute one statement of a transaction; the id of the row that it inserted last."""
        return self._connection.execute(statement, values).lastrowid or 0

    def change(self, statement: str, values: Values = ()) -> int:
        """Execute one statement of a transaction; the number of rows that it changed itself."""
        return self._connection.execute(statement, values).rowcount

    def run_many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(statement, rows)

    @contextmanager
    def transaction(self) -> Generator[None]:
        """A write, all or nothing; waits for other writers up to `faults.BUSY_S`."""
        if not self.writable:
            raise faults.read_only(self.path)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
        except sqlite3.DatabaseError as error:
            raise faults.journal_error(self.path, error) from error

    @contextmanager
    def limited(self, is_over: Callable[[], bool]) -> Generator[None]:
        """What is asked inside raises SlowQueryError once this is true."""
        self._connection.set_progress_handler(is_over, _INSTRUCTIONS)
        try:
            yield
        finally:
            self._connection.set_progress_handler(None, 0)

    def vacuum(self) -> None:
        """Rewrite the file without its unused pages."""
        if not self.writable:
            raise faults.read_only(self.path)
        with faults.told(self.path):
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def another(self) -> Database:
        """A second connection for writing to the same file, for another thread."""
        with faults.told(self.path):
            (synchronous,) = self._connection.execute("PRAGMA synchronous").fetchone()
            connection = _connect(self.path)
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            connection.execute(f"PRAGMA wal_autocheckpoint = {_LOGGED_PAGES}")
            _check_references(connection)
        return Database(connection, self.path, writable=True)

    def fold(self) -> None:
        """Put all into the one file, unless another connection is at work: then it is that one's to do."""
        try:
            self._connection.execute("PRAGMA busy_timeout = 0")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.DatabaseError:
            return  # the disk is full, say. Nothing is lost: what is beside the file is read with it

    def close(self) -> None:
        self._connection.close()


def open_database(path: str) -> Database:
    """Open the journal for writing; creates and migrates it. Raises JournalError, JournalVersionError."""
    if not os.access(path if os.path.exists(path) else os.path.dirname(path), os.W_OK):
        raise faults.read_only(path)
    if not os.path.exists(path) and not mounts.is_network(os.path.dirname(path)):
        _begin(path)
    with faults.told(path):
        connection = _connect(path)
        try:
            _set_journal_mode(connection, path)
            migrate(connection, path)
            _check_references(connection)
        except BaseException:
            connection.close()
            raise
    return Database(connection, path, writable=True)


def _begin(path: str) -> None:
    """Make a new journal beside its place, and put it there whole, unless somebody else has: what nobody has seen needs
    neither a log nor five syncs, which would be a tenth of the smallest run. Where this can't be done, whoever opens
    the journal makes it in place, and meets what stands in the way."""
    beside = f"{path}.{os.getpid()}-{time.monotonic_ns()}.tmp"  # no two threads' either
    with suppress(OSError, sqlite3.Error):
        try:
            with closing(_connect(beside)) as connection:
                connection.execute("PRAGMA journal_mode = OFF")
                connection.execute("PRAGMA synchronous = OFF")
                migrate(connection, path)
                connection.execute("PRAGMA journal_mode = WAL")
            _sync(beside)
            os.link(beside, path)
        finally:
            if os.path.lexists(beside):
                os.unlink(beside)


def _sync(file: str) -> None:
    fd = os.open(file, os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def open_read_only(path: str) -> Database:
    """Open the journal for reading alone. Where there is none, it reads as an empty one.

    A journal of an older version is migrated in place where that is possible, else in a copy in memory.
    """
    if not os.path.exists(path):
        return _in_memory(path, None)
    with faults.told(path):
        connection = _connect_read_only(path)
        present = version(connection)
    if present == newest():
        return Database(connection, path, writable=False)
    try:
        refuse_newer(present, newest(), path)
        if os.access(path, os.W_OK) and os.access(os.path.dirname(path), os.W_OK):
            try:
                open_database(path).close()
            except JournalError:  # the disk is full, say
                return _in_memory(path, connection)
            return Database(_connect_read_only(path), path, writable=False)
        return _in_memory(path, connection)
    finally:
        connection.close()


def _connect(place: str, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(
        place, uri=uri, timeout=faults.BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=64
    )


def _connect_read_only(path: str) -> sqlite3.Connection:
    """SQLite needs a file beside a journal in WAL mode even to read it. Where the folder allows none, no writer can be
    at work there either, and the file can be read as it is."""
    from pathlib import Path

    uri = Path(path).absolute().as_uri()
    connection = _connect(f"{uri}?mode=ro", uri=True)
    try:
        version(connection)
    except sqlite3.OperationalError:
        connection.close()
        connection = _connect(f"{uri}?mode=ro&immutable=1", uri=True)
        version(connection)
    return connection


def _check_references(connection: sqlite3.Connection) -> None:
    """From now on no row may refer to a run or a task that is not there. Not while tables are migrated."""
    connection.execute("PRAGMA foreign_keys = ON")


def _set_journal_mode(connection: sqlite3.Connection, path: str) -> None:
    wanted, synchronous = ("delete", "FULL") if mounts.is_network(os.path.dirname(path)) else ("wal", "NORMAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    # A change of mode needs the file for itself alone, and SQLite does not wait for it: of several processes that begin
    # a journal at once all but one are refused at first.
    until = time.monotonic() + faults.BUSY_S
    while True:
        try:
            connection.execute(f"PRAGMA journal_mode = {wanted}")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _in_memory(path: str, source: sqlite3.Connection | None) -> Database:
    connection = _connect(":memory:")
    if source is not None:
        source.backup(connection)
    migrate(connection, path)
    return Database(connection, path, writable=False)
