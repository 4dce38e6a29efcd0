"""Numbers that were logged, as columns of a file that only grows; docs/formats.md, Points.

Numbers that were logged together under the same names are a table: they share step and time. Its rows lie in blocks, a
column after the other. What was written of a block stays as it is, and its head counts what is whole: whatever is
killed when, a reader finds whole rows. Of each 64 rows the places of the smallest and the largest number stand behind
them, so that few points of a long curve are found without a look at all.
"""

from __future__ import annotations

import json
import math
from struct import Struct
from typing import Any, Dict, Iterator, List, Optional, Tuple

from penstock.model.outcomes import Metric
from penstock.model.tuples import NamedTuple

GROUP = 64
"""Rows that have one entry of the index."""
NO_STEP = -(1 << 63)
TICKS_PER_S = 10_000
NOTHING = 255
"""In the index: all numbers of the group are NaN."""
HEAD = Struct("<2sBBHHIId")
MAGIC = b"PM"
NAMES, BLOCK = 1, 2
Place = Tuple[str, bytes, int]
"""File, blob and size, as `Metric` has them."""
NOWHERE: Place = ("", b"", 0)


class Segment(NamedTuple):
    """Numbers of one name that lie together. Its columns are views of the file."""

    base: float  # UTC, seconds since the epoch
    steps: Any  # of int; `NO_STEP`: none
    ticks: Any  # of int: times, counted from `base`
    values: Any  # of float
    index: Any  # bytes, three for each whole group: its smallest, its largest, how many are not finite
    is_sorted: bool  # no step is smaller than the one before
    table: int = 0  # numbers of one table lie in the order in which they were logged


class Head(NamedTuple):
    """What a block begins with."""

    magic: bytes
    kind: int  # names of a table, or rows
    is_sorted: int
    table: int
    columns: int
    room: int  # rows that it has room for; bytes of the names
    rows: int  # that are there
    base: float


class MetricSum:
    """What is known of all numbers of one name without a look at them."""

    __slots__ = ("count", "first", "largest", "last", "least_step", "nonfinite", "smallest")

    def __init__(self) -> None:
        self.count = self.nonfinite = 0
        self.first: Tuple[float, int, float] = (math.inf, NO_STEP, math.nan)  # time, step, number
        self.last: Tuple[float, int, float] = (-math.inf, NO_STEP, math.nan)
        self.smallest, self.largest = math.inf, -math.inf
        self.least_step = -NO_STEP

    def add(self, first: Tuple[float, int], last: Tuple[float, int], values: List[float], least: int) -> None:
        """Numbers that were logged one after another; times and steps of the first and of the last of them."""
        self.count += len(values)
        if first[0] < self.first[0]:
            self.first = (*first, values[0])
        if last[0] >= self.last[0]:
            self.last = (*last, values[-1])
        self.least_step = min(self.least_step, least)
        smallest, largest, nonfinite = extremes(values)
        self.nonfinite += nonfinite
        self.smallest, self.largest = min(self.smallest, smallest), max(self.largest, largest)

    def metric(self, name: str, driver: int, place: Place) -> Metric:
        """As an outcome has it."""
        (first_at, first_step, first), (last_at, last_step, last) = self.first, self.last
        none = self.smallest > self.largest
        return Metric(
            name, self.count, last, _step(last_step), last_at, first, _step(first_step), first_at,
            math.nan if none else self.smallest, math.nan if none else self.largest, self.nonfinite,
            _step(self.least_step), driver, *place,
        )  # fmt: skip


def extremes(values: List[float]) -> Tuple[float, float, int]:
    """The smallest and the largest of some numbers (inf and -inf where all are NaN), and how many are not finite."""
    total = sum(values)
    if total - total == 0.0:
        return min(values), max(values), 0
    kept = [value for value in values if value == value]
    return min(kept, default=math.inf), max(kept, default=-math.inf), sum(value - value != 0.0 for value in values)


def _step(step: int) -> Optional[int]:
    return None if step == NO_STEP else step


def read(data: Any) -> Dict[str, List[Segment]]:
    """The numbers of a file by name, in the order in which they lie there; what is cut short or damaged, and what lies
    behind that, is not among them."""
    found: Dict[str, List[Segment]] = {}
    for *_, names, segments in blocks(memoryview(data)):
        for name, segment in zip(names, segments):
            if segment.steps:
                found.setdefault(name, []).append(segment)
    return found


def metrics_of(data: Any, driver: int, place: Place) -> Tuple[Metric, ...]:
    """What the writer of a file would say of it."""
    found: List[Metric] = []
    for name, segments in read(data).items():
        tally = MetricSum()
        for base, steps, ticks, values, *_ in segments:
            first, last = base + ticks[0] / TICKS_PER_S, base + ticks[-1] / TICKS_PER_S
            tally.add((first, steps[0]), (last, steps[-1]), values.tolist(), min(steps))
        found.append(tally.metric(name, driver, place))
    return tuple(found)


def blocks(view: Any) -> Iterator[Tuple[Head, int, Tuple[str, ...], List[Segment]]]:
    """Of each block of rows: what its head says, where it begins, its names, and its columns."""
    at, tables = 0, dict[int, Tuple[str, ...]]()
    while at + HEAD.size <= len(view):
        head = Head(*HEAD.unpack_from(view, at))
        names = tables.get(head.table, ())
        if head.magic == MAGIC and head.kind == NAMES:
            begin = at + HEAD.size
            tables[head.table] = _names(bytes(view[begin : begin + head.room]))
            at += ceiled(HEAD.size + head.room)
        elif head.magic == MAGIC and head.kind == BLOCK and len(names) == head.columns > 0:
            segments = _segments(view, at + HEAD.size, head)
            if segments is None:
                return
            yield head, at, names, segments
            at += size_of(head.room, head.columns)
        else:
            return


def _names(text: bytes) -> Tuple[str, ...]:
    try:
        return tuple(map(str, json.loads(text)))
    except ValueError:
        return ()


def _segments(view: Any, at: int, head: Head) -> Optional[List[Segment]]:
    """The columns of a block whose head ends there; None: they are not all there."""
    columns, room, rows = head.columns, head.room, min(head.rows, head.room)
    values_at, ticks_at = at + 8 * room, at + 8 * room * (1 + columns)
    index_at, groups = ticks_at + 4 * room, rows // GROUP
    if rows and len(view) < ticks_at + 4 * rows:
        return None
    if groups and len(view) < index_at + 3 * ((columns - 1) * (room // GROUP) + groups):
        return None
    steps = view[at : at + 8 * rows].cast("q")
    ticks = view[ticks_at : ticks_at + 4 * rows].cast("I")
    found: List[Segment] = []
    for column in range(columns):
        begin, entry = values_at + 8 * room * column, index_at + 3 * (room // GROUP) * column
        values, index = view[begin : begin + 8 * rows].cast("d"), view[entry : entry + 3 * groups]
        found.append(Segment(head.base, steps, ticks, values, index, bool(head.is_sorted), head.table))
    return found


def size_of(room: int, columns: int) -> int:
    """Bytes of a block."""
    return ceiled(HEAD.size + room * (8 * (1 + columns) + 4) + 3 * (room // GROUP) * columns)


def ceiled(size: int) -> int:
    """Where the next block begins behind so many bytes."""
    return -(-size // 8) * 8
