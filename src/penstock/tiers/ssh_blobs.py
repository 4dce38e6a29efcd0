"""The blobs of a folder on another host, by an ssh connection. Large ones go in pieces, several of which are on their
way at once; what arrived is verified there before it is a blob, and here before it is one."""

from __future__ import annotations

import hashlib
import mmap
import os
import time
from collections import deque
from collections.abc import Callable, Container, Generator, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any

from penstock.artifacts import digests
from penstock.artifacts.store import BlobInfo, SweptBlobs
from penstock.errors import DamagedError, StoreError
from penstock.tiers.parts import Parts, write_all
from penstock.tiers.port import Told
from penstock.tiers.ssh_connection import SshConnection
from penstock.tiers.ssh_session import Answer, RefusedThere, SessionLost, SshSession

PIECE = 1 << 20
WINDOW = 8
"""Pieces on their way at once: they fill a line of 80 MB/s at 100 ms, and mail is not delayed for long."""

_BUSY_S = 0.05


class SshBlobs:
    """Implements `port.FarBlobs`."""

    def __init__(self, connection: SshConnection) -> None:
        self._connection = connection

    def put(self, data: Any) -> tuple[bytes, int]:
        view = memoryview(data).cast("B")
        digest = digests.digest(view)
        if not self.renew(digest, view.nbytes):
            self._send(digest, view, _uncounted)
        return digest, view.nbytes

    def put_chunks(self, chunks: Iterable[Any]) -> tuple[bytes, int]:
        """A connection that is cut meanwhile fails this: what was given is not there to be sent again."""
        session = self._connection.persist(lambda session: session)
        token, size, hasher, sha256 = os.urandom(8).hex(), 0, digests.Hasher(), hashlib.sha256()
        try:
            session.ask("part_open", name=token, token=token).result()
            for chunk in chunks:
                view = memoryview(chunk).cast("B")
                for at in range(0, view.nbytes, PIECE):
                    piece = view[at : at + PIECE]
                    session.ask("part_write", piece, token=token, at=size).result()
                    hasher.update(piece)
                    sha256.update(piece)
                    size += len(piece)
            digest = hasher.digest()
            kept = session.ask("part_keep", token=token, digest=_text(digest), size=size, sha256=sha256.hexdigest())
            if not kept.result().ok:
                raise StoreError(f"{self._connection.address} holds other bytes than were sent: is its disk sound?")
        except RefusedThere as refused:
            raise self._connection.explained(refused) from None
        except SessionLost as lost:
            raise self._connection.unreachable(lost) from lost
        return digest, size

    def get(self, digest: bytes, size: int, verify: bool = False) -> memoryview:
        data = memoryview(bytearray(size))

        def took(at: int, piece: bytes) -> None:
            data[at : at + len(piece)] = piece

        self._read(digest, size, 0, took)
        if verify and not digests.agrees(data, digest):
            raise DamagedError(
                f"blob {_text(digest)} holds other bytes than were stored, at {self._connection.address}"
            )
        return data

    def renew(self, digest: bytes, size: int) -> bool:
        return self._connection.call("renew", digest=_text(digest), size=size).ok

    def delete(self, digest: bytes) -> bool:
        return self._connection.call("remove", digest=_text(digest)).ok

    def list(self) -> Iterator[BlobInfo]:
        return (BlobInfo(digests.parse(name), size) for name, size, _ in self._files())

    def now(self) -> float:
        return self._connection.call("now").ok

    @contextmanager
    def held(self, *, alone: bool = False) -> Generator[None]:
        """A lock there, which ends with the connection; what is younger than a far sweep's margin needs none."""
        token = os.urandom(8).hex()
        while not self._connection.call("lock", token=token, alone=alone).ok:
            time.sleep(_BUSY_S)
        try:
            yield
        finally:
            with suppress(StoreError):
                self._connection.call("unlock", token=token)

    def sweep(self, needed: Container[bytes], before: float, *, remove: bool) -> SweptBlobs:
        if remove:
            aside = [name for name in self._connection.call("aside").ok if digests.parse(name) in needed]
            self._connection.call("recall", digests=aside)
        unneeded = {name: (size, at) for name, size, at in self._files() if digests.parse(name) not in needed}
        limit = min(before, 1e18)  # JSON has no infinity
        old = [name for name, (_, at) in unneeded.items() if at < limit]
        if remove and old:
            old = self._connection.call("remove_older", digests=old, before=limit).ok
        cut_off = self._connection.call("cut_off", before=limit, remove=remove).ok
        size = sum(unneeded[name][0] for name in old)
        spared = sum(size for size, _ in unneeded.values()) - size
        return SweptBlobs(len(old), size, len(cut_off), sum(cut_off), spared)

    def take(self, digest: bytes, size: int, file: str, told: Told) -> None:
        with open(file, "rb") as source:
            if os.fstat(source.fileno()).st_size != size:
                raise DamagedError(f"blob {_text(digest)} is not whole: {file}")
            if not size:
                self._send(digest, memoryview(b""), told)
                return
            self._send(digest, memoryview(mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)), told)

    def fetch(self, digest: bytes, size: int, parts: Parts, told: Told, *, anew: bool = False) -> None:
        def append(part: int, start: int) -> bytes | None:
            hasher = digests.Hasher()

            def took(at: int, piece: bytes) -> None:
                write_all(part, memoryview(piece))
                hasher.update(piece)
                told(at + len(piece))

            self._read(digest, size, start, took)
            return None if start else hasher.digest()

        parts.receive(digest, size, append, anew=anew)

    def _files(self) -> Iterator[tuple[str, int, float]]:
        return ((name, size, at) for name, size, at in self._connection.call("files").ok if size >= 0)

    def _read(self, digest: bytes, size: int, start: int, took: Callable[[int, bytes], None]) -> None:
        """Have the bytes from `start` on in pieces, in their order; on another connection from where they had come."""
        done, name = start, _text(digest)

        def read(session: SshSession) -> None:
            nonlocal done
            starts = iter(range(done, size, PIECE) if size else (0,))

            def coming(count: int) -> Iterator[Future[Answer]]:
                for at in islice(starts, count):
                    yield session.ask("read", digest=name, size=size, at=at, most=min(PIECE, size - at))

            pieces = deque(coming(WINDOW))
            while pieces:
                piece = pieces.popleft().result().data
                pieces.extend(coming(1))
                took(done, piece)
                done += len(piece)

        try:
            self._connection.persist(read)
        except RefusedThere as refused:
            raise DamagedError(f"blob {name} {_word(refused)}: {self._connection.address}") from None

    def _send(self, digest: bytes, view: memoryview, told: Told) -> None:
        """Have the bytes there, from where an earlier try was cut off."""
        name, size = _text(digest), view.nbytes

        def send(session: SshSession) -> bool:
            token = os.urandom(8).hex()
            while (start := _opened(session, name, token)) is None:
                if session.ask("renew", digest=name, size=size).result().ok:
                    return True  # somebody else has sent it
                time.sleep(_BUSY_S)
            try:
                return _fill(session, token, digest, view, start if start <= size else 0, told)
            finally:
                session.ask("part_close", token=token)

        if not self._connection.persist(send) and not self._connection.persist(send):
            raise StoreError(f"{self._connection.address} holds other bytes than were sent: is its disk sound?")


