"""The executor `inline`: attempts run in the flow's own process, in the thread that waits for them.

So `breakpoint()` works. Knows nothing of who waits, or why.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from contextvars import copy_context
from typing import TYPE_CHECKING, Protocol

from penstock.errors import Suspension
from penstock.executors import capacity
from penstock.model.environments import Environment
from penstock.model.events import Adopted, Ended, Hint, Lane, Notice, Profile, Recalled
from penstock.model.outcomes import Error, Log, Metric, Outcome, failed
from penstock.model.specs import Attempt, Places, RunSpec
from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.engine.ports import Mailbox
    from penstock.model.rows import LoopProgress
    from penstock.worker.attempt import Workbench
    from penstock.worker.flow_logs import Tee
    from penstock.worker.meter import Meter
    from penstock.worker.shared_process import SharedProcess

    class Variables(Protocol):
        """What steps find among the variables of the flow's own process."""

        def ready_here(self, environment: Environment | None, step: str) -> None:
            """As `Executor.ready`."""
            ...

        def variables_of(self, environment: Environment | None) -> Iterable[tuple[str, str]]:
            """Name and value of each of an environment that is ready, secrets included."""
            ...


_PATIENCE_S = 0.05
_IDLE_TURNS = 20
_LOST = (
    "the flow's working directory can't be gone back to after it: {}. Leave that directory where it is, or run "
    'the step in a process of its own: on="process"'
)


class _Waiting(NamedTuple):
    attempt: Attempt
    environment: Environment | None


