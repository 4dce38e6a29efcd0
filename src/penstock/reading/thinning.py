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


class _Part:
    """The smallest and the largest number of a part of a series, with their places in it."""

    __slots__ = ("largest", "largest_at", "smallest", "smallest_at")

    def __init__(self, at: int, record: MetricRecord) -> None:
        self.smallest, self.largest = math.inf, -math.inf
        self.smallest_at = self.largest_at = at, record

    def join(self, other: _Part) -> _Part:
        """Take in the part that follows."""
        if other.smallest < self.smallest:
            self.smallest, self.smallest_at = other.smallest, other.smallest_at
        if other.largest > self.largest:
            self.largest, self.largest_at = other.largest, other.largest_at
        return self


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
    parts: list[_Part] = []
    kept: dict[int, MetricRecord] = {}
    room, width, next_at = max(1, (most - 2) // 2), 1, 0
    at, record = -1, None
    for at, record in enumerate(records):
        if at == next_at and len(parts) == room:  # they become half as many, twice as wide
            parts = [parts[n].join(parts[min(n + 1, room - 1)]) for n in range(0, room, 2)]
            width *= 2
            next_at = len(parts) * width
        if at == next_at:
            parts.append(_Part(at, record))
            next_at += width
        part, value = parts[-1], record.metric.value
        if value < part.smallest:
            part.smallest, part.smallest_at = value, (at, record)
        if value > part.largest:
            part.largest, part.largest_at = value, (at, record)
        if at == 0:
            kept[0] = record
    if record is not None:
        kept[at] = record
    kept.update(place for part in parts for place in (part.smallest_at, part.largest_at))
    return [kept[at] for at in sorted(kept)]
