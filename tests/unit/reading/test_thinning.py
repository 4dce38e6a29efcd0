"""Few points of a long series: the ends, and the extremes of each part."""

from __future__ import annotations

import math
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.client.flow_runs import Run
from penstock.client.metrics import Metrics
from penstock.journal import queries
from penstock.model.outcomes import Metric
from penstock.model.rows import Batch, MetricRecord
from penstock.project import Project
from penstock.reading.reader import JournalReader
from penstock.reading.thinning import series, thinned
from tests.recorded import BEGAN, Recorded, outcome, task


def records(values: list[float]) -> list[MetricRecord]:
    return [MetricRecord(1, 1, Metric("loss", value, step, 1.0)) for step, value in enumerate(values)]


@given(st.lists(st.floats(width=16), max_size=300), st.integers(4, 40))
def test_the_ends_and_the_extremes_of_each_part_are_kept(values: list[float], most: int):
    whole = records(values)
    found = thinned(iter(whole), most)
    steps = [one.metric.step for one in found]
    assert len(found) <= most
    assert steps == sorted(set(steps))
    assert all(one is whole[one.metric.step or 0] for one in found)
    assert found[:1] + found[-1:] == whole[:1] + whole[-1:]
    width = next(w for w in (1 << n for n in range(20)) if len(whole) <= w * max(1, (most - 2) // 2))
    for at in range(0, len(whole), width):
        part = whole[at : at + width]
        here = [one.metric.value for one in part if not math.isnan(one.metric.value)]
        kept = [one.metric.value for one in found if at <= (one.metric.step or 0) < at + width]
        assert kept, "no part is left out"
        assert not here or {min(here), max(here)} <= set(kept)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_a_short_series_is_all_there(count: int):
    assert thinned(records([float(n) for n in range(count)]), 10) == records([float(n) for n in range(count)])


@st.composite
def attempts(draw: st.DrawFn) -> list[tuple[int, int | None]]:
    steps = st.lists(st.none() | st.integers(0, 8), max_size=6, unique=True)
    return [(attempt, step) for attempt in (1, 2, 3) for step in draw(steps)]


@settings(max_examples=40, deadline=None)
@given(attempts(), st.integers(1, 5))
def test_a_series_and_the_pages_of_metrics_are_what_the_client_has(logged: list[tuple[int, int | None]], limit: int):
    with tempfile.TemporaryDirectory() as folder, closing(Recorded(Path(folder))) as recorded:
        run = recorded.begin("digits")
        metrics = [
            MetricRecord(1, attempt, Metric(name, float(number), step, BEGAN + number))
            for number, (attempt, step) in enumerate(logged)
            for name in ("loss", "other")
        ]
        done = outcome(recorded.stored(1))
        own = tuple(metric for _, _, metric in metrics)
        run.commit(Batch((task(1, "digits.fit", 1, done, attempt=3),), metrics=tuple(metrics), logged=own))
        run.close()
        reader = JournalReader(Project.find(Path(folder)))
        row = queries.resolve(reader.journal)
        seen = Run(reader, row)
        for found, path in ((queries.task(reader.journal, run.id, "fit", 1), "digits/1/fit/1"), (None, "digits/1")):
            points = series(reader, row, found, "loss")
            mine = Metrics(tuple(point for point in seen.metrics.points if point.task == path))
            assert [(point.step, point.value) for point in points] == mine.history("loss")
            assert {point.task for point in points} <= {path}
        whole, paged = queries.metrics(reader.journal, run.id), list[MetricRecord]()
        while page := queries.metrics(reader.journal, run.id, limit=limit, after=paged[-1] if paged else None):
            assert len(page) <= limit
            paged += page
        assert paged == whole
        assert len(whole) == 4 * len(logged)
