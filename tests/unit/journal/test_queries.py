from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from penstock.errors import JournalError, NotFoundError, RunBusyError, UsageError
from penstock.journal import changes, mounts, needs, owners, queries
from penstock.journal.clock import Clock
from penstock.journal.handle import RunHandle
from penstock.journal.journal import Journal
from penstock.journal.leases import SKEWED_EXPIRY_S
from penstock.journal.views import StepRow
from penstock.model.rows import AttemptRecord, Batch, MetricRecord, RunEnd, StepRecord, Surroundings
from penstock.model.specs import Input
from tests.journal_records import NEW, OWNER, digest, done, dump, edge, point, raised, stored, task

ME = owners.owner_of_this_process()
DEAD = ME._replace(started="1@" + ME.started.partition("@")[2])


@pytest.fixture
def journal(tmp_path: Path) -> Generator[Journal]:
    journal = Journal.open(tmp_path / ".penstock", clock=Clock(lambda: 5000.0, lambda: 10.0))
    yield journal
    journal.close()


@pytest.fixture
def run(journal: Journal) -> Generator[RunHandle]:
    handle = journal.create(NEW, ME, 1000.0, 0.0)
    yield handle
    handle.close()


def begin(
    journal: Journal, flow: str = "digits", status: str = "", at: float = 1000.0, tags: tuple[str, ...] = ()
) -> int:
    handle = journal.create(NEW._replace(flow=flow, tags=tags), ME, at, 0.0)
    if status:
        handle.end(RunEnd(status))
    handle.close()
    return handle.id


def names(rows: list[queries.RunRow]) -> list[str]:
    return [row.run_id for row in rows]


def test_runs_are_listed_newest_first_even_when_the_clock_jumped_back(journal: Journal) -> None:
    for at in (3000.0, 1000.0, 2000.0):
        begin(journal, at=at)
    assert names(queries.runs(journal)) == ["digits/3", "digits/2", "digits/1"]
    assert names(queries.runs(journal, flow="digits", limit=2)) == ["digits/3", "digits/2"]


def test_runs_are_found_by_flow_status_tag_and_time(journal: Journal) -> None:
    begin(journal, "digits", "done", 1000.0, ("paper",))
    begin(journal, "wide", "failed", 2000.0, ("paper", "b"))
    begin(journal, "digits", "failed", 3000.0)
    assert names(queries.runs(journal, flow="digits")) == ["digits/2", "digits/1"]
    assert names(queries.runs(journal, status="failed")) == ["digits/2", "wide/1"]
    assert names(queries.runs(journal, tag="paper")) == ["wide/1", "digits/1"]
    assert names(queries.runs(journal, since=2000.0)) == ["digits/2", "wide/1"]
    assert names(queries.runs(journal, flow="digits", status="failed", since=1.0, limit=5)) == ["digits/2"]
    assert queries.runs(journal, flow="nothing") == queries.runs(journal, limit=0) == []


def test_a_run_whose_owner_is_dead_is_listed_as_crashed(journal: Journal) -> None:
    begin(journal)
    journal.create(NEW, DEAD, 1000.0, 0.0).close()
    assert [row.status for row in queries.runs(journal)] == ["crashed", "running"]
    assert names(queries.runs(journal, status="crashed")) == ["digits/2"]
    assert names(queries.runs(journal, status="running", limit=1)) == ["digits/1"]
    assert names(queries.runs(journal, flow="digits", status="crashed")) == ["digits/2"]
    assert (
        queries.runs(journal, flow="wide", status="crashed") == queries.runs(journal, tag="x", status="running") == []
    )


@pytest.mark.parametrize(("silence", "status"), [(SKEWED_EXPIRY_S, "running"), (SKEWED_EXPIRY_S + 1, "crashed")])
def test_a_silent_owner_elsewhere_is_listed_as_crashed(journal: Journal, silence: float, status: str) -> None:
    journal.create(NEW, OWNER, 5000.0 - silence, 0.0).close()
    assert queries.resolve(journal).status == status


