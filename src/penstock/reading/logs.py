"""What the tasks of a run and its flow's body printed and logged, as lines.

A run's log files are its workers', and each attempt's outcome says which slice of which file it wrote. While an attempt
runs, the marks in the file say whose a line is; what is written past `sys.stdout` carries the worker's name alone. The
body has a file of its own under each driver.
Files are read in parts, the last lines from their end: how long they are does not count.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.outcomes import Log
from penstock.model.states import RunStatus, TaskStatus
from penstock.model.tuples import NamedTuple
from penstock.model.words import utc
from penstock.reading.log_places import LogPlace
from penstock.reading.reader import JournalReader
from penstock.reading.structs import LogLine
from penstock.worker import log_files

LEVELS = ("debug", "info", "warning", "error", "critical")
_CHUNK = 4 << 20
_LONG_CHUNK = 1 << 20
_TAIL = 1 << 16
_ENDLESS = 1 << 62
Wanted = Callable[[LogLine], bool]


class Slice(NamedTuple):
    """What one attempt wrote, or a flow's body."""

    start: int
    end: int
    task: str  # of a body: the run
    attempt: int  # of a body: the driver


class Lines(list[LogLine]):
    """Log lines; as text they are what was printed."""

    def __str__(self) -> str:
        return "\n".join(line.text for line in self)


def of_task(reader: JournalReader, run: RunRow, row: TaskRow) -> Iterator[LogLine]:
    """The lines of all attempts of a task, oldest first."""
    for piece, log in _slices_of(reader, run.run_id, row):
        yield from _read(reader.log(run, log.file), piece)


def last_of_task(reader: JournalReader, run: RunRow, row: TaskRow, count: int, wanted: Wanted) -> list[LogLine]:
    """The last so many lines of all attempts of a task that are wanted."""
    pieces = [(reader.log(run, log.file), [piece]) for piece, log in _slices_of(reader, run.run_id, row)]
    found: list[LogLine] = []
    for place, piece in reversed(pieces):
        found = [*_last(place, piece, count - len(found), wanted), *found]
        if len(found) >= count:
            break
    return found


def last_of_run(reader: JournalReader, run: RunRow, count: int, wanted: Wanted) -> list[LogLine]:
    """The last so many lines of a run that are wanted, in the order of their times."""
    slices = _slices(reader, run)
    files = [_last(log, list(_whole(log, run, slices)), count, wanted) for log in reader.logs(run)]
    return list(deque(_merged(map(iter, files)), maxlen=count))


def of_run(reader: JournalReader, run: RunRow) -> Iterator[LogLine]:
    """The lines of all tasks of a run and of its flow's body, in the order of their times."""
    slices = _slices(reader, run)
    return _merged(_Tail(log, _of_file(log, run, slices)).new_lines() for log in reader.logs(run))


def follow(reader: JournalReader, run: RunRow, pause: Callable[[], None]) -> Iterator[LogLine]:
    """The lines that are there, then those that come, until the run is over. Calls `pause` between two looks."""
    slices = _slices(reader, run)
    tails: dict[str, _Tail] = {}
    while True:
        # Whether it is over is asked before the files are read, so that its last lines are not missed.
        over = queries.run_by_id(reader.journal, run.id).status != RunStatus.RUNNING
        for log in reader.logs(run):
            if log.name not in tails:
                tails[log.name] = _Tail(log, _of_file(log, run, slices))
        yield from _merged(tail.new_lines(only_whole=not over) for tail in tails.values())
        if over:
            return
        pause()


