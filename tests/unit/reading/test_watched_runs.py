"""A run is seen as it goes, by whoever looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from penstock.errors import NotFoundError
from penstock.journal import changes, queries
from penstock.model.outcomes import Metric
from penstock.model.rows import Batch, InFlight, RunEnd, StepCount
from penstock.project import Project
from penstock.reading.reader import JournalReader
from penstock.reading.watched_runs import LatestMetric, SeenRun, WatchedRuns
from penstock.sdk.recording import Recording
from tests.recorded import BEGAN, Recorded, error, line, outcome, record_crashed, record_done, record_failed, task


@pytest.fixture
def reader(recorded: Recorded) -> JournalReader:
    return JournalReader(Project.find(recorded.home.parent))


def look(watch: WatchedRuns) -> SeenRun:
    seen, _ = watch.look()
    assert seen is not None
    return seen


def logs_of(recorded: Recorded, run_id: str) -> Path:
    return recorded.home / "logs" / queries.resolve(recorded.journal, run_id).folder


def test_news_are_what_has_changed(recorded: Recorded, reader: JournalReader) -> None:
    run = recorded.begin("digits", rows=5)
    watch = WatchedRuns(reader, run.id)
    first, is_news = watch.look()
    assert first is not None
    assert is_news
    assert (first.run_id, first.is_over, first.counts, first.failures) == ("digits/1", False, (), ())
    assert [(item.name, item.value and item.value.text) for item in first.params] == [("rows", "5")]
    assert watch.look() == (first, False)

    run.renew((StepCount("train", waiting=1, running=2),), (InFlight(1, "train/1", "running", BEGAN, 1, "process"),))
    seen, is_news = watch.look()
    assert seen is not None
    assert is_news
    assert seen.counts == (StepCount("train", waiting=1, running=2),)
    assert [(one.task, one.executor) for one in seen.in_flight] == [("digits/1/train/1", "process")]

    recorded.log(run.run_id, "w1.log", line("hello"))
    seen, is_news = watch.look()
    assert seen is not None
    assert is_news
    assert [one.text for one in seen.log] == ["hello"]
    assert watch.look() == (seen, False)

    run.commit(Batch((task(1, "digits.train", 1, outcome(error=error("bad depth"))),)))
    run.renew((StepCount("train", waiting=1, running=1, failed=1),))
    seen = look(watch)
    assert [(one.id, one.error and one.error.message) for one in seen.failures] == [("digits/1/train/1", "bad depth")]

    run.end(RunEnd("failed", None, error("bad depth"), (1,)))
    run.close()
    seen = look(watch)
    assert seen.is_over
    assert seen.error is not None
    assert seen.error.message == "bad depth"
    assert [(count.name, count.failed, count.running) for count in seen.counts] == [("train", 1, 0)]
    assert watch.look() == (seen, False)


def test_failures_that_ended_the_run_come_first(recorded: Recorded, reader: JournalReader) -> None:
    record_failed(recorded)
    assert [one.id for one in look(WatchedRuns(reader)).failures][-1] == "digits/1/probe/1"


def test_metrics_are_seen_while_they_grow_and_when_they_have_ended(recorded: Recorded, reader: JournalReader) -> None:
    run = recorded.begin("digits")
    recorded.log(run.run_id, "w1.log", b"")  # makes the folder
    growing = Recording(os.fspath(logs_of(recorded, run.run_id) / f"train-{'0' * 32}.1.1.points"), "1", "a try")
    growing.write_through()
    growing.log({"loss": 4.0}, 0)
    watch = WatchedRuns(reader, run.id)
    assert look(watch).metrics == (LatestMetric("loss", 4.0),)
    growing.log({"loss": 2.0}, 1)
    growing.log({"loss": 1.0}, 2)
    seen, is_news = watch.look()
    assert seen is not None
    assert is_news
    assert seen.metrics == (LatestMetric("loss", 1.0, (4.0, 2.0, 1.0)),)

    other = Metric("loss", 2, 0.5, 2, BEGAN + 4, 0.5, 1, BEGAN + 3, 0.5, 0.75, 0, 1, 1)
    run.commit(
        Batch(
            (
                task(1, "digits.train", 1, outcome(recorded.stored(1), metrics=growing.end(recorded.store))),
                task(2, "digits.check", 1, outcome(recorded.stored(1), metrics=(other,))),
            )
        )
    )
    run.end(RunEnd("done"))
    run.close()
    assert set(look(watch).metrics) == {
        LatestMetric("train.loss", 1.0, (4.0, 2.0, 1.0)),
        LatestMetric("check.loss", 0.5),
    }


def test_of_attempts_that_log_one_name_one_is_seen_as_long_as_it_grows(
    recorded: Recorded, reader: JournalReader
) -> None:
    run = recorded.begin("digits")
    recorded.log(run.run_id, "w1.log", b"")
    folder = logs_of(recorded, run.run_id)
    files = [folder / f"train-{digit * 32}.1.1.points" for digit in "01"]
    growing = [Recording(os.fspath(file), "1", "a try") for file in files]
    for number, one in enumerate(growing):
        one.write_through()
        one.log({"loss": 10.0 + number}, 0)
        os.utime(files[number], (BEGAN - number, BEGAN - number))
    watch = WatchedRuns(reader, run.id)
    assert look(watch).metrics == (LatestMetric("loss", 10.0),)
    growing[1].log({"loss": 21.0}, 1)
    os.utime(files[1], (BEGAN + 5, BEGAN + 5))
    assert look(watch).metrics == (LatestMetric("loss", 10.0),)
    growing[1].log({"loss": 31.0}, 2)
    os.utime(files[1], (BEGAN + 60, BEGAN + 60))
    assert look(watch).metrics == (LatestMetric("loss", 31.0, (11.0, 21.0, 31.0)),)


def test_the_run_that_goes_on_is_watched_then_the_next(recorded: Recorded, reader: JournalReader) -> None:
    watch = WatchedRuns(reader)
    assert watch.look() == (None, False)
    record_done(recorded)
    assert look(watch).run_id == "digits/1"
    first = recorded.begin("wide")
    assert look(watch).run_id == "wide/1"
    second = recorded.begin("wide")
    assert look(watch).run_id == "wide/1"
    watch.turn()
    assert look(watch).run_id == "wide/2"
    watch.turn()
    assert look(watch).run_id == "wide/1"
    first.end(RunEnd("done"))
    first.close()
    assert (look(watch).run_id, look(watch).run_id) == ("wide/1", "wide/2")
    second.end(RunEnd("done"))
    second.close()
    assert [look(watch).run_id for _ in range(3)] == ["wide/2"] * 3
    record_done(recorded)
    assert look(watch).run_id == "digits/2"


def test_the_end_of_a_run_is_seen_before_the_next(recorded: Recorded, reader: JournalReader) -> None:
    first = recorded.begin("wide")
    watch = WatchedRuns(reader)
    look(watch)
    first.end(RunEnd("done"))
    first.close()
    later = recorded.begin("wide")
    assert [(seen.run_id, seen.row.status) for seen in (look(watch), look(watch))] == [
        ("wide/1", "done"),
        ("wide/2", "running"),
    ]
    later.close()


def test_a_run_that_was_named_stays(recorded: Recorded, reader: JournalReader) -> None:
    run = record_done(recorded)
    watch = WatchedRuns(reader, run.id)
    crashed = record_crashed(recorded)
    watch.turn()
    assert [look(watch).run_id for _ in range(2)] == ["digits/1"] * 2
    assert look(WatchedRuns(reader, crashed.id)).row.status == "crashed"
    assert look(WatchedRuns(reader, crashed.id)).is_over
    changes.delete_run(recorded.journal, run.id)
    with pytest.raises(NotFoundError, match="the run was removed"):
        watch.look()


def test_a_run_that_is_removed_makes_room_for_another(recorded: Recorded, reader: JournalReader) -> None:
    record_done(recorded)
    run = record_done(recorded)
    watch = WatchedRuns(reader)
    assert look(watch).run_id == "digits/2"
    changes.delete_run(recorded.journal, run.id)
    assert watch.look() == (None, True)
    assert look(watch).run_id == "digits/1"
