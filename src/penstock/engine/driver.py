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
from typing import TYPE_CHECKING, Any

from penstock.engine import facts
from penstock.engine.answers import Answers
from penstock.engine.effects import Effects
from penstock.engine.inbox_watch import Watch
from penstock.engine.intake import Admitted, Intake, Logged, Reproduce
from penstock.engine.machine import Machine
from penstock.engine.mailbox import Inbox
from penstock.engine.neighbours import Neighbours
from penstock.engine.nested_flows import Left, Scopes
from penstock.engine.readiness import Readiness
from penstock.engine.reuse import Reuse
from penstock.engine.run_state import Delivery, Pending, RunState, Wiring
from penstock.engine.submissions import Submissions
from penstock.engine.timers import Timers
from penstock.errors import FencedError, Suspension, UsageError
from penstock.model.options import Options
from penstock.model.outcomes import Error, Metric, Recorded, Stored
from penstock.model.rows import BodyRecord, LoopProgress, PriorTask, StepCount
from penstock.model.specs import Call, FlowCall
from penstock.model.states import Cause
from penstock.model.tuples import NamedTuple

if TYPE_CHECKING:
    from penstock.model.sinks import Sink

WINDOW = 4_096
"""Of a map of short tasks no more wait than this at once, about."""

PACE, PACE_S = 16, 0.005
"""Tasks are short where so many settle in this time."""

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


