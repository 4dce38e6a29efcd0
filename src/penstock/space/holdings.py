"""Who refers to which blobs, and what is free once one of them goes. Each reference is read once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from penstock.journal import needs
from penstock.journal.views import RunRow
from penstock.space.space_structs import CacheSpaceInfo

if TYPE_CHECKING:
    from penstock.artifacts.store import BlobStore
    from penstock.journal.journal import Journal

NO_RESULTS = CacheSpaceInfo(0, 0, 0)
_SEVERAL = 0
"""In the place of a run's id; no run has it."""


@dataclass
class Holdings:
    """Bytes of blobs: of runs by `RunRow.id`, of flows by name. `alone`: what nobody else refers to."""

    of_run: Counter[int] = field(default_factory=Counter[int])
    of_flow: Counter[str] = field(default_factory=Counter[str])
    alone_of_run: Counter[int] = field(default_factory=Counter[int])
    alone_of_flow: Counter[str] = field(default_factory=Counter[str])
    # The size of each blob that is referred to is in one of these.
    alone: list[int] = field(default_factory=list[int])  # by one run and nobody else
    shared: list[int] = field(default_factory=list[int])  # by several runs, or by a run and a cached result or a pin
    cached: list[int] = field(default_factory=list[int])  # by cached results alone
    pinned: list[int] = field(default_factory=list[int])  # by pins, and no run
    cache: CacheSpaceInfo = NO_RESULTS
    going: CacheSpaceInfo = NO_RESULTS  # those of the cached results that go


@dataclass
class _Users:
    """Who refers to a blob, as far as that matters."""

    run: dict[bytes, int] = field(default_factory=dict[bytes, int])
    flow: dict[bytes, str] = field(default_factory=dict[bytes, str])  # "": several


def count(store: BlobStore, journal: Journal, runs: Iterable[RunRow], going: Set[int] = frozenset()) -> Holdings:
    """`runs`: all of the project. `going`: cached results (`CachedRow.id`) of which it is asked what they hold."""
    sizes = {blob.digest: blob.size for blob in store.list()}
    held, users = Holdings(), _Users()
    by_flow = groupby(sorted(runs, key=lambda run: run.flow), key=lambda run: run.flow)
    for flow, rows in by_flow:
        _count_flow(journal, flow, rows, sizes, held, users)
    _count_others(journal, going, sizes, held, users)
    for digest, run in users.run.items():
        size = sizes.get(digest, 0)  # a damaged store may lack it
        (held.shared if run == _SEVERAL else held.alone).append(size)
        if run != _SEVERAL:
            held.alone_of_run[run] += size
        if flow := users.flow[digest]:
            held.alone_of_flow[flow] += size
    return held


def _count_flow(
    journal: Journal, flow: str, rows: Iterable[RunRow], sizes: dict[bytes, int], held: Holdings, users: _Users
) -> None:
    seen: set[bytes] = set()
    for row in rows:
        for digest in needs.blobs_of_run(journal, row.id):
            size = sizes.get(digest, 0)
            held.of_run[row.id] += size
            users.run[digest] = _SEVERAL if digest in users.run else row.id
            if digest not in seen:
                seen.add(digest)
                held.of_flow[flow] += size
                users.flow[digest] = "" if digest in users.flow else flow


def _count_others(journal: Journal, going: Set[int], sizes: dict[bytes, int], held: Holdings, users: _Users) -> None:
    staying_blobs, going_blobs = set[bytes](), set[bytes]()
    for result, digest in needs.blobs_of_cache(journal):
        (going_blobs if result in going else staying_blobs).add(digest)
    cached, pinned, of_runs = staying_blobs | going_blobs, needs.blobs_of_pins(journal), users.run.keys()

    def sizes_of(blobs: Set[bytes]) -> list[int]:
        return [sizes.get(digest, 0) for digest in blobs]

    alone = cached - of_runs - pinned
    held.pinned = sizes_of(pinned - of_runs)
    held.cached = sizes_of(alone)
    held.cache = CacheSpaceInfo(len(needs.cached_results(journal)), sum(sizes_of(cached)), sum(held.cached))
    held.going = CacheSpaceInfo(len(going), sum(sizes_of(going_blobs)), sum(sizes_of(alone - staying_blobs)))
    for digest in of_runs & (cached | pinned):
        users.run[digest], users.flow[digest] = _SEVERAL, ""
