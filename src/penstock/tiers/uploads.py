"""Sends blobs up by threads. Knows nothing of what needs them there."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from penstock.errors import PenstockError, StoreError
from penstock.tiers.port import Tier
from penstock.tiers.tiered_store import TieredStore

FRESH_S = 3_600.0
"""What was sent or renewed there so lately is not asked for again: much less than a sweep's margin."""

_THREADS = 4

Blob = tuple[bytes, int]
"""Digest and size."""

Done = Callable[[Exception | None], None]


class _Order:
    """Blobs that somebody waits for."""

    def __init__(self, left: int, done: Done) -> None:
        self.left = left
        self.done = done
        self.error: Exception | None = None


class Uploads:
    """Uploads to one tier. From any thread. The threads begin with the first upload, and end with the process, when all
    is sent that was asked for."""

    def __init__(self, store: TieredStore, tier: Tier, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._tier = tier
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: dict[bytes, float] = {}
        self._orders: dict[bytes, list[_Order]] = {}  # by the blob that is on its way
        self._threads: ThreadPoolExecutor | None = None

    def send(self, blobs: Iterable[Blob], done: Done) -> bool:
        """Have the blobs in the tier. True: they are there already, and `done` is not called. Else it is called once,
        from another thread: with None when all of them are there, or with what failed. Never blocks."""
        now = self._clock()
        with self._lock:
            missing = [blob for blob in set(blobs) if self._sent.get(blob[0], now - FRESH_S) <= now - FRESH_S]
            if not missing:
                return True
            order = _Order(len(missing), done)
            for digest, size in missing:
                if waiting := self._orders.get(digest):
                    waiting.append(order)
                    continue
                self._orders[digest] = [order]
                self._pool().submit(self._send, digest, size)
        return False

    def send_now(self, blobs: Iterable[Blob]) -> None:
        """The same, and blocks until they are there. Raises StoreError, UsageError."""
        over, errors = threading.Event(), list[Exception | None]()
        if not self.send(blobs, lambda error: (errors.append(error), over.set())[-1]):
            over.wait()
            if errors[0] is not None:
                raise errors[0]

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="penstock-upload")
        return self._threads

    def _send(self, digest: bytes, size: int) -> None:
        error: Exception | None = None
        try:
            self._store.send(digest, size, self._tier)
        except Exception as failure:  # noqa: BLE001  whoever waits is told, whatever it was
            error = failure if isinstance(failure, PenstockError) else StoreError(f"an upload failed: {failure!r}")
        with self._lock:
            if error is None:
                self._sent[digest] = self._clock()
            orders = self._orders.pop(digest)
            for order in orders:
                order.left -= 1
                order.error = order.error or error
            over = [order for order in orders if not order.left]
        for order in over:
            order.done(order.error)