def test_a_run_is_meant_by_its_id_its_flow_or_a_beginning(journal: Journal) -> None:
    begin(journal, "digits", "done")
    begin(journal, "digits", "done")
    begin(journal, "dig", "done")
    begin(journal, "wide", "done")
    for text, expected in {
        "": "wide/1",
        "digits/1": "digits/1",
        "digits": "digits/2",
        "digi": "digits/2",
        "digi/1": "digits/1",
        "dig": "dig/1",
        "w": "wide/1",
    }.items():
        assert queries.resolve(journal, text).run_id == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("digits/7", "there is no run digits/7; see `penstock ls digits`"),
        ("di", "'di' may mean digest or digits: write more of the name"),
        ("digitz", "no run is named 'digitz'; did you mean digits?"),
        ("other", "no run is named 'other'; see `penstock ls`"),
        ("a/b", "'a/b' names no run: write FLOW or FLOW/NUMBER; see `penstock ls`"),
        ("gone", "all runs of gone were removed; see `penstock ls`"),
    ],
)
def test_what_names_no_run_is_answered_with_what_could_be_meant(journal: Journal, text: str, words: str) -> None:
    for flow in ("digits", "digest", "gone"):
        begin(journal, flow, "done")
    changes.delete_run(journal, queries.resolve(journal, "gone").id)
    with pytest.raises(NotFoundError) as caught:
        queries.resolve(journal, text)
    assert str(caught.value) == words


def test_an_empty_project_has_no_latest_run(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / ".penstock", read_only=True)
    with pytest.raises(NotFoundError, match=r"there are no runs yet; start one with `penstock run FILE`"):
        queries.resolve(journal)
    assert queries.runs(journal) == []
    with pytest.raises(JournalError, match="it is read-only"):
        journal.create(NEW, ME, 1.0, 1.0)
    journal.close()
    assert list(tmp_path.iterdir()) == []


def test_tasks_are_listed_by_call_and_by_step(journal: Journal, run: RunHandle) -> None:
    records = [task(i, raised() if i == 5 else done(i), step="a.fit" if i % 2 else "b.fit") for i in range(1, 9)]
    run.commit(Batch(tasks=(*records, task(9, step="load"))))
    ids = lambda **how: [row.id for row in queries.tasks(journal, run.id, **how)]  # noqa: E731
    assert ids() == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert ids(limit=3, after=2) == [3, 4, 5]
    assert ids(step="fit") == [1, 2, 3, 4, 5, 6, 7, 8]
    assert ids(step="fit", limit=3, after=1) == [2, 3, 4]
    assert ids(step="a.fit", status="done") == [1, 3, 7]
    assert ids(status="failed") == [5]
    assert ids(step="nothing") == []


def test_a_task_is_found_by_its_path_and_by_reference(journal: Journal, run: RunHandle) -> None:
    run.commit(Batch(tasks=(task(1, done("a")), task(2, raised(), attempt=3))))
    found = queries.task(journal, run.id, "train", 2)
    assert found == queries.task(journal, run.id, "digits.train", 2) == queries.task_by_id(journal, run.id, 2)
    assert (found.run, found.id, found.key, found.outcome) == (run.id, 2, digest("digits.train", 2), raised())
    assert queries.task(journal, run.id, "train", 1).outcome == done("a")
    with pytest.raises(NotFoundError, match="there is no task digits/1/train/9; see `penstock show digits/1`"):
        queries.task(journal, run.id, "train", 9)
    with pytest.raises(NotFoundError, match="digits/1 has no task of the number 9"):
        queries.task_by_id(journal, run.id, 9)


