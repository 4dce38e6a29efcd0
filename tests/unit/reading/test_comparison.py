"""What differs between recorded runs, read by a number of queries that does not grow, and without unpickling."""

from __future__ import annotations

import json
import math
import os
from typing import Any

import msgspec
import pytest

import penstock
from penstock.errors import FilterError, NotFoundError, UsageError
from penstock.journal.database import Database
from penstock.journal.handle import RunHandle
from penstock.model.outcomes import Metric
from penstock.model.rows import Batch, RunEnd
from penstock.project import Project
from penstock.reading.comparison import MOST_RUNS, compare
from penstock.reading.comparison_structs import ComparisonInfo, DifferenceInfo
from penstock.reading.reader import JournalReader
from penstock.reading.structs import to_json
from tests.recorded import (
    BEGAN,
    Recorded,
    error,
    outcome,
    record_crashed,
    record_done,
    record_failed,
    record_running,
    task,
    value,
)


def record(recorded: Recorded, accuracy: float | None, **params: Any) -> RunHandle:
    """`fit/N`: one training that logs its accuracy; it fails without."""
    run = recorded.begin("fit", **params)
    if accuracy is None:
        ended = outcome(error=error("no data"))
    else:
        metric = Metric("accuracy", 1, accuracy, None, BEGAN, accuracy, None, BEGAN, accuracy, accuracy, 0, None, 1)
        ended = outcome(recorded.stored({"score": accuracy}), metrics=(metric,))
    run.commit(Batch((task(1, "fit.train", 1, ended, value("rate", recorded.stored(0.5))),)))
    run.end(RunEnd("failed", None, error("no data")) if accuracy is None else RunEnd("done", recorded.stored(accuracy)))
    run.close()
    return run


def compared(*names: str, **more: Any) -> ComparisonInfo:
    return compare(JournalReader(Project.find()), names, **more)


def of(info: ComparisonInfo, kind: str) -> dict[str, tuple[str | None, ...]]:
    return {one.name: one.values for one in info.differences if one.kind == kind}


def test_what_differs_and_what_does_not(recorded: Recorded):
    record(recorded, 0.5, depth=2, name="adam", rows=5)
    record(recorded, 0.75, depth=4, name="adam", rows=5)
    info = compared("fit/1", "fit/2")
    assert [run.id for run in info.runs] == ["fit/1", "fit/2"]
    assert info.differences == (
        DifferenceInfo("parameter", "depth", ("2", "4"), (2.0, 4.0)),
        DifferenceInfo("metric", "accuracy", ("0.5", "0.75"), (0.5, 0.75)),
        DifferenceInfo("result", "the flow", ("0.5", "0.75")),
        DifferenceInfo("result", "train/1", ("{'score': 0.5}", "{'score': 0.75}")),
    )
    assert info.same == {"parameter": ("name", "rows"), "package": ("Python",), "input": ("rate of train/1",)}
    assert (info.code, info.metric, info.notes) == ((), None, ())
    assert msgspec.json.decode(to_json(info), type=ComparisonInfo) == info


def test_runs_of_other_flows_failed_running_and_crashed_ones(recorded: Recorded):
    record_done(recorded)
    record_failed(recorded)
    record_crashed(recorded)
    running = record_running(recorded)
    info = compared("digits/1", "digits/2", "wide/1", "wide/2")
    assert [run.status for run in info.runs] == ["done", "failed", "crashed", "running"]
    assert info.runs[1].error == "ValueError: no <b>"
    assert of(info, "parameter") == {"rows": ("5", "5", None, None), "depths": ("[2, 4]", None, None, None)}
    assert of(info, "metric") == {"accuracy": ("0.75", None, None, None)}
    assert of(info, "result")["draw/1"] == (None, None, None, "1")
    running.close()


def test_values_that_only_look_the_same_are_told_apart(recorded: Recorded):
    for tail in (1, 2, 2):
        record(recorded, 0.5, data=[0] * 10_000 + [tail])
    values = of(compared("fit/1", "fit/2", "fit/3"), "parameter")["data"]
    assert [text and text[-3:] for text in values] == ["(1)", "(2)", "(2)"]


def test_a_metric_of_several_steps_is_named_with_them(recorded: Recorded):
    record(recorded, math.nan)
    run = recorded.begin("fit")
    metrics = [Metric("accuracy", 1, n, None, BEGAN, n, None, BEGAN, n, n, 0, None, 1) for n in (0.25, 0.5)]
    run.commit(
        Batch(
            (
                task(1, "fit.train", 1, outcome(recorded.stored(1), metrics=(metrics[0],))),
                task(2, "fit.test", 1, outcome(recorded.stored(1), metrics=(metrics[1],))),
            )
        )
    )
    run.end(RunEnd("done"))
    run.close()
    assert of(compared("fit/1", "fit/2"), "metric") == {
        "train.accuracy": ("nan", "0.25"),
        "test.accuracy": (None, "0.5"),
    }


