"""Where the log of one attempt lies, or that of a flow's body. Also of an attempt that runs, or died with its driver:
no row tells of it, and the marks in the workers' files do."""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import lru_cache

from penstock.errors import NotFoundError
from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.states import RunStatus, TaskStatus
from penstock.model.tuples import NamedTuple
from penstock.reading.line_numbers import LineNumbers
from penstock.reading.log_places import LogPlace
from penstock.reading.reader import JournalReader
from penstock.worker import log_files

_CHUNK = 4 << 20
_OVERLAP = 4096  # bytes: no mark is longer
_MOST_KNOWN = 256


class WrittenLog(NamedTuple):
    """A part of a worker's log file, or all of the file of a flow's body."""

    place: LogPlace
    begin: int
    end: int | None  # None: somebody may write there still
    attempt: str = ""  # whose marks stand in it; "": another's do not follow it

    @property
    def is_over(self) -> bool:
        return self.end is not None

    def is_anothers(self, mark: bytes, token: bytes) -> bool:
        """Whether a mark is that of the attempt that its worker runs next."""
        return bool(self.attempt) and any(found != self.attempt for _, found in log_files.marks(mark + b"\n", token))

    def size(self) -> int:
        """Where it ends now."""
        size = self.place.size()
        return max(self.begin, size if self.end is None else min(self.end, size))


class KnownLogs:
    """What was found out about logs and need not be looked for again. For many threads."""

    def __init__(self) -> None:
        self._numbers = lru_cache(maxsize=_MOST_KNOWN)(LineNumbers)
        self._known: OrderedDict[tuple[int, int, str], WrittenLog] = OrderedDict()
        self._lock = threading.Lock()

    def numbers(self, log: WrittenLog) -> LineNumbers:
        """Of its lines."""
        return self._numbers(log.place, log.begin)

    def begun(self, reader: JournalReader, run: RunRow, attempt: str) -> WrittenLog | None:
        """What "digits/3/train/2#1" writes; None: nothing yet."""
        key = (run.id, run.drivers, attempt)  # a later driver tries the same attempt again
        with self._lock:
            known = self._known.get(key)
        if known is None and (known := _found(reader, run, attempt)) is not None:
            with self._lock:
                self._known[key] = known
                while len(self._known) > _MOST_KNOWN:
                    self._known.popitem(last=False)
        return known


def of_attempt(
    reader: JournalReader, run: RunRow, step: str, number: int, attempt: int, known: KnownLogs
) -> WrittenLog:
    """The log of an attempt, its step by its short name. Raises NotFoundError."""
    path = f"{run.run_id}/{step}/{number}"
    row, is_over = _row(reader, run, step, number), run.status != RunStatus.RUNNING
    if row is not None:
        logs = {record.number: record.outcome.log for record in queries.attempts(reader.journal, row)}
        is_settled = row.status not in (TaskStatus.RUNNING, TaskStatus.WAITING)
        if attempt in logs and (is_settled or attempt < row.attempt):
            log = logs[attempt]
            return _nothing(True) if log is None else WrittenLog(reader.log(run, log.file), log.start, log.end)
        if is_settled:
            raise NotFoundError(f"{path} has no attempt {attempt}; see `penstock show {path}`")
    found = known.begun(reader, run, f"{path}#{attempt}")
    if found is None:
        if row is None and all(task.name != f"{step}/{number}" for task in queries.in_flight(reader.journal, run.id)):
            raise NotFoundError(f"there is no task {path}, as far as is known; see `penstock show {run.run_id}`")
        return _nothing(is_over)
    return found._replace(end=found.size()) if is_over else found


def of_body(reader: JournalReader, run: RunRow, driver: int | None = None) -> WrittenLog:
    """What the flow's body printed under one of the run's drivers (None: the latest). Raises NotFoundError."""
    chosen = run.drivers if driver is None else driver
    if chosen > run.drivers:
        raise NotFoundError(f"{run.run_id} has had {run.drivers} drivers; see `penstock show {run.run_id}`")
    place = reader.log(run, log_files.body_log(str(chosen)))
    size = place.size()
    goes_on = run.status == RunStatus.RUNNING and chosen == run.drivers
    begin = log_files.OPENING if place.token() else 0
    return WrittenLog(place, min(begin, size), None if goes_on else size)


def _row(reader: JournalReader, run: RunRow, step: str, number: int) -> TaskRow | None:
    try:
        return queries.task(reader.journal, run.id, step, number)
    except NotFoundError:  # most have none before their first attempt has ended
        return None


def _nothing(is_over: bool) -> WrittenLog:
    return WrittenLog(LogPlace("", ""), 0, 0 if is_over else None)


def _found(reader: JournalReader, run: RunRow, attempt: str) -> WrittenLog | None:
    """Looks where somebody has written last first: a later driver's worker."""
    places = [place for place in reader.logs(run) if not log_files.driver_of(place.name)]
    for place in sorted(places, key=LogPlace.changed_at, reverse=True):
        begin = _first_of_last(place, attempt)
        if begin is not None:
            return WrittenLog(place, begin, None, attempt)
    return None


def _first_of_last(place: LogPlace, attempt: str) -> int | None:
    """Where the first of an attempt's marks stands, if no other attempt's stand behind it; None: there is none such.

    Looks from the end back: a worker's last mark is that of the attempt that it runs."""
    token, found = place.token(), None
    end, after = place.size(), b""
    while end > 0:
        start = max(0, end - _CHUNK)
        data = place.read(start, end - start)
        for at, marked in reversed(list(log_files.marks(data + after, token))):
            if marked != attempt:
                return found
            found = start + at
        end, after = start, data[:_OVERLAP]
    return found
