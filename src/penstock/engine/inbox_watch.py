"""Who sleeps where events come in: the driver's thread, or in its place a thread of the body that waits for a result.

A body that calls one step after the other would otherwise wake the driver's thread for each outcome, and that one the
body, and waking a sleeping thread is dear. The place is lent lazily: for a moment after a thread has left it, the
driver's thread stays away, since a body that waited just now mostly waits again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_MOMENT_S = 0.002
_NEXT_CALLS_S = 0.005
_LONGEST_S = 0.05
"""How long the driver's thread sleeps beside a guest before it looks again."""


class Watch:
    """One thread at a time has it. `ring` wakes the one that sleeps at the inbox."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._held = threading.Lock()  # by the thread that has the watch
        self._guest = threading.Lock()  # by the thread that has borrowed it, or is about to
        self._relief = threading.Event()
        self._came_at = 0.0
        self._expected_until = 0.0  # so long the guest that has left is expected back

    def resume(self) -> None:
        """Get the watch as soon as no guest has it or waits for it, or had it a moment ago."""
        pause_s = _MOMENT_S
        while (is_there := self._guest.locked()) or time.monotonic() < self._expected_until:
            if self._relief.wait(pause_s):
                self._relief.clear()
            pause_s = min(2 * pause_s, _LONGEST_S) if is_there else _MOMENT_S
        self._held.acquire()

    def pause(self) -> None:
        """Let go of it, so that a guest may have it."""
        self._held.release()

    def borrow(self, over: Callable[[], bool]) -> bool:
        """Get the watch in the driver's thread's place; False: another thread has borrowed it, or all is over."""
        if not self._guest.acquire(blocking=False):
            return False
        if not self._held.acquire(blocking=False):
            self._ring()
            while not self._held.acquire(timeout=_LONGEST_S):
                if over():
                    self._guest.release()
                    return False
                self._ring()
        self._came_at = time.monotonic()
        return True

    def give_back(self, *, between_calls: bool = False) -> None:
        """Leave the place; after a long stay the driver's thread is called back at once, but `between_calls` of a map
        whose thread is soon here again."""
        now = time.monotonic()
        self._expected_until = now + (_NEXT_CALLS_S if between_calls else _MOMENT_S)
        self._held.release()
        self._guest.release()
        if not between_calls and now - self._came_at >= _MOMENT_S:
            self.relieve()

    def relieve(self) -> None:
        """Call the driver's thread back."""
        self._expected_until = 0.0
        self._relief.set()