def test_inputs_are_as_they_were_given_shared_ones_last(journal: Journal, run: RunHandle) -> None:
    own = (
        Input("plain", digest(1), b"PS"),
        Input("shown", digest(2), b"PS", (), "{}"),
        Input("lock", digest(3), b"PS", (), "", (), "lock.it"),
        Input("big", digest(4), b"PS", (), "{}", (digest("b1"),)),
        edge("upstream", 1),
    )
    shared = (Input("split", digest(5), b"PS", (), "", (digest("b2"),)), edge("model", 2))
    run.commit(Batch(tasks=(task(3, inputs=own, shared=shared), task(4, inputs=(), shared=shared), task(5, inputs=()))))
    assert queries.inputs(journal, run.id, 3) == own + shared
    assert queries.inputs(journal, run.id, 4) == shared
    assert queries.inputs(journal, run.id, 5) == queries.inputs(journal, run.id, 6) == ()
    assert set(needs.blobs_of_run(journal, run.id)) == {digest("b1"), digest("b2")}


def test_the_shared_inputs_of_a_map_are_kept_once(journal: Journal, run: RunHandle) -> None:
    for number in range(1, 201):
        shared = (Input("split", digest(number % 100), b"the same bytes"),)
        run.commit(Batch(tasks=(task(2 * number, shared=shared), task(2 * number + 1, shared=shared))))
    assert dump(journal).count('INSERT INTO "shared_inputs"') == 100
    assert all(queries.inputs(journal, run.id, 2 * n + 1)[-1].identity == digest(n % 100) for n in range(1, 201))


def test_attempts_are_listed_oldest_first(journal: Journal, run: RunHandle) -> None:
    attempts = (AttemptRecord(1, 2, raised("b")), AttemptRecord(1, 1, raised("a")))
    run.commit(Batch(tasks=(task(1, done(), attempt=3),), attempts=attempts))
    found = queries.attempts(journal, queries.task_by_id(journal, run.id, 1))
    assert found == [AttemptRecord(1, 1, raised("a")), AttemptRecord(1, 2, raised("b")), AttemptRecord(1, 3, done())]


def test_metrics_are_listed_by_task(journal: Journal, run: RunHandle) -> None:
    records = [MetricRecord(t, 1, point(name, 0.5, 1, 1.0)) for t in (2, 1) for name in "acb"]
    run.commit(Batch(tasks=(task(1), task(2)), metrics=tuple(records)))
    assert queries.metrics(journal, run.id) == sorted(records)
    assert queries.metrics(journal, run.id, 2) == sorted(records[:3])
    assert queries.metrics(journal, run.id, name="b") == sorted([records[2], records[5]])


def test_steps_have_their_source_and_counts(journal: Journal, run: RunHandle) -> None:
    tasks = (task(1, done()), task(2, done()), task(3, raised()), task(4), task(5, done(), step="load"))
    run.commit(Batch(tasks=tasks, steps=(StepRecord("digits.train", "train", "s2-1"),)))
    run.commit(Batch(steps=(StepRecord("unused", "unused", "s2-2"),)))
    train, load, unused = queries.steps(journal, run.id)
    assert train == StepRow("digits.train", "train", "s2-1", running=1, done=2, failed=1)
    assert load == StepRow("load", "load", "", done=1)
    assert unused == StepRow("unused", "unused", "s2-2")


def test_a_run_whose_driver_died_is_none_that_is_driven(journal: Journal) -> None:
    begin(journal, status="done", at=10.0)
    journal.create(NEW, DEAD, 20.0, 0.0).close()
    assert queries.runs(journal, status="running") == []
    for at in (40.0, 30.0, 50.0):
        begin(journal, at=at)
    assert [row.created_at for row in queries.runs(journal, status="running")] == [50.0, 30.0, 40.0]


