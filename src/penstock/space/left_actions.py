"""What the actions of the API leave behind: a folder each in `actions`, where a server finds what came of them."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from penstock.environments import collect

FOLDER = "actions"
_LOCK = "lock"
_LOOKED_AT_S = 86_400.0
"""Somebody may still ask what came of one that ended no longer ago, or ask for the same again."""


def is_running(folder: Path) -> bool:
    """Whether an action goes on: its process keeps the lock in its folder."""
    try:
        with open(folder / _LOCK, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def sizes(home: Path) -> list[int]:
    """Bytes of all that are there."""
    return [collect.sizes(folder)[0] for folder in _folders(home)]


def sweep(home: Path, now: float, remove: bool) -> Iterator[int]:
    """The sizes of those that have ended a day ago, which are removed unless `remove` is False."""
    for folder in _folders(home):
        try:
            changed_at = folder.stat().st_mtime
        except FileNotFoundError:  # a server has made room
            continue
        if changed_at < now - _LOOKED_AT_S and not is_running(folder):
            size = collect.sizes(folder)[0]
            if remove:
                shutil.rmtree(folder, ignore_errors=True)
            yield size - (collect.sizes(folder)[0] if remove else 0)  # without what may not be removed


def _folders(home: Path) -> list[Path]:
    try:
        return [Path(entry) for entry in os.scandir(home / FOLDER) if entry.is_dir(follow_symlinks=False)]
    except OSError:  # there was none yet, or it is another user's
        return []
