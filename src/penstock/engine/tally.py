"""How far a run is: counts for each step. Written within a turn of the driver, read by anybody."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.model.rows import StepCount


@dataclass(slots=True)
class _Count:
    submitted: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    reused: int = 0


class Tally:
    """Counts by step, in the order in which the steps were first called."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}

    def submitted(self, name: str) -> None:
        self._counts.setdefault(name, _Count()).submitted += 1

    def started(self, name: str) -> None:
        self._counts[name].running += 1

    def stopped(self, name: str) -> None:
        self._counts[name].running -= 1

    def settled(self, name: str, *, ok: bool, reused: bool) -> None:
        count = self._counts[name]
        count.done += ok
        count.failed += not ok
        count.reused += reused and ok

    def unsettled(self, name: str, *, ok: bool, reused: bool) -> None:
        """A settled task runs again."""
        count = self._counts[name]
        count.done -= ok
        count.failed -= not ok
        count.reused -= reused and ok

    def counts(self) -> tuple[StepCount, ...]:
        """The counts now; `waiting` is what was submitted and is nowhere else."""
        return tuple(
            StepCount(
                name,
                count.submitted - count.running - count.done - count.failed,
                count.running,
                count.done,
                count.failed,
                count.reused,
            )
            for name, count in list(self._counts.items())
        )
