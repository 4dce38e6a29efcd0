"""Blobs on their way into a folder: `tmp/<digest>.part` there grows, is verified, and then becomes the blob.

Who fills a part holds a lock on it: others wait, and find the blob. What was cut off stays, and the next one goes on
from there, until a sweep takes it.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from penstock.artifacts import digests
from penstock.artifacts.folder import FolderStore, store_error
from penstock.errors import DamagedError
from penstock.model.tuples import NamedTuple
from penstock.tiers.port import Told

_CHUNK = 8 << 20

Append = Callable[[int, int], bytes | None]
"""Writes a blob's bytes from a start on to a descriptor that stands there. Gives the digest of all of them; None: it
has not seen all, so that what is written is to be read for that."""


class _Part(NamedTuple):
    file: int  # its descriptor
    path: str


class Parts:
    """The parts of one folder of blobs."""

    def __init__(self, store: FolderStore) -> None:
        self._store = store

    def receive(self, digest: bytes, size: int, append: Append, *, anew: bool = False) -> None:
        """Have the blob in the folder. `anew`: although there seems to be one. Raises DamagedError where what comes has
        another digest."""
        with self._part(digest, size, anew) as part:
            if part is not None:
                self._fill(part, digest, size, append)

    def receive_file(self, digest: bytes, size: int, file: str, told: Told, *, anew: bool = False) -> None:
        """The same, of a file that holds the blob: linked where it is of this file system, else copied."""
        if not anew and self._store.renew(digest, size):
            return
        if not self._linked(digest, file):
            self.receive(digest, size, lambda part, start: _copy(file, part, start, told), anew=anew)

    def _linked(self, digest: bytes, file: str) -> bool:
        link = self._store.coming(f"{os.urandom(8).hex()}.link")
        try:
            os.link(file, link)
        except OSError:  # another file system, or one without links: whatever else is wrong shows when it is copied
            return False
        self._store.adopt(link, digest)
        with suppress(OSError):  # two links to one file, and `replace` leaves both
            os.unlink(link)
        return True

    @contextmanager
    def _part(self, digest: bytes, size: int, anew: bool) -> Generator[_Part | None]:
        """The open part, which nobody else fills now; None: the blob is there."""
        path = self._store.coming(f"{digests.text(digest)}.part")
        while anew or not self._store.renew(digest, size):
            part = self._opened(path)
            try:
                fcntl.flock(part, fcntl.LOCK_EX)
                if _is_at(part, path) and (anew or not self._store.renew(digest, size)):
                    yield _Part(part, path)
                    return
            finally:
                os.close(part)
        with suppress(OSError):  # opened by us just when it was done
            os.unlink(path)
        yield None

    def _opened(self, path: str) -> int:
        try:
            return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise store_error("written", self._store.root, error) from error

    def _fill(self, part: _Part, digest: bytes, size: int, append: Append) -> None:
        file, path = part
        try:
            start = os.fstat(file).st_size
            for begin in dict.fromkeys((start if start <= size else 0, 0)):
                os.ftruncate(file, begin)
                os.lseek(file, begin, os.SEEK_SET)
                seen = append(file, begin)
                if (seen == digest and os.fstat(file).st_size == size) or _holds(path, digest, size):
                    return self._store.adopt(path, digest)
            os.unlink(path)
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):  # what is cut off must not be what fills the disk
                with suppress(OSError):
                    os.unlink(path)
            raise store_error("written", path, error) from error
        raise DamagedError(f"blob {digests.text(digest)} came with other bytes than were stored")


def _copy(file: str, part: int, start: int, told: Told) -> bytes | None:
    """A second thread digests what is being written, unless a first part of it is there already."""
    hasher, done = None if start else digests.Hasher(), start
    buffer = memoryview(bytearray(_CHUNK))
    with open(file, "rb", buffering=0) as source, ThreadPoolExecutor(1, "penstock-digest") as second:
        source.seek(start)
        while size := source.readinto(buffer):
            view = buffer[:size]
            hashed = None if hasher is None else second.submit(hasher.update, view)
            write_all(part, view)
            if hashed is not None:
                hashed.result()
            done += size
            told(done)
    return None if hasher is None else hasher.digest()


def write_all(file: int, view: memoryview) -> None:
    """Write all of it to a descriptor."""
    while view:
        view = view[os.write(file, view) :]


def _is_at(file: int, path: str) -> bool:
    """Whether an open file still has its name: it may be a blob by now, or swept."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


def _holds(path: str, digest: bytes, size: int) -> bool:
    import mmap

    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size != size:
            return False
        if not size:
            return digests.agrees(b"", digest)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return digests.agrees(mapped, digest)