class Driver:
    """Drives one run: implements `sdk.session.Engine`. But for `start`, its methods may be called from any thread."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._inbox = Inbox()
        self.state = RunState()  # of others only to be looked at
        self.failures = self.state.failures  # the tasks that have failed, by number
        self.reuse = Reuse(wiring.policy, wiring.origin, self.state.results.get, wiring.codes, wiring.values)
        self._scopes = Scopes(self.state, wiring)
        self._submissions = Submissions(self.state, wiring, self._scopes)
        self._readiness = Readiness(wiring)
        self._intake = Intake(self.state, wiring, self.reuse, self._scopes)
        self._rules = self._intake.rules | dict.fromkeys((_Halt, _Fault, _Close), self._take)
        self._neighbours = Neighbours(wiring.host, wiring.run_id, self._inbox, wiring.listener.said)
        self._effects = Effects(self.state, wiring, self.reuse, self._neighbours)
        profiles = {name: executor.profile for name, executor in wiring.executors.items()}
        self._machine = Machine(
            profiles, wiring.limits, wiring.platform_retries, wiring.values.combine, self._neighbours.total
        )
        self._timers = Timers(self.state, wiring, self._machine, self._neighbours, self.halt)
        self._answers = Answers(self.state, wiring, self.reuse)
        self._turning = threading.Lock()  # held during a turn
        self._watch = Watch(self._inbox.ring)
        self._turner = 0  # the thread that is in a turn; 0: none
        self._sleeps_until = 0.0
        self._why_never: dict[Options, str] = {}
        self._halted: _Halt | None = None
        self._closing = False
        self._paced_at = 0  # how many tasks had settled when a map was taken in last
        self.assist = self._readiness.assist
        self.fault: BaseException | None = None  # what ended the loop before its time
        self.unwind: Callable[[], None] | None = None  # interrupts a body that is busy with its own code; None: can't
        self._thread = threading.Thread(target=self._drive, name=f"penstock {wiring.run_id}", daemon=True)

    def start(self) -> None:
        """Open, and begin to drive."""
        self.open()
        self._thread.start()

    def open(self) -> None:
        """Take in what earlier drivers committed, and get the executors ready. Raises what opening an executor raises;
        nothing runs then. Who does not start it takes its turns, and closes it in the end."""
        self._submissions.start()
        self._timers.start()
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
                self._wake()
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
        admitted = self._submissions.admit(calls, of_map)
        self._inbox.put((Admitted(admitted),))
        if of_map < 0 or len(calls) == 1 or not self._look():
            self._hand_in()
        elif len(self.state.jobs) > WINDOW:
            self._keep_pace()
        return [(job.id, job.path) for job in admitted]

    def _look(self) -> bool:
        """Take a turn with what was called and with what executors have said, in the driver's thread's place and
        without a wait: beside a thread that submits a map, that one would lose Python's lock for milliseconds with each
        message that it sends or reads. False: another thread does so, or this one is in a turn."""
        if self._turner == threading.get_ident() or not self._watch.borrow(lambda: self._submissions.is_over):
            return False
        try:
            self._sleep(0.0)
            if self._wake_or_tell():
                self._inbox.ring()
        finally:
            self._watch.give_back(between_calls=True)
        return True

    def _keep_pace(self) -> None:
        """Take in no more of a map than settles meanwhile, where its tasks are short: those that wait are twice as
        large as those that have settled, and that many keep every worker busy. Long ones are not waited for."""
        jobs, settled = self.state.jobs, self.state.settled
        is_fast, self._paced_at = settled - self._paced_at >= PACE, settled
        while is_fast and len(jobs) > WINDOW:
            enough = self.state.settled + PACE
            is_fast = self.attend(lambda enough=enough: self.state.settled >= enough, time.monotonic() + PACE_S)

    def enter(self, call: FlowCall, sink: Sink | None = None) -> tuple[int, str, int]:
        scope = self._submissions.enter(call, self._timers.utc(), sink)
        if scope.prior is None:
            self._inbox.put([scope.record])  # whatever comes next takes it along
        id_ = scope.record.id
        return id_, self._scopes.path(id_), scope.prior.settled if scope.prior else 0

    def leave(
        self, scope: int, result: Stored | None, error: Error | None, task: str = "", is_done: bool = False
    ) -> None:
        item = Left(scope, self._timers.utc(), result, error, task, is_done or result is not None)
        self._inbox.post(item)

    def _hand_in(self) -> None:
        """Take a turn with what was called, unless another thread is in one: that one finds it before it is done."""
        while self._inbox.holds_items and self._turning.acquire(blocking=False):
            try:
                self._turn(self._inbox.take())
                if self._timers.next_at() < self._sleeps_until:
                    self._inbox.ring()
            except Exception as error:  # noqa: BLE001  the driver's thread must hear of it, and end the run
                self._turner = 0
                self._inbox.post(_Fault(error))
                return
            finally:
                self._turning.release()

    def _prepared(self, call: Call) -> str:
        """Get ready for calls with these options, as `Readiness.prepare` says."""
        why = self._readiness.prepare(call)
        if not why and call.options.uses is not None and self._turner != threading.get_ident():
            with self._turning:
                self._wiring.codes.of(call.work, (), call.options)
        return why

    def deliver(self, tasks: tuple[int, ...]) -> None:
        """Does not block where a future's callback asks, which runs inside of a turn: then the next turn commits."""
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
        """False at once also where the run is over, or the driver's own thread has to see to something: then wait for
        what a turn calls."""
        if self._turner == threading.get_ident() or not self._watch.borrow(lambda: self._submissions.is_over):
            return False
        try:
            while not opened() and time.monotonic() < until:
                self._sleep(min(until, self._timers.next_at()))
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
        for each in (task, *self._submissions.cancel(task)):
            self._inbox.post(facts.CancelTask(each))

    def reproduce(self, task: int) -> None:
        if self._submissions.is_over:
            raise UsageError(f"{self._wiring.run_id} is over, and a stored result of it is damaged: start a new run")
        self._inbox.post(Reproduce(task))

    def log(self, metrics: tuple[Metric, ...]) -> None:
        self._inbox.post(Logged(metrics))

    def record(self, scope: int, recorded: Recorded) -> None:
        self._inbox.post(BodyRecord(scope, recorded))

    @property
    def halted_by(self) -> BaseException | None:
        """Why the run stops; None: it does not."""
        return self._halted.reason if self._halted else None

    @property
    def is_ending(self) -> bool:
        """Whether nothing is waited for any more."""
        return self._submissions.is_over or self._stops(facts.StopMode.KILL)

    def _stops(self, mode: facts.StopMode) -> bool:
        return self._machine.stop is not None and self._machine.stop.mode is mode

    @property
    def unused_prior(self) -> tuple[PriorTask, ...]:
        return self._submissions.unused_prior

    def counts(self) -> tuple[StepCount, ...]:
        return self.state.tally.counts()

    @property
    def logs(self) -> str:
        return self._wiring.places.logs

    def loops(self) -> list[tuple[str, tuple[LoopProgress, ...]]]:
        """The loops that attempts are in, by the ids of these."""
        return list(self.state.loops.items())

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

    def _drive(self) -> None:
        try:
            self._loop()
            self._timers.note_counts()
        except BaseException as error:  # noqa: BLE001  the boundary: whatever it is must reach the body, not vanish
            self.fault = error
            self._halted = _Halt(facts.StopMode.KILL, Cause.CANCELLED, error, None)
            self._submissions.refuse(error)
            if self.unwind is not None:
                self.unwind()
        finally:
            self._turning.acquire()  # for good: no thread takes a turn any more
            self._submissions.end()
            # What outlives this driver goes on where that has lost the run, or was told so.
            self._close_executors(leave=isinstance(self.fault, FencedError) or self._stops(facts.StopMode.DETACH))
            self._neighbours.close()
            over = Suspension(f"{self._wiring.run_id} is over")
            self._submissions.suspend(self._halted.reason if self._halted else over)
            self._inbox.close()

    def _loop(self) -> None:
        while True:
            self._watch.resume()
            self._sleep(self._timers.next_at())
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
            self._timers.look()
            if not self._machine.resting:
                return False
            if self._halted is not None:
                self._submissions.suspend(self._halted.reason)
            return self._closing

    def _take(self, item: Any) -> None:
        if isinstance(item, _Halt):
            first = self._halted = self._halted or item
            self._submissions.refuse(first.reason)
            if item.kill_after_s is not None:
                self._timers.kill_after(item.kill_after_s, first.reason, first.cause)
            self._rules[facts.Stop](facts.Stop(item.mode, item.cause))
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
            self._rules[type(item)](item)
        if run_state.hinted:
            self._intake.note_hinted()
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
        for sink, result, error, reused, place in resolutions:
            if error is not None and self._ended_by_halt(error):
                assert self._halted is not None
                sink.suspend(self._halted.reason)
            else:
                sink.settle(result, error, reused, place)
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

    def _close_executors(self, *, leave: bool) -> None:
        if not leave:
            self._submissions.end_uncalled()
        for executor in self._wiring.each_executor():
            executor.close(leave=leave)
