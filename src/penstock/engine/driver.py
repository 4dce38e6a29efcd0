"""The one loop that performs what the machine decides.

Owns the driver's thread and the order within one turn: take in what came, let the machine decide, start attempts,
commit outcomes, resolve futures. So a future never resolves before its task's row is committed, and workers run while
the journal writes.

One turn is taken at a time. Most are taken by the driver's thread; a thread that submits a call while that one sleeps
takes a turn itself, which saves waking it (a third of the cost of a short task).
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence

from penstock.engine import facts
from penstock.engine.admission import not_enforced, why_never
from penstock.engine.answers import Answers
from penstock.engine.clock import Clock
from penstock.engine.effects import Effects
from penstock.engine.intake import Intake, Logged, Reproduce
from penstock.engine.jobs import Job
from penstock.engine.machine import Machine
from penstock.engine.mailbox import Inbox
from penstock.engine.neighbours import Neighbours
from penstock.engine.numbers import Numbers
from penstock.engine.ports import Executor
from penstock.engine.reuse import Reuse
from penstock.engine.run_state import Delivery, Failure, Pending, RunState, Wiring
from penstock.engine.scopes import Left, Scopes
from penstock.engine.watch import Watch
from penstock.errors import FencedError, Suspension, UsageError
from penstock.model.events import Profile
from penstock.model.options import Options
from penstock.model.outcomes import Error, Metric, Stored
from penstock.model.rows import Dealt, PriorTask, StepCount
from penstock.model.sinks import Sink
from penstock.model.specs import Call, FlowCall
from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import NamedTuple

ASSIST_S = 0.005
"""How long a thread that assists sleeps at an executor before it looks again whether its results are there."""

_TICK = (facts.Tick(),)


class _Halt(NamedTuple):
    """Start nothing new."""

    mode: facts.StopMode
    cause: Cause
    reason: BaseException
    kill_after_s: float | None


class _Fault(NamedTuple):
    """A turn failed in another thread."""

    error: Exception


class _Close(NamedTuple):
    """Settle what was submitted, then end."""


_OWN = frozenset((_Halt, _Fault, _Close))
"""Items that are the driver's own to take; all others are `Intake`'s."""


class Driver:
    """Drives one run: implements `sdk.session.Engine`. But for `start`, its methods may be called from any thread."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._inbox = Inbox()
        self.state = RunState()  # of others only to be looked at
        self.reuse = Reuse(wiring.policy, wiring.origin, self.state.results.get, wiring.codes, wiring.values)
        self._scopes = Scopes(self.state, wiring)
        self._intake = Intake(self.state, wiring, self.reuse, self._scopes)
        self._neighbours = Neighbours(wiring.host, wiring.run_id, self._inbox, wiring.listener.said)
        self._effects = Effects(self.state, wiring, self.reuse, self._neighbours)
        profiles = {name: executor.profile for name, executor in wiring.executors.items()}
        self._machine = Machine(
            profiles, wiring.limits, wiring.platform_retries, wiring.values.combine, self._neighbours.total
        )
        self._clock = Clock(self.state, wiring, self._machine, self._neighbours, self._kill)
        self._answers = Answers(self.state, wiring, self.reuse)
        self._lock = threading.Lock()  # over what submitting changes
        self._turning = threading.Lock()  # held during a turn
        self._watch = Watch(self._inbox.ring)
        self._turner = 0  # the thread that is in a turn; 0: none
        self._sleeps_until = 0.0
        self._prior: dict[bytes, PriorTask] = {}
        self._numbers = Numbers()
        self._why_never: dict[Options, str] = {}
        self._told = set[str]()
        self._halted: _Halt | None = None
        self._closing = False
        self._over = False
        self._assisted: list[Executor] = []  # those of the executors that were called for which threads assist
        self.fault: BaseException | None = None  # what ended the loop before its time
        self.unwind: Callable[[], None] | None = (
            None  # interrupts a body that is busy with code of its own; None: can't
        )
        self._thread = threading.Thread(target=self._drive, name=f"penstock {wiring.run_id}", daemon=True)

    def start(self) -> None:
        """Open, and begin to drive."""
        self.open()
        self._thread.start()

    def open(self) -> None:
        """Take in what earlier drivers committed, and get the executors ready. Raises what opening an executor raises;
        nothing runs then. Who does not start it takes its turns, and closes it in the end."""
        prior = list(self._wiring.journal.prior())
        self._prior = {task.key: task for task in prior}
        scopes = self._scopes.start(self._wiring.journal.scopes())
        self._numbers = Numbers(prior, [*self._wiring.journal.dealt(), *scopes])
        self.state.settled = max((task.settled for task in prior), default=0)
        self.state.settled = max(self.state.settled, self._scopes.last_settled)
        self.state.resumed = bool(self._prior)
        if self._wiring.origin is not None:
            self._wiring.origin.withdraw(self._prior.values())
        self._clock.start()
        try:
            for executor in self._wiring.each_executor():
                executor.open(self._inbox, self._wiring.spec, self._wiring.places)
            self._neighbours.open()
        except BaseException:
            self._close_executors(leave=True)  # nothing was started, and what earlier drivers left is not asked for
            raise

    def turn(self) -> None:
        """Take in all that has come. Raises what went wrong in a turn, then and whenever it is called again. Within a
        turn of this thread nothing."""
        if self.fault is None and self._turner != threading.get_ident():
            try:
                with self._turning:
                    self._turn(self._inbox.take())
            except Exception as error:  # noqa: BLE001  a body may swallow it, and the run must not
                self.fault = error
        if self.fault is not None:
            raise self.fault

    def close(self) -> None:
        """Release everything, where it was not started."""
        self._close_executors(leave=True)
        self._neighbours.close()
        self._inbox.close()

    def submit(self, calls: Sequence[tuple[Call, Sink]], of_map: int = -1) -> list[tuple[int, str]]:
        call = calls[0][0]
        why = self._why_never.get(call.options)
        if why is None:
            why = self._why_never[call.options] = self._prepared(call)
        if why:
            raise UsageError(f"Step {call.name} can't run: {why}")
        with self._lock:
            self._refuse(f"step {call.name}", call.scope)
            news: list[Dealt] = []
            admitted = [self._admit(call, sink, news) for call, sink in calls]
            if of_map >= 0:
                first = of_map or admitted[0].id
                for job in admitted:
                    job.map = first
            if news:
                self._wiring.journal.note(news)
            self.state.jobs.update((job.id, job) for job in admitted)
        self._hand_in(admitted)
        return [(job.id, job.path) for job in admitted]

    def enter(self, call: FlowCall, sink: Sink | None = None) -> tuple[int, str, int]:
        with self._lock:
            self._refuse(f"flow {call.name}", call.scope)
            news: list[Dealt] = []
            dealt = self._numbers.of(call, news)
            if news:
                self._wiring.journal.note(news)
            scope = self._scopes.enter(call, dealt, self._clock.utc(), sink)
        if scope.prior is None:
            self._inbox.put([scope.record])  # whatever comes next takes it along
        return dealt.id, self._scopes.path(dealt.id), scope.prior.settled if scope.prior else 0

    def leave(
        self, scope: int, result: Stored | None, error: Error | None, task: str = "", is_done: bool = False
    ) -> None:
        item = Left(scope, self._clock.utc(), result, error, task, is_done or result is not None)
        self._inbox.post(item)

    def _refuse(self, what: str, scope: int) -> None:
        """Raise why nothing is called any more. The lock is held."""
        if self._halted is not None:
            raise self._halted.reason
        if self._over:
            raise UsageError(f"{self._wiring.run_id} is over: {what} was called too late to belong to it")
        if scope:
            self._scopes.check(scope)

    def _hand_in(self, admitted: list[Job]) -> None:
        """Take a turn with the jobs, unless another thread is in one: that one finds them before it is done."""
        self._inbox.put(admitted)
        while self._inbox.holds_items and self._turning.acquire(blocking=False):
            try:
                self._turn(self._inbox.take())
                if self._clock.next_at() < self._sleeps_until:
                    self._inbox.ring()
            except Exception as error:  # noqa: BLE001  the driver's thread must hear of it, and end the run
                self._turner = 0
                self._inbox.post(_Fault(error))
                return
            finally:
                self._turning.release()

    def _prepared(self, call: Call) -> str:
        """Get ready for calls with these options, in the thread that makes the first one: what is wrong with them is
        raised there. Gives why they can never run; "" where they can."""
        executor = self._wiring.executors.get(call.options.on)
        why = why_never(call.options, executor.profile if executor else None, self._wiring.limits)
        if why or executor is None:
            return why
        self._tell_of_bounds(call, executor.profile)
        executor.ready(call.options.environment, call.name)
        if executor.profile.assisted and executor not in self._assisted:
            self._assisted.append(executor)
        if call.options.uses is not None and self._turner != threading.get_ident():
            with self._turning:
                self._wiring.codes.of(call.work, (), call.options)
        return ""

    def _tell_of_bounds(self, call: Call, profile: Profile) -> None:
        """Say once for each what a step asks for and its executor does not enforce."""
        for line in not_enforced(call.name, call.options, profile):
            head = line.partition(",")[0]
            if head not in self._told:
                self._told.add(head)
                self._wiring.listener.said(line)

    def _admit(self, call: Call, sink: Sink, news: list[Dealt]) -> Job:
        prior = self._prior.pop(call.key, None) if self._prior else None
        _, id_, name, number = self._numbers.of(call, news)
        return Job(id_, number, f"{self._wiring.run_id}/{name}/{number}", call, sink, prior)

    def deliver(self, tasks: tuple[int, ...]) -> None:
        """Commit that these failures are handed to the body. Blocks until it is committed, but not where a future's
        callback asks, which runs inside of a turn: then the next turn commits."""
        failures = self.state.failures
        news = tuple({failures[task].root for task in tasks if not failures[task].delivered})
        for task in tasks:
            failures[task].delivered = True
        if not news:
            return
        delivery = Delivery(news, threading.Event())
        self._inbox.post(delivery)
        if self._turner == threading.get_ident():
            return
        while not delivery.committed.wait(0.5) and self._thread.is_alive():
            pass

    def attend(self, opened: Callable[[], bool], until: float) -> bool:
        """Wait in the driver's thread's place until `opened()`, or until a time of the monotonic clock; whether it is.

        False at once where another thread attends, the run is over, or the driver's own thread has to see to something:
        then wait elsewhere, for what a turn calls.
        """
        if self._turner == threading.get_ident() or not self._watch.borrow(lambda: self._over):
            return False
        try:
            while not opened() and time.monotonic() < until:
                self._sleep(min(until, self._clock.next_at()))
                if self._wake_or_tell():
                    break
        finally:
            self._watch.give_back()
            if not opened():
                self._watch.relieve()
                self._inbox.ring()
        return opened()

    def _wake_or_tell(self) -> bool:
        try:
            return self._wake()
        except Exception as error:  # noqa: BLE001  the driver's thread must hear of it, and end the run
            self._inbox.post(_Fault(error))
            return True

    def cancel(self, task: int) -> None:
        with self._lock:
            called = self._scopes.cancel(task)
        for each in (task, *called):
            self._inbox.post(facts.CancelTask(each))

    def reproduce(self, task: int) -> None:
        if self._over:
            raise UsageError(f"{self._wiring.run_id} is over, and a stored result of it is damaged: start a new run")
        self._inbox.post(Reproduce(task))

    def log(self, metrics: tuple[Metric, ...]) -> None:
        self._inbox.post(Logged(metrics))

    def assist(self, opened: Callable[[], bool], until: float) -> bool:
        while self._assisted and not opened() and time.monotonic() <= until:
            for executor in self._assisted:
                executor.assist(ASSIST_S)
        return bool(self._assisted) and opened()

    @property
    def halted_by(self) -> BaseException | None:
        """Why the run stops; None: it does not."""
        return self._halted.reason if self._halted else None

    @property
    def is_ending(self) -> bool:
        """Whether nothing is waited for any more."""
        return self._over or (self._machine.stop is not None and self._machine.stop.mode is facts.StopMode.KILL)

    @property
    def failures(self) -> dict[int, Failure]:
        """The tasks that have failed, by number."""
        return self.state.failures

    @property
    def unused_prior(self) -> tuple[PriorTask, ...]:
        """What earlier drivers finished and this body has not called."""
        return tuple(task for task in self._prior.values() if task.status == TaskStatus.DONE.value)

    def counts(self) -> tuple[StepCount, ...]:
        return self.state.tally.counts()

    @property
    def logs(self) -> str:
        return self._wiring.places.logs

    def running(self) -> list[str]:
        """Ids of the attempts in flight, oldest first."""
        return list(self.state.attempts)

    def halt(
        self,
        reason: BaseException,
        *,
        kill: bool = False,
        cause: Cause = Cause.CANCELLED,
        kill_after_s: float | None = None,
        leave: bool = False,
    ) -> None:
        """Start nothing new. What is in flight finishes, or is cancelled: at once with `kill`, else `kill_after_s`
        later (None: never). With `leave`, what outlives this driver is left to the next one, and the rest finishes.
        Whoever waits for a task that will not settle gets `reason` raised."""
        mode = facts.StopMode.KILL if kill else facts.StopMode.DETACH if leave else facts.StopMode.DRAIN
        self._inbox.post(_Halt(mode, cause, reason, kill_after_s))

    def _kill(self, reason: BaseException, cause: Cause) -> None:
        self.halt(reason, kill=True, cause=cause)

    def finish(self) -> None:
        """Wait until everything that was submitted has settled, or the run has come to rest after a halt; then release
        the executors. Raises what ended the loop before its time."""
        self._inbox.post(_Close())
        self._watch.relieve()
        while self._thread.is_alive():
            if not self.assist(lambda: not self._thread.is_alive(), math.inf):
                self._thread.join(0.5)
        if self.fault is not None:
            raise self.fault

    # The driver's thread.

    def _drive(self) -> None:
        try:
            self._loop()
            self._clock.note_reused()
        except BaseException as error:  # noqa: BLE001  the boundary: whatever it is must reach the body, not vanish
            self.fault = error
            with self._lock:
                self._halted = _Halt(facts.StopMode.KILL, Cause.CANCELLED, error, None)
            if self.unwind is not None:
                self.unwind()
        finally:
            self._turning.acquire()  # for good: no thread takes a turn any more
            with self._lock:
                self._over = True
            self._close_executors(leave=self._leaves())
            self._neighbours.close()
            self._suspend_all(self._halted.reason if self._halted else Suspension(f"{self._wiring.run_id} is over"))
            self._inbox.close()

    def _loop(self) -> None:
        while True:
            self._watch.resume()
            self._sleep(self._clock.next_at())
            if self._wake():
                return  # the watch is kept: nobody sleeps at the inbox any more
            self._watch.pause()

    def _sleep(self, until: float) -> None:
        self._sleeps_until = until
        self._inbox.wait(max(0.0, until - time.monotonic()))

    def _wake(self) -> bool:
        """Take a turn with what has come in; True: all is settled, and nothing more is to come."""
        with self._turning:
            self._inbox.hear()
            self._turn(self._inbox.take())
            self._sleeps_until = 0.0  # awake: nobody needs to ring
            self._clock.look()
            if not self._machine.resting:
                return False
            if self._halted is not None:
                self._suspend_all(self._halted.reason)
            return self._closing

    def _take(self, item: object) -> None:
        if isinstance(item, _Halt):
            with self._lock:
                first = self._halted = self._halted or item
            if item.kill_after_s is not None:
                self._clock.kill_after(item.kill_after_s, first.reason, first.cause)
            self._intake.take(facts.Stop(item.mode, item.cause))
            self._answers.release_idle()
            if item.mode is facts.StopMode.KILL and self.unwind is not None:
                self.unwind()
        elif isinstance(item, _Close):
            self._closing = True
        elif isinstance(item, _Fault):
            raise item.error

    def _turn(self, items: list[object]) -> None:
        self._turner = threading.get_ident()
        run_state = self.state
        run_state.now = now = time.monotonic()
        for item in items:
            if type(item) in _OWN:
                self._take(item)
            else:
                self._intake.take(item)
        commands = self._machine.handle(self._intake.events() or _TICK, now)
        while True:
            self._effects.perform(commands)
            questions = run_state.pending.questions
            consulted = [*self._commit(), *self._answers.to(questions)]
            woken, run_state.woken = run_state.woken, []
            answers: list[facts.Event] = [*consulted, *map(facts.AskAgain, woken)]
            if self._neighbours.offers:
                answers.append(self._neighbours.offers.pop())
            if not answers:
                break
            commands = self._machine.handle(answers, now)
        resolutions, run_state.resolutions = run_state.resolutions, []
        for resolution in resolutions:
            if resolution.error is not None and self._ended_by_halt(resolution.error):
                assert self._halted is not None
                resolution.sink.suspend(self._halted.reason)
            else:
                resolution.sink.settle(resolution.result, resolution.error, resolution.reused, resolution.place)
        self._turner = 0

    def _ended_by_halt(self, error: Error) -> bool:
        """Whether a task failed because the run stops: the body must unwind, and not take it for a failure."""
        stop = self._machine.stop
        return stop is not None and stop.mode is facts.StopMode.KILL and error.cause == stop.cause

    def _commit(self) -> list[facts.IntentCommitted]:
        pending, self.state.pending = self.state.pending, Pending()
        batch = pending.batch()
        if batch is not None:
            self._wiring.journal.commit(batch)
        for delivery in pending.deliveries:
            delivery.committed.set()
        return [facts.IntentCommitted(task, attempt) for task, attempt in pending.starts]

    def _leaves(self) -> bool:
        """Whether what outlives this driver goes on: it has lost the run, or was told so."""
        stop = self._machine.stop
        return isinstance(self.fault, FencedError) or (stop is not None and stop.mode is facts.StopMode.DETACH)

    def _close_executors(self, *, leave: bool) -> None:
        if not leave:
            self._end_uncalled()
        for executor in self._wiring.each_executor():
            executor.close(leave=leave)

    def _end_uncalled(self) -> None:
        """What earlier drivers have started, and the body has not called again, runs for nobody."""
        for task in self._prior.values():
            executor = self._wiring.executors.get(task.intent.executor) if task.intent else None
            if executor is not None and task.status == TaskStatus.RUNNING.value:
                id_ = f"{self._wiring.run_id}/{task.name}/{task.number}#{task.attempt}"
                executor.cancel(id_, Cause.CANCELLED)

    def _suspend_all(self, reason: BaseException) -> None:
        """Nothing settles any more: whoever waits must unwind, also those whose settlement was not committed."""
        with self._lock:
            sinks = [job.sink for job in self.state.jobs.values()]
            self.state.jobs.clear()
            self.state.attempts.clear()
            sinks += self._scopes.sinks()
        sinks += [resolution.sink for resolution in self.state.resolutions]
        self.state.resolutions.clear()
        for sink in sinks:
            sink.suspend(reason)
