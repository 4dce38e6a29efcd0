"""A bucket as clouds have them, in a file of SQLite's, and a store in it: what `BlobStore` asks for can be kept there.

No rename, no times that anybody could set, listings that are late, puts that may be conditional; what was put or
removed is seen by every `get` and `head` that comes after. Used as `FolderStore` is: from any thread and any process.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Container, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from penstock.artifacts import digests
from penstock.artifacts.store import BlobInfo, SweptBlobs
from penstock.errors import DamagedError, StoreError

LAG_S = 60.0
"""What a listing shows is how it was so long ago."""
MARGIN_S = 86_400.0
"""What is older is put again when it is needed; so what is younger than that may have been needed just now."""
EXPIRY_S = 3_600.0
"""A lock that was not renewed for so long is of a sweep that was killed."""
_TICK_S = 0.001
_TABLES = """
CREATE TABLE IF NOT EXISTS clock (now REAL);
CREATE TABLE IF NOT EXISTS object (
    generation INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT, data BLOB, put_at REAL, gone_at REAL
);
CREATE INDEX IF NOT EXISTS object_key ON object (key);
INSERT INTO clock SELECT 1e9 WHERE NOT EXISTS (SELECT * FROM clock);
"""


class ConflictError(Exception):
    """A conditional put found another generation."""


class Head(NamedTuple):
    """What a request for an object's head gives."""

    key: str
    size: int
    generation: int
    put_at: float
    date: float  # when it was answered


class Bucket:
    """The cloud's side. Times are its own: `pass_time` moves them."""

    def __init__(self, file: Path) -> None:
        self._file = file
        with self._request() as database:
            database.executescript(_TABLES)

    def put(self, key: str, data: bytes, generation: int | None = None) -> int:
        """Write an object, and give its generation. `generation`: only where it has this one (0: where there is none),
        else it raises ConflictError; None: whatever is there."""
        with self._request() as database:
            query = "SELECT generation FROM object WHERE key = ? AND gone_at IS NULL"
            found = database.execute(query, (key,)).fetchone() or (0,)
            if generation is not None and generation != found[0]:
                raise ConflictError(key)
            now = self._tick(database)
            database.execute("UPDATE object SET gone_at = ? WHERE key = ? AND gone_at IS NULL", (now, key))
            values = key, data, now
            return database.execute("INSERT INTO object (key, data, put_at) VALUES (?, ?, ?)", values).lastrowid or 0

    def get(self, key: str) -> bytes | None:
        with self._request() as database:
            found = database.execute("SELECT data FROM object WHERE key = ? AND gone_at IS NULL", (key,)).fetchone()
            return found[0] if found else None

    def head(self, key: str) -> Head | None:
        with self._request() as database:
            query = "SELECT key, length(data), generation, put_at FROM object WHERE key = ? AND gone_at IS NULL"
            found = database.execute(query, (key,)).fetchone()
            return Head(*found, self._tick(database)) if found else None

    def delete(self, key: str) -> bool:
        with self._request() as database:
            update = "UPDATE object SET gone_at = ? WHERE key = ? AND gone_at IS NULL"
            return database.execute(update, (self._tick(database), key)).rowcount > 0

    def list(self, prefix: str) -> list[Head]:
        """As it was `LAG_S` ago."""
        with self._request() as database:
            now = self._tick(database)
            query = """SELECT key, length(data), generation, put_at FROM object
                WHERE key GLOB ? AND put_at <= ? AND (gone_at IS NULL OR gone_at > ?)"""
            return [Head(*row, now) for row in database.execute(query, (f"{prefix}*", now - LAG_S, now - LAG_S))]

    def pass_time(self, seconds: float) -> None:
        with self._request() as database:
            database.execute("UPDATE clock SET now = now + ?", (seconds,))

    def _tick(self, database: sqlite3.Connection) -> float:
        return database.execute("UPDATE clock SET now = now + ? RETURNING now", (_TICK_S,)).fetchone()[0]

    @contextlib.contextmanager
    def _request(self) -> Generator[sqlite3.Connection]:
        with contextlib.closing(sqlite3.connect(self._file, timeout=60.0, isolation_level=None)) as database:
            database.execute("PRAGMA synchronous = OFF")
            database.execute("BEGIN IMMEDIATE")
            with database:
                yield database


