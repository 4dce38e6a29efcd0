"""Environments: which runs have them, which nobody needs any more, and their removal, with all that lies beside them.

An environment is only time: a run whose own was removed builds the same one again, from its lock. So the order of its
removal and that of its runs is free.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.environments import built_environments, kits, locking, locks
from penstock.errors import PlatformError
from penstock.journal import needs
from penstock.model import words
from penstock.model.tuples import NamedTuple
from penstock.space import policy, sweep
from penstock.space.policy import Retention, Unneeded
from penstock.space.space_structs import EnvironmentSpaceInfo, PileInfo

if TYPE_CHECKING:
    from penstock.environments.built_environments import Entry
    from penstock.journal.journal import Journal

_OTHER_KIT_S = 86_400.0
"""A kit of another version that was used since may be used again: that version is at work in this project too."""


class Chosen(NamedTuple):
    """What goes, and what is told of the rest."""

    folder: Path
    unneeded: Unneeded
    requests: Set[str]  # of the runs that stay
    unwanted_before: float  # UTC, seconds, as the next
    now: float
    notes: tuple[str, ...]


class Cleared(NamedTuple):
    """What was removed, or would be."""

    infos: tuple[EnvironmentSpaceInfo, ...]
    piles: tuple[PileInfo, ...]
    notes: tuple[str, ...]


def folder_of(home: Path) -> Path:
    """Where they lie."""
    return home / "environments"


def listed(home: Path, journal: Journal) -> tuple[EnvironmentSpaceInfo, ...]:
    """All of them, the last used one first. Blocks for a look at each of their files."""
    runs = Counter(digest for _, digest in {(run, digest) for run, _, digest in needs.locks(journal)})
    return tuple(_info(entry, runs) for entry in built_environments.listed(folder_of(home)))


def choose(home: Path, journal: Journal, gone_runs: Set[int], asked: Retention) -> Chosen:
    """What goes, as if these runs (`RunRow.id`) were not there. Blocks as `listed` does."""
    now, folder = time.time(), folder_of(home)
    entries = built_environments.listed(
        folder
    )  # first: a run that begins meanwhile holds its own, or is in the journal by then
    locks = needs.locks(journal)
    needed = {digest for run, _, digest in locks if run not in gone_runs}
    unneeded = policy.unneeded_environments(entries, needed, {digest for *_, digest in locks} - needed, asked, now)
    requests = {request for run, request, _ in locks if run not in gone_runs}
    return Chosen(folder, unneeded, requests, now - asked.wanted_s, now, tuple(_notes(unneeded, asked.wanted_s)))


def clear(chosen: Chosen, *, remove: bool) -> Cleared:
    """Remove it (`remove` False: only count it). What somebody has begun to use since stays."""
    going, notes = list(chosen.unneeded.going), list(chosen.notes)
    if remove:
        going = [
            entry
            for entry in going
            if _is_gone(partial(built_environments.take_away, entry), f"environment {entry.name}", notes)
        ]
    folder, unfinished_before = chosen.folder, chosen.now - sweep.UNFINISHED_S
    old_kits = kits.unused(folder / "kits", chosen.now - _OTHER_KIT_S, unfinished_before)
    kept_locks = locks.kept(folder, chosen.requests)
    piles = [
        sweep.pile("environments", (entry.frees_bytes for entry in going)),
        sweep.pile("locks for new runs", sweep.files(kept_locks, chosen.unwanted_before, remove)),
        sweep.pile("unfinished locks", sweep.files(locks.unfinished(folder), unfinished_before, remove)),
        sweep.pile("kits of other versions", _kits(old_kits, notes if remove else None)),
    ]
    if remove:
        locking.tidy([folder, folder / "locks"])
    infos = tuple(_info(entry, {}) for entry in going)
    return Cleared(infos, tuple(pile for pile in piles if pile.count), tuple(notes))


def _info(entry: Entry, runs: Mapping[str, int]) -> EnvironmentSpaceInfo:
    return EnvironmentSpaceInfo(
        id=entry.name,
        python=entry.python,
        packages=dict(entry.packages),
        used_at=words.utc(entry.used_at),
        in_use=entry.in_use,
        runs=runs.get(entry.digest, 0),
        bytes=entry.size_bytes,
        alone_bytes=entry.frees_bytes,
    )


def _notes(unneeded: Unneeded, wanted_s: float) -> Iterator[str]:
    for entry in unneeded.busy:
        yield f"environment {entry.name} {'is in use' if entry.is_whole else 'is being built'}, and stays"
    if fresh := unneeded.fresh:
        size, one = words.size(sum(entry.frees_bytes for entry in fresh)), len(fresh) == 1
        yield (
            f"{words.plural(len(fresh), 'environment')} that no run has {'was' if one else 'were'} used within "
            f"{words.duration(wanted_s)}, and stay{'s' if one else ''}: {size}, which "
            f"`penstock env rm {' '.join(entry.name for entry in fresh)}` frees"
        )


def _is_gone(remove: Callable[[], bool], name: str, notes: list[str]) -> bool:
    """Remove it; False, with a note, where that is not to be."""
    try:
        if remove():
            return True
        notes.append(f"{name} is used again, and stays")
    except PlatformError as error:  # the rest goes all the same
        notes.append(str(error))
    return False


def _kits(paths: Iterable[Path], notes: list[str] | None) -> Iterator[int]:
    """Remove kits, with a note for each that stays; `notes` None: tell their sizes alone."""
    for path in paths:
        size = sweep.size_below(path)
        if notes is None or _is_gone(partial(kits.take_away, path), f"the kit {path.name}", notes):
            yield size
