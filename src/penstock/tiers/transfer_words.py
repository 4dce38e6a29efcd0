"""What is said of a transfer: nothing while it is short, then one line each time it has taken twice as long."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from penstock.model.words import duration
from penstock.model.words import size as in_words

Tell = Callable[[str], None]
"""Tells the user a line; from any thread."""

PATIENCE_S = 3.0


def silent(_: str) -> None:
    """Nobody is told."""


class Transfer:
    """The transfer of a blob, as a context which gives what counts its bytes (`port.Told`)."""

    def __init__(self, verb: str, size: int, place: str, tell: Tell, now: Callable[[], float] = time.monotonic) -> None:
        self._what = f"{verb} {in_words(size)} {place}"
        self._size = size
        self._tell = tell
        self._now = now

    def __enter__(self) -> Callable[[int], None]:
        self._began = self._now()
        self._next_s = PATIENCE_S
        return self._told

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None):
        if kind is None and self._next_s > PATIENCE_S:
            self._tell(f"{self._what}: done in {duration(self._now() - self._began)}")

    def _told(self, done: int) -> None:
        passed_s = self._now() - self._began
        if passed_s >= self._next_s and done < self._size:
            self._tell(f"{self._what}: {100 * done // self._size} % after {duration(passed_s)}")
            while self._next_s <= passed_s:
                self._next_s *= 2