def test_tags_are_added_once_and_taken_off(journal: Journal) -> None:
    run = begin(journal, tags=("b",))
    changes.add_tags(journal, run, ["a", "b", "a"])
    assert queries.run_by_id(journal, run).tags == ("a", "b")
    changes.remove_tags(journal, run, ["b", "never"])
    assert queries.run_by_id(journal, run).tags == ("a",)
    with pytest.raises(
        UsageError, match=r"'a\\nb' is not a tag: it is no word: write one in UTF-8, without line breaks"
    ):
        changes.add_tags(journal, run, ["c", "a\nb"])
    assert queries.run_by_id(journal, run).tags == ("a",)


def test_only_a_run_that_is_driven_can_be_cancelled(journal: Journal) -> None:
    run = begin(journal)
    assert changes.request_cancel(journal, run).run_id == "digits/1"
    assert queries.run_by_id(journal, run).cancel_requested
    begin(journal, status="failed")
    with pytest.raises(UsageError, match=r"digits/2 is failed: nothing of it runs\. See `penstock show digits/2`"):
        changes.request_cancel(journal, 2)
    journal.create(NEW, DEAD, 1000.0, 0.0).close()
    with pytest.raises(UsageError, match=r"digits/3 has crashed: .* `penstock resume digits/3`"):
        changes.request_cancel(journal, 3)


def test_a_removed_run_leaves_nothing_and_its_number_is_not_given_again(journal: Journal) -> None:
    begin(journal, status="done")
    before = dump(journal)
    params = (("rows", stored(1, (digest("p"),))),)
    around = Surroundings(packages=(("numpy", "2"),))
    handle = journal.create(NEW._replace(params=params, surroundings=around, tags=("t",)), ME, 1000.0, 0.0)
    shared = (Input("split", digest("s"), b"PS"),)
    outcome = done(metrics=(point("m", 1.0, 1, 1.0),), blobs=(digest("r"),))
    records = (task(1, outcome, shared=shared), task(2**32 - 1, done()))
    handle.commit(Batch(tasks=records, attempts=(AttemptRecord(1, 1, raised()),)))
    assert {blob for row in queries.runs(journal) for blob in needs.blobs_of_run(journal, row.id)} == {
        digest("p"),
        digest("r"),
    }
    with pytest.raises(RunBusyError, match=r"digits/2 is driven by process \d+ on .* `penstock cancel digits/2`"):
        changes.delete_run(journal, handle.id)
    handle.end(RunEnd("failed"))
    handle.close()
    changes.delete_run(journal, handle.id)
    after = dump(journal)
    lines = {line for line in after.splitlines() if line not in before.splitlines()}
    assert lines == {"""INSERT INTO "sqlite_sequence" VALUES('run',2);""", """INSERT INTO "flow" VALUES('digits',2);"""}
    with pytest.raises(NotFoundError, match="the run was removed; see `penstock ls`"):
        queries.detail(journal, handle.id)
    with pytest.raises(NotFoundError, match="the run was removed; see `penstock ls`"):
        changes.delete_run(journal, handle.id)
    assert queries.run_by_id(journal, begin(journal)).run_id == "digits/3"


def test_the_space_of_removed_runs_is_given_back(journal: Journal, run: RunHandle) -> None:
    run.commit(Batch(tasks=tuple(task(i, done("x" * 1000)) for i in range(1, 500))))
    run.end(RunEnd("done"))
    changes.delete_run(journal, run.id)
    run.close()
    changes.compact(journal)
    assert os.path.getsize(journal.database.path) < 300_000
    assert queries.runs(journal) == []


def test_the_folder_ignores_itself(tmp_path: Path, journal: Journal) -> None:
    assert (tmp_path / ".penstock" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize(("network", "mode"), [(False, "wal"), (True, "delete")])
def test_the_log_of_writes_is_one_that_the_disk_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: bool, mode: str
) -> None:
    monkeypatch.setattr(mounts, "is_network", lambda _folder: network)
    journal = Journal.open(tmp_path)
    assert journal.database.row("PRAGMA journal_mode") == (mode,)
    journal.close()
