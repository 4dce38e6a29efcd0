"""A task as one looks at it from Python."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from penstock.client.displays import Displays, displays_of
from penstock.client.metrics import Metrics
from penstock.errors import UsageError
from penstock.journal import queries
from penstock.journal.views import RunRow, TaskRow
from penstock.model.outcomes import Usage
from penstock.model.states import TaskStatus
from penstock.reading import infos, log_lines, system_curves
from penstock.reading.reader import JournalReader
from penstock.reading.step_languages import language_of_task
from penstock.reading.structs import AttemptInfo, CurveInfo, ErrorInfo, TaskInfo, ValueInfo, WhyInfo
from penstock.reading.task_waits import times_waited
from penstock.reading.values import Inputs, Loader, shown_value
from penstock.sdk.rebuilt_errors import rebuild


class Task:
    """One call of a step in a run, as the journal had it when the task was looked up."""

    def __init__(self, reader: JournalReader, run: RunRow, row: TaskRow, files_into: Path | None = None) -> None:
        self._reader, self._run, self._row = reader, run, row
        self._loader = Loader(reader, run, files_into)  # files_into None: a folder of the project
        self.id = run.path(row)  # "digits/3/train/2"
        self.step = row.name
        self.number = row.number
        self.status = row.status  # "running", "done", "failed" or "cancelled"

    @property
    def preview(self) -> ValueInfo | None:
        """What the result looked like when it was stored; None: there is none."""
        return infos.value_info(self._row.result)

    @property
    def error(self) -> ErrorInfo | None:
        """Why it failed; None: it did not."""
        return infos.error_info(self._row.error)

    @property
    def survived(self) -> bool:
        """Whether it failed, the flow was told so, and went on."""
        return self.brief().survived

    @property
    def usage(self) -> Usage:
        """What the latest attempt used: seconds and bytes."""
        return self._row.usage

    @cached_property
    def inputs(self) -> Inputs:
        """The inputs by name; one is loaded when it is asked for. `inputs.previews` loads none."""
        return Inputs(self._reader, self._loader, self._run.run_id, self._row)

    @cached_property
    def attempts(self) -> tuple[AttemptInfo, ...]:
        """All tries, oldest first."""
        records = queries.attempts(self._reader.journal, self._row)
        return tuple(infos.attempt_info(record.number, record.outcome, record.granted) for record in records)

    @cached_property
    def metrics(self) -> Metrics:
        """What it logged with `log_metrics`, in all its attempts."""
        records = queries.metrics(self._reader.journal, self._row.run, self._row.id)
        return Metrics(self._reader, self._run, records, {self._row.id: self.id})

    @cached_property
    def displays(self) -> Displays:
        """What it displayed: `displays.named("confusion")` is one. Empty where it is not done."""
        return displays_of(self._reader, self._loader, self._run, self.id, self._row.id)

    def system(self, *, attempt: int | None = None) -> dict[str, CurveInfo]:
        """What an attempt (None: the latest) used while it ran, as curves over the time by name: "system/cpu"
        (processors), "system/memory" (bytes), "system/read", "system/written" and, of all of the machine,
        "system/received" and "system/sent" (bytes a second); where it was granted GPUs, "system/gpu" (how many are
        busy) and "system/gpu_memory". Empty for what took less than a second or ran inline."""
        return system_curves.system(self._reader, self._run, self.id, attempt or self._row.attempt)

    def result(self) -> Any:
        """The result, unpickled: the caller's own copy, large arrays mapped.

        Raises what the task failed with, UsageError where it has not ended, DamagedError.
        """
        row = self._row
        if row.result is not None:
            return self._loader.load_result(row, row.result)
        if row.status == TaskStatus.RUNNING or row.error is None:
            raise UsageError(f"{self.id} is {row.status}: it has no result; see `penstock show {self.id}`")
        raise rebuild(row.error, self.id, self._reader.project.store)

    def logs(self, level: str = "", last: int | None = None) -> log_lines.Lines:
        """What its attempts printed and logged. `level`: "info" leaves out what is below; "": all. `last`: so many
        lines, from the end; None: all."""
        return log_lines.lines_of(self._reader, self._run, self._row, level, last)

    def why(self) -> WhyInfo:
        """Why it ran, or what stood for it: a line as text (`str()`, `print`), and what that rests on."""
        from penstock.reading import whys

        return whys.why(self._reader, self._run, self._row)

    @property
    def origin(self) -> str:
        """The task of another run whose result it took over; "": it ran."""
        return self._row.origin

    def info(self, *, points: bool = True) -> TaskInfo:
        """All that is known of it, as plain data; without `points`, what it logged is None."""
        metrics = self.metrics.some if points else None
        told = {"inputs": self.inputs.infos, "attempts": self.attempts, "metrics": metrics}
        shown = tuple(one.info() for one in self.displays)
        waited = times_waited(self._reader.journal, self._row.run, [self._row]).get(self._row.id)
        language = language_of_task(self._reader.journal, self._row.code)
        return infos.task_info(self._run.run_id, self._row, **told, displays=shown, waited_s=waited, language=language)

    def brief(self) -> TaskInfo:
        """The same without what takes a query of its own: inputs, attempts and metrics are None."""
        return infos.task_info(self._run.run_id, self._row)

    def __repr__(self) -> str:
        preview, error = self.preview, self.error
        tail = f": {shown_value(preview)}" if preview else f": {error.type or error.cause}" if error else ""
        return f"<task {self.id} {self.status}{tail}>"

    def _repr_html_(self) -> str:
        from penstock.client import html

        return html.task(self.info())


class Tasks(list[Task]):
    """Tasks of a run, in the order of their calls."""

    def _repr_html_(self) -> str:
        from penstock.client import html

        return html.tasks([task.brief() for task in self[: html.ROWS]], len(self))
