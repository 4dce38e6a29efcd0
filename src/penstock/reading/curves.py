"""Curves of what was logged or measured: few of many points, which show what all of them would.

Of a long curve the index that lies behind each 64 points is read in the place of these.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

from msgspec.structs import replace

from penstock.artifacts import point_files
from penstock.artifacts.point_files import GROUP, NO_STEP, NOTHING, TICKS_PER_S, Segment
from penstock.errors import UsageError
from penstock.journal import queries
from penstock.journal.views import RunRow
from penstock.model.rows import MetricRecord
from penstock.model.tuples import NamedTuple
from penstock.model.words import utc
from penstock.reading.logged import CountedPart, as_segment, parts, points_of, segments_of
from penstock.reading.reader import JournalReader
from penstock.reading.structs import CurveInfo, MetricPoint

_EXACT = 128
"""So many points for each bucket are looked at one by one; of more, their index is."""


class _Span(NamedTuple):
    """Some points of a bucket that follow one another."""

    bucket: int
    first: int  # its row, as the next three
    low: int
    high: int
    last: int
    smallest: float  # inf, and the largest -inf: all are NaN
    largest: float


def curve(
    reader: JournalReader,
    run: RunRow,
    task: int,
    path: str,
    name: str,
    *,
    x: str = "step",
    low: float | None = None,
    high: float | None = None,
    buckets: int = 1200,
    since: str = "",
    timed: bool = False,
) -> CurveInfo:
    """What counts of all that a task (0: the flow's own body) logged under a name.

    `x`: "step" or "time" (UTC, seconds); where no point has a step, the step is the point's place among them. `low` and
    `high` bound it, both included; None: they don't. Where there are more than some points for each of so many buckets
    of equal width, a bucket shows its first, its smallest, its largest and its last. `since`: the cursor of an earlier
    answer; only what was logged since then is given, and `anew` says where that can't be told from what came before.
    `timed`: with the time of each point.
    """
    counted = parts(queries.metrics(reader.journal, run.id, task, name))
    found = [(part, segments_of(reader, run, part.record)) for part in counted]
    cursor = _cursor(found)
    anew = bool(since) and since.rpartition(".")[0] != cursor.rpartition(".")[0]
    if since and not anew and found:
        found = [(found[-1][0], _after(found[-1][1], since.rpartition(".")[2]))]
    pieces = [piece for part, segments in found for piece in _counted(part, segments)]
    return drawn(pieces, CurveInfo(path, name, x, cursor=cursor, anew=anew), low, high, buckets, timed)


def drawn(
    pieces: list[Segment],
    info: CurveInfo,
    low: float | None = None,
    high: float | None = None,
    buckets: int = 1200,
    timed: bool = False,
) -> CurveInfo:
    """A curve of these points, as `curve` says; `info` tells which it is. Raises UsageError."""
    if info.x not in ("step", "time"):
        raise UsageError(f'x={info.x!r} of a curve is neither "step" nor "time"')
    columns = Columns(pieces, by_time=info.x == "time")
    shown, count, nonfinite = columns.shown(low, high, max(1, buckets))
    xs = tuple([columns.x(piece, row) for piece, row in shown])
    ys = tuple([piece.values[row] for piece, row in shown])
    times = tuple([columns.time(piece, row) for piece, row in shown]) if timed else ()
    return replace(info, xs=xs, ys=ys, count=count, nonfinite=nonfinite, thinned=count > len(xs), times=times)


def points(
    reader: JournalReader,
    run: RunRow,
    records: Iterable[MetricRecord],
    paths: Mapping[int, str],
    most: int | None = None,
) -> Iterator[MetricPoint]:
    """All that was logged, by task, attempt, name and step; what a try went on from under another driver, once. `most`:
    about so many of each, as a curve shows them; None: all."""
    by_curve = itemgetter(0, 1, 2)
    keyed = [(record.task, record.attempt, record.metric.name, record) for record in records]
    for (task, attempt, name), several in groupby(sorted(keyed, key=by_curve), by_curve):
        of_attempt = parts(record for *_, record in several)
        if most is not None and sum(part.record.metric.points for part in of_attempt) > most:
            found = [(part, segments_of(reader, run, part.record)) for part in of_attempt]
            columns = Columns([piece for one in found for piece in _counted(*one)], by_time=False)
            rows = [columns.point(piece, row) for piece, row in columns.shown(None, None, max(1, most // 4))[0]]
        else:
            rows = [point for part in of_attempt for point in points_of(reader, run, part)]
        for step, at, value in rows:
            yield MetricPoint(paths[task], attempt, name, value, step, utc(at))


def _cursor(found: list[tuple[CountedPart, list[Segment]]]) -> str:
    if not found:
        return ""
    part, segments = found[-1]
    counts = Counter[int]()
    for segment in segments:
        counts[segment.table] += len(segment.steps)
    places = "-".join(f"{table}:{count}" for table, count in counts.items())
    return f"{part.record.attempt}.{part.record.metric.driver}.{places}"


def _after(segments: list[Segment], places: str) -> list[Segment]:
    """What lies behind the points that a cursor counts. Raises UsageError."""
    try:
        seen = {int(table): int(count) for table, _, count in (place.partition(":") for place in places.split("-"))}
    except ValueError:
        raise UsageError(f"since={places!r} is no cursor of a curve: take it from an earlier answer") from None
    left: list[Segment] = []
    for segment in segments:
        size, before = len(segment.steps), max(0, seen.get(segment.table, 0))
        if before < size:
            left.append(_cut(segment, before, size))
        seen[segment.table] = before - size
    return left


def _cut(segment: Segment, begin: int, end: int) -> Segment:
    base, steps, ticks, values, index, is_sorted, table = segment
    if begin == 0 and end == len(steps):
        return segment
    index = index[3 * (begin // GROUP) : 3 * (end // GROUP)] if begin % GROUP == 0 else b""
    return Segment(base, steps[begin:end], ticks[begin:end], values[begin:end], index, is_sorted, table)


class Columns:
    """The points of a curve in the order of their x, as pieces that are sorted each and one after another."""

    def __init__(self, pieces: list[Segment], *, by_time: bool) -> None:
        self._by_time = by_time
        self._has_steps = any(not piece.is_sorted or piece.steps[-1] != NO_STEP for piece in pieces)
        if not by_time:
            pieces = _with_steps(pieces) if self._has_steps else _numbered(pieces)
        ordered = all(by_time or piece.is_sorted for piece in pieces)
        self._pieces = pieces if ordered and self._follow(pieces) else [self._merged(pieces)]

    def _xs(self, piece: Segment) -> Any:
        return piece.ticks if self._by_time else piece.steps

    def x(self, piece: Segment, row: int) -> float:
        """Where a point stands on the axis."""
        return self.time(piece, row) if self._by_time else piece.steps[row]

    def time(self, piece: Segment, row: int) -> float:
        """When a point was logged: UTC, seconds."""
        return piece.base + piece.ticks[row] / TICKS_PER_S

    def _follow(self, pieces: list[Segment]) -> bool:
        return all(self.x(piece, 0) >= self.x(before, -1) for before, piece in pairwise(pieces))

    def _merged(self, pieces: list[Segment]) -> Segment:
        rows = [
            (step, base + tick / TICKS_PER_S, value)
            for base, steps, ticks, values, *_ in pieces
            for step, tick, value in zip(steps, ticks, values, strict=True)
        ]
        rows.sort(key=lambda row: row[1] if self._by_time else row[0])
        steps, times, values = zip(*rows, strict=True)
        return as_segment(steps, times, values)

    def point(self, piece: Segment, row: int) -> tuple[int | None, float, float]:
        """Step, time and number of a point."""
        step, at = piece.steps[row], piece.base + piece.ticks[row] / TICKS_PER_S
        return None if not self._has_steps or step == NO_STEP else step, at, piece.values[row]

    def shown(self, low: float | None, high: float | None, buckets: int) -> tuple[list[tuple[Segment, int]], int, int]:
        """The points that are shown, how many there are, and how many of these are not finite."""
        pieces = [piece for piece in (self._within(piece, low, high) for piece in self._pieces) if len(piece.steps)]
        count = sum(len(piece.steps) for piece in pieces)
        if count <= 4 * buckets:
            every = [(piece, row) for piece in pieces for row in range(len(piece.steps))]
            return every, count, sum(value - value != 0.0 for piece in pieces for value in piece.values)
        begin, end = self.x(pieces[0], 0), self.x(pieces[-1], -1)
        scale = buckets / (end - begin) if end > begin else 0.0
        nonfinite = 0
        look = _grouped if count > _EXACT * buckets else _exact
        spans, starts, start = list[_Span](), list[int](), 0
        for piece in pieces:
            axis = _Axis(self._xs(piece), *self._tick_scale(piece, begin, scale), buckets)
            nonfinite += look(piece, axis, 0, start, spans)
            starts.append(start)
            start += len(piece.steps)
        rows = ((bisect_right(starts, row) - 1, row) for row in _shown(spans))
        return [(pieces[at], row - starts[at]) for at, row in rows], count, nonfinite

    def _tick_scale(self, piece: Segment, begin: float, scale: float) -> tuple[float, float]:
        """Where the first bucket begins, and how many there are for each unit, by the numbers of `_xs`."""
        return ((begin - piece.base) * TICKS_PER_S, scale / TICKS_PER_S) if self._by_time else (begin, scale)

    def _within(self, piece: Segment, low: float | None, high: float | None) -> Segment:
        xs = self._xs(piece)
        if self._by_time:
            low = None if low is None else (low - piece.base) * TICKS_PER_S
            high = None if high is None else (high - piece.base) * TICKS_PER_S
        begin = 0 if low is None else bisect_left(xs, low)
        end = len(xs) if high is None else bisect_right(xs, high)
        return _cut(piece, begin, max(begin, end))


def _counted(part: CountedPart, segments: list[Segment]) -> Iterator[Segment]:
    """What of them counts."""
    for segment in segments:
        if part.until is None:
            yield segment
        elif segment.is_sorted:
            end = bisect_left(segment.steps, part.until)
            if end:
                yield _cut(segment, 0, end)
        else:
            rows = [row for row, step in enumerate(segment.steps) if step < part.until]
            if rows:
                yield chosen(segment, rows)


def chosen(segment: Segment, rows: list[int]) -> Segment:
    """Some of its points."""
    columns = (segment.steps, segment.ticks, segment.values)
    steps, ticks, values = ([column[row] for row in rows] for column in columns)
    return Segment(segment.base, array("q", steps), array("d", ticks), array("d", values), b"", False)


def _with_steps(pieces: list[Segment]) -> list[Segment]:
    """Without the points that have no step, where others have one."""
    found: list[Segment] = []
    for piece in pieces:
        if piece.is_sorted:
            begin = bisect_left(piece.steps, NO_STEP + 1)
            piece = _cut(piece, begin, len(piece.steps))
        elif NO_STEP in piece.steps.tolist():
            piece = chosen(piece, [row for row, step in enumerate(piece.steps) if step != NO_STEP])
        if len(piece.steps):
            found.append(piece)
    return found


def _numbered(pieces: list[Segment]) -> list[Segment]:
    """With their places among all in the place of steps that they have not."""
    found: list[Segment] = []
    count = 0
    for piece in pieces:
        after = count + len(piece.steps)
        found.append(piece._replace(steps=range(count, after), is_sorted=True))
        count = after
    return found


class _Axis(NamedTuple):
    """Where the points of a piece stand, and into which buckets that is divided."""

    xs: Any
    begin: float
    scale: float  # buckets for each unit
    buckets: int

    def bucket(self, row: int) -> int:
        return min(self.buckets - 1, max(0, int((self.xs[row] - self.begin) * self.scale)))

    def end(self, bucket: int, row: int) -> int:
        """The row behind the last that is in a bucket."""
        if bucket == self.buckets - 1 or not self.scale:
            return len(self.xs)
        return bisect_left(self.xs, self.begin + (bucket + 1) / self.scale, row + 1)


def _exact(piece: Segment, axis: _Axis, row: int, start: int, spans: list[_Span]) -> int:
    """Add the spans of a piece from a row on, one for each bucket; `start`: how many rows stand before the piece. Gives
    how many numbers are not finite."""
    odd, count = 0, len(axis.xs)
    while row < count:
        bucket = axis.bucket(row)
        end = axis.end(bucket, row)
        values = piece.values[row:end].tolist()
        smallest, largest, nonfinite = point_files.extremes(values)
        odd += nonfinite
        low, high = (0, 0) if smallest > largest else (values.index(smallest), values.index(largest))
        at = start + row
        spans.append(_Span(bucket, at, at + low, at + high, start + end - 1, smallest, largest))
        row = end
    return odd


def _grouped(piece: Segment, axis: _Axis, row: int, start: int, spans: list[_Span]) -> int:
    """Likewise, where a group of points is of the bucket of its first, and its index is looked at alone."""
    index, values = bytes(piece.index), piece.values
    for entry in range(0, len(index), 3):
        at, low, high = start + row, row + index[entry], row + index[entry + 1]
        bucket, last = axis.bucket(row), at + GROUP - 1
        if index[entry] == NOTHING:
            spans.append(_Span(bucket, at, at, at, last, math.inf, -math.inf))
        else:
            spans.append(_Span(bucket, at, start + low, start + high, last, values[low], values[high]))
        row += GROUP
    return sum(index[2::3]) + _exact(piece, axis, row, start, spans)


def _shown(spans: list[_Span]) -> Iterator[int]:
    """The rows that are shown of each bucket, in order."""
    for _, several in groupby(spans, lambda span: span.bucket):
        of_bucket = list(several)
        rows = {of_bucket[0].first, of_bucket[-1].last}
        numbers = [span for span in of_bucket if span.smallest <= span.largest]
        if numbers:
            rows.add(min(numbers, key=lambda span: span.smallest).low)
            rows.add(max(numbers, key=lambda span: span.largest).high)
        yield from sorted(rows)
