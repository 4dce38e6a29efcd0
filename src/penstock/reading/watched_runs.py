"""A run as somebody watches it, from whatever process: looked at again and again, read only where it has changed."""

from __future__ import annotations

from functools import partial

from penstock.errors import NotFoundError
from penstock.journal import queries, run_search
from penstock.journal.views import RunDetail, RunRow
from penstock.model.rows import StepCount
from penstock.model.states import RunStatus, TaskStatus
from penstock.model.tuples import NamedTuple
from penstock.reading import infos
from penstock.reading.listing import duration_s
from penstock.reading.log_tail import LogTail
from penstock.reading.open_curves import OpenCurve, OpenCurves
from penstock.reading.reader import JournalReader
from penstock.reading.structs import ErrorInfo, InFlightInfo, InputInfo, LogLine, TaskInfo

_FAILURES = 5


class LatestMetric(NamedTuple):
    """What was logged under a name last, by the tasks of one step or by the flow's body."""

    name: str  # "train.loss" where other steps of the run log a loss, too
    last: float
    curve: tuple[float, ...] = ()  # as far as somebody saw it grow: some of its numbers, in order


class SeenRun(NamedTuple):
    """A run, as it was seen at a look."""

    row: RunRow
    detail: RunDetail
    counts: tuple[StepCount, ...]
    in_flight: tuple[InFlightInfo, ...]
    failures: tuple[TaskInfo, ...]  # some; those that the flow survived or that only missed an input come last
    metrics: tuple[LatestMetric, ...]  # those that grow come first
    log: tuple[LogLine, ...]  # the last lines of it

    @property
    def run_id(self) -> str:
        return self.row.run_id

    @property
    def is_over(self) -> bool:
        return self.row.status != RunStatus.RUNNING

    @property
    def took_s(self) -> float | None:
        """Up to now where it goes on; None: it died before any sign of life."""
        return duration_s(self.row)

    @property
    def whole(self) -> StepCount:
        """The counts of all steps together."""
        return StepCount("", *map(sum, zip(*(count[1:] for count in self.counts), strict=True)))

    @property
    def params(self) -> tuple[InputInfo, ...]:
        return infos.param_infos(self.detail.params)

    @property
    def error(self) -> ErrorInfo | None:
        """What ended it; None: nothing did."""
        return infos.error_info(self.detail.error) if self.is_over else None


