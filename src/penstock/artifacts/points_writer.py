"""Writes a file of points (`point_files.py`) while they are logged, and makes of it what is kept."""

from __future__ import annotations

import errno
import json
import os
from array import array
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

from penstock.artifacts.point_files import (
    BLOCK,
    GROUP,
    HEAD,
    MAGIC,
    NAMES,
    NO_STEP,
    NOTHING,
    TICKS_PER_S,
    MetricSum,
    Place,
    blocks,
    ceiled,
    extremes,
    size_of,
)
from penstock.model.outcomes import Metric

_ROOMS = {0: 64, 64: 256, 256: 1024}
_LARGEST_ROOM = 4096
_MOST_TICKS = (1 << 32) - 1
Row = Tuple[int, float, Sequence[float]]
"""Step (`NO_STEP`: none), time, and the numbers in the order of the names."""


class _Block:
    """Rows of a table that lie together, in memory until they are written."""

    def __init__(self, room: int, base: float, columns: int) -> None:
        self.room, self.base = room, base
        self.steps, self.ticks = array("q"), array("I")
        self.values = [array("d") for _ in range(columns)]
        self.is_sorted = True
        self.offset = -1  # in the file; -1: it is not there
        self.written = 0  # rows

    def add(self, steps: Sequence[int], ticks: List[int], columns: List[List[float]]) -> None:
        if self.is_sorted:
            known = self.steps[-1] if self.steps else NO_STEP
            self.is_sorted = steps[0] >= known and sorted(steps) == list(steps)
        self.steps.extend(steps)
        self.ticks.extend(ticks)
        for column, values in zip(self.values, columns):
            column.extend(values)

    def head(self, table: int) -> bytes:
        kind = MAGIC, BLOCK, self.is_sorted, table, len(self.values)
        return HEAD.pack(*kind, self.room, len(self.steps), self.base)

    def packed(self, table: int) -> bytes:
        """All of it, with no room left."""
        self.room = rows = len(self.steps)
        index = [_entry(column, group) for column in self.values for group in range(rows // GROUP)]
        parts = [self.head(table), self.steps.tobytes(), *(column.tobytes() for column in self.values)]
        return _padded(b"".join([*parts, self.ticks.tobytes(), *index]))

    @property
    def size(self) -> int:
        return size_of(self.room, len(self.values))


class _Table:
    """Numbers that are logged together."""

    def __init__(self, number: int, names: Tuple[str, ...], tallies: List[MetricSum]) -> None:
        self.number, self.names, self.tallies = number, names, tallies
        self.pending: List[Row] = []
        self.blocks: List[_Block] = []  # all but the last of them are full
        self.room = 0  # of the last block that was begun
        self.is_named = False  # in the file

    def definition(self) -> bytes:
        text = json.dumps(self.names).encode()
        return _padded(HEAD.pack(MAGIC, NAMES, 0, self.number, len(self.names), len(text), len(text), 0.0) + text)

    def take_in(self) -> None:
        """Move what is pending into blocks, and count it."""
        rows, self.pending = self.pending, []
        begin = 0
        while begin < len(rows):
            block = self._block(rows[begin][1])
            end = _end_of_run(rows, begin, block)
            if end == begin:  # the clock was set back, or much time has passed
                self._begin(rows[begin][1], keep_room=True)
                continue
            self._add(block, rows[begin:end])
            begin = end

    def _add(self, block: _Block, rows: List[Row]) -> None:
        steps, times, numbers = zip(*rows)
        columns = [list(column) for column in zip(*numbers)]
        block.add(steps, [int((at - block.base) * TICKS_PER_S) for at in times], columns)
        least = min(steps)
        for tally, values in zip(self.tallies, columns):
            tally.add((times[0], steps[0]), (times[-1], steps[-1]), values, least)

    def _block(self, at: float) -> _Block:
        if not self.blocks or len(self.blocks[-1].steps) == self.blocks[-1].room:
            self._begin(at)
        return self.blocks[-1]

    def _begin(self, at: float, keep_room: bool = False) -> None:
        self.room = self.room if keep_room else _ROOMS.get(self.room, _LARGEST_ROOM)
        self.blocks.append(_Block(self.room, at, len(self.names)))


def _end_of_run(rows: List[Row], begin: int, block: _Block) -> int:
    """Up to where rows fit into a block: there is room, and no time is before the one that stands before it."""
    end = min(len(rows), begin + block.room - len(block.steps))
    last = block.base + (block.ticks[-1] / TICKS_PER_S if block.ticks else 0.0) - 1 / TICKS_PER_S
    most = block.base + _MOST_TICKS / TICKS_PER_S
    for at in range(begin, end):
        time = rows[at][1]
        if not last <= time <= most:
            return at
        last = time
    return end


class PointsWriter:
    """The points of one attempt, or of a flow's body. One process writes; who has several threads locks."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.tallies: Dict[str, MetricSum] = {}
        self.tables: List[_Table] = []
        self._fd = -1
        self._end = 0

    def table(self, names: Tuple[str, ...]) -> _Table:
        """For numbers that are logged under these names together; a new one."""
        tallies = [self.tallies.setdefault(name, MetricSum()) for name in names]
        self.tables.append(_Table(len(self.tables), names, tallies))
        return self.tables[-1]

    @property
    def is_in_file(self) -> bool:
        return self._fd >= 0

    def count(self) -> None:
        """Have all that was added in the tallies."""
        for table in self.tables:
            if table.pending:
                table.take_in()

    def write(self) -> None:
        """Have all that was added in the file. Raises OSError; what could not be written is tried again the next
        time, but for full blocks, which are dropped: they would fill the memory."""
        self.count()
        failure: Optional[OSError] = None
        for table in self.tables:
            if table.blocks:
                try:
                    self._write_table(table)
                except OSError as error:
                    failure = error
                table.blocks = [block for block in table.blocks if len(block.steps) < block.room]
        if failure is not None:
            raise failure

    def _write_table(self, table: _Table) -> None:
        if self._fd < 0:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        if not table.is_named:
            definition = table.definition()
            self._put(definition, self._end)
            self._end += len(definition)
            table.is_named = True
        for block in table.blocks:
            if block.written < len(block.steps):
                self._write_block(table.number, block)

    def _write_block(self, table: int, block: _Block) -> None:
        rows, before, room = len(block.steps), block.written, block.room
        if block.offset < 0:
            empty = _Block(room, block.base, len(block.values))
            self._put(empty.head(table), self._end)  # what comes behind it can be found, whatever becomes of its rows
            block.offset = self._end
            self._end += block.size
        at = block.offset + HEAD.size
        for column in (block.steps, *block.values):
            self._put(column[before:].tobytes(), at + 8 * before)
            at += 8 * room
        self._put(block.ticks[before:].tobytes(), at + 4 * before)
        at += 4 * room
        for column in block.values:
            groups = range(before // GROUP, rows // GROUP)
            if groups:
                self._put(b"".join([_entry(column, group) for group in groups]), at + 3 * groups[0])
            at += 3 * (room // GROUP)
        self._put(block.head(table), block.offset)  # last: it counts them
        block.written = rows

    def _put(self, data: bytes, at: int) -> None:
        if os.pwrite(self._fd, data, at) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self.path)

    def chunks(self) -> Iterator[bytes]:
        """All of it, as a file without room for more. Raises OSError."""
        if self._fd >= 0:
            self.write()
            with open(self.path, "rb") as file:
                yield from _compact(file.read())
            return
        self.count()
        for table in self.tables:
            if table.blocks:
                yield table.definition()
                for block in table.blocks:
                    yield block.packed(table.number)

    def metrics(self, driver: int, place: Place, names: Optional[Sequence[str]] = None) -> Tuple[Metric, ...]:
        """What was counted, of all names (None) or of some."""
        wanted = self.tallies if names is None else names
        return tuple([self.tallies[name].metric(name, driver, place) for name in wanted if self.tallies[name].count])

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _compact(data: bytes) -> Iterator[bytes]:
    """A file without the room that its blocks still have."""
    defined = set[int]()
    for head, at, names, segments in blocks(memoryview(data)):
        if head.table not in defined:
            defined.add(head.table)
            yield _Table(head.table, names, []).definition()
        if head.rows >= head.room:
            size = size_of(head.room, head.columns)
            yield data[at : at + size].ljust(size, b"\0")
        elif head.rows:
            block, first = _Block(0, head.base, len(names)), segments[0]
            block.add(first.steps.tolist(), first.ticks.tolist(), [segment.values.tolist() for segment in segments])
            block.is_sorted = first.is_sorted
            yield block.packed(head.table)


def _entry(column: Any, group: int) -> bytes:
    """What the index says of a group."""
    values = column[GROUP * group : GROUP * (group + 1)].tolist()
    smallest, largest, nonfinite = extremes(values)
    if smallest > largest:
        return bytes((NOTHING, NOTHING, nonfinite))
    return bytes((values.index(smallest), values.index(largest), nonfinite))


def _padded(data: bytes) -> bytes:
    return data.ljust(ceiled(len(data)), b"\0")
