"""What nobody refers to, and its removal: first all that is in use is marked, then the rest is swept.

Beside running flows nothing is taken that was needed since the oldest of them began, or nearly: what they have stored,
and not committed yet, looks like rubbish. It is the store that knows, so whoever is about to refer to a blob that is
there already (a put of the same bytes, a cached result that is taken) first renews it, and commits then. What is marked
too early to see the commit is swept late enough to see that it was renewed.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.artifacts import digests
from penstock.environments import collect
from penstock.journal import needs, queries
from penstock.journal.journal import unfinished_journals
from penstock.model.states import RunStatus
from penstock.model.tuples import NamedTuple
from penstock.space import left_actions
from penstock.space.space_structs import PileInfo

if TYPE_CHECKING:
    from penstock.artifacts.store import BlobStore
    from penstock.journal.journal import Journal
    from penstock.project import Project

FOLDERS = ("logs", "checkpoints", "files", "calls")
"""Folders of a run's own that stay as long as it does. Its `scratch` stays while it is driven."""

ENDED_ACTIONS = "actions that have ended"

_CLOCK_ERROR_S = 86_400.0
"""How far the clock may have been set back since a running flow began: what it stores then looks older."""

UNFINISHED_S = 3_600.0
"""A temporary file among the code snapshots may be another process's of just now: not only runs write there."""


class Marked(NamedTuple):
    """What is in use."""

    blobs: Set[bytes]
    snapshots: Set[str]
    runs: Set[str]  # `RunRow.folder`, as the next
    live: Set[str]
    before: float  # only files that are older are swept (UTC, seconds)
    unneeded_since: float  # the same for blobs, by the store's own clock
    now: float


@dataclass(frozen=True)
class Swept:
    """What was removed, or would be, and what only its age has spared."""

    piles: tuple[PileInfo, ...]
    spared_bytes: int


def mark(
    journal: Journal, store: BlobStore, gone_runs: Set[int] = frozenset(), gone_results: Set[int] = frozenset()
) -> Marked:
    """What is in use; as if these runs (`RunRow.id`) and these cached results were not there."""
    # The times are taken first: what comes while this reads is younger.
    now, now_there = time.time(), store.now()
    runs = [run for run in queries.runs(journal) if run.id not in gone_runs]
    live = [run for run in runs if run.status == RunStatus.RUNNING]
    blobs = {digest for run in runs for digest in needs.blobs_of_run(journal, run.id)}
    before = min((run.created_at - _CLOCK_ERROR_S for run in live), default=now)
    blobs.update(digest for result, digest in needs.blobs_of_cache(journal) if result not in gone_results)
    blobs |= needs.blobs_of_pins(journal)
    return Marked(
        blobs,
        {snapshot for run, snapshot in needs.snapshots(journal) if run not in gone_runs},
        {run.folder for run in runs},
        {run.folder for run in live},
        before,
        now_there - (now - before),
        now,
    )


def sweep(project: Project, marked: Marked, *, remove: bool) -> Swept:
    """Remove what is not marked (`remove` False: only count it). No run may be about to begin meanwhile."""
    home, stored = project.home, project.store.sweep(marked.blobs, marked.unneeded_since, remove=remove)
    sources = [file for file in (home / "sources").glob("*") if file.is_file()]
    unused = (file for file in sources if is_snapshot(file.name) and file.name not in marked.snapshots)
    unfinished = (file for file in sources if file.suffix == ".tmp")
    piles = [
        PileInfo("blobs", stored.blobs, stored.blob_bytes),
        PileInfo("unfinished writes", stored.cut_off, stored.cut_off_bytes),
        pile("code snapshots", files(unused, marked.before, remove)),
        pile("unfinished snapshots", files(unfinished, marked.now - UNFINISHED_S, remove)),
        pile("unfinished journals", files(unfinished_journals(home), marked.now - UNFINISHED_S, remove)),
        *(pile(f"folders of {kind}", _folders(home, kind, marked.runs, remove)) for kind in FOLDERS),
        pile("folders of scratch", _folders(home, "scratch", marked.live, remove)),
        pile(ENDED_ACTIONS, left_actions.sweep(home, marked.now, remove)),
    ]
    return Swept(tuple(one for one in piles if one.count), stored.spared_bytes)


def size_below(folder: str | os.PathLike[str]) -> int:
    """Bytes of all files below a folder; 0 where there is none. Links are not followed."""
    return collect.sizes(folder)[0]


def is_snapshot(name: str) -> bool:
    """Whether a file in `sources/` is a code snapshot. Others there tell what was seen last, and are never swept."""
    try:
        digests.parse(name)
    except ValueError:
        return False
    return True


def pile(what: str, sizes: Iterable[int]) -> PileInfo:
    """Things of these sizes."""
    found = list(sizes)
    return PileInfo(what, len(found), sum(found))


def files(found: Iterable[Path], before: float, remove: bool) -> Iterator[int]:
    """The sizes of those that were not changed since `before`, which are removed unless `remove` is False."""
    for file in found:
        try:
            status = file.stat()
            if status.st_mtime >= before:
                continue
            if remove:
                file.unlink()
        except FileNotFoundError:
            continue
        yield status.st_size


def _folders(home: Path, kind: str, kept: Set[str], remove: bool) -> Iterator[int]:
    """Of folders of runs that are not kept: removed ones, and those of other journals."""
    for folder in (home / kind).glob("*/*"):
        if f"{folder.parent.name}/{folder.name}" not in kept:
            size = size_below(folder)
            if remove:
                shutil.rmtree(folder, ignore_errors=True)
            yield size - (size_below(folder) if remove else 0)  # without what may not be removed
