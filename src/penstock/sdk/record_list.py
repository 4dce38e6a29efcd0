"""What one attempt, or the bodies of a run's flows, record on purpose, kept until it is committed."""

from __future__ import annotations

import threading
from typing import Callable, Dict, Optional, Tuple

from penstock.model.outcomes import Recorded

MOST = 5_000


class Records:
    """From any thread of the process that made it: what a process that a step forked records goes with that."""

    def __init__(self, whose: str, told: Optional[Callable[[Recorded], None]] = None) -> None:
        self._whose, self._told = whose, told  # told of each at once; None: they are asked for at the end
        self._lock = threading.RLock()
        self._found: Dict[Tuple[str, str, Optional[int]], Recorded] = {}
        self._numbers: Dict[str, int] = {}

    def number(self, kind: str) -> int:
        """The next one, from 1, for what has got no name."""
        with self._lock:
            number = self._numbers[kind] = self._numbers.get(kind, 0) + 1
            return number

    def put(self, one: Recorded) -> None:
        """Take in one, in the place of what is there of its kind, name and step. Raises ValueError where there are too
        many."""
        with self._lock:
            if one[:3] not in self._found and len(self._found) >= MOST:
                raise ValueError(
                    f"{self._whose} records more than {MOST:,} things, {one.kind} {one.name!r} among them: name what "
                    "takes the place of an earlier one, or return them all as one result"
                )
            self._found[one[:3]] = one
            if self._told is not None:
                self._told(one)

    def all(self) -> Tuple[Recorded, ...]:
        """All that there is, in the order in which each came first."""
        with self._lock:
            return tuple(self._found.values())
