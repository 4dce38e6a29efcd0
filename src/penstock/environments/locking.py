"""One builder at a time, among threads and processes: the only place that asks the system for a lock on a file.

The system lets go of a lock when the last process that has the file open ends, `kill -9` included. A child that was
given the descriptor keeps it: what a killed builder has left running must end before another one begins.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from penstock.errors import PlatformError

T = TypeVar("T")


@contextmanager
def alone(file: Path, waiting: Callable[[], object] | None) -> Generator[int]:
    """Inside, no other thread or process holds the file's lock; gives its descriptor, for children that work under it.

    Where another holds it, calls `waiting` once, then blocks; `waiting` None: raises BlockingIOError instead. The file
    is gone afterwards. Raises PlatformError where it can't be made.
    """
    fd = _acquire(file, waiting)
    try:
        yield fd
    finally:
        import fcntl

        with suppress(OSError):  # an empty file that stays does no harm
            file.unlink(missing_ok=True)
        fcntl.flock(fd, fcntl.LOCK_UN)  # not by closing alone: a daemon that a child has left may have it open
        os.close(fd)


def share(file: Path) -> int:
    """Hold an existing file against `unshared`, until the descriptor is closed or this process ends.

    Raises FileNotFoundError where it isn't there, or was removed meanwhile.
    """
    import fcntl

    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    fcntl.flock(fd, fcntl.LOCK_SH)
    if not _is_still(file, fd):
        os.close(fd)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file))
    return fd


@contextmanager
def held(made: Callable[[], T], file_of: Callable[[T], Path]) -> Generator[T]:
    """What `made` gives. Inside, nobody removes it who asks for its file by `unshared`; that ends with this process,
    however it ends."""
    while True:
        found = made()
        try:
            fd = share(file_of(found))
            break
        except FileNotFoundError:  # removed before it was held
            continue
    try:
        yield found
    finally:
        os.close(fd)


@contextmanager
def unshared(file: Path) -> Generator[None]:
    """Inside, nobody holds the file with `share`, and who asks for it waits. Where there is none, nothing is held.

    Raises BlockingIOError where somebody holds it.
    """
    import fcntl

    fd = _existing(file)
    if fd is None:
        yield
        return
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(fd)


def is_shared(file: Path) -> bool:
    """Whether someone holds the file with `share`. False where there is none."""
    try:
        with unshared(file):
            return False
    except BlockingIOError:
        return True


def tidy(folders: Iterable[Path]) -> None:
    """Remove the empty files by which killed processes kept others from doing the same at once."""
    for file in (file for folder in folders for file in folder.glob("*.lock")):
        with suppress(BlockingIOError), alone(file, None):  # else somebody lives who needs it
            pass


def _acquire(file: Path, waiting: Callable[[], object] | None) -> int:
    import fcntl

    said = False
    while True:
        fd = _opened(file)
        try:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waiting is None:
                    raise
                if not said:
                    waiting()
                    said = True
                fcntl.flock(fd, fcntl.LOCK_EX)
            if _is_still(file, fd):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)  # its last holder removed it while we waited: the next one may have made another


def _existing(file: Path) -> int | None:
    for flags in (os.O_RDWR, os.O_RDONLY):  # a network file system locks against others only what can be written
        try:
            return os.open(file, flags | os.O_CLOEXEC)
        except OSError:
            continue
    return None


def _opened(file: Path) -> int:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        full = "; free some space there" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        raise PlatformError(f"can't write to {file.parent}: {error.strerror}{full}") from error


def _is_still(file: Path, fd: int) -> bool:
    try:
        return os.path.samestat(os.stat(file), os.fstat(fd))
    except FileNotFoundError:
        return False
