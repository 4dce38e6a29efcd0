"""Gives back what runs that are over have left in an agent's folder, and what no run there has needed for long.

Whatever is taken though somebody needs it comes again from the tier, or is built again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from penstock.artifacts.store import BlobStore
from penstock.environments import built_environments, kits
from penstock.environments.locking import alone
from penstock.errors import PenstockError

DAY_S = 86_400.0
RUN_S = DAY_S
UNUSED_S = 14 * DAY_S


def tidy(home: Path, store: BlobStore, now: float, is_over: Callable[[str], bool]) -> None:
    """Remove what is left of runs that are over, a day after their last agent began, and code, values and environments
    that were not used for two weeks.

    `now`: seconds since the epoch, by this machine's clock, which its files have too; `is_over`: whether a run, by its
    nonce, is; it may raise, and then nothing of it is removed. Blocks. One agent of a machine does it at a time; where
    another does, this one leaves it to that.
    """
    try:
        with alone(home / "tidy.lock", None):
            _runs(home / "runs", now, is_over)
            _code(home / "code", now)
            _environments(home / "environments", now)
            with store.held(alone=True):
                store.sweep((), store.now() - UNUSED_S, remove=True)
    except (BlockingIOError, PenstockError):
        return  # another one does, or the disk is what it is: the next agent tries again


def used(path: Path) -> None:
    """Note that a run's folder, or code, is used now."""
    try:
        os.utime(path)
    except OSError:  # what can't be written lasts as it is
        pass


def _runs(folder: Path, now: float, is_over: Callable[[str], bool]) -> None:
    for run in _older(folder, now - RUN_S):
        try:
            if is_over(run.name):
                shutil.rmtree(run, ignore_errors=True)
        except PenstockError:
            continue


def _code(folder: Path, now: float) -> None:
    for mark in _older(folder, now - UNUSED_S):
        if mark.suffix == ".whole":
            mark.unlink(missing_ok=True)  # first: what is left of it must not look whole
            shutil.rmtree(mark.with_suffix(""), ignore_errors=True)


def _environments(folder: Path, now: float) -> None:
    for entry in built_environments.listed(folder):
        if entry.used_at < now - UNUSED_S and not entry.in_use:
            built_environments.take_away(entry)
    for kit in kits.unused(folder / "kits", now - UNUSED_S, now - DAY_S):
        kits.take_away(kit)


def _older(folder: Path, before: float) -> list[Path]:
    try:
        return [entry for entry in folder.iterdir() if entry.stat().st_mtime < before]
    except OSError:
        return []
