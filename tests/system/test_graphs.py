"""The graph of a run, read from its rows: of runs of programs at random, and of a large one."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from penstock.journal import queries
from penstock.journal.journal import Journal
from penstock.model.edges import Ref
from penstock.model.rows import Batch, ScopeRecord, TaskRecord
from penstock.model.specs import Input
from penstock.reading.graphs import Graph, graph_of
from tests.journal_records import digest, done
from tests.recorded import Recorded
from tests.system.flows import Project

PROGRAMS = """
import itertools, json

@step(on="inline")
def one(given):
    return 1

@step(on="inline")
def two(item, given):
    return 2

LABELS = itertools.count(1)

def say(**words):
    note(json.dumps(words))

def perform(label, program, futures, names):
    made = list(zip(futures, names))
    for kind, size, picks, body in program:
        needs = [made[pick % len(made)] for pick in picks] if made else []
        given, named = [future for future, _ in needs], sorted({name for _, name in needs})
        if kind == "step":
            future = one.submit(given)
            say(made=future.task, step="one", scope=label, map="", needs=named)
            made.append((future, future.task))
        elif kind == "map":
            futures = two.map(range(size), given=given)
            for future in futures:
                say(made=future.task, step="two", scope=label, map=futures[0].task, needs=named)
                made.append((future, future.task))
        else:
            inner = f"scope {next(LABELS)}"
            say(made=inner, step="inner", scope=label, map="", needs=named)
            if kind == "beside":
                made.append((inner_flow.submit(inner, body, given, [name for _, name in needs]), inner))
            else:
                inner_flow(inner, body, given, [name for _, name in needs])
    return [future.result() for future, _ in made[len(futures):] if True][-1:]

@flow(name="inner")
def inner_flow(label, program, futures, names):
    return len(perform(label, program, list(futures), names))

@flow
def main(programs: list):
    for number, program in enumerate(programs):
        perform("", program, [], [])
"""

picks = some.lists(some.integers(0, 5), max_size=3)
leaves = some.tuples(some.sampled_from(["step", "map"]), some.integers(1, 3), picks, some.just([]))
programs = some.recursive(
    some.lists(leaves, max_size=4),
    lambda body: some.lists(
        some.one_of(leaves, some.tuples(some.sampled_from(["beside", "nested"]), some.just(0), picks, body)), max_size=4
    ),
    max_leaves=12,
)


def read(project: Path, run: str) -> Graph:
    with closing(Journal.open(project / ".penstock", read_only=True)) as journal:
        return graph_of(journal, queries.resolve(journal, run).id)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(programs, min_size=1, max_size=6))
def test_the_graph_is_what_was_called(project: Project, programs: list[Any]) -> None:
    project.write(PROGRAMS)
    (project.folder / "trace").unlink(missing_ok=True)
    assert project.run(programs=programs).value() is None
    told = [json.loads(line) for line in project.trace()]
    graph = read(project.folder, "main")

    paths = {f"{number}": path for number, path in _paths(project).items()}
    labels = {0: ""} | {
        id_: json.loads(scope.inputs[0].preview)["text"].strip("'") for id_, scope in graph.scopes.items()
    }

    def name(id_: int) -> str:
        return labels.get(id_) or paths[str(id_)]

    assert {name(id_): (labels[scope], step.rpartition(".")[2]) for id_, (scope, step) in graph.tasks.items()} == {
        line["made"]: (line["scope"], "inner_flow" if line["step"] == "inner" else line["step"]) for line in told
    }
    needs = {(need, line["made"]) for line in told for need in line["needs"]}
    assert sorted((name(source), name(target)) for source, target in graph.task_edges) == sorted(needs)

    called = {line["made"]: (line["scope"], line["step"]) for line in told}
    nodes = {(labels[node.called[0]], node.name): node for node in graph.nodes}
    assert {of: sum(node.counts.values()) for of, node in nodes.items()} == Counter(called.values())
    assert all(set(node.counts) == {"done"} and node.is_flow == (node.name == "inner") for node in graph.nodes)
    short = {node.called: (labels[node.called[0]], node.name) for node in graph.nodes}
    found = {(short[source], short[target]): count for (source, target), count in graph.step_edges.items()}
    assert found == Counter((called[source], called[target]) for source, target in needs)

    maps = {line["map"] for line in told} - {""}
    mapped = {frozenset(line["made"] for line in told if line["map"] == first) for first in maps}
    assert {frozenset(map(name, group.tasks)) for group in graph.maps} == mapped
    rounds: dict[Any, list[str]] = {}
    for line in told:
        rounds.setdefault(called[line["made"]], []).append(line["map"] or line["made"])
    loops = {of: list(dict.fromkeys(names)) for of, names in rounds.items()}
    assert {short[loop.called]: [name(id_) for id_ in loop.rounds] for loop in graph.loops} == {
        of: names for of, names in loops.items() if len(names) > 1
    }


def _paths(project: Project) -> dict[int, str]:
    run = "(SELECT max(id) FROM run)"
    rows = project.rows(
        "SELECT task_row.id & 4294967295, run.flow || '/' || run.number || '/' || task_row.name || '/' ||"
        f" task_row.number FROM task_row JOIN run ON run.id = task_row.id >> 32 WHERE run.id = {run}"
    )
    return dict(rows)


def _large(recorded: Recorded, tasks: int) -> int:
    """A run with a map of so many, beside a nested flow, and what adds it up."""
    handle = recorded.begin("large")
    shared = (Input("split", digest("load"), None, (Ref(1),)),)
    rows = [TaskRecord(1, "large.load", "load", 1, digest("load"), "done", (), (), b"", 1, done(0))]
    for number in range(tasks):
        own = (Input("item", digest(number), b"PS"),)
        rows.append(
            TaskRecord(
                3 + number, "large.train", "train", number + 1, digest("train", number), "done", own, shared, b"", 1,
                done(number), scope=2, map=3,
            )
        )  # fmt: skip
    sums = (Input("trained", digest("sums"), b"PS", tuple(Ref(3 + number) for number in range(tasks))),)
    rows.append(
        TaskRecord(3 + tasks, "large.add", "add", 1, digest("add"), "done", sums, (), b"", 1, done("sum"), scope=2)
    )
    scope = ScopeRecord(2, 0, "large.inner", "inner", 1, digest("inner"), "done", shared, 1.0, 2.0)
    for start in range(0, len(rows), 5_000):
        handle.commit(Batch(tuple(rows[start : start + 5_000]), scopes=(scope,)))
    handle.close()
    return handle.id


@pytest.mark.parametrize("tasks", [10, 100_000])
def test_a_graph_takes_as_many_queries_whatever_the_size_of_the_run(tmp_path: Path, tasks: int) -> None:
    recorded = Recorded(tmp_path)
    run = _large(recorded, tasks)
    asked: list[str] = []
    connection: Any = vars(recorded.journal.database)["_connection"]
    connection.set_trace_callback(asked.append)
    graph = graph_of(recorded.journal, run)
    recorded.close()
    assert len(asked) == 3
    load, flow, train, add = graph.nodes
    assert [node.name for node in graph.nodes] == ["load", "inner", "train", "add"]
    assert (flow.is_flow, train.counts, len(graph.tasks)) == (True, {"done": tasks}, tasks + 3)
    assert graph.step_edges == {
        (load.called, flow.called): 1, (load.called, train.called): tasks, (train.called, add.called): tasks,
    }  # fmt: skip
    assert len(graph.task_edges) == 2 * tasks + 1
    assert [(group.called, len(group.tasks)) for group in graph.maps] == [(train.called, tasks)]
    assert graph.loops == ()
