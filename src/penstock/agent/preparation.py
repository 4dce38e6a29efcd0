"""Has on an agent's machine what an attempt needs before it starts: its values, what its task has left elsewhere, and
its environment. Looks after what it leaves, until it is over.

All of it takes its time, so that threads do it: one for values and checkpoints, in the order in which attempts came,
and that of the interpreters.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Protocol

from penstock.agent.failures import failure_of
from penstock.errors import PenstockError
from penstock.model.environments import Environment
from penstock.model.events import Lane
from penstock.model.ids import step_of
from penstock.model.specs import Attempt

LOOK_S = 1.0
"""Checkpoints are looked at so often."""

Task = Callable[[], None]
Done = Callable[[PenstockError | None], None]
Prepared = Callable[[str, PenstockError | None], None]
"""Is called with an attempt's id, from any thread, once all is there, or with why it can't be had."""


class Checkpoints(Protocol):
    """`SentCheckpoints`, as far as it is used here."""

    def may_bring(self, attempt: Attempt) -> bool: ...
    def watch(self, attempts: Iterable[Attempt]) -> None: ...
    def forget(self, attempt: Attempt) -> bool: ...
    def bring(self, attempt: Attempt) -> None: ...
    def over(self, attempt: Attempt, *, is_done: bool, now: float) -> None: ...
    def look(self, now: float) -> None: ...
    def flush(self, now: float) -> None: ...


class Environments(Protocol):
    """`AgentInterpreters`, likewise."""

    def is_ready(self, environment: Environment | None) -> bool: ...
    def ready_soon(self, environment: Environment | None, step: str, done: Done) -> None: ...


class Preparation:
    """`needs`: whether an attempt's inputs have values that lie elsewhere; `bring`: has them here, and blocks
    meanwhile."""

    def __init__(
        self,
        needs: Callable[[Attempt], bool],
        bring: Callable[[Attempt], None],
        checkpoints: Checkpoints,
        environments: Environments,
        prepared: Prepared,
        failed: Callable[[str], None],
    ) -> None:
        """`failed` takes a line about what went wrong and ends no attempt, from any thread."""
        self._needs, self._bring = needs, bring
        self._checkpoints, self._environments = checkpoints, environments
        self._prepared, self._failed = prepared, failed
        self._tasks: deque[Task] = deque()
        self._awaited: Counter[Environment | None] = Counter()  # how many wait for each: none may overtake another
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._running = 0
        self._said = ""
        self._is_over = self._sleeps_long = False

    def start(self, attempt: Attempt, lane: Lane) -> None:
        """Prepare an attempt. Returns at once."""
        self._running += 1
        self._order(partial(self._prepare, attempt, lane))

    def skip(self, launches: Sequence[tuple[Attempt, Lane]]) -> int:
        """How many of these, from the first one on, have all that they need: they are looked after from now on, and
        need not be prepared. Returns at once. For when nothing else is being prepared, which they could overtake."""
        count = next((at for at, launch in enumerate(launches) if self._lacks(*launch)), len(launches))
        if count:
            self._running += count
            self._checkpoints.watch(attempt for attempt, _ in launches[:count])
            self._look_soon()
        return count

    def _lacks(self, attempt: Attempt, lane: Lane) -> bool:
        with self._changed:
            is_free = self._is_free(lane.environment)
        return not is_free or self._needs(attempt) or self._checkpoints.may_bring(attempt)

    def _is_free(self, environment: Environment | None) -> bool:
        """Whether an attempt can have this environment without a wait, and overtakes none by it."""
        return not self._awaited[environment] and self._environments.is_ready(environment)

    def over(self, attempt: Attempt, *, is_done: bool) -> None:
        """An attempt that was prepared is over. Returns at once."""
        self._running -= 1
        if not (is_done and self._checkpoints.forget(attempt)):
            self._order(lambda: self._checkpoints.over(attempt, is_done=is_done, now=time.monotonic()))

    def close(self) -> None:
        """Send what is not sent yet, and end the thread. Blocks."""
        with self._changed:
            self._is_over = True
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _order(self, task: Task) -> None:
        with self._changed:
            self._tasks.append(task)
            self._wake()

    def _look_soon(self) -> None:
        """Have the thread look each second, which a thread that wakes does by itself."""
        with self._changed:
            if self._sleeps_long or self._thread is None:
                self._wake()

    def _wake(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="penstock-preparation", daemon=True)
            self._thread.start()
        self._changed.notify()

    def _prepare(self, attempt: Attempt, lane: Lane) -> None:
        failure = failure_of(lambda: self._bring(attempt)) or failure_of(lambda: self._checkpoints.bring(attempt))
        environment = lane.environment
        with self._changed:
            waits = failure is None and not self._is_free(environment)
            self._awaited[environment] += waits
        if not waits:
            self._prepared(attempt.id, failure)
            return

        def done(error: PenstockError | None) -> None:
            self._prepared(attempt.id, error)
            with self._changed:
                self._awaited[environment] -= 1

        self._environments.ready_soon(environment, step_of(attempt.id), done)

    def _work(self) -> None:
        look_at = time.monotonic() + LOOK_S
        while True:
            with self._changed:
                if not self._tasks and not self._is_over:
                    self._sleeps_long = not self._running
                    self._changed.wait(None if self._sleeps_long else max(0.0, look_at - time.monotonic()))
                    self._sleeps_long = False
                task = self._tasks.popleft() if self._tasks else None
                is_over = self._is_over and task is None
            if is_over:
                self._try(lambda: self._checkpoints.flush(time.monotonic()))
                return
            if task is not None:
                self._try(task)
            if time.monotonic() >= look_at:
                self._try(lambda: self._checkpoints.look(time.monotonic()))
                look_at = time.monotonic() + LOOK_S

    def _try(self, task: Task) -> None:
        """What can't be sent now is sent with the next look."""
        said, failure = self._said, failure_of(task)
        self._said = "" if failure is None else str(failure)
        if self._said not in ("", said):
            self._failed(self._said)
