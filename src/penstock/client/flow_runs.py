"""A run as one looks at it from Python, and lists of runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from penstock.client.displays import Displays, displays_of
from penstock.client.metrics import Metrics
from penstock.client.tasks import Task, Tasks
from penstock.errors import NotFoundError, TaskCancelledError, UsageError, UserCodeError
from penstock.journal import changes, queries
from penstock.journal.views import RunDetail, RunRow
from penstock.model.ids import how_to_resume
from penstock.model.states import RunStatus, TaskStatus
from penstock.model.words import how_long, utc
from penstock.reading import infos, listing, log_lines, targets
from penstock.reading.finding_runs import FoundRuns
from penstock.reading.graphs import Graph, graph_of
from penstock.reading.reader import JournalReader
from penstock.reading.structs import ErrorInfo, InFlightInfo, OriginInfo, RunInfo, StepInfo, ValueInfo, VersionInfo
from penstock.reading.values import Loader, Params
from penstock.reading.versions import versions
from penstock.sdk.rebuilt_errors import RemoteTraceback


class Run:
    """One execution of a flow. What may change while it goes is read anew each time it is asked for."""

    def __init__(self, reader: JournalReader, row: RunRow, files_into: Path | None = None) -> None:
        self._reader = reader
        self._files_into = files_into
        self._loader = Loader(reader, row, files_into)  # files_into None: a folder of the project
        self._listed = row
        self.id = row.run_id  # "digits/3"
        self.flow = row.flow
        self.number = row.number

    @classmethod
    def find(cls, reader: JournalReader, name: str) -> Run:
        """The run that a name means; raises NotFoundError, UsageError for what is no text."""
        return cls(reader, targets.find_run(reader, name))

    @property
    def status(self) -> str:
        """ "running", "done", "failed", "cancelled", "interrupted", or "crashed": its process died."""
        return self._row.status

    @property
    def tags(self) -> tuple[str, ...]:
        """Its tags, sorted."""
        return self._row.tags

    def tag(self, *tags: str) -> None:
        """Add tags to it: words, or `key=value`. Raises UsageError for what is no tag."""
        changes.add_tags(self._reader.project.journal, self._listed.id, tags)

    def untag(self, *tags: str) -> None:
        """Take tags off it; those that it does not have are ignored."""
        changes.remove_tags(self._reader.project.journal, self._listed.id, tags)

    @property
    def name(self) -> str:
        """What somebody calls it; "": nobody does. It can be set: `run.name = "baseline"`, to "" it is taken off."""
        return self._row.name

    @name.setter
    def name(self, name: str) -> None:
        changes.describe(self._reader.project.journal, self._listed.id, name=name)

    @property
    def note(self) -> str:
        """What somebody has noted about it, a few lines; "": nothing. It can be set, as `name` can."""
        return self._row.note

    @note.setter
    def note(self, note: str) -> None:
        changes.describe(self._reader.project.journal, self._listed.id, note=note)

    @property
    def created(self) -> datetime:
        """When it was begun first (UTC)."""
        return utc(self._listed.created_at)

    @property
    def started(self) -> datetime:
        """When its latest driver started (UTC): `created`, or the latest resume."""
        return utc(self._row.started_at)

    @property
    def ended(self) -> datetime | None:
        """When it ended (UTC); None: it has not, or its process died."""
        ended_at = self._row.ended_at
        return None if ended_at is None else utc(ended_at)

    @property
    def duration(self) -> timedelta | None:
        """How long its drivers took, the latest up to now; one that died, up to its last sign of life. None: it died
        before it gave one."""
        took_s = listing.duration_s(self._row)
        return None if took_s is None else timedelta(seconds=took_s)

    @property
    def params(self) -> Params:
        """The parameters by name; one is loaded when it is asked for. `params.previews` loads none."""
        return Params(self._loader, self.id, self._detail.params)

    @property
    def preview(self) -> ValueInfo | None:
        """What the result looked like when it was stored; None: there is none, or it is None."""
        return infos.value_info(self._detail.result)

    @property
    def error(self) -> ErrorInfo | None:
        """What ended it; None: nothing did."""
        return infos.error_info(self._detail.error)

    @property
    def origin(self) -> OriginInfo | None:
        """The run that it was forked from; None: it is no fork."""
        return infos.origin_info(self._detail.origin)

    @property
    def steps(self) -> tuple[StepInfo, ...]:
        """Its steps in the order of their first calls, with the counts of their tasks."""
        return infos.step_infos(self._row, queries.steps(self._reader.journal, self._listed.id))

    @property
    def in_flight(self) -> tuple[InFlightInfo, ...]:
        """Its tasks that run and wait, as its driver noted them last (twice a second at most), and at most 200 of them.
        After a crash: what was in flight then."""
        return infos.in_flight_infos(self._listed, queries.in_flight(self._reader.journal, self._listed.id))

    @property
    def versions(self) -> tuple[VersionInfo, ...]:
        """The versions of their code that its steps ran under, oldest first, where a resume went on with edited code;
        () where each step ran under one."""
        return versions(self._reader.journal, self._row)

    @property
    def metrics(self) -> Metrics:
        """What its tasks and its flow's own body logged: `metrics["loss"]` is the last value,
        `metrics.by_task("loss")` tells them apart."""
        rows = queries.tasks(self._reader.journal, self._listed.id)
        paths = {row.id: self._listed.path(row) for row in rows} | {0: self.id}
        return Metrics(self._reader, self._listed, queries.metrics(self._reader.journal, self._listed.id), paths)

    @property
    def displays(self) -> Displays:
        """What its own body, its nested flows and its tasks displayed: `displays.named("confusion")` is the latest."""
        return displays_of(self._reader, self._loader, self._listed, self.id)

    def result(self) -> Any:
        """The flow's result, unpickled: the caller's own copy. Does not wait.

        Raises UserCodeError where the run failed, TaskCancelledError where it was stopped, UsageError where it has not
        ended, DamagedError.
        """
        row, detail = self._row, self._detail
        if detail.result is not None:  # also of an imported run that failed
            return self._loader.load(detail.result, "the result")
        if row.status == RunStatus.DONE:
            return None
        if row.status == RunStatus.RUNNING:
            raise UsageError(f"{self.id} is running: it has no result yet; see `penstock logs -f {self.id}`")
        if row.status == RunStatus.FAILED and (error := detail.error) is not None:
            told = f"{error.type}: {error.message}" if error.type else error.message
            failure = UserCodeError(f"{self.id} failed: {told}. Go on with `{self._go_on}`")
            raise failure from RemoteTraceback(error.traceback or told)
        raise TaskCancelledError(f"{self.id} is {row.status}: it has no result. Go on with `{self._go_on}`")

    @property
    def _go_on(self) -> str:
        return how_to_resume(self.id, self._detail.file, self._detail.qualname)

    def graph(self) -> Graph:
        """What the run has called so far, and whose results went where: steps, nested flows, maps, loops, edges."""
        return graph_of(self._reader.journal, self._listed.id)

    def tasks(self, step: str | None = None, status: str | None = None, limit: int | None = None) -> Tasks:
        """Its tasks in the order of the calls. None: of any step or status, all. Raises NotFoundError for a step."""
        name = None if step is None else targets.find_step(self._reader, self._listed, step)
        if status is not None:
            listing.check("status of a task", status, TaskStatus)
        rows = queries.tasks(self._reader.journal, self._listed.id, name, status, limit)
        return Tasks(Task(self._reader, self._listed, row, self._files_into) for row in rows)

    def task(self, name: str) -> Task:
        """A task: "train/2", or "load" where the step has one task only. Raises NotFoundError."""
        step, _, number = name.removeprefix(f"{self.id}/").partition("/")
        if not number:
            return self._only_task(step)
        if not number.isdigit():
            raise NotFoundError(f"{name!r} names no task: write STEP/NUMBER; see `penstock show {self.id}`")
        found = targets.find_step(self._reader, self._listed, step)
        row = targets.find_task(self._reader, self._listed, found, int(number))
        return Task(self._reader, self._listed, row, self._files_into)

    def _only_task(self, step: str) -> Task:
        found = self.tasks(step, limit=2)
        if len(found) != 1:
            many = f"several tasks: name one, as {step}/1" if found else "no task in the journal yet"
            raise NotFoundError(f"{step} has {many}; see `penstock show {self.id}`")
        return found[0]

    def logs(self, level: str = "", last: int | None = None) -> log_lines.Lines:
        """What its tasks and its flow's body printed and logged, by time. `level`: "info" leaves out what is below; "":
        all. `last`: so many lines, from the end; None: all."""
        return log_lines.lines_of(self._reader, self._listed, None, level, last)

    def info(self) -> RunInfo:
        """All that is known of it but its tasks, as plain data."""
        return listing.run_info(self._reader, self._row)

    @property
    def _row(self) -> RunRow:
        return queries.run_by_id(self._reader.journal, self._listed.id)

    @property
    def _detail(self) -> RunDetail:
        return queries.detail(self._reader.journal, self._listed.id)

    def __repr__(self) -> str:
        row = self._row
        took = how_long(listing.duration_s(row), is_over=row.status != RunStatus.RUNNING)
        return f"<{' '.join(filter(None, ('run', row.run_id, row.status, took, *(f'#{tag}' for tag in row.tags))))}>"

    def _repr_html_(self) -> str:
        from penstock.client import html

        failed = [task.brief() for task in self.tasks(status=TaskStatus.FAILED, limit=5)]
        return html.run(self.info(), failed)


class Runs(list[Run]):
    """Runs, newest first or as they were sorted."""

    def __init__(self, reader: JournalReader, found: FoundRuns) -> None:
        super().__init__(Run(reader, row) for row in found.rows)
        self.notes = found.notes  # what the filter can't say of some runs, and what to write instead
        self._reader = reader
        self._rows = found.rows

    def frame(self) -> Any:
        """A frame of pandas or, where that is missing, of polars: a row for each run, with its scalar parameters and
        metrics as columns. Metrics are named as a filter names them. Raises UsageError where neither is there."""
        from penstock.client.frames import frame_of_runs

        return frame_of_runs(self._reader, self._rows)

    def __repr__(self) -> str:
        return f"[{', '.join(map(repr, self))}]"

    def _repr_html_(self) -> str:
        from penstock.client import html

        return html.runs([run.info() for run in self[: html.ROWS]], len(self))
