"""A long series as few points, which show what all of them would."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import closing

from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.rows import MetricRecord
from penstock.reading.infos import metric_points
from penstock.reading.reader import JournalReader
from penstock.reading.structs import MetricPoint

Point = tuple[int, MetricRecord]
"""A number, and its place in the series."""


def series(
    reader: JournalReader, run: RunRow, row: TaskRow | None, name: str, most: int = 1000
) -> tuple[MetricPoint, ...]:
    """What counts of all that a task (None: the flow's own body) logged under a name, by step, as at most so many
    points (4 at least): the first and the last, and the smallest and the largest of each of equal parts. Reads all of
    them, and holds few."""
    with closing(queries.series(reader.journal, run.id, row, name)) as found:
        kept = thinned(found, most)
    path = run.run_id if row is None else f"{run.run_id}/{row.name}/{row.number}"
    return metric_points(kept, {0 if row is None else row.id: path})


def thinned(records: Iterable[MetricRecord], most: int) -> list[MetricRecord]:
    """At most so many of them (4 at least), as `series` says. A part that holds nothing but NaN shows one."""
    parts: list[tuple[Point, Point]] = []  # the smallest and the largest of each
    room, width = max(1, (most - 2) // 2), 1
    first: Point | None = None
    last: Point | None = None
    for last in enumerate(records):
        first = first or last
        if last[0] // width >= room:
            parts = [_joined(parts[at : at + 2]) for at in range(0, len(parts), 2)]
            width *= 2
        if last[0] // width == len(parts):
            parts.append((last, last))
        else:
            parts[-1] = _joined([parts[-1], (last, last)])
    if first is None or last is None:
        return []
    kept = dict([first, last, *(point for part in parts for point in part)])
    return [kept[at] for at in sorted(kept)]


def _joined(parts: list[tuple[Point, Point]]) -> tuple[Point, Point]:
    smallest = min((least for least, _ in parts), key=lambda point: _value(point, math.inf))
    largest = max((most for _, most in parts), key=lambda point: _value(point, -math.inf))
    return smallest, largest


def _value(point: Point, of_nan: float) -> float:
    value = point[1].metric.value
    return of_nan if math.isnan(value) else value
