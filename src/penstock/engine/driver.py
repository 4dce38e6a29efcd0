"""The one loop that performs what the machine decides.

Owns the driver's thread, the jobs that are not settled and the batch that the next transaction writes. The order within
one turn is: take in events, let the machine decide, start attempts, commit outcomes, resolve futures. So a future
never resolves before its task's row is committed, and workers run while the journal writes.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from penstock.engine import facts, jobs
from penstock.engine.admission import why_never
from penstock.engine.jobs import Job
from penstock.engine.machine import Machine
from penstock.engine.mailbox import Inbox
from penstock.engine.ports import Executor, RunJournal, Sink
from penstock.engine.tally import Tally
from penstock.errors import FencedError, JournalError, Suspension, UsageError
from penstock.model.events import Adopted, Ended, Hint, Notice, Recalled
from penstock.model.options import Options
from penstock.model.outcomes import Error, Stored, failed
from penstock.model.rows import (
    AttemptRecord,
    Batch,
    MetricRecord,
    PriorTask,
    StepCount,
    StepRecord,
    TaskRecord,
)
from penstock.model.specs import Call, Code, RunContext
from penstock.model.states import Cause, TaskStatus

RENEW_S = 2.0


@dataclass(frozen=True)
class Wiring:
    """What a driver is made of; `project` fills it in."""

    run_id: str
    journal: RunJournal
    executors: dict[str, Executor]
    context: RunContext
    limits: dict[str, int]
    platform_retries: int
    combine: Callable[[tuple[bytes, ...]], bytes]
    fingerprint: Callable[[Stored], bytes]  # of a result, also where it has no stable form
    damaged: Callable[[Stored], bool]  # whether what was stored can't be read any more
    source_of: Callable[[Code], str]  # digest of a step's source
    notify: Callable[[str], None]  # a line for the user
    assist: Callable[[float], bool] | None = None  # runs one attempt in the calling thread; None: never any
    timeout_s: float | None = None  # of the whole run


@dataclass(frozen=True)
class _Deliver:
    tasks: tuple[int, ...]
    committed: threading.Event


@dataclass(frozen=True)
class _Reproduce:
    task: int


@dataclass(frozen=True)
class _Halt:
    mode: facts.StopMode
    cause: Cause
    reason: BaseException
    kill_after_s: float | None


@dataclass(slots=True)
class Failure:
    """A task that failed in this run."""

    path: str
    error: Error
    root: int  # the task whose own failure it is
    delivered: bool = False


class Driver:
    """Drives one run. `submit`, `deliver`, `cancel`, `reproduce`, `assist` and `halt` are for any thread."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._inbox = Inbox()
        self._lock = threading.Lock()
        self._machine = Machine(
            {name: executor.profile for name, executor in wiring.executors.items()},
            wiring.limits,
            wiring.platform_retries,
            wiring.combine,
        )
        self._jobs: dict[int, Job] = {}
        self._replayed: dict[int, Job] = {}  # reused; kept so that a damaged result can be made again
        self._results: dict[int, Stored] = {}
        self._reused: set[int] = set()
        self._attempts: dict[str, tuple[int, int]] = {}
        self._prior: dict[bytes, PriorTask] = {}
        self._next_id = 1
        self._numbers: dict[str, int] = {}
        self._why_never: dict[Options, str] = {}
        self._steps: set[str] = set()
        self._batch = _Pending()
        self._resolve: list[tuple[Sink, Stored | None, Error | None, bool]] = []
        self._closing = False
        self._kill_at: float | None = None
        self._halted: _Halt | None = None
        self.failures: dict[int, Failure] = {}
        self.tally = Tally()
        self.fault: BaseException | None = None  # what ended the loop before its time
        self._thread = threading.Thread(target=self._run, name=f"penstock {wiring.run_id}", daemon=True)

    # From the body's threads.

    def start(self) -> None:
        """Take in what earlier drivers committed, get the executors ready and begin to drive."""
        for task in self._wiring.journal.prior():
            self._prior[task.key] = task
            self._next_id = max(self._next_id, task.id + 1)
            self._numbers[task.name] = max(self._numbers.get(task.name, 0), task.number)
        for executor in self._executors():
            executor.open(self._inbox, self._wiring.context)
        self._thread.start()

    def _executors(self) -> list[Executor]:
        """Each executor once: several names may stand for one."""
        return list({id(executor): executor for executor in self._wiring.executors.values()}.values())

    @property
    def in_process(self) -> bool:
        """Whether attempts may be meant for this process."""
        return self._wiring.assist is not None

    def assist(self, timeout_s: float) -> bool:
        """Run one attempt that is meant for this process."""
        return self._wiring.assist is None or self._wiring.assist(timeout_s)

    def submit(self, call: Call, sink: Sink) -> tuple[int, str]:
        """Take in a call. Raises UsageError where it can never run, and the reason where the run is stopping."""
        why = self._why_never.get(call.options)
        if why is None:
            why = self._why_never[call.options] = self._check(call.options)
        if why:
            raise UsageError(f"Step {call.name} can't run: {why}")
        with self._lock:
            if self._halted is not None:
                raise self._halted.reason
            job = self._admit(call, sink)
            self._jobs[job.id] = job
        self._inbox.post(job)
        return job.id, job.path

    def _check(self, options: Options) -> str:
        executor = self._wiring.executors.get(options.on)
        return why_never(options, executor.profile if executor else None, self._wiring.limits)

    def _admit(self, call: Call, sink: Sink) -> Job:
        prior = self._prior.pop(call.key, None)
        if prior is not None:
            id_, number = prior.id, prior.number
        else:
            id_, self._next_id = self._next_id, self._next_id + 1
            number = self._numbers[call.name] = self._numbers.get(call.name, 0) + 1
        return Job(id_, number, f"{self._wiring.run_id}/{call.name}/{number}", call, sink, prior)

    def deliver(self, tasks: tuple[int, ...]) -> None:
        """Commit that these failures are handed to the body."""
        news = tuple({self.failures[task].root for task in tasks if not self.failures[task].delivered})
        for task in tasks:
            self.failures[task].delivered = True
        if news and self._thread.is_alive():
            request = _Deliver(news, threading.Event())
            self._inbox.post(request)
            while not request.committed.wait(1.0) and self._thread.is_alive():
                pass

    def cancel(self, task: int) -> None:
        """End the task, if it has not ended."""
        self._inbox.post(facts.CancelTask(task))

    def reproduce(self, task: int) -> None:
        """The stored result of a reused task can't be read: run it again and settle its sink anew."""
        self._inbox.post(_Reproduce(task))

    def halt(
        self,
        reason: BaseException,
        *,
        kill: bool = False,
        cause: Cause = Cause.CANCELLED,
        kill_after_s: float | None = None,
    ) -> None:
        """Start nothing new. What is in flight finishes, or is cancelled: at once with `kill`, else `kill_after_s`
        later (None: never). Whoever waits for a task that will not settle gets `reason` raised."""
        mode = facts.StopMode.KILL if kill else facts.StopMode.DRAIN
        self._inbox.post(_Halt(mode, cause, reason, kill_after_s))

    @property
    def halted_by(self) -> BaseException | None:
        """Why the run stops; None: it does not."""
        return self._halted.reason if self._halted else None

    @property
    def unused_prior(self) -> tuple[PriorTask, ...]:
        """What earlier drivers finished and this body never called."""
        return tuple(task for task in self._prior.values() if task.status == TaskStatus.DONE.value)

    def counts(self) -> tuple[StepCount, ...]:
        """How far the run is."""
        return self.tally.counts()

    def running(self) -> list[str]:
        """Ids of the attempts in flight, oldest first."""
        return list(self._attempts)

    def finish(self) -> None:
        """Wait until everything that was submitted has settled, or the run has come to rest after a halt; then release
        the executors. Raises what ended the loop before its time."""
        self._inbox.post(_CLOSE)
        while self._thread.is_alive():
            self.assist(0.005) if self.in_process else self._thread.join(0.5)
        if self.fault is not None:
            raise self.fault

    # The driver's thread.

    def _run(self) -> None:
        try:
            if self._wiring.timeout_s is not None:
                self._flow_deadline = time.monotonic() + self._wiring.timeout_s
            self._loop()
        except BaseException as error:  # noqa: BLE001  the boundary: whatever it is must reach the body, not vanish
            self.fault = error
            self._halted = self._halted or _Halt(facts.StopMode.KILL, Cause.CANCELLED, error, None)
        finally:
            for executor in self._executors():
                executor.close()
            self._suspend_all()
            self._inbox.close()

    _flow_deadline: float | None = None

    def _loop(self) -> None:
        renew_at = time.monotonic() + RENEW_S
        while True:
            items = self._inbox.wait(self._pause_s(renew_at))
            now = time.monotonic()
            self._turn(self._translate(items), now)
            if now >= renew_at:
                renew_at = now + RENEW_S
                if self._wiring.journal.renew(self.tally.counts()):
                    self.halt(Suspension("cancelled"), kill=True)
            self._watch_clock(now)
            if self._halted is not None and self._machine.resting:
                self._suspend_all()
            if self._closing and self._machine.resting:
                return

    def _pause_s(self, renew_at: float) -> float:
        times = (self._machine.wake_at(), self._kill_at, self._flow_deadline, renew_at)
        return max(0.0, min(at for at in times if at is not None) - time.monotonic())

    def _watch_clock(self, now: float) -> None:
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            assert self._halted is not None
            self.halt(self._halted.reason, kill=True, cause=self._halted.cause)
        if self._flow_deadline is not None and now >= self._flow_deadline:
            self._flow_deadline = None
            self.halt(FlowTimeout(), kill=True, cause=Cause.TIMEOUT)

    def _turn(self, events: list[facts.Event], now: float) -> None:
        commands = self._machine.handle(events or (_TICK,), now)
        while True:
            for command in commands:
                self._perform[type(command)](self, command)
            answers = self._commit()
            if not answers:
                break
            commands = self._machine.handle(answers, now)
        resolve, self._resolve = self._resolve, []
        for sink, result, error, reused in resolve:
            sink.settle(result, error, reused)

    def _commit(self) -> list[facts.Event]:
        batch, intents, deliveries = self._batch.take()
        if batch is not None:
            self._wiring.journal.commit(batch)
        for delivery in deliveries:
            delivery.committed.set()
        return [facts.IntentCommitted(task, attempt) for task, attempt in intents]

    # What comes in, for the machine.

    def _translate(self, items: list[Any]) -> list[facts.Event]:
        events: list[facts.Event] = []
        for item in items:
            self._take_in[type(item)](self, item, events)
        return events

    def _in_job(self, job: Job, events: list[facts.Event]) -> None:
        self.tally.submitted(job.call.name)
        if job.call.step not in self._steps:
            self._steps.add(job.call.step)
            self._batch.steps.append(StepRecord(job.call.step, job.call.name, self._wiring.source_of(job.call.code)))
        prior = job.prior
        fingerprint = self._wiring.fingerprint(prior.result) if prior is not None and prior.result is not None else b""
        events.append(jobs.submitted(job, fingerprint))

    def _in_ended(self, event: Ended, events: list[facts.Event]) -> None:
        known = self._attempts.pop(event.attempt, None)
        if known is None:
            return
        task, attempt = known
        job = self._jobs[task]
        self.tally.stopped(job.call.name)
        outcome = job.outcome = event.outcome
        self._batch.metrics.extend(MetricRecord(task, attempt, metric) for metric in outcome.metrics)
        if outcome.error is None:
            assert outcome.result is not None
            fingerprint = self._wiring.fingerprint(outcome.result)
            events.append(facts.AttemptEnded(task, attempt, None, True, fingerprint, outcome.usage.wall_s))
            return
        cause = Cause(outcome.error.cause)
        if cause is Cause.DAMAGED:
            self._forget_damaged(job, events)
        events.append(facts.AttemptEnded(task, attempt, cause, outcome.error.retryable))

    def _in_recalled(self, event: Recalled, events: list[facts.Event]) -> None:
        known = self._attempts.pop(event.attempt, None)
        if known is not None:
            self.tally.stopped(self._jobs[known[0]].call.name)
            events.append(facts.AttemptRecalled(*known))

    def _in_adopted(self, event: Adopted, events: list[facts.Event]) -> None:
        known = self._attempts.get(event.attempt)
        if known is not None:
            if not event.running:
                del self._attempts[event.attempt]
                self.tally.stopped(self._jobs[known[0]].call.name)
            events.append(facts.AttemptAdopted(*known, event.running))

    def _in_hint(self, event: Hint, events: list[facts.Event]) -> None:
        known = self._attempts.get(event.attempt)
        if known is not None:
            self._batch.metrics.extend(MetricRecord(*known, metric) for metric in event.metrics)

    def _in_notice(self, event: Notice, events: list[facts.Event]) -> None:
        self._wiring.notify(event.text)

    def _in_event(self, event: facts.Event, events: list[facts.Event]) -> None:
        events.append(event)

    def _in_deliver(self, request: _Deliver, events: list[facts.Event]) -> None:
        self._batch.delivered.append(request)

    def _in_reproduce(self, request: _Reproduce, events: list[facts.Event]) -> None:
        job = self._replayed.pop(request.task, None)
        if job is not None:
            self._run_again(job, events)

    def _in_halt(self, halt: _Halt, events: list[facts.Event]) -> None:
        with self._lock:
            self._halted = self._halted or halt
        if halt.kill_after_s is not None:
            self._kill_at = time.monotonic() + halt.kill_after_s
        events.append(facts.Stop(halt.mode, halt.cause))

    def _in_close(self, close: _Close, events: list[facts.Event]) -> None:
        self._closing = True

    _take_in: dict[type, Callable[..., None]] = {
        Job: _in_job,
        Ended: _in_ended,
        Recalled: _in_recalled,
        Adopted: _in_adopted,
        Hint: _in_hint,
        Notice: _in_notice,
        facts.CancelTask: _in_event,
        _Deliver: _in_deliver,
        _Reproduce: _in_reproduce,
        _Halt: _in_halt,
    }

    def _forget_damaged(self, consumer: Job, events: list[facts.Event]) -> None:
        for task in set(jobs.deps_of(consumer.call)):
            job = self._replayed.get(task)
            if job is not None and self._wiring.damaged(self._results[task]):
                del self._replayed[task]
                self._run_again(job, events)

    def _run_again(self, job: Job, events: list[facts.Event]) -> None:
        """A reused result is damaged: its task runs as if it had never been done."""
        self._wiring.notify(f"{job.path}: its stored result is damaged; it runs again")
        self._reused.discard(job.id)
        self.tally.unsettled(job.call.name, ok=True, reused=True)
        job.prior = None
        self._jobs[job.id] = job
        events.append(facts.ResultDamaged(job.id))
        events.append(jobs.submitted(job, b""))

    # What the machine wants done.

    def _do_start(self, command: facts.Start) -> None:
        job = self._jobs[command.task]
        attempt = jobs.build_attempt(job, command.attempt, self._results, self._reused)
        self._attempts[attempt.id] = (command.task, command.attempt)
        self.tally.started(job.call.name)
        self._wiring.executors[command.executor].start(attempt, command.lane)

    def _do_intent(self, command: facts.CommitIntent) -> None:
        job = self._jobs[command.task]
        digest = self._machine.inputs_digest(command.task)
        running = TaskStatus.RUNNING.value
        self._batch.tasks.append(jobs.task_record(job, command.attempt, digest, running, None))
        self._batch.intents.append((command.task, command.attempt))

    def _do_recall(self, command: facts.Recall) -> None:
        id_ = jobs.attempt_id(self._jobs[command.task], command.attempt)
        self._wiring.executors[command.executor].recall(id_)

    def _do_cancel(self, command: facts.CancelAttempt) -> None:
        id_ = jobs.attempt_id(self._jobs[command.task], command.attempt)
        self._wiring.executors[command.executor].cancel(id_, command.cause)

    def _do_adopt(self, command: facts.Adopt) -> None:
        job = self._jobs[command.task]
        attempt = jobs.build_attempt(job, command.attempt, self._results, self._reused)
        self._attempts[attempt.id] = (command.task, command.attempt)
        self.tally.started(job.call.name)
        self._wiring.executors[command.executor].adopt(attempt)

    def _do_record(self, command: facts.RecordAttempt) -> None:
        outcome = self._jobs[command.task].outcome
        assert outcome is not None
        self._batch.attempts.append(AttemptRecord(command.task, command.attempt, outcome))

    def _do_settle(self, command: facts.Settle) -> None:
        job = self._jobs.pop(command.task)
        self._settle_how[command.how](self, job, command)

    def _settle_fresh(self, job: Job, command: facts.Settle) -> None:
        outcome = job.outcome
        assert outcome is not None
        record = jobs.task_record(job, command.attempt, command.inputs_digest, outcome.status, outcome)
        self._batch.tasks.append(record)
        self._settled(job, outcome.result, outcome.error)

    def _settle_reused(self, job: Job, command: facts.Settle) -> None:
        prior = job.prior
        assert prior is not None
        self._settled(job, prior.result, prior.error, reused=True)
        if prior.result is not None:
            self._replayed[job.id] = job
            self._reused.add(job.id)
        else:
            self.failures[job.id].delivered = prior.delivered

    def _settle_upstream(self, job: Job, command: facts.Settle) -> None:
        self._settled(job, None, self.failures[command.failed_dep].error, root=self.failures[command.failed_dep].root)

    def _settle_cancelled(self, job: Job, command: facts.Settle) -> None:
        self._settled(job, None, failed(Cause.CANCELLED, "cancelled before it began").error)

    _settle_how = {
        facts.How.FRESH: _settle_fresh,
        facts.How.REUSED: _settle_reused,
        facts.How.UPSTREAM: _settle_upstream,
        facts.How.CANCELLED: _settle_cancelled,
    }

    def _settled(
        self, job: Job, result: Stored | None, error: Error | None, *, reused: bool = False, root: int = 0
    ) -> None:
        if result is not None:
            self._results[job.id] = result
        else:
            assert error is not None
            self.failures[job.id] = Failure(job.path, error, root or job.id)
        self.tally.settled(job.call.name, ok=error is None, reused=reused)
        self._resolve.append((job.sink, result, error, reused))

    _perform: dict[type, Callable[..., None]] = {
        facts.Start: _do_start,
        facts.CommitIntent: _do_intent,
        facts.Recall: _do_recall,
        facts.CancelAttempt: _do_cancel,
        facts.Adopt: _do_adopt,
        facts.RecordAttempt: _do_record,
        facts.Settle: _do_settle,
    }

    def _suspend_all(self) -> None:
        """Nothing settles any more: whoever waits must unwind."""
        assert self._halted is not None or not self._jobs
        with self._lock:
            left, self._jobs = self._jobs, {}
        for job in left.values():
            assert self._halted is not None
            job.sink.suspend(self._halted.reason)


