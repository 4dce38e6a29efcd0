"""What goes, and its removal: environments, then runs and cached results, then all that nobody refers to any more."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING

from penstock.errors import NotFoundError, RunBusyError
from penstock.journal import changes, needs, queries
from penstock.model.nearest import hint
from penstock.model.states import RunStatus
from penstock.settings import GcSettings
from penstock.space import environments_in_use, far_space, holdings, sweep, usage
from penstock.space.policy import Retention, results_to_forget, runs_to_remove
from penstock.space.space_structs import CacheSpaceInfo, RunSpaceInfo, SweepInfo

if TYPE_CHECKING:
    from penstock.journal.journal import Journal
    from penstock.journal.needs import CachedRow
    from penstock.journal.views import RunRow
    from penstock.project import Project

_WORTH_COMPACTING = 1 << 20


def collect(project: Project, asked: GcSettings, flows: Iterable[str], *, drop_cache: bool, remove: bool) -> SweepInfo:
    """What `penstock.client.space.collect` gives, of any project."""
    with closing(project.reader) as reader:
        policy = Retention(project.settings, asked, frozenset(_known(reader, flow) for flow in flows), drop_cache)
        notes = tuple(_slips(reader, policy))
        remove, asked_to = remove and project.home.exists(), remove
        places = far_space.owned(project, remove=remove)
        if not remove:
            return _collected(project, reader, policy, notes, places, remove=False, removed=asked_to)
    with closing(project.journal) as journal, project.store.held(alone=True):
        return _collected(project, journal, policy, notes, places, remove=True, removed=True)


def _known(journal: Journal, flow: str) -> str:
    """The flow, which must have its full name: what begins so too is not removed by a slip."""
    flows = queries.flows(journal)
    if flow not in flows:
        raise NotFoundError(f"no flow is named {flow!r}{hint(flow, flows, '; see `penstock ls`')}")
    return flow


def _slips(journal: Journal, policy: Retention) -> Iterable[str]:
    """What looks like a slip, and is no error, since it may come to be: a tag that no run has, a flow without runs."""
    flows = queries.flows(journal)
    for flow in policy.settings.gc_of_flows:
        if flow not in flows and (meant := hint(flow, flows)):
            yield f"penstock.toml: gc.flows.{flow}: no flow of this name has run{meant}"
    if policy.asked.keep_tags:
        tags = {tag for run in queries.runs(journal) for tag in run.tags}
        yield from (f"no run has the tag {tag!r}{hint(tag, tags)}" for tag in policy.asked.keep_tags if tag not in tags)


def _collected(
    project: Project,
    journal: Journal,
    policy: Retention,
    notes: tuple[str, ...],
    places: far_space.Places,
    *,
    remove: bool,
    removed: bool,
) -> SweepInfo:
    """Remove it, or (`remove` False) count it. No run may be about to begin while it is removed. `removed`: what to say
    of it, also where nothing is there that could go.

    Rows go before what they refer to: whatever ends this in the middle, no row is left that refers to nothing, and the
    next time finds the rest. But environments go before their runs, whose rows tell that they may.
    """
    runs, results = _chosen(journal, policy)
    infos, cached = _infos(project, journal, runs, results)
    gone_runs, gone_results = {run.id for run in runs}, {row.id for row in results}
    cleared = environments_in_use.clear(
        environments_in_use.choose(project.home, journal, gone_runs, policy), remove=remove
    )
    if remove:
        changes.forget_cached(journal, results)
        gone = {run.run_id for run in runs if _is_removed(journal, run)}
        infos = [info for info in infos if info.id in gone]
        changes.finish_removals(journal)
        changes.forget_void_claims(journal)
        gone_runs, gone_results = set[int](), set[int]()  # what still has a row has stayed
    marked = sweep.mark(journal, project.store, gone_runs, gone_results)
    swept = sweep.sweep(project, marked, remove=remove)
    far = far_space.sweep_far(places, journal, marked, remove=remove)
    piles = (*swept.piles, *far.piles, *cleared.piles)
    return SweepInfo(
        removed=removed,
        bytes=sum(pile.bytes for pile in piles),
        runs=tuple(infos),
        cached=cached,
        piles=piles,
        journal_bytes=_tidied(journal) if remove else 0,
        spared_bytes=swept.spared_bytes + far.spared_bytes,
        notes=(*notes, *cleared.notes, *far.notes),
        environments=cleared.infos,
    )


def _chosen(journal: Journal, policy: Retention) -> tuple[list[RunRow], list[CachedRow]]:
    now = time.time()
    origins = {run: origin.id for run, origin in needs.origins(journal).items()}
    runs = runs_to_remove(queries.runs(journal), origins, policy, now)
    return runs, results_to_forget(needs.cached_results(journal), policy, now)


def _infos(
    project: Project, journal: Journal, runs: list[RunRow], results: list[CachedRow]
) -> tuple[list[RunSpaceInfo], CacheSpaceInfo]:
    if not runs and not results:  # then what others hold need not be counted
        return [], holdings.NO_RESULTS
    held = holdings.count(project.store, journal, queries.runs(journal), {row.id for row in results})
    return [usage.run_info(project.home, run, held) for run in runs], held.going


def _is_removed(journal: Journal, run: RunRow) -> bool:
    try:
        changes.delete_run(journal, run.id)
    except (RunBusyError, NotFoundError):  # since it was chosen somebody has gone on with it, or removed it
        return False
    return True


def _tidied(journal: Journal) -> int:
    """Remove rows that only a look at the whole journal finds, and its unused pages where these are many; bytes.

    Not while a run is driven, whose next write would have to wait for too long.
    """
    if queries.runs(journal, status=RunStatus.RUNNING.value, limit=1):
        return 0
    changes.forget_unused_code(journal)
    return changes.compact(journal) if changes.unused_bytes(journal) >= _WORTH_COMPACTING else 0
