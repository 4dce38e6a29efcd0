"""How events reach the driver: a list that any thread may add to, and descriptors that wake the driver's thread."""

from __future__ import annotations

import os
import selectors
import threading
from collections.abc import Callable, Iterable
from typing import Any


class Inbox:
    """Items from any thread, and readiness of descriptors. One thread at a time sleeps in `wait`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: list[Any] = []
        self._asleep = False
        self._closed = False
        self._ready: list[selectors.SelectorKey] = []
        self._selector = selectors.DefaultSelector()
        self._bell_out, self._bell_in = os.pipe()
        os.set_blocking(self._bell_out, False)
        self.watch(self._bell_out, self._silence)

    def put(self, items: Iterable[Any]) -> None:
        """Add items, and wake nobody."""
        with self._lock:
            self._items.extend(items)

    def post(self, *events: Any) -> None:
        """Add items, and wake the driver's thread if it sleeps. Never blocks."""
        with self._lock:
            self._items.extend(events)
            asleep = self._asleep
        if asleep:
            self.ring()

    def ring(self) -> None:
        """Wake the thread that sleeps here, or that goes to sleep next."""
        with self._lock:
            self._asleep = False
            if not self._closed:
                os.write(self._bell_in, b"\0")

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        self._selector.register(fd, selectors.EVENT_READ, ready)

    def unwatch(self, fd: int) -> None:
        self._selector.unregister(fd)

    def wait(self, timeout_s: float) -> None:
        """Sleep until there is something, but not longer than this."""
        with self._lock:
            self._asleep = not self._items
        found = self._selector.select(timeout_s if self._asleep else 0)
        self._asleep = False
        self._ready = [key for key, _ in found]

    def hear(self) -> None:
        """Let those whose descriptors are ready read them; they put what they find."""
        ready, self._ready = self._ready, []
        watched = self._selector.get_map()
        for key in ready:
            # Since `wait` a turn in another thread, or what was called just now, may have stopped watching it.
            if watched.get(key.fd) is key:
                key.data()

    def take(self) -> list[Any]:
        with self._lock:
            items, self._items = self._items, []
        return items

    @property
    def holds_items(self) -> bool:
        return bool(self._items)

    def _silence(self) -> None:
        os.read(self._bell_out, 4096)

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._selector.close()
        os.close(self._bell_out)
        os.close(self._bell_in)
