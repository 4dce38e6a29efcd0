"""What counts of the points that several tries have logged, and few of many."""

from __future__ import annotations

import math
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import penstock
from penstock.artifacts.folder import FolderStore
from penstock.client.flow_runs import Run
from penstock.client.metrics import Metrics
from penstock.errors import NotFoundError, UsageError
from penstock.journal import queries
from penstock.model.outcomes import Metric
from penstock.model.rows import Batch, MetricRecord
from penstock.project import Project
from penstock.reading.reader import JournalReader
from penstock.reading.structs import CurveInfo
from penstock.sdk.recording import Recording
from tests.recorded import Recorded, outcome, task

Tries = list[tuple[int, int, list[int | None]]]
"""Attempt and driver of each, and the steps that it logs. A point's number is its place among all of them."""


def logged(folder: Path, steps: list[int | None], values: list[float], driver: int = 1) -> tuple[Metric, ...]:
    """What a try has to say that logs these."""
    here = Recording(str(folder / "points"), str(driver), "a try")
    for step, value in zip(steps, values, strict=True):
        here.log({"loss": value}, step)
    return here.end(FolderStore(folder / ".penstock" / "store"))


@contextmanager
def seen(records: list[tuple[int, tuple[Metric, ...]]], folder: Path, attempt: int = 1) -> Iterator[Run]:
    """A run with a task, whose attempts have logged this, and whose body has logged what the last of them did."""
    with closing(Recorded(folder)) as recorded:
        run = recorded.begin("digits")
        metrics = tuple(MetricRecord(1, number, metric) for number, several in records for metric in several)
        own = records[-1][1] if records else ()
        run.commit(
            Batch((task(1, "digits.fit", 1, outcome(recorded.stored(1)), attempt=attempt),), (), metrics, logged=own)
        )
        run.close()
        reader = JournalReader(Project.find(folder))
        yield Run(reader, queries.resolve(reader.journal))


def curve(steps: list[int | None], values: list[float], **asked: Any) -> CurveInfo:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with seen([(1, logged(folder, steps, values))], folder) as run:
            return run.task("fit/1").metrics.curve("loss", **asked)


TRIES = st.lists(
    st.tuples(st.integers(1, 3), st.integers(1, 2), st.lists(st.none() | st.integers(0, 8), min_size=1, max_size=6)),
    max_size=5,
    unique_by=lambda one: one[:2],
).map(sorted)


@settings(max_examples=60, deadline=None)
@given(TRIES)
def test_a_try_takes_the_place_of_what_was_before_it_from_its_first_step_on(tries: Tries) -> None:
    """As the rule says it, point by point."""
    numbers = iter(range(100))
    valued = [(attempt, driver, [(step, float(next(numbers))) for step in steps]) for attempt, driver, steps in tries]
    expected: list[tuple[int | None, float]] = []
    for at, (_, _, points) in enumerate(valued):
        later = [step for _, _, steps in tries[at + 1 :] for step in steps]
        counted = [
            (step, value)
            for step, value in points
            if all((-1 if step is None else step) < (-1 if other is None else other) for other in later)
        ]
        expected += sorted(counted, key=lambda point: -1 if point[0] is None else point[0])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        records = [
            (attempt, logged(folder, [step for step, _ in points], [value for _, value in points], driver))
            for attempt, driver, points in valued
        ]
        with seen(records, folder, attempt=3) as run:
            metrics = run.task("fit/1").metrics
            assert metrics.history("loss") == expected
            info = run.info().metrics
            body = len(valued[-1][2]) if valued else 0
            assert [one.points for one in info] == ([len(expected) + body] if valued else [])
            of_first = [point for point in metrics.points if point.attempt == 1]
            assert len({(point.step, point.value) for point in of_first}) == len(of_first)
            if tries:
                shown = metrics.curve("loss")
                steps = [step for step, _ in expected if step is not None]
                assert shown.count == (len(steps) or len(expected))
                assert list(shown.xs) == (steps or [*range(len(expected))])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(width=16).map(lambda value: value + 0.0), min_size=1, max_size=700),
    st.integers(1, 20),
    st.sampled_from(["step", "time"]),
    st.none() | st.integers(0, 400),
    st.none() | st.integers(300, 800),
)
def test_the_ends_and_the_extremes_are_shown(
    values: list[float], buckets: int, x: str, low: int | None, high: int | None
) -> None:
    bounds = {} if x == "time" else {"low": low, "high": high}
    shown = curve([*range(len(values))], values, x=x, buckets=buckets, **bounds)
    begin, end = (low or 0, len(values) if high is None else high + 1) if x == "step" else (0, len(values))
    inside = values[begin:end]
    assert shown.count == len(inside)
    assert shown.nonfinite == sum(not math.isfinite(value) for value in inside)
    assert list(shown.xs) == sorted(shown.xs)
    assert len(shown.xs) <= 4 * buckets
    assert shown.thinned == (len(shown.xs) < len(inside))
    if x == "step":
        assert all(repr(values[int(at)]) == repr(y) for at, y in zip(shown.xs, shown.ys, strict=True))
    numbers = [value for value in inside if not math.isnan(value)]
    if numbers:
        assert {min(numbers), max(numbers)} <= set(shown.ys)
    if inside:
        assert [repr(shown.ys[0]), repr(shown.ys[-1])] == [repr(inside[0]), repr(inside[-1])]


