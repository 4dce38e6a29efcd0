"""What several runs of the tests make once, or use one at a time: a lock that ends with whoever holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Waits for the lock, whose file stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def first_free(folder: Path) -> tuple[Path, int]:
    """The first of the folders `0`, `1` ... that nobody uses, and the descriptor that holds it: whoever has that, or
    inherited it, uses the folder until it is closed."""
    number = 0
    while True:
        place = folder / str(number)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(place / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            number += 1
        else:
            return place, fd
