"""The runs that a run's values came from, and those that its values went to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from penstock.journal import needs, queries, run_sources
from penstock.journal.journal import Journal
from penstock.journal.run_sources import Passage
from penstock.journal.views import RunRow
from penstock.model.ids import run_of

MOST_STEPS = 10
MOST_RUNS = 100  # before the run, and as many after it
MOST_LINKS = 10  # of an edge that are named
MOST_TASKS = 10_000  # that are looked at for each step and kind
MOST_BLOBS = 200_000  # likewise
T = TypeVar("T")


class LineageRun(msgspec.Struct, frozen=True):
    """A run, and how far it is from the one that was asked about."""

    run: str  # "digits/3"
    distance: int  # -2: values came from it by way of one other run; 0: it was asked about; 1: values went to it
    status: str  # "removed": others still name it
    name: str = ""  # as somebody calls it


class LineageLink(msgspec.Struct, frozen=True):
    """Where a value was made, and where it went."""

    made: str  # "digits/3/load/1"; of a fork, the run that it came from
    used: str  # "tune/5/train/2"; "tune/5": as a parameter, or it is the fork
    name: str  # of the parameter or the input; "": `used` took it over as its result, or is the fork


class LineageEdge(msgspec.Struct, frozen=True):
    """What went from one run to another."""

    source: str  # "digits/3"
    target: str  # "tune/5"
    kind: str  # "fork"; "reuse": results that tasks took over; "value": parameters and inputs that a task had made
    count: int  # of links
    links: tuple[LineageLink, ...]  # the first 10


class RunLineage(msgspec.Struct, frozen=True):
    """Runs before and after a run. Small values tell of none; what several runs had made came from the last of them."""

    runs: tuple[LineageRun, ...]  # itself, then 100 before and 100 after it at most, the nearest first
    edges: tuple[LineageEdge, ...]
    partial: bool = False  # there may be more: runs, or tasks that were not looked at


def run_lineage(journal: Journal, run: RunRow, depth: int) -> RunLineage:
    """Of a run, as many steps away, at most `MOST_STEPS`; each takes as many queries whatever the runs' sizes."""
    search = _Search(journal, run)
    for way, find in ((-1, search.before), (1, search.after)):
        level = [run.id]
        for distance in range(way, way * (depth + 1), way):
            level = search.taken_in(find(level), distance) if level else []
    return search.told()


class _Search:
    def __init__(self, journal: Journal, run: RunRow) -> None:
        self._journal = journal
        self._origins = needs.origins(journal)
        self._runs = {run.run_id: LineageRun(run.run_id, 0, run.status, run.name)}
        self._links: dict[tuple[str, str, str], dict[Passage, None]] = {}
        self._partial = False

    def before(self, level: list[int]) -> Iterable[tuple[str, Passage]]:
        yield from self._forks([run for run in level if run in self._origins])
        yield from (("reuse", one) for one in self._seen(run_sources.reuses(self._journal, level, False, MOST_TASKS)))
        yield from (("value", one) for one in self._seen(run_sources.given(self._journal, level, MOST_TASKS)))

    def after(self, level: list[int]) -> Iterable[tuple[str, Passage]]:
        names = {*queries.run_names(self._journal, level).values()}
        yield from self._forks(sorted((run for run, of in self._origins.items() if of.id in level), reverse=True))
        reuses = self._seen(run_sources.reuses(self._journal, level, True, MOST_TASKS))
        holders = self._seen(run_sources.holders(self._journal, level, MOST_TASKS, MOST_BLOBS))
        self._partial |= len(holders) > MOST_RUNS
        given = self._seen(run_sources.given(self._journal, holders[:MOST_RUNS], MOST_TASKS))
        for kind, found in (("reuse", reuses), ("value", given)):
            yield from ((kind, one) for one in found if run_of(one[0]) in names)

    def _forks(self, forks: list[int]) -> Iterable[tuple[str, Passage]]:
        names = queries.run_names(self._journal, forks)
        return (("fork", (self._origins[run].run, names[run], "")) for run in forks if run in names)

    def _seen(self, found: tuple[list[T], bool]) -> list[T]:
        self._partial |= found[1]
        return found[0]

    def taken_in(self, found: Iterable[tuple[str, Passage]], distance: int) -> list[int]:
        """The runs that are new, as far as there is room for them and they are there."""
        new: dict[str, None] = {}
        for kind, passage in found:
            ends = run_of(passage[0]), run_of(passage[1])
            if ends[0] != ends[1]:
                self._links.setdefault((*ends, kind), {}).setdefault(passage)
                new |= dict.fromkeys(end for end in ends if end not in self._runs)
        names = [*new][: MOST_RUNS - sum(one.distance * distance > 0 for one in self._runs.values())]
        self._partial |= len(names) < len(new)
        split = (name.partition("/") for name in names)
        numbered = [(flow, int(number)) for flow, _, number in split if re.fullmatch("[0-9]{1,18}", number)]
        rows = {row.run_id: row for row in queries.runs_numbered(self._journal, numbered)}
        for name in names:
            row = rows.get(name)
            told = ("removed", "") if row is None else (row.status, row.name)
            self._runs[name] = LineageRun(name, distance, *told)
        return [row.id for row in rows.values()]

    def told(self) -> RunLineage:
        edges = (
            LineageEdge(*ends, len(links), tuple(LineageLink(*one) for one in [*links][:MOST_LINKS]))
            for ends, links in self._links.items()
            if ends[0] in self._runs and ends[1] in self._runs
        )
        return RunLineage((*self._runs.values(),), (*edges,), self._partial)
