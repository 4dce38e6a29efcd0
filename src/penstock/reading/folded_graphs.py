"""A run's graph as a page draws it: steps and nested flows with the counts of their tasks, and of the nested flows only
those unfolded that are asked for. Its cost grows with the steps rather than with the tasks."""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from penstock.journal import queries, run_shape
from penstock.journal.journal import Journal
from penstock.journal.priors import prior_scopes
from penstock.journal.run_shape import TaskTimes
from penstock.journal.views import RunRow
from penstock.model.rows import InFlight, ScopeRecord
from penstock.model.states import RunStatus
from penstock.reading import infos
from penstock.reading.call_order import Span, precedents
from penstock.reading.makers import Makers
from penstock.reading.step_languages import languages_of_run
from penstock.reading.structs import StepInfo

MOST_LOOKED_AT = 2000
"""Tasks whose inputs are read for the edges."""

_MOST_NEEDS = 1000  # of one task: a list of 100,000 results is of few steps
_Place = tuple[str, ...]


class FoldedNode(msgspec.Struct, frozen=True):
    """A step, or a nested flow, with all its tasks, or its calls."""

    id: str  # "train"; "inner/train": called by the nested flow `inner`
    name: str
    kind: str  # "step" or "flow"
    counts: dict[str, int]  # of its tasks, or of a nested flow's calls, by status
    is_open: bool = False  # a nested flow whose steps are nodes of their own
    reused: int = 0  # of those that are done: finished by an earlier driver, or taken over from other runs
    language: str = ""  # of a step that is a program, once a task of it is over: "R"; "": it is a function


class FoldedEdge(msgspec.Struct, frozen=True):
    """Results of one went into the other: as futures, or as the values that the flow's body had in its hands."""

    source: str
    target: str
    is_after: bool = False  # no results are known to: it began when the other was over, and nothing else leads to it


class FoldedGraph(msgspec.Struct, frozen=True):
    """What a run has called so far, nested flows folded but for those that are open."""

    nodes: tuple[FoldedNode, ...]  # in the order of their first calls
    edges: tuple[FoldedEdge, ...]
    is_partial: bool = False  # edges were told from the first tasks of each step and map alone, 2,000 in all


