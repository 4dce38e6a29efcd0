"""What the tasks of a run and its flow's body printed and logged, as lines.

A run's log files are its workers', and each attempt's outcome says which slice of which file it wrote. While an attempt
runs, the marks in the file say whose a line is; what is written past `sys.stdout` carries the worker's name alone. The
body has a file of its own under each driver.
Files are read in parts, the last lines from their end: how long they are does not count. Where a line stands in its
file stays as it is however the file grows: from there a reading goes on, in either direction.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial

from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.outcomes import Log
from penstock.model.states import RunStatus, TaskStatus
from penstock.model.tuples import NamedTuple
from penstock.model.words import utc
from penstock.reading.log_parts import PartOfLog, PlacedLine, Slice, Wanted, last_of
from penstock.reading.log_places import LogPlace
from penstock.reading.reader import JournalReader
from penstock.reading.structs import LogLine
from penstock.worker import log_files

LEVELS = ("debug", "info", "warning", "error", "critical")
_ENDLESS = 1 << 62
Positions = Mapping[str, int]
"""A place in several logs: bytes, by the name of each."""


class Lines(list[LogLine]):
    """Log lines; as text they are what was printed."""

    def __str__(self) -> str:
        return "\n".join(line.text for line in self)


class Page(NamedTuple):
    """Some lines, and where to go on from."""

    lines: Lines
    before: Positions  # of the page before this one; none of what is left out here begins there
    after: Positions  # of the page after it, now or once more was written


def page_after(
    reader: JournalReader,
    run: RunRow,
    row: TaskRow | None = None,
    after: Positions | None = None,
    limit: int = 1000,
    wanted: Wanted = bool,
) -> Page:
    """The lines of a run, or of one task, that follow a place (None: the beginning). While the run goes on, a line that
    is not whole yet is left to a later page. More than `limit` only where a line of more than 64 KiB is several."""
    over, found, reached = _is_over(reader, run, row), Lines(), dict(after or {})
    places = [(log, reached.get(log.name, 0)) for log in _logs(reader, run, row)]
    for placed in _joined((log.lines(at, log.end(at, over)) for log, at in places), row):
        if len(found) >= limit and reached.get(placed.log) != placed.end:
            break
        reached[placed.log] = placed.end
        if wanted(placed.line):
            found.append(placed.line)
    return Page(found, dict(after or {}), reached)


def page_before(
    reader: JournalReader,
    run: RunRow,
    row: TaskRow | None = None,
    before: Positions | None = None,
    limit: int = 1000,
    wanted: Wanted = bool,
) -> Page:
    """The lines of a run, or of one task, that lead up to a place (None: the end), `limit` as in `page_after`. What was
    written without a time right where the page begins may stand before the lines of other workers, not after them."""
    over, logs = _is_over(reader, run, row), _logs(reader, run, row)
    after = {log.name: log.end(0, over) for log in logs} | dict(before or {})
    found: list[PlacedLine] = []
    if row is None:
        found = last_of(list(_joined((log.last(after[log.name], limit, wanted) for log in logs), row)), limit)
    else:
        for log in reversed(logs):
            if len(found) < limit:
                found = [*log.last(after[log.name], limit - len(found), wanted), *found]
    begun = {placed.log: placed.start for placed in reversed(found)}
    return Page(Lines(placed.line for placed in found), after | begun, after)


def lines_of(reader: JournalReader, run: RunRow, row: TaskRow | None, level: str, last: int | None) -> Lines:
    """What `run.logs` and `task.logs` (`row` None: of the run) give."""
    wanted = partial(is_at_least, level)
    if last is not None:
        return Lines(page_before(reader, run, row, limit=last, wanted=wanted).lines[-last:])
    return Lines(filter(wanted, of_run(reader, run, row)))


def of_run(reader: JournalReader, run: RunRow, row: TaskRow | None = None) -> Iterator[LogLine]:
    """The lines of all tasks of a run and of its flow's body, in the order of their times; or of all attempts of one
    task, oldest first."""
    streams = (log.lines(0, log.place.size()) for log in _logs(reader, run, row))
    return (placed.line for placed in _joined(streams, row))


def follow(reader: JournalReader, run: RunRow, pause: Callable[[], None]) -> Iterator[LogLine]:
    """The lines that are there, then those that come, until the run is over. Calls `pause` between two looks."""
    slices = _slices(reader, run)
    reached: dict[str, int] = {}
    marks: dict[str, str] = {}
    while True:
        over = _is_over(reader, run, None)
        streams: list[Iterator[PlacedLine]] = []
        for log in _logs_of_run(reader, run, slices):
            at = reached.get(log.name, 0)
            streams.append(log.lines(at, log.end(at, over), marks.get(log.name)))
        for placed in _joined(streams, None):
            reached[placed.log] = placed.end
            marks[placed.log] = placed.mark
            yield placed.line
        if over:
            return
        pause()


def newest(reader: JournalReader, run: RunRow, places: Iterable[LogPlace], limit: int) -> Lines:
    """The last lines of some logs of a run. Whose they are is told by the marks in the logs alone, so that it does not
    matter how many tasks the run has."""
    over = _is_over(reader, run, None)
    logs = [PartOfLog(place, _of_file(place, run, {}), True) for place in places]
    last = list(_joined((log.last(log.end(0, over), limit, bool) for log in logs), None))
    return Lines(placed.line for placed in last_of(last, limit)[-limit:])


def is_of_step(step: str, line: LogLine) -> bool:
    """Whether a line is of one of the step's tasks."""
    return line.task.split("/")[2:3] == [step]


def is_at_least(level: str, line: LogLine) -> bool:
    """Whether a line is of a level or a graver one; "": of any. A line without a level counts as info."""
    return not level or LEVELS.index(line.level or "info") >= LEVELS.index(level)


def _joined(streams: Iterable[Iterable[PlacedLine]], row: TaskRow | None) -> Iterator[PlacedLine]:
    """Of one task: attempt by attempt; of a run: by time, where a line without one stands where the one before does."""
    if row is not None:
        return itertools.chain.from_iterable(streams)
    merged = heapq.merge(*(_timed(placed) for placed in streams), key=lambda timed: timed[0])
    return (placed for _, placed in merged)


def _timed(stream: Iterable[PlacedLine]) -> Iterator[tuple[datetime, PlacedLine]]:
    last = utc(0.0)
    for placed in stream:
        last = max(last, placed.line.at or last)
        yield last, placed


def _logs(reader: JournalReader, run: RunRow, row: TaskRow | None) -> list[PartOfLog]:
    """What a task has written, attempt by attempt, or all of a run."""
    if row is None:
        return _logs_of_run(reader, run, _slices(reader, run))
    return [PartOfLog(reader.log(run, log.file), [piece], False) for piece, log in _slices_of(reader, run.run_id, row)]


def _is_over(reader: JournalReader, run: RunRow, row: TaskRow | None) -> bool:
    """Whether nobody writes any more. To be asked before the files are read, so that the last lines are not missed."""
    return row is not None or queries.run_by_id(reader.journal, run.id).status != RunStatus.RUNNING


def _logs_of_run(reader: JournalReader, run: RunRow, slices: dict[str, list[Slice]]) -> list[PartOfLog]:
    return [PartOfLog(place, _of_file(place, run, slices), True) for place in reader.logs(run)]


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
