"""Brings what attempts need from a far tier before another executor starts them.

Knows nothing of how that one runs them: an attempt whose inputs lie here is handed on at once, another one when threads
have brought them, and what follows it in its lane after it.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

from penstock.errors import StoreError
from penstock.executors.lane_order import LaneOrder
from penstock.executors.needed_blobs import blobs_of_attempt, blobs_of_outcome, blobs_of_run
from penstock.model.environments import Environment
from penstock.model.events import Began, Ended, ExecutorEvent, Lane, Profile, Recalled
from penstock.model.outcomes import failed
from penstock.model.slotted import Slotted
from penstock.model.specs import Attempt, Places, RunSpec
from penstock.model.states import Cause

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.engine.ports import Executor, Mailbox
    from penstock.tiers.tiered_store import TieredStore

_THREADS = 4

_Launch = tuple[Attempt, tuple[Lane, ...]]


class _Staged(Slotted):
    """An attempt that waits for what it needs, or for one before it."""

    launch: _Launch
    left: int  # how much of it is still to come
    error: StoreError | None = None


class StagingExecutor:
    """Implements `engine.ports.Executor` by another one of this machine, whose workers read the near tier.

    The time that it takes to bring what an attempt needs is not the attempt's own: its timeout counts from then on.
    """

    def __init__(self, inner: Executor, store: TieredStore) -> None:
        self._inner = inner
        self._store = store
        self._here: set[bytes] = set()
        self._staged = LaneOrder[_Staged]()
        self._come = deque[tuple[_Staged, StoreError | None]]()
        self._threads: ThreadPoolExecutor | None = None
        self._ring = -1, -1
        self._ringing = threading.Lock()
        self._for_all: tuple[tuple[bytes, int], ...] = ()
        self._mailbox: Mailbox

    @property
    def profile(self) -> Profile:
        return self._inner.profile

    def open(self, mailbox: Mailbox, spec: RunSpec, places: Places) -> None:
        self._mailbox = mailbox
        self._for_all = blobs_of_run(spec)
        mirror = self._store.mirror
        self._inner.open(mailbox if mirror is None else _Mirroring(mailbox, mirror), spec, places)

    def ready(self, environment: Environment | None, step: str) -> None:
        self._inner.ready(environment, step)

    def start(self, launches: Sequence[_Launch]) -> None:
        at_once: list[_Launch] = []
        for launch in launches:
            attempt, (lane, *_) = launch
            missing = [blob for blob in (*self._for_all, *blobs_of_attempt(attempt)) if not self._is_here(*blob)]
            if not missing and not self._staged.has(lane.number):
                at_once.append(launch)
                continue
            staged = _Staged(launch, len(missing))
            self._staged.add(attempt.id, lane.number, staged)
            if not missing:
                self._staged.ready(attempt.id)
            for blob in missing:
                self._pool().submit(self._bring, staged, *blob)
        if at_once:
            self._inner.start(at_once)

    def recall(self, attempts: Collection[str]) -> None:
        others: list[str] = []
        for attempt in attempts:
            if self._staged.take_out(attempt) is None:
                others.append(attempt)
            else:
                self._mailbox.post(Recalled(attempt))
        if others:
            self._inner.recall(others)
        self._hand_on()

    def cancel(self, attempt: str, cause: Cause) -> None:
        if attempt in self._staged:
            self.recall((attempt,))
        else:
            self._inner.cancel(attempt, cause)

    def adopt(self, attempt: Attempt, handle: str) -> None:
        self._inner.adopt(attempt, handle)

    def assist(self, timeout_s: float) -> bool:
        return self._inner.assist(timeout_s)

    def close(self, *, leave: bool = False) -> None:
        """What is being brought comes to its end, and is there for the next driver."""
        self._staged.clear()
        self._inner.close(leave=leave)
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)
            self._threads = None
            self._mailbox.unwatch(self._ring[0])
            with self._ringing:  # threads may bring something still
                for end in self._ring:
                    os.close(end)
                self._ring = -1, -1

    def _is_here(self, digest: bytes, size: int) -> bool:
        if digest in self._here:
            return True
        if not self._store.is_here(digest, size):
            return False
        self._here.add(digest)
        return True

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="penstock-staging")
            self._ring = os.pipe()
            os.set_blocking(self._ring[0], False)
            os.set_blocking(self._ring[1], False)
            self._mailbox.watch(self._ring[0], self._take_in)
        return self._threads

    def _bring(self, staged: _Staged, digest: bytes, size: int) -> None:
        """In a thread. What is nowhere is left to the worker, which says so."""
        error: StoreError | None = None
        try:
            self._store.bring(digest, size)
        except StoreError as failure:
            error = failure
        except Exception as failure:  # noqa: BLE001  the run waits for this attempt, whatever went wrong
            error = StoreError(f"{type(failure).__name__}: {failure}")
        self._come.append((staged, error))
        with self._ringing, suppress(OSError):  # it is full, and rings already; or the executor was closed
            os.write(self._ring[1], b"!")

    def _take_in(self) -> None:
        """In a turn: what threads have brought."""
        try:
            os.read(self._ring[0], 65536)
        except BlockingIOError:
            return
        while self._come:
            staged, error = self._come.popleft()
            staged.left -= 1
            staged.error = staged.error or error
            attempt = staged.launch[0].id
            if not staged.left and self._staged.get(attempt) is staged:  # else it was taken back, and started again
                self._staged.ready(attempt)
        self._hand_on()

    def _hand_on(self) -> None:
        """Start what waits for nothing any more, in the order of each lane."""
        ready: list[_Launch] = []
        for staged in self._staged.go_on():
            if staged.error is None:
                ready.append(staged.launch)
            else:
                message = f"its inputs could not be brought: {staged.error}"
                self._mailbox.post(Ended(staged.launch[0].id, failed(Cause.PLATFORM, message)))
        if ready:
            self._inner.start(ready)
        for attempt, _ in ready:
            self._mailbox.post(Began(attempt.id))


class _Mirroring:
    """A mailbox that has what attempts made sent up, too."""

    def __init__(self, mailbox: Mailbox, mirror: Callable[[bytes, int], None]) -> None:
        self._mirror = mirror
        self._mailbox = mailbox
        self.watch = mailbox.watch
        self.unwatch = mailbox.unwatch

    def post(self, *events: ExecutorEvent) -> None:
        for event in events:
            if isinstance(event, Ended):
                for digest, size in blobs_of_outcome(event.outcome):
                    self._mirror(digest, size)
        self._mailbox.post(*events)
