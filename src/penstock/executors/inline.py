"""The executor `inline`: attempts run in the flow's own process, in the thread that waits for them.

So `breakpoint()` works. Knows nothing of who waits, or why.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from penstock.errors import Suspension
from penstock.executors import capacity
from penstock.executors.tee import Tee
from penstock.model.environments import Environment
from penstock.model.events import Adopted, Ended, Hint, Lane, Profile, Recalled
from penstock.model.outcomes import Log, Metric, failed
from penstock.model.specs import Attempt, RunContext
from penstock.model.states import Cause
from penstock.worker.attempt import Workbench, run_attempt
from penstock.worker.footing import Detour, Premises
from penstock.worker.meter import Meter, between, counted_from

if TYPE_CHECKING:
    from penstock.engine.ports import Mailbox

Variables = Callable[[Environment | None], Iterable[tuple[str, str]]]
_PATIENCE_S = 0.05
_IDLE_TURNS = 20


def no_variables(environment: Environment | None) -> Iterable[tuple[str, str]]:
    """None, for who knows of no environment."""
    return ()


class _Waiting(NamedTuple):
    attempt: Attempt
    environment: Environment | None


class InlineExecutor:
    """The flow's own process. Implements `engine.ports.Executor`, with these exceptions:

    - An attempt that runs can't be ended: `cancel` waits for its end, so that timeouts and memory limits don't hold.
      Only the end of the whole run interrupts it, where it runs in the main thread.
    - A crash, a kill or `os._exit` in a step takes the whole process with it.
    - What a step leaves running (threads, children) stays.
    - While two threads run attempts at once, they share the random numbers, the directory and the environment.
    - What a program prints that a step starts goes to the screen, as it is, and into no log.
    - What an attempt used is what the whole process did while it ran; its memory is not measured.

    `cpu` None: all processors that this process may use; `variables`: those of an environment, secrets included.
    """

    def __init__(self, *, name: str = "inline", cpu: float | None = None, variables: Variables = no_variables) -> None:
        self._name = name
        self._variables = variables
        self._premises = Premises()
        self._profile = Profile(cpu=float(cpu or capacity.cpu()), memory_bytes=capacity.memory_bytes())
        self._waiting: deque[_Waiting] = deque()
        lock = threading.RLock()
        self._changed = threading.Condition(lock)
        self._alarm = threading.Condition(lock)  # for the fallback alone
        self._fallback: threading.Thread | None = None
        self._asleep = False
        self._mailbox: Mailbox | None = None
        self._tee: Tee | None = None
        self._meter: Meter | None = None
        self._running = 0
        self._closed = False

    @property
    def profile(self) -> Profile:
        """What it can hold."""
        return self._profile

    def open(self, mailbox: Mailbox, context: RunContext) -> None:
        """Get ready; nothing is made before the first attempt."""
        self._mailbox = mailbox
        self._context = context

    def start(self, attempt: Attempt, lane: Lane) -> None:
        """Leave the attempt to the first thread that waits; if none does soon, to a thread of its own."""
        with self._changed:
            self._waiting.append(_Waiting(attempt, lane.environment))
            self._changed.notify()
            if self._asleep:
                self._alarm.notify()
            if self._fallback is None:
                self._fallback = threading.Thread(target=self._take_unclaimed, name="penstock-inline", daemon=True)
                self._fallback.start()

    def recall(self, attempt: str) -> None:
        """Take it back, if no thread has taken it."""
        with self._changed:
            item = next((item for item in self._waiting if item.attempt.id == attempt), None)
            if item is None:
                return
            self._waiting.remove(item)
        self._post(Recalled(attempt))

    def cancel(self, attempt: str, cause: Cause) -> None:
        """Take it back, if no thread has taken it; what runs can't be ended."""
        self.recall(attempt)

    def adopt(self, attempt: Attempt) -> None:
        """What ran in a process that is gone is gone too."""
        self._post(Adopted(attempt.id, False))

    def run_next(self, timeout_s: float = 0.0) -> bool:
        """Run one attempt in this thread, waiting for it at most so long; False: there was none. Raises the Suspension
        that interrupted it."""
        with self._changed:
            if not self._waiting and timeout_s > 0.0:
                self._changed.wait(timeout_s)
            if not self._waiting:
                return False
            item = self._waiting.popleft()
        self._run(item)
        return True

    def close(self) -> None:
        """Release everything. What still runs goes on to its end, and is not heard any more."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
            self._alarm.notify_all()
            if self._tee is not None and self._meter is not None and not self._running:
                self._tee.close()
                self._meter.close()
                self._tee = self._meter = None

    def _run(self, item: _Waiting) -> None:
        attempt = item.attempt
        with self._changed:
            if self._tee is None or self._meter is None:
                self._meter = Meter()
                self._tee = Tee(os.path.join(self._context.logs, self._log_file()))
                self._bench = Workbench(self._context, self._hint)
            tee, bench, meter = self._tee, self._bench, self._meter
            self._running += 1
            tee.begin(attempt.id)
            start = tee.size()
            self._premises.enter(self._variables(item.environment))
        interruption = None
        before = counted_from(meter.read())
        try:
            with Detour(attempt.key):
                outcome = run_attempt(attempt, bench)
            outcome = outcome._replace(usage=between(outcome.usage, before, meter.read()))
        except Suspension as error:
            outcome, interruption = failed(Cause.CANCELLED, "was interrupted"), error
        finally:
            with self._changed:
                self._premises.leave()
        with self._changed:
            tee.end()
            self._running -= 1
            end = tee.size()
        log = Log(self._log_file(), start, end) if end > start else None
        self._post(Ended(attempt.id, outcome._replace(log=log, worker=self._name)))
        if interruption is not None:
            raise interruption

    def _take_unclaimed(self) -> None:
        """The fallback thread: takes what has waited for a while, as where the flow's body computes and waits for
        nothing."""
        seen: _Waiting | None = None
        idle = 0
        while True:
            with self._changed:
                if self._closed:
                    return
                head = self._waiting[0] if self._waiting else None
                if head is None or head is not seen:
                    seen = head
                    idle = idle + 1 if head is None else 0
                    self._asleep = idle > _IDLE_TURNS  # before that, being woken by each attempt would cost more
                    self._alarm.wait(None if self._asleep else _PATIENCE_S)
                    continue
                self._waiting.popleft()
            self._run(head)

    def _hint(self, attempt: str, metrics: tuple[Metric, ...]) -> None:
        self._post(Hint(attempt, metrics))

    def _log_file(self) -> str:
        return f"{self._name}-{os.getpid()}.log"

    def _post(self, event: Ended | Recalled | Adopted | Hint) -> None:
        if self._mailbox is not None and not self._closed:
            self._mailbox.post(event)
