"""Which runs stand before and after a run: whatever there is between them, in as many queries, and never all of too
many."""

from __future__ import annotations

import itertools
import time
from collections.abc import Generator, Iterable
from contextlib import closing
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penstock.journal import changes, owners, queries, sql_files
from penstock.model.outcomes import Stored
from penstock.model.rows import Batch, NewRun, Origin, RunEnd, TaskRecord
from penstock.reading import run_lineage
from penstock.reading.run_lineage import LineageLink, RunLineage
from tests.journal_records import digest, stored
from tests.recorded import BEGAN, Recorded, edge, outcome, task, value

MINE = owners.owner_of_this_process()
KINDS = ("fork", "reuse", "param", "input", "shared")
_words = itertools.count()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Generator[Recorded]:
    with closing(Recorded(tmp_path_factory.mktemp("project"))) as recorded:
        yield recorded


def large() -> Stored:
    """A value that lies in blobs, another each time."""
    word = next(_words)
    return stored(word, (digest("blob", word), digest("another", word)))


def record(
    recorded: Recorded,
    flow: str,
    tasks: Iterable[TaskRecord] = (),
    params: tuple[tuple[str, Stored], ...] = (),
    origin: tuple[str, int] | None = None,
) -> tuple[str, int]:
    """A run of these tasks: its name and its id."""
    of = None if origin is None else Origin(*origin)
    run = recorded.journal.create(NewRun(flow, flow, flow, "", params, origin=of), MINE, BEGAN, time.monotonic())
    run.commit(Batch(tuple(tasks)))
    run.end(RunEnd("done"))
    run.close()
    return run.run_id, run.id


def lineage(recorded: Recorded, run: tuple[str, int], depth: int = 2) -> RunLineage:
    return run_lineage.run_lineage(recorded.journal, queries.run_by_id(recorded.journal, run[1]), depth)


def distances(found: RunLineage) -> dict[str, int]:
    return {one.run: one.distance for one in found.runs}


def test_each_link_says_what_was_made_where_and_went_where(recorded: Recorded) -> None:
    data = large()
    first = record(recorded, "told", [task(1, "told.load", 1, outcome(data)), task(2, "told.use", 1, outcome(large()))])
    same = task(1, "told.load", 1, outcome(data))._replace(origin="told/1/load/1")
    second = record(recorded, "told", [same], origin=first)
    inputs = value("data", data), edge("other", 1), value("small", stored(1))
    third = record(recorded, "told", [task(1, "told.use", 1, outcome(large()), *inputs)], (("table", data),))
    found = lineage(recorded, third)
    assert distances(found) == {"told/3": 0, "told/2": -1, "told/1": -2}
    assert {(one.source, one.target, one.kind): (one.count, one.links) for one in found.edges} == {
        ("told/2", "told/3", "value"): (
            2,
            (LineageLink("told/2/load/1", "told/3", "table"), LineageLink("told/2/load/1", "told/3/use/1", "data")),
        ),
        ("told/1", "told/2", "fork"): (1, (LineageLink("told/1", "told/2", ""),)),
        ("told/1", "told/2", "reuse"): (1, (LineageLink("told/1/load/1", "told/2/load/1", ""),)),
    }
    assert not found.partial
    assert distances(lineage(recorded, third, 1)) == {"told/3": 0, "told/2": -1}
    assert distances(lineage(recorded, first)) == {"told/1": 0, "told/2": 1, "told/3": 2}
    assert set(lineage(recorded, first).edges) == set(found.edges)
    changes.delete_run(recorded.journal, second[1])
    (left,) = lineage(recorded, third).edges
    assert (left.source, left.target, left.count) == ("told/1", "told/3", 2)
    changes.delete_run(recorded.journal, first[1])
    assert lineage(recorded, third).edges == ()


def test_a_run_that_was_removed_is_named_still(recorded: Recorded) -> None:
    first = record(recorded, "gone", [task(1, "gone.load", 1, outcome(large()))])
    again = task(1, "gone.load", 1, outcome(stored(1)))._replace(origin="gone/1/load/1")
    damaged = "what/ever", f"no/{'7' * 5000}", "", "9", "/\0\n/../9"
    others = [task(n, "gone.load", n, outcome(stored(1)))._replace(origin=of) for n, of in enumerate(damaged, 2)]
    second = record(recorded, "gone", [again, *others], origin=first)
    changes.delete_run(recorded.journal, first[1])
    told = {one.run: (one.distance, one.status) for one in lineage(recorded, second, 10).runs}
    assert told.pop("gone/2") == (0, "done")
    assert told == dict.fromkeys(("gone/1", "what/ever", damaged[1], "9", "/\0\n"), (-1, "removed"))


def test_a_damaged_digest_shifts_no_other(recorded: Recorded) -> None:
    data = large()
    record(recorded, "short", [task(1, "short.load", 1, outcome(data))])
    damaged = [value(f"x{size}", data)._replace(identity=b"\x02" * size) for size in (1, 32, 34)]
    second = record(recorded, "short", [task(1, "short.use", 1, outcome(large()), *damaged, value("data", data))])
    (found,) = lineage(recorded, second).edges
    assert found.links == (LineageLink("short/1/load/1", "short/2/use/1", "data"),)


