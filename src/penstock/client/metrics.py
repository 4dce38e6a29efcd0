"""Logged metrics, as a mapping from names to the last values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from penstock.errors import NotFoundError, UsageError
from penstock.journal.views import RunRow
from penstock.model.rows import MetricRecord
from penstock.model.words import number
from penstock.reading import curves, logged
from penstock.reading.reader import JournalReader
from penstock.reading.structs import CurveInfo, MetricPoint

_SOME = 1_000


class Metrics(Mapping[str, float]):
    """`metrics["accuracy"]` is the value that was logged last, by time; `metrics.curve("loss")` is all that was. How
    each ends is known at once; what lies before is read when it is asked for."""

    def __init__(
        self, reader: JournalReader, run: RunRow, records: Iterable[MetricRecord], paths: Mapping[int, str]
    ) -> None:
        self._reader, self._run, self._paths = reader, run, paths  # by task
        self._records = tuple(record for record in records if record.task in paths)

    @cached_property
    def points(self) -> tuple[MetricPoint, ...]:
        """All of them, of all attempts: by task, attempt, name and step."""
        return tuple(curves.points(self._reader, self._run, self._records, self._paths))

    @cached_property
    def some(self) -> tuple[MetricPoint, ...]:
        """The same, but of a curve with more than 1,000 of them about so many, its smallest and largest among them."""
        return tuple(curves.points(self._reader, self._run, self._records, self._paths, _SOME))

    @cached_property
    def _last(self) -> dict[str, float]:
        by_time = sorted(self._records, key=lambda record: record.metric.last_at)
        return {record.metric.name: record.metric.last for record in by_time}

    def by_task(self, name: str) -> dict[str, float]:
        """The last value that each task logged under a name; empty where none did."""
        found = [record for record in self._records if record.metric.name == name]
        found.sort(key=lambda record: (record.task, record.metric.last_at))
        return {self._paths[record.task]: record.metric.last for record in found}

    def history(self, name: str, *, attempt: int | None = None) -> list[tuple[int | None, float]]:
        """(step, value) of a name, by task, in the order of the steps.

        `attempt` None: what counts of each task, where a retry takes the place of what the attempt before had logged
        from the same step on; else that attempt's own.
        """
        records = [
            record for record in self._records if record.metric.name == name and attempt in (None, record.attempt)
        ]
        counted = logged.parts(records)
        points = (point for part in counted for point in logged.points_of(self._reader, self._run, part))
        return [(step, value) for step, _, value in points]

    def curve(
        self,
        name: str,
        *,
        task: str = "",
        x: str = "step",
        low: float | None = None,
        high: float | None = None,
        buckets: int = 1200,
        since: str = "",
    ) -> CurveInfo:
        """What counts of all that one task logged under a name, as few enough points to be drawn.

        `task`: "digits/3/train/2", or "digits/3" for the flow's own body; "": the only one that logged it. `x`: "step",
        or "time" (UTC, seconds). `low`, `high`: its bounds, both included; None: it has none. Of more than four points
        for each of so many buckets of equal width, each bucket shows the first, the smallest, the largest and the last.
        `since`: the cursor of an earlier answer: only what came later is given. Raises NotFoundError, UsageError.
        """
        tasks = {self._paths[record.task]: record.task for record in self._records if record.metric.name == name}
        if task and task in tasks:
            tasks = {task: tasks[task]}
        if not tasks or (task and task not in tasks):
            raise NotFoundError(f"{task or self._run.run_id} has logged nothing under {name!r}")
        if len(tasks) > 1:
            raise UsageError(f"{len(tasks)} tasks have logged {name!r}: name one, as task={next(iter(tasks))!r}")
        ((path, id_),) = tasks.items()
        return curves.curve(
            self._reader, self._run, id_, path, name, x=x, low=low, high=high, buckets=buckets, since=since
        )

    def __getitem__(self, name: str) -> float:
        return self._last[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._last))

    def __len__(self) -> int:
        return len(self._last)

    def __repr__(self) -> str:
        return f"<metrics: {', '.join(f'{name}={number(self[name])}' for name in self) or 'none'}>"
