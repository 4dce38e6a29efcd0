"""Where what becomes of a call goes: a future, as the engine sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Protocol, Tuple

if TYPE_CHECKING:
    from penstock.model.outcomes import Error, Metric, Stored


class Sink(Protocol):
    """Called within a turn of the driver, from whichever thread takes it; must not block."""

    def settle(self, result: Optional[Stored], error: Optional[Error], reused: bool, place: int) -> None:
        """The task is committed, as the `place`th of its run: a replay settles tasks in the order of the calls, and
        says here when they have settled. Called again only for a task whose damaged result was made anew."""
        ...

    def measured(self, attempt: int, metrics: Tuple[Metric, ...]) -> None:
        """What the running attempt has logged so far, under the names where more has come. A hint: where one does not
        come, nothing is lost."""
        ...

    def suspend(self, reason: BaseException) -> None:
        """The run stops before the task is settled; whoever waits for it must unwind."""
        ...