def test_no_spike_of_a_long_curve_is_lost() -> None:
    count, dice = 200_000, random.Random(7)
    values = [math.sin(number / 1000) for number in range(count)]
    spikes = {dice.randrange(count): dice.choice([5.0 + n, -5.0 - n]) for n in range(40)}
    for at, value in spikes.items():
        values[at] = value
    values[1234] = math.nan
    for buckets in (1200, 3000, 100):  # by the index, and point by point
        shown = curve([*range(count)], values, buckets=buckets)
        points = dict(zip(shown.xs, shown.ys, strict=True))
        assert len(points) <= 4 * buckets
        assert (shown.count, shown.nonfinite, shown.thinned) == (count, 1, True)
        if buckets > 100:
            assert {at: points.get(at) for at in spikes} == spikes
        assert max(points.values()) == max(spikes.values())
        width = count / buckets
        assert max(after - before for before, after in pairwise(points)) <= width + 64


def test_steps_that_go_back_stand_in_their_order() -> None:
    steps: list[int | None] = [*range(1000), None, *range(500, 1500)]
    shown = curve(steps, [float(number) for number in range(len(steps))], buckets=100)
    assert list(shown.xs) == sorted(shown.xs)
    assert (shown.count, shown.xs[0], shown.xs[-1]) == (2000, 0, 1499)
    whole = curve(steps, [0.5] * len(steps), low=600, high=600)
    assert (whole.xs, whole.count) == ((600, 600), 2)


def test_only_what_came_later_is_given(tmp_path: Path) -> None:
    here = Recording(str(tmp_path / "points"), "1", "a try")
    for step in range(100):
        here.log({"loss": step, "rate": 0.5} if step % 3 else {"loss": step}, step)
    first = here.end(FolderStore(tmp_path / ".penstock" / "store"))
    more = logged(tmp_path, [*range(50, 200)], [1.0] * 150)
    with seen([(1, first)], tmp_path) as run:
        metrics = run.task("fit/1").metrics
        whole = metrics.curve("loss")
        assert whole.cursor == "1.1.0:34-1:66"
        late = metrics.curve("loss", since="1.1.0:30-1:60")
        assert (late.xs, late.anew) == ((89, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99)[-10:], False)
        assert metrics.curve("loss", since=whole.cursor).xs == ()
        with pytest.raises(UsageError, match="since='many' is no cursor of a curve"):
            metrics.curve("loss", since="1.1.many")
    with seen([(1, first), (2, more)], tmp_path, attempt=2) as run:
        again = run.task("fit/1").metrics.curve("loss", since=whole.cursor)
        assert (again.anew, again.count) == (True, 200)


def test_which_curve_is_meant_is_said(tmp_path: Path) -> None:
    with seen([(1, logged(tmp_path, [1, 2, 3], [1.0, 2.0, 3.0]))], tmp_path) as run:
        metrics: Metrics = run.metrics
        with pytest.raises(UsageError, match="2 tasks have logged 'loss': name one, as task='digits/1"):
            metrics.curve("loss")
        assert metrics.curve("loss", task="digits/1/fit/1").ys == metrics.curve("loss", task="digits/1").ys
        with pytest.raises(NotFoundError, match="digits/1 has logged nothing under 'lost'"):
            metrics.curve("lost")
        with pytest.raises(UsageError, match=r'x=\'epoch\' of a curve is neither "step" nor "time"'):
            metrics.curve("loss", task="digits/1", x="epoch")


def test_points_that_are_gone_leave_the_first_and_the_last(tmp_path: Path) -> None:
    metrics = logged(tmp_path, [1, 2, 3], [4.0, 9.0, 5.0])
    FolderStore(tmp_path / ".penstock" / "store").delete(metrics[0].blob)
    with seen([(1, metrics)], tmp_path) as run:
        assert run.task("fit/1").metrics.history("loss") == [(1, 4.0), (3, 5.0)]
        assert run.info().metrics[0].largest == 9.0


def test_what_an_older_version_kept_in_rows_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / ".penstock"
    home.mkdir()
    old = Path(__file__).parents[1] / "journal" / "old" / "0010.sql"
    with closing(sqlite3.connect(home / "journal.db")) as connection:
        connection.executescript(old.read_text(encoding="utf-8"))
        points = [(0, 5.0, None), (1, 6.0, 9e999), (4, 8.0, -1.5)]
        connection.executemany("INSERT INTO metric VALUES (1 << 32 | 1, 1, 'loss', ?, ?, ?)", points)
        connection.executemany(
            "INSERT INTO run_metric VALUES (NULL, 1, 'own', ?, ?, ?)", [*points, (-(1 << 63), 9.0, 2.0)]
        )
        connection.commit()
    monkeypatch.chdir(tmp_path)
    run = penstock.run("digits/1")
    assert repr(run.task("train/1").metrics.history("loss")) == "[(0, nan), (1, inf), (3, 0.5), (4, -1.5)]"
    assert run.metrics["loss"] == -1.5
    by_name = {one.name: one for one in run.info().metrics}
    assert repr(by_name["own"]) == ("MetricInfo(name='own', points=4, tasks=0, last=2.0, smallest=-1.5, largest=inf)")
    assert run.metrics.curve("own", x="time").xs == (5.0, 6.0, 8.0, 9.0)