def test_of_many_runs_it_is_found_which_parameter_matters(recorded: Recorded):
    for number in range(48):
        depth, name, rate = number % 4, ("adam", "sgd")[number // 4 % 2], number * 7 % 11
        record(recorded, depth * 2 + (name == "adam") + rate / 100, depth=depth, name=name, note=f"run {number}")
    record(recorded, None, depth=9, name="adam", note="it fails")
    info = compared("fit", metric="accuracy")
    assert (len(info.runs), info.runs[0].id) == (49, "fit/1")
    metric = info.metric
    assert metric is not None
    assert [(one.name, one.how, one.runs) for one in metric.influences] == [
        ("depth", "larger is better", 48),
        ("name", "'adam'", 48),
    ]
    assert all(one.chance <= 0.05 for one in metric.influences)
    assert metric.values[-1] is None
    values = {run.id: value for run, value in zip(info.runs, metric.values, strict=True) if value is not None}
    assert (metric.best, metric.worst) == (max(values, key=values.__getitem__), min(values, key=values.__getitem__))
    turned = compared("fit", metric="accuracy", is_minimized=True).metric
    assert turned is not None
    assert (turned.best, turned.worst, turned.influences[0].how) == (metric.worst, metric.best, "smaller is better")


def test_of_few_runs_nothing_is_claimed(recorded: Recorded):
    for number in range(4):
        record(recorded, number, depth=number)
    metric = compared("fit", metric="accuracy").metric
    assert metric is not None
    assert (metric.best, metric.worst, metric.influences) == ("fit/4", "fit/1", ())
    assert metric.note.startswith("4 of 4 runs have accuracy: of fewer than 5 nothing can be told")


def test_which_runs_are_meant(recorded: Recorded):
    for number in range(MOST_RUNS + 2):
        record(recorded, number, depth=number)
    assert [run.id for run in compared("fit/3", text="depth<2").runs] == ["fit/3", "fit/1", "fit/2"]
    assert [run.id for run in compared("fit/3", "fi/4", "fit").runs] == ["fit/3", "fit/4", "fit/52"]
    whole = compared("fit")
    assert (whole.runs[0].id, whole.runs[-1].id) == ("fit/3", "fit/52")
    assert whole.notes == ("only the latest 50 are compared",)
    for names, words in ((["fit/1"], "fit/1 alone"), (["fit/1"] * 2, "fit/1 alone"), ([], "no run can't be compared")):
        with pytest.raises(UsageError, match=words):
            compared(*names)
    with pytest.raises(UsageError, match="51 runs are too many"):
        compared(*[f"fit/{number}" for number in range(1, 52)])
    with pytest.raises(NotFoundError, match="there is no run fit/99"):
        compared("fit/1", "fit/99")
    with pytest.raises(FilterError, match="called accurracy; did you mean accuracy"):
        compared("fit/1", "fit/2", metric="accurracy")
    assert penstock.compare(penstock.run("fit/1"), "fit/2") == compared("fit/1", "fit/2")
    assert penstock.compare(filter="depth<3", metric="accuracy").runs == compared(text="depth<3").runs


def test_the_number_of_queries_does_not_grow(recorded: Recorded, monkeypatch: pytest.MonkeyPatch):
    for number in range(MOST_RUNS):
        record(recorded, number, depth=number, name=f"name {number % 3}")
    asked: list[str] = []
    stream = Database.stream
    row = Database.row
    monkeypatch.setattr(Database, "stream", lambda self, sql, *more: asked.append(sql) or stream(self, sql, *more))
    monkeypatch.setattr(Database, "row", lambda self, sql, *more: asked.append(sql) or row(self, sql, *more))
    compared("fit/1", "fit/2", metric="accuracy")
    few = len(asked)
    compared(*[f"fit/{number}" for number in range(1, MOST_RUNS + 1)], metric="accuracy")
    assert few < 30
    assert len(asked) == 2 * few


class Telling:
    """Notes that it was unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("unpickled",)


def test_nothing_is_unpickled(recorded: Recorded):
    for number in range(2):
        run = recorded.begin("fit", telling=Telling(), number=number)
        result = recorded.stored([Telling(), number])
        run.commit(Batch((task(1, "fit.train", 1, outcome(result), value("x", recorded.stored(Telling()))),)))
        run.end(RunEnd("done", result))
        run.close()
    info = compared("fit/1", "fit/2")
    assert [one.name for one in info.differences if one.kind == "result"] == ["the flow", "train/1"]
    assert json.loads(to_json(info))["runs"][0]["id"] == "fit/1"
    assert not os.path.exists("unpickled")
