"""The contract of `engine.ports.RunJournal`, on every way in which the journal keeps its file."""

from __future__ import annotations

import math
from collections.abc import Generator
from pathlib import Path

import pytest

from penstock.engine.ports import RunJournal
from penstock.errors import FencedError, JournalError
from penstock.journal import mounts, needs, queries
from penstock.journal.changes import delete_run, request_cancel
from penstock.journal.handle import RunHandle
from penstock.journal.journal import Journal
from penstock.journal.owners import owner_of_this_process
from penstock.model.rows import (
    AttemptRecord,
    Batch,
    Dealt,
    Granted,
    InFlight,
    Intent,
    MetricRecord,
    RunEnd,
    StepCount,
    StepRecord,
)
from penstock.model.specs import Input
from tests.journal_records import NEW, digest, done, dump, point, raised, stored, task

OWNER = owner_of_this_process()


@pytest.fixture(params=["local disk", "network disk"])
def journal(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Journal]:
    monkeypatch.setattr(mounts, "is_network", lambda _folder: request.param == "network disk")
    journal = Journal.open(tmp_path / ".penstock")
    yield journal
    journal.close()


@pytest.fixture
def run(journal: Journal) -> Generator[RunHandle]:
    handle = journal.create(NEW, OWNER, 1000.0, 0.0)
    yield handle
    handle.close()


def follow(journal: Journal, run: RunHandle) -> RunHandle:
    """The next driver of a run, after the one before ended it as interrupted."""
    run.end(RunEnd("interrupted"))
    return journal.take(run.run_id, OWNER, 2000.0, 0.0)


def test_a_handle_is_a_run_journal(run: RunHandle) -> None:
    port: RunJournal = run
    assert list(port.prior()) == []


def test_what_was_committed_is_found_by_the_next_driver_in_order(journal: Journal, run: RunHandle) -> None:
    run.commit(Batch(tasks=(task(3, done("c")), task(1, raised()))))
    run.commit(Batch(tasks=(task(2, done("b"), attempt=4, step="other.train"),), delivered=(1,)))
    successor = follow(journal, run)
    first, second, third = successor.prior()
    successor.close()
    assert (first.id, first.status, first.error, first.delivered, first.result) == (
        1,
        "failed",
        raised().error,
        True,
        None,
    )
    assert (second.id, second.step, second.name, second.attempt) == (2, "other.train", "train", 4)
    assert (second.result, second.error, second.delivered) == (stored("b"), None, False)
    assert (third.id, third.step, third.number, third.key) == (3, "digits.train", 3, digest("digits.train", 3))
    assert third.inputs_digest == digest("c")


def test_the_start_of_an_attempt_is_replaced_by_its_end(run: RunHandle) -> None:
    run.commit(Batch(tasks=(task(1),)))
    (before,) = run.prior()
    run.commit(Batch(tasks=(task(1, done()),)))
    (after,) = run.prior()
    assert (before.status, before.result, after.status, after.result) == ("running", None, "done", stored(1))


def test_where_an_attempt_was_started_is_found_while_it_is_the_latest(journal: Journal, run: RunHandle) -> None:
    run.commit(Batch(tasks=(task(1), task(2)), intents=(Intent(1, 1, "cluster"), Intent(2, 1, "cluster"))))
    run.commit(Batch(intents=(Intent(2, 1, "cluster", "job 7"),)))
    assert [prior.intent for prior in run.prior()] == [Intent(1, 1, "cluster"), Intent(2, 1, "cluster", "job 7")]
    run.commit(Batch(tasks=(task(1, attempt=2), task(2, done()))))
    assert [prior.intent for prior in run.prior()] == [None, Intent(2, 1, "cluster", "job 7")]
    run.end(RunEnd("failed"))
    delete_run(journal, run.id)
    assert journal.database.rows("SELECT count(*) FROM intent") == [(0,)]


