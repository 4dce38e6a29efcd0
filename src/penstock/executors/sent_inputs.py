"""Sends up what attempts need before they are told to agents, without letting one overtake another of its lane."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from penstock.errors import DamagedError
from penstock.executors.lane_order import LaneOrder
from penstock.executors.needed_blobs import blobs_of_attempt
from penstock.model.events import Lane
from penstock.model.specs import Attempt

if TYPE_CHECKING:
    from penstock.tiers.uploads import Uploads

RETRY_S = 1.0


class SentInputs:
    """For one thread; what others have to say goes by `order`, which has it called in that one. `go_on`: gets attempts
    whose inputs are there, in the order of each lane; `damaged`: an attempt, and which of its inputs is gone here."""

    def __init__(
        self,
        uploads: Uploads,
        order: Callable[[Callable[[], None]], None],
        go_on: Callable[[Sequence[tuple[Attempt, Lane]]], None],
        damaged: Callable[[str, DamagedError], None],
    ) -> None:
        self._uploads, self._order, self._go_on, self._damaged = uploads, order, go_on, damaged
        self._held = LaneOrder[tuple[Attempt, Lane]]()

    def send(self, launches: Iterable[tuple[Attempt, Lane]]) -> None:
        """Have attempts go on once what they need is there."""
        for attempt, lane in launches:
            self._held.add(attempt.id, lane.number, (attempt, lane))
            self._send(attempt)
        self._release()

    def take_out(self, attempt: str) -> bool:
        """It is not to go on; False: it did, or never came."""
        was_held = self._held.take_out(attempt) is not None
        self._release()
        return was_held

    def clear(self) -> list[str]:
        """Let none go on; gives those that were held."""
        return [attempt.id for attempt, _ in self._held.clear()]

    def _send(self, attempt: Attempt) -> None:
        def done(error: Exception | None) -> None:
            self._order(lambda: self._sent(attempt, error))

        blobs = blobs_of_attempt(attempt)
        if not blobs or self._uploads.send(blobs, done):
            self._held.ready(attempt.id)

    def _sent(self, attempt: Attempt, error: Exception | None) -> None:
        if error is None:
            self._held.ready(attempt.id)
        elif attempt.id in self._held and isinstance(error, DamagedError):
            self._held.take_out(attempt.id)
            self._damaged(attempt.id, error)
        elif attempt.id in self._held:
            again = threading.Timer(RETRY_S, self._order, (lambda: self._again(attempt),))
            again.daemon = True
            again.start()
        self._release()

    def _again(self, attempt: Attempt) -> None:
        if attempt.id in self._held:
            self._send(attempt)
        self._release()

    def _release(self) -> None:
        if gone := self._held.go_on():
            self._go_on(gone)