@given(
    st.lists(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 5)), max_size=3), min_size=2, max_size=6),
    st.integers(0, 5),
    st.integers(1, 3),
)
@example([[], [("reuse", 0)], [("param", 0), ("fork", 1)], [("shared", 0), ("input", 2)]], 3, 2)
@example([[], [("param", 0)], [("reuse", 0)]], 1, 2)  # made again later
def test_lineage_is_what_was_recorded(
    recorded: Recorded, links: list[list[tuple[str, int]]], asked: int, depth: int
) -> None:
    flow = f"any{next(_words)}"
    values = [large() for _ in links]
    runs: list[tuple[str, int]] = []
    made = [{place} for place in range(len(links))]  # which runs have made each value
    edges: set[tuple[int, int, str]] = set()
    for place, before in enumerate(links):
        tasks = [task(1, f"{flow}.make", 1, outcome(values[place]))]
        params: list[tuple[str, Stored]] = []
        origin: tuple[str, int] | None = None
        meant = [(kind, of % place) for kind, of in before] if place else []
        for kind, of in sorted(meant, key=lambda one: one[0] != "reuse"):  # what it took over, it has made
            at = len(tasks) + 1
            if kind == "fork":
                origin = runs[of]
                edges = {one for one in edges if one[1:] != (place, "fork")} | {(of, place, "fork")}
            elif kind == "reuse":
                again = task(at, f"{flow}.make", at, outcome(values[of]))
                tasks.append(again._replace(origin=f"{runs[of][0]}/make/1"))
                made[of].add(place)
                edges.add((of, place, "reuse"))
            else:
                if kind == "param":
                    params.append((f"p{at}{len(params)}", values[of]))
                one = value("of", values[of])
                given = task(at, f"{flow}.use", at, outcome(stored(1)), *([one] if kind == "input" else []))
                tasks.append(given._replace(shared=(one,) if kind == "shared" else ()))
                if (source := max(run for run in made[of] if run <= place)) != place:
                    edges.add((source, place, "value"))
        runs.append(record(recorded, flow, tasks, tuple(params), origin))
    asked %= len(runs)
    away = {asked: 0}
    for way in (-1, 1):
        level = {asked}
        for distance in range(1, depth + 1):
            level = {one[::way][1] for one in ((s, t) for s, t, _ in edges) if one[::way][0] in level} - {*away}
            away |= dict.fromkeys(level, way * distance)
    found = lineage(recorded, runs[asked], depth)
    names = [name for name, _ in runs]
    assert distances(found) == {names[place]: distance for place, distance in away.items()}
    seen = {one for one in edges if {*one[:2]} <= {*away} and (-depth < away[one[1]] <= 0 or 0 <= away[one[0]] < depth)}
    assert {(one.source, one.target, one.kind) for one in found.edges} == {
        (names[source], names[target], kind) for source, target, kind in seen
    }


def test_it_takes_as_many_queries_whatever_the_size_and_too_many_runs_are_cut(recorded: Recorded) -> None:
    connection: Any = vars(recorded.journal.database)["_connection"]
    counted: list[int] = []
    for many in (3, run_lineage.MOST_RUNS + 5):
        flow = f"many{many}"
        data = [large() for _ in range(min(many, 20))]
        first = record(recorded, flow, [task(n, f"{flow}.make", n, outcome(one)) for n, one in enumerate(data, 1)])
        given = [task(n, f"{flow}.use", n, outcome(large()), value("data", one)) for n, one in enumerate(data, 1)]
        later = [record(recorded, flow, given, origin=first) for _ in range(many)]
        asked: list[str] = []
        connection.set_trace_callback(asked.append)
        found = lineage(recorded, first)
        connection.set_trace_callback(None)
        counted.append(len(asked))
        kept = {name for name, _ in later[-run_lineage.MOST_RUNS :]}
        assert {one.run for one in found.runs} == {first[0], *kept}
        assert found.partial == (many > run_lineage.MOST_RUNS)
        edges = {(one.target, one.kind): one for one in found.edges}
        assert {*edges} == {(name, kind) for name in kept for kind in ("fork", "value")}
        one = edges[later[-1][0], "value"]
        assert (one.count, len(one.links)) == (len(data), min(len(data), run_lineage.MOST_LINKS))
    assert counted[0] == counted[1] < 30


def test_the_latest_runs_are_looked_at_where_too_many_tasks_would_be(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_lineage, "MOST_TASKS", 4)
    first = record(recorded, "often", [task(1, "often.make", 1, outcome(stored(1)))])
    again = [task(n, "often.make", n, outcome(stored(1)))._replace(origin="often/1/make/1") for n in (1, 2)]
    for _ in range(3):
        record(recorded, "often", again)
    found = lineage(recorded, first)
    assert distances(found) == {"often/1": 0, "often/4": 1, "often/3": 1}
    assert found.partial


@pytest.mark.parametrize("name", sql_files.load("run_sources"))
def test_no_query_reads_all_tasks_or_sorts_them(recorded: Recorded, name: str) -> None:
    bound = {"runs": "[1]", "limit": 1, "digests": b"", "blobs": b"", "places": "[]"}
    statement = sql_files.load("run_sources")[name]
    plan = recorded.journal.database.rows(f"EXPLAIN QUERY PLAN {statement}", ("[1]",) if name == "params" else bound)
    told = [row[-1] for row in plan]
    assert told
    assert not any(line.startswith(("SCAN task", "SCAN run_detail", "USE TEMP B-TREE FOR ORDER")) for line in told), (
        told
    )
