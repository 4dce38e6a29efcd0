"""How far a run is: counts for each step. Written within a turn of the driver, read by anybody."""

from __future__ import annotations

from operator import attrgetter

from penstock.model.rows import StepCount
from penstock.model.slotted import Slotted


class _Count(Slotted):
    """The fields of a `StepCount` but for its name."""

    waiting: int = 0  # what was submitted and is nowhere else
    running: int = 0
    done: int = 0
    failed: int = 0
    reused: int = 0
    cancelled: int = 0
    retries: int = 0


_COUNTED = attrgetter(*StepCount._fields[1:])


class Tally:
    """Counts by step, in the order in which the steps were first called."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}

    def submitted(self, name: str, tasks: int) -> None:
        count = self._counts.get(name) or self._counts.setdefault(name, _Count())
        count.waiting += tasks

    def started(self, name: str, *, again: bool) -> None:
        count = self._counts[name]
        count.waiting -= 1
        count.running += 1
        count.retries += again

    def stopped(self, name: str) -> None:
        count = self._counts[name]
        count.waiting += 1
        count.running -= 1

    def done(self, name: str, *, reused: bool) -> None:
        count = self._counts[name]
        count.waiting -= 1
        count.done += 1
        count.reused += reused

    def failed(self, name: str, *, cancelled: bool) -> None:
        count = self._counts[name]
        count.waiting -= 1
        count.cancelled += cancelled
        count.failed += not cancelled

    def reused_again(self, name: str) -> None:
        """A reused result is of no use: its task runs again."""
        count = self._counts[name]
        count.waiting += 1
        count.done -= 1
        count.reused -= 1

    def counts(self) -> tuple[StepCount, ...]:
        """The counts now."""
        return tuple(StepCount(name, *_COUNTED(count)) for name, count in list(self._counts.items()))
