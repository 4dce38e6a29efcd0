"""Who uses the space: what each run and flow refers to, what it holds alone, and all else that lies in `.penstock/`."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.journal import queries
from penstock.journal.journal import FILE
from penstock.model.states import RunStatus
from penstock.model.words import utc
from penstock.space import holdings, left_actions, sweep
from penstock.space.environments_in_use import folder_of, listed
from penstock.space.far_space import far_infos
from penstock.space.holdings import Holdings
from penstock.space.policy import seen_at
from penstock.space.space_structs import EnvironmentSpaceInfo, FlowSpaceInfo, PileInfo, RunSpaceInfo, SpaceInfo

if TYPE_CHECKING:
    from penstock.journal.journal import Journal
    from penstock.journal.views import RunRow
    from penstock.project import Project


def measured(project: Project, journal: Journal, of: str, limit: int | None) -> SpaceInfo:
    """What `space.usage` gives."""
    wanted = queries.resolve(journal, of) if of else None  # first: a name that is wrong is told at once
    rows = queries.runs(journal)
    home, held = project.home, holdings.count(project.store, journal, rows)
    runs = [run_info(home, row, held) for row in rows]
    flows = _flow_infos(runs, held)
    built = listed(home, journal)
    parts = tuple(_parts(project, journal, runs, held, built))
    if wanted is not None:
        one = "/" in of.strip("/")
        flows = [flow for flow in flows if flow.flow == wanted.flow]
        runs = [run for run in runs if run.flow == wanted.flow and (not one or run.id == wanted.run_id)]
    return SpaceInfo(
        bytes=sum(part.bytes for part in parts),
        parts=parts,
        flows=tuple(sorted(flows, key=_largest)),
        runs=tuple(sorted(runs, key=_largest)[:limit]),
        cache=held.cache,
        environments=built,
        far=tuple(far_infos(project)),
    )


def run_info(home: Path, run: RunRow, held: Holdings) -> RunSpaceInfo:
    """What a run takes."""
    kinds = (*sweep.FOLDERS, "scratch") if run.status == RunStatus.RUNNING else sweep.FOLDERS
    folder_bytes = sum(sweep.size_below(home / kind / run.folder) for kind in kinds)
    return RunSpaceInfo(
        id=run.run_id,
        flow=run.flow,
        status=run.status,
        seen_at=utc(seen_at(run)),
        tags=run.tags,
        bytes=held.of_run[run.id] + folder_bytes,
        alone_bytes=held.alone_of_run[run.id] + folder_bytes,
        folder_bytes=folder_bytes,
    )


def _flow_infos(runs: list[RunSpaceInfo], held: Holdings) -> list[FlowSpaceInfo]:
    counts = Counter(run.flow for run in runs)
    folders = Counter[str]()
    for run in runs:
        folders[run.flow] += run.folder_bytes
    return [
        FlowSpaceInfo(
            flow=flow,
            runs=count,
            bytes=held.of_flow[flow] + folders[flow],
            alone_bytes=held.alone_of_flow[flow] + folders[flow],
            folder_bytes=folders[flow],
        )
        for flow, count in counts.items()
    ]


def _largest(info: Any) -> tuple[int, int]:
    return -info.alone_bytes, -info.bytes


def _parts(
    project: Project,
    journal: Journal,
    runs: list[RunSpaceInfo],
    held: Holdings,
    built: tuple[EnvironmentSpaceInfo, ...],
) -> Iterator[PileInfo]:
    """All of the folder, each byte in one of them."""
    home, marked = project.home, sweep.mark(journal, project.store)
    # To a reader rubbish is rubbish, whatever its age.
    of_any_age = marked._replace(before=math.inf, unneeded_since=math.inf)
    unused = sweep.sweep(project, of_any_age, remove=False).piles
    sources = list((home / "sources").glob("*"))
    outlines = [entry for entry in sources if not sweep.is_snapshot(entry.name) and entry.suffix != ".tmp"]
    known = [
        sweep.pile("blobs of one run alone", held.alone),
        sweep.pile("blobs of several", held.shared),
        sweep.pile("blobs of cached results alone", held.cached),
        *([sweep.pile("blobs of pinned values", held.pinned)] if held.pinned else ()),
        sweep.pile("logs, checkpoints and files of runs", (run.folder_bytes for run in runs)),
        sweep.pile("code snapshots", (_size(entry) for entry in sources if entry.name in marked.snapshots)),
        sweep.pile("outlines and fingerprints of the sources", map(_size, outlines)),
        PileInfo("environments, their locks and kits", len(built), sweep.size_below(folder_of(home))),
        sweep.pile("the journal", (_size(entry) for entry in home.glob("*") if entry.name.startswith(FILE))),
        *_actions(home, unused),
        PileInfo("what nobody refers to", sum(pile.count for pile in unused), sum(pile.bytes for pile in unused)),
    ]
    yield from known
    rest = sweep.size_below(home) - sum(pile.bytes for pile in known)
    yield PileInfo("the rest", 0, max(0, rest))  # below 0: a run goes on, or the store is on another disk


def _actions(home: Path, unused: Iterable[PileInfo]) -> Iterator[PileInfo]:
    """Those of the API that nobody has forgotten yet."""
    sizes = left_actions.sizes(home)
    ended = [pile for pile in unused if pile.what == sweep.ENDED_ACTIONS]
    if count := len(sizes) - sum(pile.count for pile in ended):
        yield PileInfo("actions of the API", count, sum(sizes) - sum(pile.bytes for pile in ended))


def _size(entry: Path) -> int:
    try:
        return sweep.size_below(entry) if entry.is_dir() else entry.stat().st_size
    except FileNotFoundError:  # it went meanwhile
        return 0
