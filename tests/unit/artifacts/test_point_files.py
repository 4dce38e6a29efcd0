"""Columns of numbers in a file: what was added is read, whatever was cut off, and however it was written."""

from __future__ import annotations

import math
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock.artifacts import point_files
from penstock.artifacts.point_files import GROUP, NO_STEP, NOWHERE, TICKS_PER_S
from penstock.artifacts.points_writer import PointsWriter

NAMES = st.sampled_from([("a",), ("b",), ("a", "b"), ("b", "grüße", "a")])
STEPS = st.just(NO_STEP) | st.integers(0, 5) | st.integers(-(2**63) + 1, 2**63 - 1)
VALUES = st.floats() | st.integers(-3, 3).map(float)
Calls = list[tuple[tuple[str, ...], int, int, bool]]
"""Names, step, how often, and whether what there is by then is written."""
CALLS = st.lists(st.tuples(NAMES, STEPS, st.sampled_from([1, 2, 70, 1500]), st.booleans()), max_size=8)


def written(path: Path, calls: Calls, value: Any = float) -> tuple[PointsWriter, dict[str, list[tuple[int, float]]]]:
    """A writer, and by name what was added, in that order."""
    writer, tables, added = PointsWriter(os.fspath(path)), dict[tuple[str, ...], Any](), dict[str, list[Any]]()
    number = 0
    for names, step, times, is_written in calls:
        if names not in tables:
            tables[names] = writer.table(names)
        for _ in range(times):
            number += 1
            values = [value(number + column) for column in range(len(names))]
            tables[names].pending.append((step, 1000.0 + number / 1000, values))
            for name, one in zip(names, values, strict=True):
                added.setdefault(name, []).append((step, one))
        if is_written:
            writer.write()
    return writer, added


def read(data: bytes) -> dict[str, list[tuple[int, float]]]:
    """By name and time what a file holds."""
    found: dict[str, list[tuple[int, float]]] = {}
    for name, segments in point_files.read(data).items():
        rows = [
            (base + tick / TICKS_PER_S, step, value)
            for base, steps, ticks, values, *_ in segments
            for step, tick, value in zip(steps, ticks, values, strict=True)
        ]
        found[name] = [(step, value) for _, step, value in sorted(rows, key=lambda row: row[0])]
    return found


@settings(max_examples=40, deadline=None)
@given(CALLS)
@example([(("a",), 1, 5000, True), (("b",), 2, 5000, True), (("a",), 3, 1, True)])
def test_what_was_added_is_read(calls: Calls) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points"
        writer, added = written(path, calls)
        whole = b"".join(writer.chunks())
        assert read(whole) == added
        rows = sum(times for _, _, times, _ in calls)
        assert len(whole) <= 20 * sum(map(len, added.values())) + 200 * (rows // 64 + 8)
        if any(is_written for *_, is_written in calls):
            writer.write()
            assert read(path.read_bytes()) == added
        told = {metric.name: metric for metric in writer.metrics(1, NOWHERE)}
        assert told == {metric.name: metric for metric in point_files.metrics_of(whole, 1, NOWHERE)} or any(
            metric.first_at != told[metric.name].first_at or metric.last_at != told[metric.name].last_at
            for metric in point_files.metrics_of(whole, 1, NOWHERE)
        ), "but for the 10,000th part of a second"
        writer.close()


@given(st.lists(VALUES, min_size=1, max_size=200), st.integers(0, 199))
def test_how_it_was_counted_does_not_matter(values: list[float], cut: int) -> None:
    whole = _tally([values])
    parts = _tally([part for part in (values[:cut], values[cut:]) if part])
    assert repr(whole) == repr(parts)
    finite = [value for value in values if math.isfinite(value)]
    assert whole.nonfinite == len(values) - len(finite)
    numbers = [value for value in values if not math.isnan(value)]
    if numbers:
        assert (whole.smallest, whole.largest) == (min(numbers), max(numbers))
    else:
        assert math.isnan(whole.smallest)
        assert math.isnan(whole.largest)


def _tally(parts: list[list[float]]) -> Any:
    tally, at = point_files.MetricSum(), 0.0
    for values in parts:
        tally.add((at, 1), (at + len(values), 1), values, 1)
        at += len(values)
    return tally.metric("a", 1, NOWHERE)._replace(first_at=0.0, last_at=0.0)


@given(st.integers(0, 200), st.integers(0, 20_000))
def test_a_file_that_is_cut_off_loses_its_end_alone(rows: int, size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        writer, added = written(Path(folder) / "points", [(("a", "b"), 1, rows, True)])
        data = (Path(folder) / "points").read_bytes()[:size] if rows else b""
        writer.close()
    for name, found in read(data).items():
        assert found == added[name][: len(found)]


def test_what_is_no_file_of_points_holds_none() -> None:
    for data in (b"", b"PM", b"PM\x02" + bytes(60), os.urandom(500), b"PM\x01" + b"\xff" * 60):
        assert point_files.read(data) == {}


def test_each_group_says_where_its_extremes_are(tmp_path: Path) -> None:
    values = [math.nan] * GROUP + [float(n % 50) for n in range(GROUP)] + [math.inf, *[0.0] * GROUP]
    numbers = iter(values)
    writer, _ = written(tmp_path / "points", [(("a",), 1, len(values), True)], lambda _: next(numbers))
    entries = [
        bytes(segment.index[at : at + 3])
        for segment in point_files.read((tmp_path / "points").read_bytes())["a"]
        for at in range(0, len(segment.index), 3)
    ]
    writer.close()
    assert entries == [bytes((255, 255, GROUP)), bytes((0, 49, 0)), bytes((1, 0, 1))]


def test_a_full_disk_costs_what_did_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, put, room = tmp_path / "points", os.pwrite, 3000

    def limited(fd: int, data: bytes, at: int) -> int:
        return put(fd, data[: max(0, room - at)], at)

    writer, added = written(path, [(("a",), 1, 70, True)])
    monkeypatch.setattr(os, "pwrite", limited)
    table = writer.tables[0]
    for number in range(100, 700):
        table.pending.append((1, 2000.0, [float(number)]))
        with pytest.raises(OSError, match="No space left on device"):
            writer.write()
    assert sum(len(block.steps) for block in table.blocks) < 600, "what is full is dropped"
    room = 1 << 30
    table.pending.append((1, 3000.0, [7.0]))
    writer.write()
    found = read(path.read_bytes())["a"]
    writer.close()
    assert found[:70] == added["a"]
    assert found[-1] == (1, 7.0), "it is written again once there is room"
    assert found[70:-1] == [(1, float(number)) for number in range(100 + 671 - len(found), 700)]
    assert writer.tallies["a"].count == 671


def test_a_clock_that_is_set_back_keeps_the_times(tmp_path: Path) -> None:
    writer = PointsWriter(os.fspath(tmp_path / "points"))
    table = writer.table(("a",))
    times = [1000.0, 1001.0, 500.0, 501.0, 10_000_000.0]
    for at in times:
        table.pending.append((NO_STEP, at, [at]))
    data = b"".join(writer.chunks())
    found = [base + tick / TICKS_PER_S for base, _, ticks, *_ in point_files.read(data)["a"] for tick in ticks]
    assert found == times
    (metric,) = writer.metrics(1, NOWHERE)
    assert (metric.first_at, metric.last_at, metric.last) == (500.0, 10_000_000.0, 10_000_000.0)