class RunWatch:
    """Looks at one run. `run`: its `RunRow.id`."""

    def __init__(self, reader: JournalReader, run: int) -> None:
        self._reader = reader
        self._run = run
        self._curves = OpenCurves(reader)
        self._log = LogTail(reader)
        self._seen: SeenRun | None = None

    def look(self) -> tuple[SeenRun, bool]:
        """What is seen now, and whether that is news. Raises NotFoundError where the run was removed."""
        row = queries.run_by_id(self._reader.journal, self._run)
        before = self._seen
        if before is not None and before.is_over and before.row == row:
            return before, False
        self._seen = self._look(row, before)
        return self._seen, self._seen != before

    def _look(self, row: RunRow, before: SeenRun | None) -> SeenRun:
        """The row has all that the driver has noted of a run but what is in flight."""
        journal = self._reader.journal
        flight = infos.in_flight_infos(row, queries.in_flight(journal, self._run))
        grew, log = self._curves.look(row), self._log.look(row)
        if before is not None and before.row == row:
            metrics = self._metrics(row) if grew else before.metrics
            failures = self._later(row, before.failures)
            return before._replace(in_flight=flight, failures=failures, metrics=metrics, log=log)
        counts = row.counts if row.status == RunStatus.RUNNING and row.counts else self._counted(row)
        if before is not None and (before.row.status, before.row.drivers) == (row.status, row.drivers):
            detail, is_same = before.detail, _failed(before.counts) == _failed(counts)
            failures = self._later(row, before.failures) if is_same else self._failures(row, counts)
        else:
            detail, failures = queries.detail(journal, self._run), self._failures(row, counts)
        return SeenRun(row, detail, counts, flight, failures, self._metrics(row), log)

    def _counted(self, row: RunRow) -> tuple[StepCount, ...]:
        """As the journal's tasks have it: nobody notes counts in a run's first half of a second, nor when killed."""
        retries = {count.name: count.retries for count in row.counts}
        return tuple(
            StepCount(s.step, s.waiting, s.running, s.done, s.failed, s.reused, s.cancelled, retries.get(s.step, 0))
            for s in infos.step_infos(row, queries.steps(self._reader.journal, self._run))
        )

    def _later(self, row: RunRow, failures: tuple[TaskInfo, ...]) -> tuple[TaskInfo, ...]:
        """The same; a flow may have gone on from some of them meanwhile."""
        task = partial(queries.task, self._reader.journal, self._run)
        return tuple(
            one if one.survived else infos.task_info(row.run_id, task(one.step, one.number)) for one in failures
        )

    def _failures(self, row: RunRow, counts: tuple[StepCount, ...]) -> tuple[TaskInfo, ...]:
        failed = TaskStatus.FAILED.value
        found = [
            infos.task_info(row.run_id, task)
            for name, _ in _failed(counts)
            for task in queries.tasks(self._reader.journal, self._run, name, failed, _FAILURES)
        ]
        found.sort(key=lambda task: (task.survived, task.error is not None and task.error.cause == "upstream"))
        return tuple(found[:_FAILURES])

    def _metrics(self, row: RunRow) -> tuple[LatestMetric, ...]:
        """Those that attempts are logging; of the others the last values."""
        seen, goes_on = self._curves.seen, row.status == RunStatus.RUNNING
        found = {key: curve for key, curve in seen.items() if curve.is_open and goes_on}
        for _, name, step, last in run_search.all_metrics(self._reader.journal.database, [self._run]):
            known = seen.get((step, name))
            if (step, name) not in found and last is not None:
                found[step, name] = OpenCurve(last, known.numbers if known else (), is_open=False)
        names = [name for _, name in found]
        return tuple(
            LatestMetric(f"{step}.{name}" if step and names.count(name) > 1 else name, curve.last, curve.numbers)
            for (step, name), curve in found.items()
        )


def _failed(counts: tuple[StepCount, ...]) -> list[tuple[str, int]]:
    return [(count.name, count.failed) for count in counts if count.failed]


class WatchedRuns:
    """Looks at the run that somebody has named, or at whichever is worth it: the latest of those that go on, and once
    it has ended, one that goes on then, or a later one. `run`: its `RunRow.id`; 0: nobody has named one."""

    def __init__(self, reader: JournalReader, run: int = 0) -> None:
        self._reader = reader
        self._is_named = bool(run)
        self._of_run = RunWatch(reader, run) if run else None
        self._seen: SeenRun | None = None

    def look(self) -> tuple[SeenRun | None, bool]:
        """What is seen now, and whether that is news; None: there is no run yet. Each run is seen as it has ended,
        before another is. Raises NotFoundError where a run that was named was removed."""
        if not self._is_named and (self._seen is None or self._seen.is_over):
            self._turn_to(self._worth_a_look(0 if self._seen is None else self._seen.row.id))
        if self._of_run is None:
            return None, False
        try:
            self._seen, is_news = self._of_run.look()
        except NotFoundError:
            if self._is_named:
                raise
            self._of_run = self._seen = None
            return None, True
        return self._seen, is_news

    def turn(self) -> None:
        """Look at another run that goes on, by turns; nothing where somebody has named one, or no other goes on."""
        ids = self._live()
        if ids and self._seen is not None and not self._is_named:
            self._turn_to(next((run for run in ids if run < self._seen.row.id), ids[0]))

    def _turn_to(self, run: int) -> None:
        if run and (self._seen is None or run != self._seen.row.id):
            self._of_run = RunWatch(self._reader, run)

    def _worth_a_look(self, after: int) -> int:
        """The latest that goes on, else one that was begun after another; 0: there is none."""
        if live := self._live():
            return live[0]
        latest = queries.runs(self._reader.journal, limit=1)
        return latest[0].id if latest and latest[0].id > after else 0

    def _live(self) -> list[int]:
        return [row.id for row in queries.runs(self._reader.journal, status=RunStatus.RUNNING.value)]
