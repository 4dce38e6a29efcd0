"""What no run refers to, and its removal: first all that is in use is marked, then the rest is swept.

Beside running flows nothing is taken that is as young as the oldest of them, or nearly: what they have stored, and not
committed yet, looks like rubbish.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from penstock.artifacts.folder import FolderStore
from penstock.journal import changes, queries
from penstock.model.states import RunStatus

if TYPE_CHECKING:
    from penstock.journal.journal import Journal
    from penstock.project import Project

_WORTH_COMPACTING = 1 << 20
_CLOCK_ERROR_S = 86_400.0
"""How far the clock may have been set back since a running flow began: what it stores then looks older."""


@dataclass(frozen=True)
class Pile:
    """Things of one kind that can be swept."""

    what: str
    count: int
    bytes: int


class _Marked(NamedTuple):
    blobs: set[bytes]
    snapshots: set[str]
    runs: set[str]
    live: set[str]
    before: float  # only what is older is swept (UTC, seconds)


def survey(project: Project) -> list[Pile]:
    """What a sweep would remove. Changes nothing."""
    return _sweep(project, project.reader, remove=False)


def sweep(project: Project) -> list[Pile]:
    """Remove it. New runs wait until this is over."""
    journal = project.journal
    with project.store_held(alone=True):
        piles = _sweep(project, journal, remove=True)
    return [*piles, *_compacted(journal)]


def remove_run_folders(project: Project, run_id: str) -> None:
    """Remove what lies in folders of a run's own."""
    for kind in ("logs", "checkpoints", "files", "scratch"):
        shutil.rmtree(project.folder(kind, run_id), ignore_errors=True)


def _sweep(project: Project, journal: Journal, *, remove: bool) -> list[Pile]:
    marked = _mark(journal)
    piles = [
        _blobs(project.home / "store", marked, remove),
        _files("unfinished writes", _plain_files(project.home / "store" / "tmp"), marked.before, remove),
        _files("code snapshots", _unused_snapshots(project.home / "sources", marked), marked.before, remove),
        *(_folders(project.home, kind, marked.runs, remove) for kind in ("logs", "checkpoints", "files")),
        _folders(project.home, "scratch", marked.live, remove),
    ]
    return [pile for pile in piles if pile.count]


def _mark(journal: Journal) -> _Marked:
    # The time is taken first: what comes while this reads is younger.
    now = time.time()
    runs = queries.runs(journal)
    live = [run for run in runs if run.status == RunStatus.RUNNING]
    return _Marked(
        queries.blobs_in_use(journal),
        queries.snapshots_in_use(journal),
        {run.run_id for run in runs},
        {run.run_id for run in live},
        min((run.created_at - _CLOCK_ERROR_S for run in live), default=now),
    )


def _blobs(folder: Path, marked: _Marked, remove: bool) -> Pile:
    store = FolderStore(folder, create=False)
    count = size = 0
    # A blob is removed right after its time was read: a run that puts it again meanwhile has renewed it.
    for blob in store.list():
        if blob.digest not in marked.blobs and blob.modified_at < marked.before:
            count, size = count + 1, size + blob.size
            if remove:
                store.delete(blob.digest)
    return Pile("blobs", count, size)


def _files(what: str, files: Iterator[Path], before: float, remove: bool) -> Pile:
    count = size = 0
    for file in files:
        try:
            status = file.stat()
            if status.st_mtime >= before:
                continue
            if remove:
                file.unlink()
        except FileNotFoundError:
            continue
        count, size = count + 1, size + status.st_size
    return Pile(what, count, size)


def _plain_files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (file for file in folder.iterdir() if file.is_file())


def _unused_snapshots(folder: Path, marked: _Marked) -> Iterator[Path]:
    return (file for file in _plain_files(folder) if file.name != "last" and file.name not in marked.snapshots)


def _folders(home: Path, kind: str, kept: set[str], remove: bool) -> Pile:
    """Folders `<kind>/<flow>/<number>` of runs that are not kept."""
    count = size = 0
    for folder in (home / kind).glob("*/*"):
        if f"{folder.parent.name}/{folder.name}" in kept:
            continue
        count, size = count + 1, size + _size_below(folder)
        if remove:
            shutil.rmtree(folder, ignore_errors=True)
    return Pile(f"folders of {kind}", count, size)


def _size_below(folder: Path) -> int:
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return size


def _compacted(journal: Journal) -> Iterator[Pile]:
    """The journal's own unused pages, where they are many and no run would have to wait."""
    database = journal.database
    free = database.row("PRAGMA freelist_count")[0] * database.row("PRAGMA page_size")[0]
    if free >= _WORTH_COMPACTING and queries.oldest_live_start(journal) is None:
        yield Pile("unused pages of the journal", 1, changes.compact(journal))
