"""Runs and lists of runs, as Python sees them."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import penstock
from penstock.client.flow_runs import Run
from penstock.errors import FilterError, NotFoundError, TaskCancelledError, UsageError, UserCodeError
from penstock.model.rows import RunEnd
from penstock.project import Project
from penstock.reading.reader import JournalReader
from tests.recorded import BEGAN, TOOK_S, Recorded, record_crashed, record_done, record_failed, record_running


def test_a_run_is_found_by_its_name_its_flow_a_prefix_or_as_the_latest(recorded: Recorded):
    record_done(recorded)
    record_done(recorded)
    record_crashed(recorded)
    assert penstock.run("digits/1").id == "digits/1"
    assert penstock.run("digits").id == "digits/2"
    assert penstock.run("dig/1").id == "digits/1"
    assert penstock.run().id == "wide/1"


@pytest.mark.parametrize(
    ("name", "words"),
    [("digist", "did you mean digits?"), ("digits/9", "see `penstock ls digits`"), ("a/b", "penstock ls")],
)
def test_what_is_not_there_names_the_nearest_or_the_list(recorded: Recorded, name: str, words: str):
    record_done(recorded)
    with pytest.raises(NotFoundError, match=words):
        penstock.run(name)


def test_a_project_without_runs_has_none(project_folder: object):
    assert penstock.runs() == []
    with pytest.raises(NotFoundError, match="penstock run FILE"):
        penstock.run()


def test_runs_are_chosen_by_flow_status_tag_time_and_number(recorded: Recorded):
    record_done(recorded)
    record_failed(recorded)
    record_crashed(recorded)
    running = record_running(recorded)
    assert [run.id for run in penstock.runs()] == ["wide/2", "wide/1", "digits/2", "digits/1"]
    assert [run.id for run in penstock.runs("digits")] == ["digits/2", "digits/1"]
    assert [run.id for run in penstock.runs("nothing")] == []
    assert [run.id for run in penstock.runs(status="failed")] == ["digits/2"]
    assert [run.id for run in penstock.runs(status="crashed")] == ["wide/1"]
    assert [run.id for run in penstock.runs(status="running")] == ["wide/2"]
    assert [run.id for run in penstock.runs(tag="nightly")] == ["digits/1"]
    assert [run.id for run in penstock.runs(limit=1)] == ["wide/2"]
    assert penstock.runs(since=timedelta(hours=1)) == []
    for since in (datetime.fromtimestamp(BEGAN, UTC), "2023-11-14", "30000d"):
        assert len(penstock.runs(since=since)) == 4
    running.close()


def test_runs_are_found_by_a_filter_and_sorted(recorded: Recorded):
    record_done(recorded)
    record_failed(recorded)
    assert [run.id for run in penstock.runs("digits accuracy>0.7")] == ["digits/1"]
    assert [run.id for run in penstock.runs("digits -tag:nightly")] == ["digits/2"]
    assert [run.id for run in penstock.runs("digits", sort="number")] == ["digits/1", "digits/2"]
    assert penstock.runs("digits").notes == ()
    with pytest.raises(FilterError, match="did you mean accuracy") as caught:
        penstock.runs("digits acuracy>0.7")
    assert (caught.value.at, caught.value.end) == (7, 14)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_runs_are_a_frame(recorded: Recorded, library: str, monkeypatch: pytest.MonkeyPatch):
    record_done(recorded)
    record_failed(recorded)
    if library == "polars":
        monkeypatch.setitem(sys.modules, "pandas", None)
    frame: Any = penstock.runs("digits").frame()
    assert type(frame).__module__.startswith(library)
    assert list(frame["run"]) == ["digits/2", "digits/1"]
    assert list(frame["accuracy"])[1] == 0.75
    assert list(frame["rows"])[1] == 5
    monkeypatch.setitem(sys.modules, "pandas", None)
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(UsageError, match="`pip install pandas`"):
        penstock.runs().frame()


def test_a_wrong_status_or_time_is_told(recorded: Recorded):
    with pytest.raises(UsageError, match="'finished' is no status of a run; there are: running, done"):
        penstock.runs(status="finished")
    with pytest.raises(UsageError, match="'soon' is not a time"):
        penstock.runs(since="soon")
    record_done(recorded)
    with pytest.raises(UsageError, match="'broken' is no status of a task"):
        penstock.run().tasks(status="broken")


def test_how_long_a_run_took_that_died_at_once_nobody_knows(recorded: Recorded):
    record_crashed(recorded, renewed=False)
    run = penstock.run()
    assert run.duration is None
    assert repr(run) == "<run wide/1 crashed>"
    assert penstock.runs().frame()["duration_s"].isna().all()


def test_a_run_tells_of_itself(recorded: Recorded):
    record_done(recorded)
    run = penstock.run()
    assert (run.status, run.tags, run.flow, run.number) == ("done", ("nightly",), "digits", 1)
    assert run.created == run.started == datetime.fromtimestamp(BEGAN, UTC)
    assert run.ended == run.started + timedelta(seconds=TOOK_S)
    assert run.duration == timedelta(seconds=TOOK_S)
    assert run.error is None
    assert repr(run) == "<run digits/1 done after 12.5 s #nightly>"
    assert run.result() == [0.25, 0.75]
    assert run.preview is not None
    assert run.preview.text == "[0.25, 0.75]"
    assert [(step.step, step.step_path, step.done) for step in run.steps] == [
        ("load", "digits.load", 1),
        ("train", "digits.train", 2),
    ]


def test_parameters_are_loaded_when_they_are_asked_for(recorded: Recorded):
    record_done(recorded)
    params = penstock.run().params
    assert dict(params) == {"rows": 5, "depths": [2, 4]}
    params["depths"].append(8)
    assert params["depths"] == [2, 4]
    assert repr(params) == "<parameters of digits/1: rows=5, depths=[2, 4]>"
    with pytest.raises(NotFoundError, match="no 'row' among the parameters of digits/1; there are: rows, depths"):
        params["row"]


def test_a_run_is_seen_as_it_stands_now(recorded: Recorded):
    handle = record_running(recorded)
    run = penstock.run("wide/1")
    assert run.status == "running"
    assert run.ended is None
    with pytest.raises(UsageError, match="penstock logs -f wide/1"):
        run.result()
    handle.end(RunEnd("done", recorded.stored(7)))
    handle.close()
    assert (run.status, run.result()) == ("done", 7)


def test_the_steps_of_a_running_run_show_what_the_driver_noted(recorded: Recorded):
    handle = record_running(recorded)
    draw, join = penstock.run().steps
    assert (draw.step, draw.waiting, draw.running, draw.done) == ("draw", 7, 2, 1)
    assert (join.step, join.step_path, join.waiting, join.done) == ("join", "", 1, 0)
    handle.end(RunEnd("failed"))
    handle.close()
    (draw,) = penstock.run().steps
    assert (draw.waiting, draw.running, draw.done) == (0, 0, 1)


def test_the_result_of_a_failed_run_raises_with_the_users_traceback(recorded: Recorded):
    record_failed(recorded)
    with pytest.raises(
        UserCodeError, match=r"digits/1 failed: ValueError: no <b>. Go on with `penstock resume digits/1`"
    ) as e:
        penstock.run().result()
    assert 'File "digits.py"' in str(e.value.__cause__)


def test_the_result_of_a_crashed_run_says_how_to_go_on(recorded: Recorded):
    record_crashed(recorded)
    with pytest.raises(TaskCancelledError, match=r"wide/1 is crashed: .* `penstock resume wide/1`"):
        penstock.run().result()


def test_metrics_of_a_run_are_told_apart_by_task(recorded: Recorded):
    record_done(recorded)
    metrics = penstock.run().metrics
    assert dict(metrics) == {"accuracy": 0.75}
    assert metrics.by_task("accuracy") == {"digits/1/train/2": 0.75}
    assert metrics.history("accuracy") == [(1, 0.5), (2, 0.75)]
    assert repr(metrics) == "<metrics: accuracy=0.75>"


def test_each_reader_of_a_project_has_a_journal_of_its_own(recorded: Recorded):
    name = record_done(recorded).run_id
    project = Project.find()
    for _ in range(2):  # the first one's is closed by now
        assert Run.find(JournalReader(project), name).status == "done"
