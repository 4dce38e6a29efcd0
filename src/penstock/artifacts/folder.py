"""A folder as store: `<root>/<two hex digits>/<digest>`, written under `<root>/tmp/` and renamed.

Owns files and mappings of them; knows nothing of what the bytes mean.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from collections.abc import Callable, Container, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple, Union

from penstock.artifacts import digests
from penstock.artifacts.memory import address
from penstock.errors import DamagedError, StoreError
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    import mmap
    import weakref

    from penstock.artifacts.store import BlobInfo, SweptBlobs

_CHUNK = 8 << 20
_ALONE = 2 << 20  # below it a second thread costs more than it hides
_MAPPED = 1 << 20  # smaller blobs are read: a mapping costs a descriptor before Python 3.13
_FEW = 256  # live mappings; beyond it only blobs of `_LARGE` and more are mapped
_LARGE = 64 << 20
_TICK_S = 0.02  # the clock of files may be so far behind
_UNTRACKED: Dict[str, Any] = {"trackfd": False} if sys.version_info >= (3, 13) else {}
_WORDS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
}


class _File(NamedTuple):
    digest: bytes
    size: int  # bytes
    needed_at: float  # its modification time, UTC in seconds


class FolderStore:
    """Blobs as files of one folder, which is made when something is put; docs/formats.md, Blob. See `BlobStore` for
    what the methods promise. `make`: makes what the folder lies in before that, or raises StoreError."""

    def __init__(self, root: Union[str, os.PathLike[str]], *, make: Optional[Callable[[], object]] = None) -> None:
        self.root = os.fspath(root)
        self._make = make
        self._tmp = os.path.join(self.root, "tmp")
        self._lock = os.path.join(self.root, "sweep.lock")
        self._mapped: List[Tuple[int, int, weakref.ref[mmap.mmap]]] = []

    def put(self, data: Any) -> Tuple[bytes, int]:
        """Store a contiguous bytes-like object; what is mapped from here is written only where it is missing."""
        view = memoryview(data).cast("B")
        held = self.holds(view)
        if view.nbytes < _ALONE or held:
            digest = digests.digest(view)
            # What is there may have been damaged since; what is held was read from there just now.
            if not self.renew(digest, view.nbytes) or not (held or self._agrees(digest, view)):
                self._write((view,), digest)
            return digest, view.nbytes
        return self._write(view[start : start + _CHUNK] for start in range(0, view.nbytes, _CHUNK))

    def put_chunks(self, chunks: Iterable[Any]) -> Tuple[bytes, int]:
        """Store bytes-like objects as one blob, digesting in a second thread what is being written."""
        return self._write(chunks)

    def get(self, digest: bytes, size: int, verify: bool = False) -> memoryview:
        """A writable, private view; blobs of 1 MiB and more are mapped."""
        path = self._path(digest)
        try:
            fd = self._open(digest)
        except FileNotFoundError as error:
            raise DamagedError(f"blob {digests.text(digest)} is gone from {self.root}") from error
        except OSError as error:
            raise store_error("read", path, error) from error
        try:
            found = os.fstat(fd).st_size
            if found != size:
                raise DamagedError(f"blob {digests.text(digest)} has {found} bytes instead of {size}: {path}")
            view = self._map(fd, size) or _read(fd, size)
        except OSError as error:
            raise store_error("read", path, error) from error
        finally:
            os.close(fd)
        if verify and not digests.agrees(view, digest):
            raise DamagedError(f"blob {digests.text(digest)} holds other bytes than were stored: {path}")
        return view

    def delete(self, digest: bytes) -> bool:
        """Remove the file; mappings of it stay."""
        path = self._path(digest)
        try:
            os.unlink(path)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise store_error("written", path, error) from error
        return True

    def list(self) -> Iterator[BlobInfo]:
        """All blobs, those that were set aside among them; files that are none are passed over."""
        from penstock.artifacts.store import BlobInfo

        return (BlobInfo(file.digest, file.size) for file in self._files())

    def now(self) -> float:
        """The time that a file has which is touched now: the clock of files is another machine's, or a coarser one."""
        try:
            fd = os.open(self._lock, os.O_RDWR | os.O_CLOEXEC)
        except OSError:  # nobody has put anything yet, or nothing can be written: nothing is made to ask for a time
            return time.time() - _TICK_S
        try:
            os.utime(fd)
            return os.fstat(fd).st_mtime
        finally:
            os.close(fd)

    @contextmanager
    def held(self, *, alone: bool = False) -> Generator[None, None, None]:
        """A lock on a file, which ends with its process; shared by those who are not alone."""
        import fcntl

        try:
            self._make_folders()
            fd = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError:  # nothing can be written here: neither kind has anything to fear, and a put says why
            yield
            return
        try:
            fcntl.flock(fd, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            yield
        finally:
            os.close(fd)

    def sweep(self, needed: Container[bytes], before: float, *, remove: bool) -> SweptBlobs:
        """Files are as old as their times say. What a sweep had set aside before it was killed is put back first."""
        if remove:
            for file in _digests_in(self._tmp):
                if file.digest in needed:
                    self._recall(file.digest)
        count = size = spared = 0
        for file in self._files():
            if file.digest in needed:
                continue
            if file.needed_at >= before or (remove and not self._delete_older(file.digest, before)):
                spared += file.size
            else:
                count, size = count + 1, size + file.size
        from penstock.artifacts.store import SweptBlobs

        return SweptBlobs(count, size, *self._remove_cut_off(before, remove), spared)

    def _delete_older(self, digest: bytes, before: float) -> bool:
        """The file is looked at where nobody can renew it unseen, and put back if somebody just has.

        Whoever asks for it meanwhile, or after a kill in between, puts it back himself.
        """
        path, aside = self._path(digest), self._aside(digest)
        try:
            with suppress(FileNotFoundError):  # one that was killed has set it aside
                os.rename(path, aside)
            if os.stat(aside).st_mtime >= before:
                os.replace(aside, path)
                return False
            os.unlink(aside)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise store_error("written", path, error) from error
        return True

    def _unfinished(self) -> Tuple[str, ...]:
        """The folders of writes that have not come to their end."""
        return (self._tmp,)

    def _remove_cut_off(self, before: float, remove: bool) -> Tuple[int, int]:
        count = size = 0
        for entry in (entry for folder in self._unfinished() for entry in _entries(folder)):
            try:
                status = entry.stat()
                if _digest_of(entry.name) or status.st_mtime >= before:
                    continue
                if remove:
                    os.unlink(entry.path)
            except FileNotFoundError:
                continue  # its write has just come to its end
            except OSError as error:
                raise store_error("written", entry.path, error) from error
            count, size = count + 1, size + status.st_size
        return count, size

    def _files(self) -> Iterator[_File]:
        for folder in _entries(self.root):
            if len(folder.name) == 2:
                yield from _digests_in(folder.path)
        for file in _digests_in(self._tmp):
            if not os.path.exists(self._path(file.digest)):  # else it was stored again since
                yield file

    def holds(self, view: memoryview) -> bool:
        """Whether a buffer lies in memory that this store mapped: then it is most likely stored already."""
        if not self._mapped:
            return False
        start = address(view)
        end = start + view.nbytes
        if not start:
            return False
        return any(low <= start and end <= high and ref() is not None for low, high, ref in list(self._mapped))

    def _path(self, digest: bytes) -> str:
        name = digests.text(digest)
        return os.path.join(self.root, name[3:5], name)

    def _aside(self, digest: bytes) -> str:
        return os.path.join(self._tmp, digests.text(digest))

    def _recall(self, digest: bytes) -> bool:
        """Put back a blob that was set aside, as one that is needed now; False where it was not."""
        aside = self._aside(digest)
        try:
            os.utime(aside)  # first: it may take the place of one that was just written
            os.replace(aside, self._path(digest))
        except OSError:
            return False
        return True

    def _open(self, digest: bytes) -> int:
        path, flags = self._path(digest), os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            self._recall(digest)  # where it is not aside any more, it may be back in its place
            return os.open(path, flags)

    def file_of(self, digest: bytes) -> str:
        """Where the file of a blob lies that was renewed just now; nobody writes to it."""
        return self._path(digest)

    def coming(self, name: str) -> str:
        """Where a file may be written that `adopt` then takes, of a name that is no digest. A sweep takes one that has
        grown old."""
        self._make_folders()
        return os.path.join(self._tmp, name)

    def adopt(self, file: str, digest: bytes) -> None:
        """Take a file of `coming` for a blob, whose bytes it holds; it may hold more than one name."""
        try:
            os.utime(file)
            self._keep(file, digest)
        except OSError as error:
            raise store_error("written", self.root, error) from error

    def renew(self, digest: bytes, size: int) -> bool:
        """Renew the file's time; False where it is gone, or of another size."""
        path = self._path(digest)
        try:
            if os.stat(path).st_size != size:
                return False  # truncated by a crash of the machine: written again
            os.utime(path)
        except FileNotFoundError:
            return self._recall(digest) and self.renew(digest, size)
        except OSError as error:
            raise store_error("written", path, error) from error
        return True

    def _write(self, chunks: Iterable[Any], digest: Optional[bytes] = None) -> Tuple[bytes, int]:
        temporary = os.path.join(self._tmp, f"{os.getpid()}-{threading.get_ident()}-{os.urandom(6).hex()}")
        try:
            fd = self._new(temporary)
            try:
                digest, size = _pour(fd, chunks, digest)
            finally:
                os.close(fd)
            self._keep(temporary, digest)
        except BaseException as error:
            with suppress(OSError):  # it was never made, or the disk refuses this too
                os.unlink(temporary)
            if isinstance(error, OSError):
                raise store_error("written", self.root, error) from error
            raise
        return digest, size

    def _new(self, path: str) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            return os.open(path, flags, 0o644)
        except FileNotFoundError:
            self._make_folders()
            return os.open(path, flags, 0o644)

    def _make_folders(self) -> None:
        if self._make is not None:
            self._make()
        os.makedirs(self._tmp, exist_ok=True)

    def _agrees(self, digest: bytes, view: memoryview) -> bool:
        """Whether the file holds these bytes."""
        try:
            with open(self._path(digest), "rb", buffering=0) as file:
                return file.read(view.nbytes + 1) == view
        except OSError:
            return False

    def _keep(self, temporary: str, digest: bytes) -> None:
        """Put the file in its place. One that is there already gives way to it: it may have been damaged since."""
        path = self._path(digest)
        try:
            os.replace(temporary, path)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            os.replace(temporary, path)

    def _map(self, fd: int, size: int) -> Optional[memoryview]:
        if size < _MAPPED:
            return None
        self._mapped = [entry for entry in self._mapped if entry[2]() is not None]
        if len(self._mapped) > _FEW and size < _LARGE and not _UNTRACKED:
            return None
        import mmap  # many a run has no large value
        import weakref

        try:
            mapped = mmap.mmap(fd, size, access=mmap.ACCESS_COPY, **_UNTRACKED)
        except OSError:
            return None  # out of descriptors or of mappings: reading works still
        view = memoryview(mapped)
        start = address(view)
        self._mapped.append((start, start + size, weakref.ref(mapped)))
        return view


def _pour(fd: int, chunks: Iterable[Any], digest: Optional[bytes]) -> Tuple[bytes, int]:
    size = 0
    if digest is not None:
        for chunk in chunks:
            size += _write_all(fd, memoryview(chunk))
        return digest, size
    from concurrent.futures import ThreadPoolExecutor

    hasher = digests.Hasher()
    with ThreadPoolExecutor(1, thread_name_prefix="penstock-digest") as second:
        for chunk in chunks:
            view = memoryview(chunk).cast("B")
            hashed = second.submit(hasher.update, view)
            size += _write_all(fd, view)
            hashed.result()
    return hasher.digest(), size


def _write_all(fd: int, view: memoryview) -> int:
    written = 0
    while written < view.nbytes:
        written += os.write(fd, view[written:])
    return written


def _read(fd: int, size: int) -> memoryview:
    data = memoryview(bytearray(size))
    with open(fd, "rb", closefd=False) as file:
        if file.readinto(data) < size:
            raise OSError(errno.EIO, "the file became shorter while it was read")
    return data


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from entries
    except FileNotFoundError:
        return
    except OSError as error:
        raise store_error("read", folder, error) from error


def _digests_in(folder: str) -> Iterator[_File]:
    for entry in _entries(folder):
        digest = _digest_of(entry.name)
        if digest is None:
            continue
        try:
            status = entry.stat()
        except FileNotFoundError:
            continue
        yield _File(digest, status.st_size, status.st_mtime)


def _digest_of(name: str) -> Optional[bytes]:
    try:
        return digests.parse(name)
    except ValueError:
        return None


def store_error(verb: str, place: str, error: OSError) -> StoreError:
    """What to raise where a place of a store can't be "read" or "written", in the system's words or better ones."""
    word = _WORDS.get(error.errno or 0, error.strerror or str(error))
    return StoreError(f"the store {place} can't be {verb}: {word}")
