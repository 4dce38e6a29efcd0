"""The kits of a project as folders that workers import from: one for each version of Penstock that has run there."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from penstock.environments import kit, locking
from penstock.errors import PlatformError

_HELD = Path("penstock", "__init__.py")
"""The file of a kit that those who use it hold."""

_GONE = ".gone"
"""Ends the name of a kit that is being removed."""


@contextmanager
def in_use(folder: Path) -> Generator[Path]:
    """This Penstock's kit, below the folder. Inside, nobody removes it; that ends with this process, however it ends.

    Raises StoreError where it can't be written.
    """
    path, fd = _hold(folder)
    try:
        yield path
    finally:
        os.close(fd)


def unused(folder: Path, before: float, unfinished_before: float) -> Iterator[Path]:
    """Kits of other versions that nobody uses, or has used since `before`; and what was cut off while it was unpacked,
    begun before `unfinished_before`, or while it was removed. Both in seconds since the epoch."""
    paths = sorted(folder.glob("kit-*"))
    current = kit.name() if paths else ""
    for path in paths:
        try:
            used_at = path.stat().st_mtime
        except FileNotFoundError:  # removed meanwhile
            continue
        if path.suffix == ".tmp":
            if used_at < unfinished_before:
                yield path
        elif path.suffix == _GONE or (path.name != current and used_at < before and not _is_held(path)):
            yield path


def take_away(path: Path) -> bool:
    """Remove one of these; False where a process uses it. Raises PlatformError where it can't be removed."""
    gone = path.with_name(f"{path.name}{_GONE}")
    try:
        if path.suffix in (".tmp", _GONE):
            shutil.rmtree(path)
            return True
        with locking.unshared(path / _HELD):
            shutil.rmtree(gone, ignore_errors=True)
            path.rename(gone)  # first: what is left of it must not look whole
        shutil.rmtree(gone)
    except BlockingIOError:
        return False
    except FileNotFoundError:  # another one has removed it
        return True
    except OSError as error:
        raise PlatformError(f"can't remove {path}: {error.strerror}") from error
    return True


def _hold(folder: Path) -> tuple[Path, int]:
    while True:
        path = kit.unpack_kit(folder)
        try:
            return path, locking.share(path / _HELD)
        except FileNotFoundError:  # removed before it was held
            continue


def _is_held(path: Path) -> bool:
    return locking.is_shared(path / _HELD)
