"""In which order a flow's body sees its tasks settle: always in that in which they did, and no sooner than it looks.

What a body calls may depend on which task was done first: it takes results as they come, with `as_completed` or `wait`.
A resume must show it the same order, though there all of them have settled before it looks. So what has settled waits
here until the body looks at it, or at something that settled later; with `wait(..., FIRST_COMPLETED)` it sees one at a
time. The same holds in a run that nobody disturbs, where several may settle between two looks.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import Any, Callable, Deque, Dict, Iterable, List, Optional, Sequence, Tuple

Callbacks = Sequence[Tuple[Callable[[Any], Any], Any]]


class Arrivals:
    """Settled futures that the body has not seen, of one run. `lock` (an RLock) is held by whoever changes a
    future's state.

    What it asks of a future: `unseen_at`, its place where it waits here, else None; `wanted()`, whether somebody waits
    for it; `show()`, which makes it finished, and gives the callbacks that are to be called then.
    """

    def __init__(self, lock: Any, until: int = 0, beyond: Optional[Callable[[], None]] = None) -> None:
        """`beyond()` is called when something settles later than the place `until`; 0: never."""
        self._lock = lock
        self._until = until
        self._beyond = beyond
        self._expected: Dict[Any, int] = {}  # nested flows that had settled, and go on again, with their places
        # Of those that come in the order of their places, as all do but in a replay, no more than themselves is kept.
        self._unseen: Deque[Any] = deque()
        self._last = 0  # the place of the last of them
        # The others: a heap, by place, then in the order of their coming.
        self._belated: List[Tuple[int, int, Any]] = []
        self._came = 0
        self._depth = 0
        self._awaited = False  # somebody has begun to wait since the lock was taken

    def add(self, future: Any, place: int) -> None:
        """A future has settled, as the `place`th of its run."""
        with self._lock:
            if not (self._unseen or self._belated or self._expected) and future.wanted():
                callbacks = future.show()
            else:
                self._keep(future, place)
                callbacks = self._show_until(future) if future.wanted() and not self._is_held(future) else ()
        if callbacks:
            _call(callbacks)
        if self._expected:
            self.expect_no_more(future)
        if place > self._until > 0 and self._beyond is not None:
            self._until = 0
            self._beyond()

    def _keep(self, future: Any, place: int) -> None:
        future.unseen_at = place
        if place > self._last or not (self._unseen or self._belated):
            self._last = place
            self._unseen.append(future)
        else:
            self._came += 1
            heappush(self._belated, (place, self._came, future))

    def expect(self, future: Any, place: int) -> None:
        """A nested flow had settled as the `place`th of its run under an earlier driver, and goes on again: what had
        settled after it is not shown before it."""
        with self._lock:
            self._expected[future] = place

    def expect_no_more(self, future: Any) -> None:
        """It has settled, or does something new, so that it may take any time."""
        with self._lock:
            was_expected = self._expected.pop(future, None) is not None
        if was_expected:
            self.look_for_all()

    def _is_held(self, future: Any) -> bool:
        if not self._expected:
            return False
        return future.unseen_at is not None and future.unseen_at > min(self._expected.values())

    def look(self, futures: Iterable[Any]) -> None:
        """The body looks at futures: each that has settled is shown, after all that settled before it."""
        callbacks: List[Any] = []
        with self._lock:
            for future in futures:
                if future.unseen_at is not None and not self._is_held(future):
                    callbacks += self._show_until(future)
        _call(callbacks)

    def look_for_all(self) -> None:
        """Somebody waits for several: show in order what is there, as far as it is wanted."""
        with self._lock:
            callbacks: List[Any] = []
            unseen = [*self._unseen, *(future for _, _, future in sorted(self._belated))]
            for future in sorted((one for one in unseen if one.wanted()), key=lambda one: one.unseen_at):
                # Asked again: who was shown the one before may have seen enough.
                if future.unseen_at is not None and future.wanted() and not self._is_held(future):
                    callbacks += self._show_until(future)
        _call(callbacks)

    def _show_until(self, future: Any) -> Callbacks:
        callbacks: List[Any] = []
        shown: Any = None
        while shown is not future:
            shown = self._next()
            callbacks += shown.show()
        return callbacks

    def _next(self) -> Any:
        if not self._belated or (self._unseen and self._unseen[0].unseen_at <= self._belated[0][0]):
            return self._unseen.popleft()
        return heappop(self._belated)[2]

    # The lock, as `concurrent.futures` knows it: it takes that of each of its futures, begins to wait for them, lets
    # the locks go and sleeps. Only then may anything be shown, else it is seen in another order.

    def awaited(self) -> None:
        """Somebody begins to wait; the lock is held."""
        self._awaited = True

    def acquire(self) -> bool:
        self._lock.acquire()
        self._depth += 1
        return True

    def release(self) -> None:
        self._depth -= 1
        look, self._awaited = self._awaited and not self._depth, self._awaited and self._depth > 0
        self._lock.release()
        if look:
            self.look_for_all()

    __enter__ = acquire

    def __exit__(self, *_: object) -> None:
        self.release()


class Waiters(List[Any]):
    """The waiters of one future, as `concurrent.futures` adds and removes them."""

    def __init__(self, arrivals: Arrivals) -> None:
        super().__init__()
        self._arrivals = arrivals

    def append(self, waiter: Any, /) -> None:
        super().append(waiter)
        self._arrivals.awaited()

    def want_more(self) -> bool:
        """Whether one of them has not seen enough: who waits with `as_completed` never has."""
        return any(type(waiter).__name__ not in _CONTENT or not waiter.event.is_set() for waiter in self)


_CONTENT = ("_FirstCompletedWaiter", "_AllCompletedWaiter")
"""Those of `concurrent.futures.wait`, which look no more once they are woken."""


def _call(callbacks: Callbacks) -> None:
    for call_back, future in callbacks:
        call_back(future)