def folded(
    journal: Journal, run: RunRow, opened: Iterable[str] = (), counted: Iterable[StepInfo] | None = None
) -> FoldedGraph:
    """The graph of a run; `opened`: the ids of nested flows whose inside is shown; `counted`: its steps, None: they are
    looked for."""
    scopes = prior_scopes(journal.database, run.id)
    folding = _Folding(scopes, opened)
    steps = run_shape.steps(journal, run.id)
    for group in run_shape.groups(journal, run.id):
        folding.add(group.scope, steps[group.step].name, group.status, group.tasks, group.first)
    for info in infos.step_infos(run, queries.steps(journal, run.id)) if counted is None else counted:
        folding.move(info.step, {"waiting": info.waiting, "running": info.running})
        folding.reuse(info.step, info.reused)
    tasks, partial = run_shape.given(journal, run.id, MOST_LOOKED_AT)
    makers = Makers(tasks, scopes)
    called = [(task.scope, steps[task.step].name, makers.of(task.id, task.inputs)) for task in tasks]
    called += [(scope.parent, scope.name, makers.of(scope.id, scope.inputs)) for scope in scopes]

    @functools.cache
    def source_of(need: int) -> str | None:
        place = run_shape.place_of(journal, run.id, need)
        return folding.scope_node(need) if place is None else folding.node_of(place[1], steps[place[0]].name)

    edges: dict[tuple[str, str], None] = {}
    for scope, name, needs in called:
        target = folding.node_of(scope, name)
        for source in map(source_of, needs[:_MOST_NEEDS]):
            if source is not None and source != target:
                edges[source, target] = None
    found = [FoldedEdge(*edge) for edge in edges]
    times = [TaskTimes(one.step, one.scope, one.began_at, one.ended_at) for one in tasks if one.began_at]
    # What was there already counts as over before all that ran, one after another, in the order of the calls.
    moments = [
        (one.step, one.scope, run.created_at - 1 + one.id * 1e-6) for one in tasks if one.preview and not one.began_at
    ]
    times += [TaskTimes(step, scope, moment, moment) for step, scope, moment in moments]
    times += run_shape.last_times(journal, run.id, MOST_LOOKED_AT // 10)
    ran = [(one.scope, steps[one.step].name, one.began_at, one.ended_at) for one in times]
    flying = queries.in_flight(journal, run.id) if run.status == RunStatus.RUNNING else ()
    for level in folding.spans(ran, flying):
        bare = level.keys() - {id_ for edge in edges for id_ in _led_to(*edge)}
        found += [FoldedEdge(*pair, is_after=True) for pair in precedents(level, sorted(bare))]
    languages = languages_of_run(journal, run.id)
    return FoldedGraph(tuple(folding.nodes(languages)), tuple(found), partial)


def _led_to(source: str, target: str) -> Iterator[str]:
    """The node that an edge leads to, and the open flows around it that it comes into."""
    for at in [*(at for at, letter in enumerate(target) if letter == "/"), len(target)]:
        if not f"{source}/".startswith(f"{target[:at]}/"):
            yield target[:at]


class _Folding:
    """Finds the node that stands for a task: its own, or that of the outermost nested flow around it that is folded."""

    def __init__(self, scopes: Iterable[ScopeRecord], opened: Iterable[str]) -> None:
        self._scopes = {scope.id: scope for scope in scopes}
        self._opened = {tuple(one.split("/")) for one in opened}
        self._counts: dict[_Place, Counter[str]] = {}
        self._firsts: dict[_Place, int] = {}
        self._flows = set[_Place]()
        self._reused: dict[_Place, int] = {}
        self._calls: dict[_Place, int] = {}  # the first of each nested flow's
        for scope in self._scopes.values():
            place = (*self._around(scope.parent), scope.name)
            self._calls[place] = min(scope.id, self._calls.get(place, scope.id))
            if self._seen(place) == place:
                self._flows.add(place)
                self._count(place, scope.status, 1, scope.id)

    def add(self, scope: int, name: str, status: str, tasks: int, first: int) -> None:
        """Count tasks of a step, called by a nested flow (0: the run's own flow)."""
        place = (*self._around(scope), name)
        if self._seen(place) == place:
            self._count(place, status, tasks, first)

    def move(self, name: str, moving: dict[str, int]) -> None:
        """Count what a driver has noted of a step, which it does not tell apart by nested flows."""
        if not any(moving.values()):
            return
        place = self._place_of(name)
        self._firsts.setdefault(place, 1 << 62)
        counts = self._counts.setdefault(place, Counter())
        for status, tasks in moving.items():
            if tasks:
                counts[status] = tasks

    def reuse(self, name: str, tasks: int) -> None:
        """Note how many tasks of a step did not run; likewise."""
        place = self._place_of(name)
        if tasks and place in self._counts:
            self._reused[place] = min(tasks, self._counts[place]["done"])

    def node_of(self, scope: int, name: str) -> str:
        """The id of the node for a step that a nested flow calls."""
        return "/".join(self._seen((*self._around(scope), name)))

    def scope_node(self, id_: int) -> str | None:
        """The id of the node for a nested flow; None: there is none of this number."""
        scope = self._scopes.get(id_)
        return None if scope is None else self.node_of(scope.parent, scope.name)

    def nodes(self, languages: Mapping[str, str]) -> Iterator[FoldedNode]:
        """All nodes, in the order of their first calls. `languages`: of steps that are programs, by their names."""
        for place in sorted(self._counts, key=lambda place: self._firsts[place]):
            kind = "flow" if place in self._flows else "step"
            counts = dict(self._counts[place])
            is_open = kind == "flow" and place in self._opened
            language = languages.get(place[-1], "") if kind == "step" else ""
            yield FoldedNode("/".join(place), place[-1], kind, counts, is_open, self._reused.get(place, 0), language)

    def spans(
        self, ran: Iterable[tuple[int, str, float, float]], flying: Iterable[InFlight]
    ) -> Iterable[dict[str, Span]]:
        """When each node ran, for each nested flow that is open, of the first of its calls, and the run's own. `ran`
        of tasks: the nested flow that called it, its step's name, and when it began and ended."""
        levels: dict[_Place, dict[str, Span]] = {}

        def widen(scope: int, name: str, began: float, ended: float) -> None:
            place = (*self._around(scope), name)
            if place in self._counts and scope == self._calls.get(place[:-1], 0):
                level, id_ = levels.setdefault(place[:-1], {}), "/".join(place)
                level.setdefault(id_, Span(began, ended)).widen(began, ended)

        for one in ran:
            widen(*one)
        for scope in self._scopes.values():
            widen(scope.parent, scope.name, scope.began_at, scope.ended_at or math.inf)
        for task in flying:
            name = task.name.rpartition("/")[0]
            if task.status == "running":
                widen(self._calls.get(self._place_of(name)[:-1], 0), name, task.since, math.inf)
        for level in levels.values():
            for id_, span in level.items():
                counts = self._counts[tuple(id_.split("/"))]
                if counts["running"] or counts["waiting"]:
                    span.ended = math.inf
        return levels.values()

    def _place_of(self, name: str) -> _Place:
        """That of a step which is known by its name alone."""
        return next((place for place in self._counts if place[-1] == name and place not in self._flows), (name,))

    def _count(self, place: _Place, status: str, tasks: int, first: int) -> None:
        self._counts.setdefault(place, Counter())[status] += tasks
        self._firsts[place] = min(first, self._firsts.get(place, first))

    def _around(self, scope: int) -> _Place:
        names: list[str] = []
        while scope and scope in self._scopes:
            names.append(self._scopes[scope].name)
            scope = self._scopes[scope].parent
        return tuple(reversed(names))

    def _seen(self, place: _Place) -> _Place:
        for depth in range(1, len(place)):
            if place[:depth] not in self._opened:
                return place[:depth]
        return place