class FlowTimeout(Suspension):
    """The run went beyond its flow's timeout."""


class _Close:
    """Settle what was submitted, then end."""


_CLOSE = _Close()
_TICK = facts.Tick()
Driver._take_in[_Close] = Driver._in_close  # pyright: ignore[reportPrivateUsage]


class _Pending:
    """What the next transaction writes."""

    def __init__(self) -> None:
        self.tasks: list[TaskRecord] = []
        self.attempts: list[AttemptRecord] = []
        self.metrics: list[MetricRecord] = []
        self.delivered: list[_Deliver] = []
        self.steps: list[StepRecord] = []
        self.intents: list[tuple[int, int]] = []

    def take(self) -> tuple[Batch | None, list[tuple[int, int]], list[_Deliver]]:
        """The batch (None: nothing to write), the intents in it, and who waits for it; then begin a new one."""
        delivered = tuple(task for request in self.delivered for task in request.tasks)
        batch = Batch(
            tuple(self.tasks), tuple(self.attempts), tuple(self.metrics), delivered, tuple(self.steps)
        )
        intents, deliveries = self.intents, self.delivered
        self.__init__()
        return (batch if any(batch) else None), intents, deliveries


__all__ = ["Driver", "Failure", "FencedError", "FlowTimeout", "JournalError", "Wiring"]