def _fill(session: SshSession, token: str, digest: bytes, view: memoryview, start: int, told: Told) -> bool:
    """Send the bytes from `start` on into an open part, and make a blob of it; False: something else has arrived."""
    name, size, hasher, sha256 = _text(digest), view.nbytes, digests.Hasher(), hashlib.sha256()
    coming = deque[tuple[int, Future[Answer]]]()
    for at in range(0, size, PIECE):
        piece = view[at : at + PIECE]
        hasher.update(piece)
        sha256.update(piece)
        end = at + len(piece)
        if end <= start:
            continue
        coming.append((end, session.ask("part_write", piece, token=token, at=at)))
        if len(coming) == WINDOW:
            _taken(coming, told)
    while coming:
        _taken(coming, told)
    if not size:
        session.ask("part_write", token=token, at=0).result()
    if hasher.digest() != digest and not digests.agrees(view, digest):  # by another algorithm, it may still be it
        session.ask("part_drop", token=token).result()
        raise DamagedError(f"blob {name} holds other bytes than were stored")
    return session.ask("part_keep", token=token, digest=name, size=size, sha256=sha256.hexdigest()).result().ok


def _opened(session: SshSession, name: str, token: str) -> int | None:
    """How much of a part is there; None: somebody else fills it."""
    try:
        return session.ask("part_open", name=name, token=token).result().ok
    except RefusedThere as refused:
        if refused.word == "busy":
            return None
        raise


def _taken(coming: deque[tuple[int, Future[Answer]]], told: Told) -> None:
    end, answer = coming.popleft()
    answer.result()
    told(end)


def _word(refused: RefusedThere) -> str:
    return "is gone" if refused.word == "gone" else refused.word


def _text(digest: bytes) -> str:
    return digests.text(digest)


def _uncounted(_: int) -> None:
    """Nobody counts."""
