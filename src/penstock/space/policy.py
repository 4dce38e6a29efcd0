"""Which runs, cached results and environments are no longer needed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from penstock.journal.needs import CachedRow
from penstock.journal.views import RunRow
from penstock.model.states import RunStatus
from penstock.settings import GcSettings, Settings

if TYPE_CHECKING:
    from penstock.environments.built_environments import Entry

_NOTHING = GcSettings()
_RESUMABLE_S = 86_400.0
"""A run that can be gone on with is spared so long, where only the count of runs speaks against it."""

_WANTED_S = 7 * 86_400.0
"""An environment that no run has may have been built for one that is still to come."""


@dataclass(frozen=True)
class Retention:
    """What the settings say, and what was asked for."""

    settings: Settings
    asked: GcSettings = _NOTHING  # wins over the settings, but for tags: those of both are kept
    flows: frozenset[str] = frozenset()  # whose runs may go; empty: of all
    drop_cache: bool = False  # all cached results go

    def concerns(self, flow: str) -> bool:
        """Whether anything of a flow may go."""
        return not self.flows or flow in self.flows

    def rule(self, flow: str) -> GcSettings:
        if not self.concerns(flow):
            return _NOTHING
        said = self.settings.gc_of(flow)
        tags = (said.keep_tags or ()) + (self.asked.keep_tags or ())
        return self.asked.over(said)._replace(keep_tags=tags)

    @property
    def wanted_s(self) -> float:
        """For how long after its last use an environment stays that no run has."""
        older_than_s = self.asked.over(self.settings.gc).older_than_s
        return _WANTED_S if older_than_s is None else older_than_s


@dataclass
class Unneeded:
    """Environments that no run needs."""

    going: list[Entry] = field(default_factory=list["Entry"])
    busy: list[Entry] = field(default_factory=list["Entry"])  # these stay: a process uses or builds them
    fresh: list[Entry] = field(default_factory=list["Entry"])  # and these: they may be wanted for a run to come


def seen_at(run: RunRow) -> float:
    """When a run ended, or gave its last sign of life (UTC, seconds)."""
    return run.renewed_at if run.ended_at is None else run.ended_at


def runs_to_remove(runs: Iterable[RunRow], origins: Mapping[int, int], policy: Retention, now: float) -> list[RunRow]:
    """The runs that go, newest first. `runs`: all of the project, newest first; `origins`: of which run one is a fork.

    The run that a fork came from stays while the fork can be gone on with: its results are still taken.
    """
    runs = list(runs)
    going: dict[int, RunRow] = {}
    ranks = Counter[str]()
    for run in runs:
        if _goes(run, ranks[run.flow], policy.rule(run.flow), now):
            going[run.id] = run
        ranks[run.flow] += 1
    needed = [run for run in runs if run.id not in going]
    while needed:  # an origin that stays may be a fork itself
        run = needed.pop()
        origin = going.pop(origins.get(run.id, 0), None) if run.status != RunStatus.DONE else None
        if origin is not None:
            needed.append(origin)
    return list(going.values())


def results_to_forget(rows: Iterable[CachedRow], policy: Retention, now: float) -> list[CachedRow]:
    """The cached results that go. They belong to the flow whose run made them, and outlive that run."""
    return [row for row in rows if policy.concerns(row.flow) and (policy.drop_cache or _is_stale(row, policy, now))]


def unneeded_environments(
    entries: Iterable[Entry], needed: Set[str], leaving: Set[str], policy: Retention, now: float
) -> Unneeded:
    """`needed`: digests of the locks that the runs have which stay; `leaving`: that only those have which go.

    An environment goes with its last run. One that no run has goes when it was not used for a while; one whose build or
    removal was cut off at once.
    """
    found = Unneeded()
    for entry in entries:
        if entry.is_whole and entry.digest in needed:
            continue
        age_s = now - entry.used_at
        stays = entry.is_whole and entry.digest not in leaving and age_s <= policy.wanted_s
        (found.busy if entry.in_use else found.fresh if stays else found.going).append(entry)
    return found


def _goes(run: RunRow, rank: int, rule: GcSettings, now: float) -> bool:
    """`rank`: how many younger runs its flow has."""
    if run.status == RunStatus.RUNNING or (rule.keep_last is None and rule.older_than_s is None):
        return False
    if rule.keep_last is not None and rank < rule.keep_last:
        return False
    if set(run.tags) & set(rule.keep_tags or ()):
        return False
    age_s = now - seen_at(run)
    if rule.older_than_s is not None:
        return age_s > rule.older_than_s
    return run.status == RunStatus.DONE or age_s > _RESUMABLE_S


def _is_stale(row: CachedRow, policy: Retention, now: float) -> bool:
    older_than_s = policy.rule(row.flow).older_than_s
    return older_than_s is not None and now - row.used_at > older_than_s
