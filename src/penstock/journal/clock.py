"""The clocks that the journal reads, so that tests can put others in their place."""

from __future__ import annotations

import time
from collections.abc import Callable

from penstock.model.tuples import NamedTuple


class Clock(NamedTuple):
    """`now` is UTC in seconds since the epoch and may jump; `monotonic` never does."""

    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


SYSTEM = Clock()