def test_a_batch_is_all_or_nothing(run: RunHandle) -> None:
    broken = task(2, done())._replace(key=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL"):
        run.commit(Batch(tasks=(task(1, done()), broken)))
    assert run.prior() == []


def test_the_same_batch_again_changes_nothing(journal: Journal, run: RunHandle) -> None:
    shared = (Input("split", digest("s"), b"PS", (), "{}", (digest("blob"),)),)
    batch = Batch(
        tasks=(task(1, done(metrics=(point("loss", 0.5, None, 7.0),)), shared=shared), task(2, raised())),
        attempts=(AttemptRecord(1, 1, raised("first")),),
        metrics=(MetricRecord(2, 1, point("loss", 1.5, 3, 8.0)),),
        delivered=(2,),
        steps=(StepRecord("digits.train", "train", "s2-1"),),
    )
    run.commit(batch)
    before = dump(journal)
    run.commit(batch)
    run.commit(batch._replace(delivered=(), metrics=()))
    assert dump(journal) == before


def test_another_attempt_takes_back_the_mark_of_delivery(run: RunHandle) -> None:
    run.commit(Batch(tasks=(task(1, raised()),)))
    run.commit(Batch(delivered=(1,)))
    run.commit(Batch(tasks=(task(1, raised(), attempt=2),)))
    (prior,) = run.prior()
    assert (prior.delivered, prior.attempt) == (False, 2)


def test_what_an_attempt_was_given_is_said_by_who_started_it(journal: Journal, run: RunHandle) -> None:
    little, more = Granted("cluster", 2.0, 1 << 30, 1, 60.0, 2), Granted("cluster", 2.0, 1 << 31, 1, 60.0, 2)
    run.commit(Batch(tasks=(task(1)._replace(granted=little), task(2, done())), steps=(_step(little),)))
    run.commit(Batch(tasks=(task(1, raised()),)))  # of a driver that has adopted it
    assert [row.granted for row in queries.tasks(journal, run.id)] == [little, None]
    failed = AttemptRecord(1, 1, raised(), little)
    run.commit(Batch(tasks=(task(1, done(), attempt=2)._replace(granted=more, waited_s=0.25),), attempts=(failed,)))
    row, _ = queries.tasks(journal, run.id)
    assert (row.granted, row.waited_s) == (more, 0.25)
    assert queries.attempts(journal, row) == [failed, AttemptRecord(1, 2, done(), more)]
    run.commit(Batch(tasks=(task(1, raised(), attempt=3),)))
    assert [row.granted for row in queries.tasks(journal, run.id)] == [None, None]
    assert [step.granted for step in queries.steps(journal, run.id)] == [little]
    run.commit(Batch(steps=(_step(more),)))
    assert [step.granted for step in queries.steps(journal, run.id)] == [more]
    assert journal.database.rows("SELECT count(*) FROM granted") == [(2,)]


def _step(granted: Granted) -> StepRecord:
    return StepRecord("digits.train", "train", "s2-1", granted=granted)


def test_failures_that_ended_a_run_run_again(journal: Journal, run: RunHandle) -> None:
    run.commit(Batch(tasks=(task(1, raised()), task(2, raised())), delivered=(1, 2)))
    run.end(RunEnd("failed", failed_tasks=(2,)))
    successor = journal.take(run.run_id, OWNER, 2000.0, 0.0)
    assert [prior.delivered for prior in successor.prior()] == [True, False]
    successor.close()


def test_the_wish_to_cancel_reaches_the_driver_and_not_the_next(journal: Journal, run: RunHandle) -> None:
    assert run.renew(()) is False
    request_cancel(journal, run.id)
    assert run.renew(()) is True
    successor = follow(journal, run)
    assert successor.renew(()) is False
    successor.close()


def test_progress_is_kept_until_it_is_noted_anew(journal: Journal, run: RunHandle) -> None:
    counts = (StepCount("train", 1, 2, 3, 4, 5), StepCount("load"))
    run.renew(counts)
    run.renew(())
    assert queries.run_by_id(journal, run.id).counts == counts


def test_what_is_in_flight_is_kept_until_it_is_noted_anew_has_settled_or_the_run_ends(
    journal: Journal, run: RunHandle
) -> None:
    flight = (InFlight(1, "train/1", "running", 5.0, 1, "process"), InFlight(2, "train/2", "waiting", 6.0))
    run.renew((), flight)
    run.renew(())
    assert queries.in_flight(journal, run.id) == flight
    run.commit(Batch(tasks=(task(1, raised())._replace(settled=1),)))
    assert queries.in_flight(journal, run.id) == flight[1:]
    successor = follow(journal, run)
    assert queries.in_flight(journal, run.id) == ()
    successor.renew((), flight[1:])
    assert queries.in_flight(journal, run.id) == flight[1:]
    successor.end(RunEnd("failed"))
    successor.close()
    assert queries.in_flight(journal, run.id) == ()


def test_the_time_of_earlier_drivers_is_kept(journal: Journal, run: RunHandle) -> None:
    run.renew(())
    seen = queries.run_by_id(journal, run.id).renewed_at
    second = journal.take(run.run_id, OWNER, seen + 100.0, 1e9)  # the first died after its sign of life
    assert queries.run_by_id(journal, run.id).earlier_s == pytest.approx(seen - 1000.0)
    second.end(RunEnd("failed"))
    ended = queries.run_by_id(journal, run.id).ended_at
    assert ended is not None
    third = journal.take(run.run_id, OWNER, ended + 50.0, 1e9)
    assert queries.run_by_id(journal, run.id).earlier_s == pytest.approx(seen - 1000.0 + max(0.0, ended - seen - 100.0))
    second.close()
    third.close()


def test_a_run_ends_with_its_result_or_its_error(journal: Journal, run: RunHandle) -> None:
    run.end(RunEnd("failed", error=raised().error))
    successor = journal.take(run.run_id, OWNER, 2000.0, 0.0)
    assert queries.detail(journal, run.id).error is None
    successor.end(RunEnd("done", result=stored(42, (digest("big"),))))
    successor.close()
    assert queries.detail(journal, run.id).result == stored(42, (digest("big"),))
    assert set(needs.blobs_of_run(journal, run.id)) == {digest("big")}
    assert queries.run_by_id(journal, run.id).status == "done"


def test_what_failures_hold_is_in_use(journal: Journal, run: RunHandle) -> None:
    run.commit(Batch((task(1, raised(blobs=(digest("of the last"),))),)))
    earlier = AttemptRecord(2, 1, raised(blobs=(digest("of an earlier one"),)))
    run.commit(Batch(tasks=(task(2, attempt=2),), attempts=(earlier,)))
    assert set(needs.blobs_of_run(journal, run.id)) == {digest("of the last"), digest("of an earlier one")}


def test_who_lost_the_run_writes_nothing_more(journal: Journal, run: RunHandle) -> None:
    run.commit(Batch(tasks=(task(1, done()),)))
    successor = follow(journal, run)
    before = dump(journal)
    for write in (
        lambda: run.commit(Batch(tasks=(task(2, done()),))),
        lambda: run.commit(Batch()),
        lambda: run.renew((StepCount("train"),)),
        lambda: run.end(RunEnd("done")),
    ):
        with pytest.raises(FencedError, match=r"another process has taken digits/1 over .* `penstock show digits/1`"):
            write()
    assert dump(journal) == before
    successor.commit(Batch(tasks=(task(2, done()),)))
    successor.close()


def test_a_removed_run_takes_no_write(journal: Journal, run: RunHandle) -> None:
    run.end(RunEnd("interrupted"))
    delete_run(journal, run.id)
    with pytest.raises(FencedError, match="digits/1 was removed while this process drove it"):
        run.commit(Batch(tasks=(task(1, done()),)))


def test_an_outcome_brings_all_metrics_of_its_attempt(journal: Journal, run: RunHandle) -> None:
    lost = point("loss", 9.0, 1, 5.0)
    blob = point("loss", 0.5, 1, 7.0)._replace(points=9, driver=2, blob=digest("points"), size=77)
    kept = (blob, point("lost", math.nan, None, 7.0), point("least", -math.inf, 2, 7.0)._replace(file="w.points"))
    run.commit(Batch(tasks=(task(1), task(2)), metrics=(MetricRecord(1, 1, lost), MetricRecord(2, 1, lost))))
    run.commit(Batch(tasks=(task(1, done(metrics=kept)),), attempts=(AttemptRecord(2, 2, done(metrics=(lost,))),)))
    found = [record.metric for record in queries.metrics(journal, run.id, 1)]
    assert sorted(map(repr, found)) == sorted(map(repr, kept))
    assert digest("points") in needs.blobs_of_run(journal, run.id)
    assert queries.metrics(journal, run.id)[-2:] == [MetricRecord(2, 1, lost), MetricRecord(2, 2, lost)]


def test_what_belongs_to_no_task_is_refused(journal: Journal, run: RunHandle) -> None:
    before = dump(journal)
    metric = MetricRecord(7, 1, point("m", 1.0, None, 1.0))
    for batch in (Batch(metrics=(metric,)), Batch(attempts=(AttemptRecord(7, 1, raised()),))):
        with pytest.raises(JournalError, match="FOREIGN KEY constraint failed"):
            run.commit(batch)
    assert dump(journal) == before


def test_numbers_that_were_noted_are_found_by_the_next_driver(journal: Journal, run: RunHandle) -> None:
    noted = [[Dealt(digest(name, n), n, name, n) for n in range(1, 4)] for name in ("train", "load")]
    for dealt in noted:
        run.note(dealt)
    successor = follow(journal, run)
    assert list(successor.dealt()) == [dealt for several in noted for dealt in several]
    successor.end(RunEnd("done"))
    assert list(successor.dealt()) == [], "each of its tasks has a row"
    successor.close()


def test_each_run_has_a_nonce_and_keeps_it(journal: Journal, run: RunHandle) -> None:
    other = journal.create(NEW, OWNER, 1000.0, 0.0)
    other.close()
    assert len({run.nonce, other.nonce}) == 2
    assert run.folder == f"digits/1-{run.nonce}" == queries.run_by_id(journal, run.id).folder
    successor = follow(journal, run)
    assert successor.nonce == run.nonce
    successor.end(RunEnd("interrupted"))
    successor.close()
    with journal.database.transaction():
        journal.database.run("UPDATE run SET nonce = NULL WHERE id = ?", (run.id,))  # as an older Penstock made it
    assert queries.run_by_id(journal, run.id).folder == "digits/1"
    again = journal.take(run.run_id, OWNER, 2000.0, 0.0)
    assert len(again.nonce) == 16
    again.close()


def test_two_runs_of_one_journal_keep_apart(journal: Journal, run: RunHandle) -> None:
    other = journal.create(NEW, OWNER, 1000.0, 0.0)
    run.commit(Batch(tasks=(task(1, done("a")),), metrics=(MetricRecord(1, 1, point("m", 1.0, None, 1.0)),)))
    other.commit(Batch(tasks=(task(1, done("b")),)))
    assert [prior.result for prior in run.prior()] == [stored("a")]
    assert [prior.result for prior in other.prior()] == [stored("b")]
    assert queries.metrics(journal, other.id) == []
    other.close()
