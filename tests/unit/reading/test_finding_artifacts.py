"""Results of tasks are found by filters, by their digests, and with what they were given to."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.artifacts import digests
from penstock.errors import FilterError, NotFoundError
from penstock.journal import artifact_search, sql_files
from penstock.model.outcomes import Stored
from penstock.model.rows import Batch, ScopeRecord
from penstock.model.specs import Input
from penstock.project import Project
from penstock.reading import artifact_lineage, artifact_places, artifact_users, finding_artifacts
from penstock.reading.artifact_places import ArtifactPlace
from penstock.reading.artifact_users import UserStep, Uses
from penstock.reading.reader import JournalReader
from penstock.settings import Settings
from tests.journal_records import digest
from tests.recorded import BEGAN, Recorded, edge, outcome, task, value

LARGE = b"x" * 200_000
WORDS = [
    *("flow", "run", "step", "type", "kind", "digest", "size", "used_by", ":", ">", "-", "(", ")", ",", '"', "or"),
    *("main/1", "1kB", "b3-00", "nan", "\0", "'", "%"),
]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Generator[Recorded]:
    with closing(Recorded(tmp_path_factory.mktemp("project"))) as recorded:
        yield recorded


@pytest.fixture(scope="module")
def reader(recorded: Recorded) -> JournalReader:
    return JournalReader(Project(Settings.load(recorded.home.parent, {})))


def large(recorded: Recorded, tasks: int) -> tuple[int, Stored]:
    """A run whose first task's result goes to the others one way or another; every tenth is given something else."""
    run = recorded.begin("large")
    result = recorded.stored(LARGE)
    rows = [task(1, "large.load", 1, outcome(result))]
    for number in range(2, tasks + 2):
        item = Input("other", digest(number), b"PS") if number % 10 == 0 else edge("data", 1, (("item", 0),))
        given = value("given", result) if number % 10 == 5 else item
        rows.append(task(number, "large.use", number - 1, outcome(recorded.stored(number)), given))
    scope = ScopeRecord(
        tasks + 2, 0, "large.inner", "inner", 1, digest("s"), "done", (edge("at", 1),), BEGAN, BEGAN, None, None, 0
    )
    run.commit(Batch(tuple(rows), scopes=(scope,)))
    run.close()
    return run.id, result


@pytest.mark.parametrize("tasks", [20, 400])
def test_lineage_takes_as_many_queries_whatever_the_size_of_the_run(
    recorded: Recorded, reader: JournalReader, tasks: int
) -> None:
    run, result = large(recorded, tasks)
    name = f"large/{run}"
    found = artifact_places.artifact(reader, digests.text(result.digest), ArtifactPlace(f"{name}/load/1"))
    asked: list[str] = []
    connection: Any = vars(reader.journal.database)["_connection"]
    connection.set_trace_callback(asked.append)
    lineage = artifact_lineage.lineage(reader, found)
    connection.set_trace_callback(None)
    assert len(asked) == 4
    users = [number for number in range(2, tasks + 2) if number % 10]
    told = [(f"{name}/use/{number - 1}", ("given",) if number % 10 == 5 else ("data[0]",)) for number in users]
    told.append((f"{name}/inner/1", ("at",)))
    assert [(one.task, one.inputs) for one in lineage.used_by] == told[: artifact_lineage.MOST]
    assert lineage.partial == (len(told) > artifact_lineage.MOST)
    assert lineage.made_by[0].task == f"{name}/load/1"


def test_who_uses_results_is_told_for_a_table_and_asked_for(recorded: Recorded, reader: JournalReader) -> None:
    run, _ = large(recorded, 20)
    rows = artifact_search.rows(recorded.journal, [run << 32 | 1, run << 32 | 2])
    found = artifact_users.uses(recorded.journal, rows)
    assert found == {
        # Eighteen were given it as a part or as a value of its blobs, two something else.
        (run, 1): Uses((UserStep("use", 18), UserStep("inner", 1))),
        (run, 2): Uses(()),
    }
    name = f"large/{run}"
    of_it = finding_artifacts.index(reader.journal, f"run:{name} used_by:use", "")
    assert of_it.ids == [run << 32 | 1]
    assert finding_artifacts.index(reader.journal, f"run:{name} used_by:large.use", "").ids == of_it.ids
    assert finding_artifacts.index(reader.journal, f"run:{name} used_by:load", "").total == 0
    rest = finding_artifacts.index(reader.journal, f"run:{name} -used_by:use", "")
    assert rest.total == 20


def test_a_value_that_the_body_hands_on_is_used_as_well(recorded: Recorded, reader: JournalReader) -> None:
    run = recorded.begin("handed")
    result = recorded.stored(LARGE + b"handed")
    shared = (value("data", result),)
    rows = [task(1, "handed.load", 1, outcome(result))]
    rows += [task(n, "handed.fit", n, outcome(recorded.stored(n)))._replace(shared=shared) for n in range(2, 5)]
    run.commit(Batch(tuple(rows)))
    run.close()
    made = artifact_search.rows(recorded.journal, [run.id << 32 | 1])
    assert artifact_users.uses(recorded.journal, made) == {(run.id, 1): Uses((UserStep("fit", 3),))}
    assert finding_artifacts.index(reader.journal, "used_by:handed.fit", "").ids == [run.id << 32 | 1]


def test_who_made_a_value_is_told_by_an_index_and_what_is_small_is_not_in_it(recorded: Recorded) -> None:
    database = recorded.journal.database
    sql = sql_files.load("artifact_search")
    plan = database.rows(f"EXPLAIN QUERY PLAN {sql['made_by']}", {"digest": b"", "limit": 1})
    assert any("INDEX task_by_digest" in row[-1] for row in plan), plan
    assert not any(row[-1].startswith("SCAN task") for row in plan), plan
    before = database.row("SELECT count(*) FROM task INDEXED BY task_by_digest WHERE blobs IS NOT NULL")
    run = recorded.begin("small")
    run.commit(Batch(tuple(task(n, "small.one", n, outcome(recorded.stored(n))) for n in range(1, 9))))
    run.close()
    after = database.row("SELECT count(*) FROM task INDEXED BY task_by_digest WHERE blobs IS NOT NULL")
    assert before == after


def test_a_small_value_is_found_by_its_digest_too(recorded: Recorded, reader: JournalReader) -> None:
    run = recorded.begin("tiny")
    result = recorded.stored("a text that is nowhere else")
    run.commit(Batch((task(1, "tiny.one", 1, outcome(result)),)))
    run.close()
    text = digests.text(result.digest)
    assert artifact_places.artifact(reader, text, ArtifactPlace()).what == "the result of tiny/1/one/1"
    with pytest.raises(NotFoundError, match="no task's result is b3-000"):
        artifact_places.artifact(reader, f"b3-{'0' * 64}", ArtifactPlace())


@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=8).map("".join))
def test_any_filter_is_answered_or_refused(reader: JournalReader, text: str) -> None:
    try:
        found = finding_artifacts.index(reader.journal, text, "")
    except FilterError:
        return
    assert len(found.ids) == found.total