def of_step(step: str, lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """The lines of one step's tasks."""
    return (line for line in lines if is_of_step(step, line))


def is_of_body(run: RunRow, line: LogLine) -> bool:
    """Whether a line is of the run's own body."""
    return line.task == run.run_id


def is_of_step(step: str, line: LogLine) -> bool:
    """Whether a line is of one of the step's tasks."""
    return line.task.split("/")[2:3] == [step]


def at_least(level: str, lines: Iterable[LogLine]) -> Iterator[LogLine]:
    """The lines of a level or a graver one; "": all. A line without a level counts as info."""
    return (line for line in lines if is_at_least(level, line))


def is_at_least(level: str, line: LogLine) -> bool:
    """Whether a line is of a level or a graver one."""
    return not level or LEVELS.index(line.level or "info") >= LEVELS.index(level)


class _Tail:
    """A log, read from where it was read before."""

    def __init__(self, log: LogPlace, slices: list[Slice]) -> None:
        self._log = log
        self._slices = slices
        self._at = 0
        self._mark = ""

    def new_lines(self, only_whole: bool = False) -> Iterator[LogLine]:
        """What came since the last time; `only_whole`: up to the last newline."""
        end = self._end(only_whole)
        start, self._at = self._at, end
        for piece in _cut(start, end, self._slices):
            for line in _read(self._log, piece, self._mark):
                self._mark = f"{line.task}#{line.attempt}" if line.task else self._mark
                yield line

    def _end(self, only_whole: bool) -> int:
        size = self._log.size()
        if not only_whole or size <= self._at:
            return max(size, self._at)
        start = max(self._at, size - _CHUNK)
        newline = self._log.read(start, size - start).rfind(b"\n")
        if newline < 0:  # a line without an end is read as several
            return size if size - self._at > _LONG_CHUNK else self._at
        return start + newline + 1


def _cut(start: int, end: int, slices: list[Slice]) -> Iterator[Slice]:
    """[start, end) as pieces that belong to one attempt each, or to none that is known."""
    for piece in slices:
        if piece.end <= start or piece.start >= end:
            continue
        if start < piece.start:
            yield Slice(start, piece.start, "", 0)
        yield piece._replace(start=max(start, piece.start), end=min(end, piece.end))
        start = min(end, piece.end)
    if start < end:
        yield Slice(start, end, "", 0)


def _whole(log: LogPlace, run: RunRow, slices: dict[str, list[Slice]]) -> Iterator[Slice]:
    return _cut(0, log.size(), _of_file(log, run, slices))


def _last(log: LogPlace, pieces: list[Slice], count: int, wanted: Wanted) -> list[LogLine]:
    """The last so many lines of some slices of a log that are wanted."""
    found: list[LogLine] = []
    for piece in reversed(pieces):
        left = count - len(found)
        if left <= 0:
            break
        size, lines = _TAIL, deque[LogLine]()
        while True:  # what is read twice is less than what is read once
            lines = deque((line for line in _tail_of(log, piece, size) if wanted(line)), maxlen=left)
            if len(lines) == left or size >= piece.end - piece.start:
                break
            size *= 4
        found = [*lines, *found]
    return found


def _tail_of(log: LogPlace, piece: Slice, size: int) -> Iterator[LogLine]:
    """The lines that begin in the last so many bytes of a slice."""
    start = max(piece.start, piece.end - size)
    if start == piece.start:
        return _read(log, piece)
    start += log.read(start, min(log_files.LONGEST, size)).find(b"\n") + 1
    mark = "" if piece.task else _mark_before(log, piece.start, start)
    return _read(log, piece._replace(start=start), mark)


def _mark_before(log: LogPlace, least: int, start: int) -> str:
    """Whose mark stands last before a place."""
    overlap, after, token = 1024, b"", log.token()
    while start > least:
        start, end = max(least, start - _CHUNK), start
        data = log.read(start, end - start)
        marks = list(log_files.marks(data + after, token))
        if marks:
            return marks[-1]
        after = data[:overlap]
    return ""


def _read(log: LogPlace, piece: Slice, mark: str = "") -> Iterator[LogLine]:
    """The lines of a slice, a few MiB in memory at once. `mark`: the attempt that wrote last before it."""
    rest, token, at = b"", log.token(), piece.start
    while at < piece.end and (data := log.read(at, min(_CHUNK, piece.end - at))):
        at += len(data)
        whole, newline, rest = (rest + data).rpartition(b"\n")
        if len(rest) > _LONG_CHUNK:  # a line without an end is read as several
            whole, newline, rest = whole + newline + rest, b"", b""
        for line in _parsed(whole + newline, piece, log.worker, mark, token):
            mark = f"{line.task}#{line.attempt}" if line.task else mark
            yield line
    yield from _parsed(rest, piece, log.worker, mark, token)


def _parsed(data: bytes, piece: Slice, worker: str, mark: str, token: bytes) -> Iterator[LogLine]:
    for at, level, stream, text, attempt in log_files.read(data, mark, token):
        task, number = piece.task, piece.attempt
        if not task and attempt:
            task, _, tail = attempt.rpartition("#")
            number = int(tail)
        yield LogLine(task, number, None if at is None else utc(at), level, stream, text, worker)


def _merged(files: Iterable[Iterator[LogLine]]) -> Iterator[LogLine]:
    merged = heapq.merge(*(_timed(lines) for lines in files), key=lambda timed: timed[0])
    return (line for _, line in merged)


def _timed(lines: Iterator[LogLine]) -> Iterator[tuple[datetime, LogLine]]:
    """A line without a time stands where the one before it does."""
    last = utc(0.0)
    for line in lines:
        last = max(last, line.at or last)
        yield last, line


def _of_file(log: LogPlace, run: RunRow, slices: dict[str, list[Slice]]) -> list[Slice]:
    """Who wrote what in a log, in order."""
    driver = log_files.driver_of(log.name)
    return [Slice(0, _ENDLESS, run.run_id, driver)] if driver else slices.get(log.name, [])


def _slices(reader: JournalReader, run: RunRow) -> dict[str, list[Slice]]:
    """Who wrote what, by file, in the order of the files."""
    found: dict[str, list[Slice]] = {}
    for row in queries.tasks(reader.journal, run.id):
        if row.log is not None or _has_earlier(row):
            for piece, log in _slices_of(reader, run.run_id, row):
                found.setdefault(log.file, []).append(piece)
    for pieces in found.values():
        pieces.sort()
    return found


def _slices_of(reader: JournalReader, run_id: str, row: TaskRow) -> Iterator[tuple[Slice, Log]]:
    task = f"{run_id}/{row.name}/{row.number}"
    if _has_earlier(row):
        tries = [(record.number, record.outcome.log) for record in queries.attempts(reader.journal, row)]
    else:
        tries = [(row.attempt, row.log)]
    for number, log in tries:
        if log is not None:
            yield Slice(log.start, log.end, task, number), log


def _has_earlier(row: TaskRow) -> bool:
    """Whether attempts of the task have ended that its row does not tell of."""
    return row.attempt > 1 or row.status == TaskStatus.WAITING.value
