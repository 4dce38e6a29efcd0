"""How events reach the driver's thread: a list that any thread may add to, and descriptors that wake it."""

from __future__ import annotations

import os
import selectors
import threading
from collections.abc import Callable
from typing import Any


class Inbox:
    """Items from any thread, and readiness of descriptors, for the one thread that calls `wait`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: list[Any] = []
        self._asleep = False
        self._selector = selectors.DefaultSelector()
        self._bell_out, self._bell_in = os.pipe()
        os.set_blocking(self._bell_out, False)
        self.watch(self._bell_out, self._silence)

    def post(self, event: Any) -> None:
        """Add an item. Never blocks."""
        with self._lock:
            self._items.append(event)
            ring, self._asleep = self._asleep, False
        if ring:
            os.write(self._bell_in, b"\0")

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        """Call `ready` in `wait` whenever `fd` can be read."""
        self._selector.register(fd, selectors.EVENT_READ, ready)

    def unwatch(self, fd: int) -> None:
        """Stop watching a descriptor."""
        self._selector.unregister(fd)

    def wait(self, timeout_s: float | None) -> list[Any]:
        """Block until there is something, or for at most so long (None: for ever); gives the items, in order."""
        with self._lock:
            self._asleep = not self._items
        for key, _ in self._selector.select(timeout_s if self._asleep else 0):
            if key.fileobj in self._selector.get_map():  # an earlier one may have closed it
                key.data()
        with self._lock:
            self._asleep = False
            items, self._items = self._items, []
        return items

    def _silence(self) -> None:
        os.read(self._bell_out, 4096)

    def close(self) -> None:
        """Release the descriptors."""
        self._selector.close()
        os.close(self._bell_out)
        os.close(self._bell_in)
