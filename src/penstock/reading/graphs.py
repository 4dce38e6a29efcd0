"""The graph of a run: what was called where, and whose results went where. Pure, but for `graph_of`, whose number of
queries does not grow with the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from penstock.journal.priors import prior_scopes
from penstock.journal.views import TaskNode
from penstock.model.rows import ScopeRecord
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.journal.journal import Journal

Called = tuple[int, str]
"""A step or a flow as a scope calls it: the number of that nested flow (0: the run's own), and the qualified name."""


class GraphNode(NamedTuple):
    """A step, or a nested flow, in one scope."""

    called: Called
    name: str  # short name
    is_flow: bool
    counts: dict[str, int]  # of its tasks, or of its calls, by status


class GraphMap(NamedTuple):
    """The tasks of one map."""

    called: Called
    tasks: tuple[int, ...]


class GraphLoop(NamedTuple):
    """A step or a flow that a scope has called several times, a map counting once. Rows don't tell whether a loop did
    so, or lines that stand one below the other."""

    called: Called
    rounds: tuple[int, ...]  # the first task of each call, in their order


class Graph(NamedTuple):
    """What a run has called, as far as its journal knows: a task that has not begun has no row. Tasks and nested flows
    are named by their numbers in the run."""

    nodes: tuple[GraphNode, ...]  # in the order of their first calls
    tasks: dict[int, Called]
    scopes: dict[int, ScopeRecord]
    task_edges: tuple[tuple[int, int], ...]  # whose result, and who needs it
    step_edges: dict[tuple[Called, Called], int]  # how many of them
    maps: tuple[GraphMap, ...]
    loops: tuple[GraphLoop, ...]


def graph_of(journal: Journal, run: int) -> Graph:
    """The graph of a run, by `RunRow.id`."""
    from penstock.journal import queries

    return graph(queries.task_nodes(journal, run), prior_scopes(journal.database, run))


def graph(tasks: Iterable[TaskNode], scopes: Iterable[ScopeRecord]) -> Graph:
    """The graph of these; both in the order of their numbers."""
    by_id = {scope.id: scope for scope in scopes}
    every = sorted([*tasks, *map(_as_node, by_id.values())])
    called = {node.id: (node.scope, node.step) for node in every}
    names = {(node.scope, node.step): (node.name, node.id in by_id) for node in reversed(every)}
    counts: dict[Called, Counter[str]] = {called[node.id]: Counter() for node in every}
    maps: dict[int, list[int]] = {}
    rounds: dict[Called, dict[int, None]] = {}
    for node in every:
        counts[called[node.id]][node.status] += 1
        rounds.setdefault(called[node.id], {}).setdefault(node.map or node.id)
        if node.map:
            maps.setdefault(node.map, []).append(node.id)
    # What a task needs may have no row yet: it is not there for anybody.
    edges = tuple((need, node.id) for node in every for need in node.needs if need in called)
    return Graph(
        tuple(GraphNode(of, *names[of], dict(found)) for of, found in counts.items()),
        called,
        by_id,
        edges,
        dict(Counter((called[source], called[target]) for source, target in edges)),
        tuple(GraphMap(called[found[0]], tuple(found)) for found in maps.values()),
        tuple(GraphLoop(of, tuple(found)) for of, found in rounds.items() if len(found) > 1),
    )


def _as_node(scope: ScopeRecord) -> TaskNode:
    needs = tuple(dict.fromkeys(ref.task for item in scope.inputs for ref in item.refs))
    return TaskNode(scope.id, scope.flow, scope.name, scope.status, scope.parent, 0, needs)
