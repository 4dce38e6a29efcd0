"""A log as lines that know whose they are and where they stand, read from any place on and back from any place.

Reads a few MiB at once, and of a log's end no more than it must.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from penstock.model.tuples import NamedTuple
from penstock.model.words import utc
from penstock.reading.log_places import LogPlace
from penstock.reading.structs import LogLine
from penstock.worker import log_files

_CHUNK = 4 << 20
_LONG_CHUNK = 1 << 20
_TAIL = 1 << 16
Wanted = Callable[[LogLine], bool]


class Slice(NamedTuple):
    """What one attempt wrote, or a flow's body."""

    start: int
    end: int
    task: str  # of a body: the run
    attempt: int  # of a body: the driver


class PlacedLine(NamedTuple):
    """A line, and where it stands."""

    line: LogLine
    log: str
    start: int  # bytes; all pieces of a long line have those of the whole
    end: int
    mark: str  # whose stands last before what follows it


class PartOfLog(NamedTuple):
    """A log, as far as a task or a run has written it."""

    place: LogPlace
    slices: list[Slice]  # whose lines are known, in order
    whole: bool  # all of it counts, not these slices alone

    @property
    def name(self) -> str:
        return self.place.name

    def lines(self, start: int, end: int, mark: str | None = None) -> Iterator[PlacedLine]:
        """Its lines between two places. `mark`: the attempt that wrote last before; None: it is looked for."""
        for piece in self._pieces(start, end):
            if mark is None:
                mark = "" if piece.task else self._mark_before(piece.start)
            for placed in _read(self.place, piece, mark):
                mark = placed.mark
                yield placed

    def last(self, end: int, count: int, wanted: Wanted) -> list[PlacedLine]:
        """The last so many of its lines before a place that are wanted."""
        found: list[PlacedLine] = []
        for piece in reversed(list(self._pieces(0, end))):
            left = count - len(found)
            if left <= 0:
                break
            size, lines = _TAIL, list[PlacedLine]()
            while True:  # what is read twice is less than what is read once
                lines = [placed for placed in self._tail_of(piece, size) if wanted(placed.line)]
                if len(lines) >= left or size >= piece.end - piece.start:
                    break
                size *= 4
            found = [*last_of(lines, left), *found]
        return found

    def end(self, at: int, over: bool) -> int:
        """How far it can be read from a place on: where its run is not over, to its last whole line."""
        size = self.place.size()
        if over:
            return size
        start = max(at, size - _CHUNK)
        newline = self.place.read(start, size - start).rfind(b"\n") if size > at else -1
        if newline < 0:  # a line without an end is read as several
            return size if size - at > _LONG_CHUNK else at
        return start + newline + 1

    def _pieces(self, start: int, end: int) -> Iterator[Slice]:
        """[start, end) as pieces that belong to one attempt each, or to none that is known."""
        for piece in self.slices:
            if piece.end <= start or piece.start >= end:
                continue
            if start < piece.start and self.whole:
                yield Slice(start, piece.start, "", 0)
            yield piece._replace(start=max(start, piece.start), end=min(end, piece.end))
            start = min(end, piece.end)
        if start < end and self.whole:
            yield Slice(start, end, "", 0)

    def _tail_of(self, piece: Slice, size: int) -> Iterator[PlacedLine]:
        """The lines that begin in the last so many bytes of a piece."""
        start = max(piece.start, piece.end - size)
        if start == piece.start:
            return self.lines(start, piece.end)
        newline = self.place.read(start, min(size, _LONG_CHUNK)).find(b"\n")
        if newline < 0 and size < _LONG_CHUNK:  # the end of a line that begins before
            return iter(())
        return self.lines(start + newline + 1, piece.end)

    def _mark_before(self, start: int) -> str:
        """Whose mark stands last before a place that no slice tells of."""
        least = max((piece.end for piece in self.slices if piece.end <= start), default=0)
        overlap, after, token = 1024, b"", self.place.token()
        while start > least:
            start, end = max(least, start - _CHUNK), start
            data = self.place.read(start, end - start)
            marks = list(log_files.marks(data + after, token))
            if marks:
                return marks[-1][1]
            after = data[:overlap]
        return ""


def last_of(found: list[PlacedLine], count: int) -> list[PlacedLine]:
    """The last so many, and all pieces of the first of them."""
    at = max(0, len(found) - count)
    while 0 < at < len(found) and found[at - 1][1:] == found[at][1:]:
        at -= 1
    return found[at:]


def _read(log: LogPlace, piece: Slice, mark: str) -> Iterator[PlacedLine]:
    """The lines of a slice, a few MiB in memory at once. `mark`: the attempt that wrote last before it."""
    token, start, reached = log.token(), piece.start, piece.start
    for at, data in _chunks(log, piece):
        for end, last, (written_at, level, stream, text, attempt) in log_files.placed(data, mark, token):
            mark = last
            task, number = piece.task, piece.attempt
            if not task and attempt:
                task, _, tail = attempt.rpartition("#")
                number = int(tail)
            line = LogLine(
                task, number, None if written_at is None else utc(written_at), level, stream, text, log.worker
            )
            end = at + min(end, len(data))
            if end != reached:
                start, reached = reached, end
            yield PlacedLine(line, log.name, start, end, f"{task}#{number}" if piece.task else mark)
        if unread := data[max(0, reached - at) :]:  # a mark of which no line is there yet
            mark = next((found for _, found in reversed(list(log_files.marks(unread, token)))), mark)


def _chunks(log: LogPlace, piece: Slice) -> Iterator[tuple[int, bytes]]:
    """Whole lines, and where they begin; one without an end is read as several."""
    at, rest = piece.start, b""
    while at < piece.end and (data := log.read(at, min(_CHUNK, piece.end - at))):
        begun, at = at - len(rest), at + len(data)
        whole, newline, rest = (rest + data).rpartition(b"\n")
        if len(rest) > _LONG_CHUNK:
            whole, newline, rest = whole + newline + rest, b"", b""
        yield begun, whole + newline
    yield at - len(rest), rest