class BucketStore:
    """`BlobStore` in a bucket: `blobs/<digest>`; `coming/` is what has no digest yet, `sweep` is who sweeps.

    Freshness: what is needed and older than the margin is put again. Who has done so while a sweep is on, which may
    have looked before, waits until that is over, and looks again. A sweep takes what is twice the margin old: a need
    that left no trace is at most one margin later than the put, and a row for it at most one margin later still.
    """

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._lock = 0  # the generation of this store's own

    def put(self, data: Any) -> tuple[bytes, int]:
        view = memoryview(data).cast("B")
        digest = digests.digest(view)
        self._need(digest, view.nbytes, lambda: bytes(view))
        return digest, view.nbytes

    def put_chunks(self, chunks: Iterable[Any]) -> tuple[bytes, int]:
        hasher, size, parts = digests.Hasher(), 0, list[str]()
        for chunk in chunks:
            parts.append(f"coming/{os.urandom(8).hex()}")
            self.bucket.put(parts[-1], bytes(chunk))
            hasher.update(chunk)
            size += memoryview(chunk).nbytes
        digest = hasher.digest()
        self._need(digest, size, lambda: b"".join(self.bucket.get(part) or b"" for part in parts))
        for part in parts:
            self.bucket.delete(part)
        return digest, size

    def get(self, digest: bytes, size: int, verify: bool = False) -> memoryview:
        data, name = self.bucket.get(_key(digest)), digests.text(digest)
        if data is None:
            raise DamagedError(f"blob {name} is gone from the bucket")
        if len(data) != size:
            raise DamagedError(f"blob {name} has {len(data)} bytes instead of {size}")
        if verify and not digests.agrees(data, digest):
            raise DamagedError(f"blob {name} holds other bytes than were stored")
        return memoryview(bytearray(data))

    def renew(self, digest: bytes, size: int) -> bool:
        return self._need(digest, size, lambda: self._whole(digest, size))

    def delete(self, digest: bytes) -> bool:
        return self.bucket.delete(_key(digest))

    def list(self) -> Iterator[BlobInfo]:
        return (BlobInfo(_digest(found.key), found.size) for found in self.bucket.list("blobs/"))

    def now(self) -> float:
        self.bucket.put("marker", b"")
        found = self.bucket.head("marker")
        assert found is not None
        return found.put_at

    @contextlib.contextmanager
    def held(self, *, alone: bool = False) -> Generator[None]:
        if not alone:  # what is put now is younger than the margin, for longer than it takes to refer to it
            yield
            return
        while not self._is_locked_by_me(takes=True):
            time.sleep(0.005)
        try:
            yield
        finally:
            if self._is_locked_by_me(takes=False):
                self.bucket.delete("sweep")

    def sweep(self, needed: Container[bytes], before: float, *, remove: bool) -> SweptBlobs:
        limit = before if before == float("inf") else min(before, self.now() - MARGIN_S) - MARGIN_S
        blobs, cut_off, spared = list[int](), list[int](), 0
        for listed in (*self.bucket.list("blobs/"), *self.bucket.list("coming/")):
            is_blob = listed.key.startswith("blobs/")
            found = None if is_blob and _digest(listed.key) in needed else self.bucket.head(listed.key)
            if found is None:
                continue  # needed, or gone: a listing is late
            if found.put_at >= limit:
                spared += found.size if is_blob else 0
                continue
            if remove:
                if not self._is_locked_by_me(takes=False):
                    raise StoreError("another sweep goes on in this bucket")
                self.bucket.delete(listed.key)
            (blobs if is_blob else cut_off).append(found.size)
        return SweptBlobs(len(blobs), sum(blobs), len(cut_off), sum(cut_off), spared)

    def _need(self, digest: bytes, size: int, data: Callable[[], bytes | None]) -> bool:
        while not self._is_fresh(self.bucket.head(_key(digest)), size):
            content = data()
            if content is None:
                return False
            self.bucket.put(_key(digest), content)
            while _is_held(self.bucket.head("sweep")):
                time.sleep(0.002)
        return True

    def _whole(self, digest: bytes, size: int) -> bytes | None:
        data = self.bucket.get(_key(digest))
        return data if data is not None and len(data) == size else None

    def _is_fresh(self, found: Head | None, size: int) -> bool:
        return found is not None and found.size == size and found.date - found.put_at <= MARGIN_S

    def _is_locked_by_me(self, *, takes: bool) -> bool:
        """Renew the lock; `takes`: also where nobody has it, or one that was killed."""
        if takes:
            found = self.bucket.head("sweep")
            if _is_held(found):
                return False
            self._lock = 0 if found is None else found.generation
        try:
            self._lock = self.bucket.put("sweep", b"", self._lock)
        except ConflictError:
            return False
        return True


def _is_held(lock: Head | None) -> bool:
    return lock is not None and lock.date - lock.put_at < EXPIRY_S


def _key(digest: bytes) -> str:
    return f"blobs/{digests.text(digest)}"


def _digest(key: str) -> bytes:
    return digests.parse(key.partition("/")[2])
