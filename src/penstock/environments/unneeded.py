"""What lies beside the environments when it is no longer needed: kept locks, and what killed processes have left."""

from __future__ import annotations

from collections.abc import Iterator, Set
from pathlib import Path

from penstock.environments import locking


def kept_locks(folder: Path, needed: Set[str]) -> Iterator[Path]:
    """The files of locks of other wishes than the needed ones; their times tell when one was asked for last.

    Without it an equal wish is resolved anew. Runs have copies of their own.
    """
    return (file for file in (folder / "locks").glob("*.txt") if file.stem not in needed)


def unfinished(folder: Path) -> Iterator[Path]:
    """Locks that are being written, or whose writing was cut off."""
    return (folder / "locks").glob("*.tmp")


def tidy(folder: Path) -> None:
    """Remove the empty files by which killed processes kept others from doing the same at once."""
    for file in (*folder.glob("*.lock"), *(folder / "locks").glob("*.lock")):
        try:
            with locking.alone(file, None):
                pass
        except BlockingIOError:  # somebody lives who needs it
            continue