class InlineExecutor:
    """The flow's own process. Implements `engine.ports.Executor`, with these exceptions:

    - An attempt that runs can't be ended: `cancel` waits for its end, so that timeouts and memory limits don't hold.
      Only the end of the whole run interrupts it, where it runs in the main thread.
    - A crash, a kill or `os._exit` in a step takes the whole process with it.
    - What a step leaves running (threads, children) stays.
    - While two threads of the body run attempts at once, these share random numbers, directory and environment.
    - What a program prints that a step starts goes to the screen, as it is, and into no log.
    - What an attempt used is what the whole process did while it ran; its memory is not measured.

    `shared_process`: this process's; `cpu` None: all processors that this process may use; `variables` None: steps have
    none of their own.
    """

    def __init__(
        self,
        *,
        shared_process: SharedProcess,
        name: str = "inline",
        cpu: float | None = None,
        variables: Variables | None = None,
    ) -> None:
        self._name = name
        self._variables = variables
        self._shared_process = shared_process
        self.profile = Profile(
            cpu=float(cpu or capacity.cpu()),
            memory_bytes=capacity.memory_bytes(),
            enforces=(),
            place="the flow's own process",
            assisted=True,
        )
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

    def open(self, mailbox: Mailbox, spec: RunSpec, places: Places) -> None:
        self._mailbox = mailbox
        self._spec, self._places = spec, places

    def ready(self, environment: Environment | None, step: str) -> None:
        """Find its variables; nothing is built for it."""
        if self._variables is not None:
            self._variables.ready_here(environment, step)

    def start(self, launches: Sequence[tuple[Attempt, tuple[Lane, ...]]]) -> None:
        """Leave the attempts to threads that wait; if none does soon, to a thread of its own."""
        with self._changed:
            self._waiting.extend(_Waiting(attempt, lane.environment) for attempt, (lane,) in launches)
            self._changed.notify(len(launches))
            if self._asleep:
                self._alarm.notify()
            if self._fallback is None:
                self._fallback = threading.Thread(target=self._take_unclaimed, name="penstock-inline", daemon=True)
                self._fallback.start()

    def recall(self, attempts: Collection[str]) -> None:
        """Take back those that no thread has taken."""
        with self._changed:
            back = [item for item in self._waiting if item.attempt.id in attempts]
            for item in back:
                self._waiting.remove(item)
        for item in back:
            self._post(Recalled(item.attempt.id))

    def cancel(self, attempt: str, cause: Cause) -> None:
        """Take it back, if no thread has taken it; what runs can't be ended."""
        self.recall((attempt,))

    def adopt(self, attempt: Attempt, handle: str) -> None:
        """What ran in a process that is gone is gone too."""
        self._post(Adopted(attempt.id, False))

    def assist(self, timeout_s: float) -> bool:
        with self._changed:
            if not self._waiting and timeout_s > 0.0:
                self._changed.wait(timeout_s)
            if not self._waiting:
                return False
            item = self._waiting.popleft()
        self._run(item)
        return True

    def close(self, *, leave: bool = False) -> None:
        """Release everything. What still runs goes on to its end, and is not heard any more."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
            self._alarm.notify_all()
            if self._tee is not None and self._meter is not None and not self._running:
                self._tee.close()
                self._meter.close()
                self._bench.writes.close()
                self._tee = self._meter = None

    def _run(self, item: _Waiting) -> None:
        """Run it and post its end, whatever happens: a run waits for each attempt that it has started. Raises the
        Suspension that interrupted it."""
        outcome, interruption = failed(Cause.EXITED, "the flow's own process could not run it"), None
        try:
            outcome, interruption = self._logged(item)
        except Exception as error:  # noqa: BLE001  a fault of this file's, or of a handler that somebody has put there
            outcome = _faulty(error)
        finally:
            self._post(Ended(item.attempt.id, outcome._replace(worker=self._name)))
        if interruption is not None:
            raise interruption

    def _logged(self, item: _Waiting) -> tuple[Outcome, Suspension | None]:
        """Its outcome, with what it printed."""
        tee, bench, meter = self._begin(item.attempt.id)
        start = end = tee.size()
        try:
            outcome, interruption = self._at_home(item, bench, meter)
        finally:
            with self._changed:
                self._running -= 1
                tee.end()
                end = tee.size()
        return outcome._replace(log=Log(self._log_file(), start, end) if end > start else None), interruption

    def _begin(self, attempt: str) -> tuple[Tee, Workbench, Meter]:
        with self._changed:
            if self._tee is None or self._meter is None:
                # Most runs have no attempt here.
                from penstock.worker import flow_streams, tqdm_loops
                from penstock.worker.attempt import Workbench, share_process
                from penstock.worker.chance import Chance
                from penstock.worker.flow_logs import Tee
                from penstock.worker.hooks import ImportHooks
                from penstock.worker.meter import Meter

                self._meter = Meter()
                self._tee = Tee(self._places.log(self._log_file()), self._spec, flow_streams.of_this_process())
                hooks = ImportHooks()
                tqdm_loops.watch(hooks)
                self._chance = Chance(hooks, self._spec.seed, sweeps=False)
                self._bench = Workbench(self._spec, self._places, self._hint, taken=self._chance.take_in)
                share_process()
            self._tee.begin(attempt)
            self._running += 1
            return self._tee, self._bench, self._meter

    def _at_home(self, item: _Waiting, bench: Workbench, meter: Meter) -> tuple[Outcome, Suspension | None]:
        """Its outcome; the directory and the variables of the process are as before, or the outcome says otherwise."""
        from penstock.artifacts.checkpoints import metrics_of
        from penstock.worker.attempt import run_attempt
        from penstock.worker.meter import between

        interruption = None
        variables = () if self._variables is None else self._variables.variables_of(item.environment)
        guest = self._shared_process.enter(variables)
        try:
            before = meter.read()
            with self._chance.away(item.attempt):
                # What it sets of context variables goes with it.
                outcome = copy_context().run(run_attempt, item.attempt, bench)
            for note in self._chance.told():
                self._post(Notice(note))
            ours = bench.writes.moved()
            outcome = outcome._replace(usage=between(outcome.usage, before, meter.read(), ours=ours))
        except Suspension as error:
            metrics = metrics_of(self._spec, self._places, item.attempt)
            outcome, interruption = failed(Cause.CANCELLED, "was interrupted", metrics=metrics), error
        finally:
            lost = self._shared_process.leave(guest)
        if lost is not None and outcome.error is None:
            # Not retryable: the next attempt would find itself wherever this one has left the process.
            error = Error(Cause.RAISED.value, "", _LOST.format(lost), retryable=False)
            outcome = outcome._replace(status=TaskStatus.FAILED.value, result=None, error=error)
        return outcome, interruption

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
                # Not beside an attempt that runs: the two would share random numbers, directory and variables.
                if head is None or head is not seen or self._running:
                    seen = head
                    idle = idle + 1 if head is None else 0
                    self._asleep = idle > _IDLE_TURNS  # before that, being woken by each attempt would cost more
                    self._alarm.wait(None if self._asleep else _PATIENCE_S)
                    continue
                self._waiting.popleft()
            self._run(head)

    def _hint(self, attempt: str, metrics: tuple[Metric, ...], loops: tuple[LoopProgress, ...] | None = None) -> None:
        self._post(Hint(attempt, metrics, loops))

    def _log_file(self) -> str:
        return f"{self._name}-{self._spec.driver}.log"

    def _post(self, event: Ended | Recalled | Adopted | Hint | Notice) -> None:
        if self._mailbox is not None and not self._closed:
            self._mailbox.post(event)


def _faulty(error: Exception) -> Outcome:
    """The outcome of an attempt whose surroundings failed, not its step."""
    from penstock.worker.recorded_errors import is_the_machines

    cause = Cause.PLATFORM if is_the_machines(error) else Cause.EXITED
    return failed(cause, f"the flow's own process could not run it to its end: {type(error).__name__}: {error}")
