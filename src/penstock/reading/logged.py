"""The points that a run has logged: where they lie, and what counts of those of several tries.

They are read as columns that are not copied, from a file, a blob, or rows of an older journal.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable

from penstock.artifacts import point_files
from penstock.artifacts.point_files import NO_STEP, TICKS_PER_S, Segment
from penstock.errors import DamagedError, StoreError
from penstock.journal import queries
from penstock.journal.views import RunRow
from penstock.model.rows import MetricRecord
from penstock.model.tuples import NamedTuple
from penstock.reading.reader import JournalReader
from penstock.reading.structs import MetricInfo


class CountedPart(NamedTuple):
    """What counts of the points that one try has logged under a name: those whose step is below `until`."""

    record: MetricRecord
    until: int | None  # None: all

    @property
    def counts_whole(self) -> bool:
        """Whether all of them count; False also where that is not known without a look."""
        metric = self.record.metric
        return self.until is None or (metric.points == 1 and _raw(metric.last_step) < self.until)

    @property
    def counts_none(self) -> bool:
        return self.until is not None and _raw(self.record.metric.least_step) >= self.until


def parts(records: Iterable[MetricRecord]) -> list[CountedPart]:
    """What counts of metrics that stand in the order of their tasks, attempts and drivers, in that order.

    A try from the beginning begins a curve anew, and one from a checkpoint goes on with it: it takes the place of what
    those before it logged from the same step on. Points without a step are those of the last that logged any.
    """
    found: list[CountedPart] = []
    begins: dict[tuple[int, str], int] = {}  # where the curve's later tries begin
    for record in reversed(list(records)):
        key, least = (record.task, record.metric.name), _raw(record.metric.least_step)
        found.append(CountedPart(record, begins.get(key)))
        begins[key] = min(begins.get(key, least), least)
    return [part for part in reversed(found) if not part.counts_none]


def segments_of(reader: JournalReader, run: RunRow, record: MetricRecord) -> list[Segment]:
    """All points of a metric, as they lie there; of those that are gone, the first and the last."""
    metric = record.metric
    if metric.file == "rows":
        steps, times, values = zip(*queries.old_points(reader.journal, run.id, record), strict=True)
        return [as_segment(steps, times, values)]
    found: list[Segment] = []
    if metric.blob:
        try:
            found = point_files.read(reader.project.store.get(metric.blob, metric.size)).get(metric.name, [])
        except (DamagedError, StoreError):
            pass
    elif metric.file:
        place = reader.log(run, metric.file)
        found = point_files.read(place.read(0, place.size())).get(metric.name, [])
    if found:
        return found
    ends = [(metric.first_step, metric.first_at, metric.first), (metric.last_step, metric.last_at, metric.last)]
    steps, times, values = zip(*(ends if metric.points > 1 else ends[1:]), strict=True)
    return [as_segment([_raw(step) for step in steps], times, values)]


def points_of(reader: JournalReader, run: RunRow, part: CountedPart) -> list[tuple[int | None, float, float]]:
    """Step, time and number of the points that count, by step, and those of one step by time."""
    found = [
        (step, base + tick / TICKS_PER_S, value)
        for base, steps, ticks, values, *_ in segments_of(reader, run, part.record)
        for step, tick, value in zip(steps, ticks, values, strict=True)
        if part.until is None or step < part.until
    ]
    found.sort(key=lambda point: point[:2])
    return [(None if step == NO_STEP else step, at, value) for step, at, value in found]


def summed_up(reader: JournalReader, run: RunRow, records: Iterable[MetricRecord]) -> tuple[MetricInfo, ...]:
    """What counts of all that was logged in a run, in the order of the names. Only what a retry took the place of in
    part is looked at point by point."""
    by_name: dict[str, list[CountedPart]] = {}
    for part in parts(records):
        by_name.setdefault(part.record.metric.name, []).append(part)
    found = (_metric_info(reader, run, name, by_name[name]) for name in sorted(by_name))
    return tuple(info for info in found if info.points)


def _metric_info(reader: JournalReader, run: RunRow, name: str, of_name: list[CountedPart]) -> MetricInfo:
    count, tasks = 0, set[int]()
    last, extremes = (-math.inf, math.nan), list[float]()
    for part in of_name:
        metric = part.record.metric
        if part.counts_whole:
            counted, latest, values = metric.points, (metric.last_at, metric.last), [metric.smallest, metric.largest]
        else:
            points = points_of(reader, run, part)
            counted, values = len(points), [value for _, _, value in points]
            latest = max(((at, value) for _, at, value in points), key=lambda one: one[0], default=last)
        count += counted
        tasks |= {part.record.task} if counted else set()
        last = max(last, latest, key=lambda one: one[0])
        extremes += [value for value in values if not math.isnan(value)]
    extremes = extremes or [math.nan]
    return MetricInfo(name, count, len(tasks - {0}), last[1], min(extremes), max(extremes))


def _raw(step: int | None) -> int:
    return NO_STEP if step is None else step


def as_segment(steps: Iterable[int], times: Iterable[float], values: Iterable[float]) -> Segment:
    """Points that lie nowhere else, as they would lie in a file."""
    kept = array("q", steps)
    ticks = array("d", [at * TICKS_PER_S for at in times])
    return Segment(0.0, kept, ticks, array("d", values), b"", sorted(kept) == kept.tolist())
