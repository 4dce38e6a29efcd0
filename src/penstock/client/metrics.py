"""Logged metrics, as a mapping from names to the last values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from penstock.model.words import number
from penstock.reading.counting import counted
from penstock.reading.structs import MetricPoint


class Metrics(Mapping[str, float]):
    """`metrics["accuracy"]` is the value that was logged last, by time. All of them are in `points`."""

    def __init__(self, points: tuple[MetricPoint, ...]) -> None:
        self.points = points  # by task, attempt, name and step

    @cached_property
    def _last(self) -> dict[str, float]:
        return {point.name: point.value for point in sorted(self.points, key=lambda point: point.at)}

    def by_task(self, name: str) -> dict[str, float]:
        """The last value that each task logged under a name; empty where none did."""
        found = sorted((point for point in self.points if point.name == name), key=lambda point: point.at)
        last = {point.task: point.value for point in found}
        return {task: last[task] for task in dict.fromkeys(point.task for point in self.points) if task in last}

    def history(self, name: str, *, attempt: int | None = None) -> list[tuple[int | None, float]]:
        """(step, value) of a name, by task, in the order of the steps.

        `attempt` None: what counts of each task, where a retry takes the place of what the attempt before had logged
        from the same step on; else that attempt's own.
        """
        points = [point for point in self.points if point.name == name and attempt in (None, point.attempt)]
        if attempt is None:
            points = counted(points, lambda point: (point.task, point.name, point.attempt, point.step))
        return [(point.step, point.value) for point in points]

    def __getitem__(self, name: str) -> float:
        return self._last[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._last))

    def __len__(self) -> int:
        return len(self._last)

    def __repr__(self) -> str:
        return f"<metrics: {', '.join(f'{name}={number(self[name])}' for name in self) or 'none'}>"
