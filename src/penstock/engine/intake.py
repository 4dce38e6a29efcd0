"""What reaches the driver becomes events of the machine. Late and unknown items become nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock.engine import facts, jobs
from penstock.engine.jobs import Job
from penstock.engine.nested_flows import Left, Scopes
from penstock.engine.reuse import Reuse
from penstock.engine.run_state import Delivery, RunState, Wiring
from penstock.engine.wording import completed
from penstock.model.events import Adopted, Began, Ended, Hint, Lacking, Notice, Placed, Recalled
from penstock.model.outcomes import Metric, Outcome, Unread
from penstock.model.rows import BodyRecord, MetricRecord, ScopeRecord, StepRecord
from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import NamedTuple, made

_NOTE_EVERY_S = 0.5


class Logged(NamedTuple):
    """What the flow's body has logged so far, under the names where more has come."""

    metrics: tuple[Metric, ...]


class Admitted(NamedTuple):
    """Calls of one step, with the same options, that the run has taken in."""

    jobs: list[Job]


class Reproduce(NamedTuple):
    """The stored result of a reused task can't be read."""

    task: int


class Intake:
    """Translates items, in order, within a turn of the driver."""

    def __init__(self, run_state: RunState, wiring: Wiring, reuse: Reuse, scopes: Scopes) -> None:
        self._run = run_state
        self._wiring = wiring
        self._reuse = reuse
        self._events: list[facts.Event] = []
        self._note_hinted_at = 0.0
        self.rules: dict[type, Callable[[Any], None]] = {  # how each kind of item is taken
            Admitted: self._admitted,
            Ended: self._ended,
            Placed: self._placed,
            Began: self._began,
            Recalled: self._recalled,
            Adopted: self._adopted,
            Hint: self._hint,
            Reproduce: self._reproduce,
            Notice: lambda notice: wiring.listener.said(notice.text),
            Lacking: lambda lacking: run_state.lacking.update({lacking.executor: lacking.what}),
            Delivery: lambda delivery: run_state.pending.deliveries.append(delivery),
            Logged: lambda logged: run_state.pending.logged.extend(logged.metrics),
            ScopeRecord: lambda scope: run_state.pending.scopes.append(scope),
            BodyRecord: lambda record: run_state.pending.recorded.append(record),
            Left: lambda left: self._events.extend(scopes.take(left)),
            **dict.fromkeys((facts.CancelTask, facts.Stop, facts.Asked), lambda event: self._events.append(event)),
        }

    def events(self) -> list[facts.Event]:
        """The events since the last call."""
        events, self._events = self._events, []
        return events

    def _admitted(self, admitted: Admitted) -> None:
        run_state, jobs_, call = self._run, admitted.jobs, admitted.jobs[0].call
        run_state.tally.submitted(call.name, len(jobs_))
        if call.step not in run_state.steps:
            run_state.steps.add(call.step)
            code = self._wiring.codes.of(call.work, (), call.options)
            granted = jobs.granted(call.options, call.options.on, call.options.memory_bytes)
            run_state.pending.steps.append(
                StepRecord(call.step, call.name, code.digest.hex(), call.options.cache is not None, granted)
            )
        self._reuse.note(jobs_)
        for job in jobs_:
            job.since = run_state.now
        if self._reuse.asks(jobs_[0]) or any(job.prior is not None or jobs.needs_results(job.call) for job in jobs_):
            self._events += [jobs.submitted(job, self._replay(job), self._reuse.asks(job)) for job in jobs_]
        else:
            self._events.append(facts.SubmittedAlike(tuple([job.id for job in jobs_]), call.step, call.options))

    def _replay(self, job: Job) -> facts.Replay | None:
        if job.prior is None:
            return None
        if self._reuse.is_checked(job):  # it counts under conditions alone; the machine goes on counting its attempts
            return facts.Replay(False, False, False, job.prior.attempt, job.prior.inputs_digest, b"")
        result = job.prior.result
        return jobs.replay_of(job.prior, b"" if result is None else self._wiring.values.fingerprint(result))

    def _ended(self, event: Ended) -> None:
        landed = self._run.land(event.attempt)
        if landed is None:
            return
        job, attempt = landed
        outcome = job.outcome = event.outcome
        if outcome.error is None:
            assert outcome.result is not None
            fingerprint = self._wiring.values.fingerprint(outcome.result)
            ended = job.id, attempt, None, True, fingerprint, outcome.usage.wall_s
            self._events.append(made(facts.AttemptEnded, ended))
            return
        outcome = completed(outcome, job.call.options, self._wiring.timeout_s)
        outcome = job.outcome = self._with_its_writer(job, outcome)
        assert outcome.error is not None
        cause = Cause(outcome.error.cause)
        if cause is Cause.DAMAGED:
            self._run_damaged_again(job)
        self._events.append(facts.AttemptEnded(job.id, attempt, cause, outcome.error.retryable))

    def _with_its_writer(self, job: Job, outcome: Outcome) -> Outcome:
        """An attempt that could not read an input says who wrote it, and with what, which its worker does not know."""
        error = outcome.error
        if error is None or not error.unread:
            return outcome
        unread = Unread(*error.unread)
        told = self._wiring.values.written(jobs.writer_of(job.call, unread), unread.modules)
        more = f"{told}\n" if told else ""
        return outcome._replace(error=error._replace(traceback=f"{error.traceback}{more}", unread=()))

    def _placed(self, event: Placed) -> None:
        run_state, attempt = self._run, event.attempt
        if attempt in run_state.attempts:
            run_state.queued.add(attempt)
        intent = run_state.intents.get(attempt)
        if intent is not None and intent.handle != event.handle:
            intent = run_state.intents[attempt] = intent._replace(handle=event.handle)
            run_state.pending.intents.append(intent)

    def _began(self, event: Began) -> None:
        known = self._run.attempts.get(event.attempt)
        self._run.queued.discard(event.attempt)
        if known is not None:
            self._run.jobs[known[0]].since = self._run.now
            self._events.append(facts.AttemptBegan(*known))

    def _recalled(self, event: Recalled) -> None:
        landed = self._run.land(event.attempt)
        if landed is not None:
            job, attempt = landed
            if job.waits_since:
                job.since = job.waits_since - self._run.epoch  # it never began, and waits as it did before
            self._events.append(facts.AttemptRecalled(job.id, attempt))

    def _adopted(self, event: Adopted) -> None:
        known = self._run.attempts.get(event.attempt)
        if known is not None:
            if not event.running:
                self._run.land(event.attempt)
            self._events.append(facts.AttemptAdopted(*known, event.running, event.lane))

    def _hint(self, event: Hint) -> None:
        known = self._run.attempts.get(event.attempt)
        if known is None:
            return
        if event.loops is not None:
            self._run.loops[event.attempt] = event.loops
        if not event.metrics:
            return
        job = self._run.jobs[known[0]]
        job.sink.measured(known[1], event.metrics)
        if not job.had_result:  # else the metrics of that stand with it, and the outcome brings the new ones
            self._run.hinted.setdefault(event.attempt, {}).update((metric.name, metric) for metric in event.metrics)

    def note_hinted(self) -> None:
        """Have what attempts log written down, twice a second at most: a search hears of it at once, and whoever looks
        at the run need not."""
        if self._run.now < self._note_hinted_at:
            return
        self._note_hinted_at = self._run.now + _NOTE_EVERY_S
        hinted, self._run.hinted = self._run.hinted, {}
        for attempt, metrics in hinted.items():
            known = self._run.attempts[attempt]
            job = self._run.jobs[known[0]]
            if job.noted is not TaskStatus.RUNNING:
                self._run.note(job, known[1], TaskStatus.RUNNING)  # metrics belong to a row
            self._run.pending.metrics.extend(MetricRecord(*known, metric) for metric in metrics.values())

    def _reproduce(self, request: Reproduce) -> None:
        job = self._run.replayed.get(request.task)
        if job is not None:
            # It removes what is damaged, so that it is written anew.
            self._wiring.values.is_damaged(self._run.results[request.task])
            self._run_again(job)

    def _run_damaged_again(self, consumer: Job) -> None:
        """Those of a task's inputs that can't be read are made again."""
        for task in set(jobs.deps_of(consumer.call)):
            job = self._run.replayed.get(task)
            if job is not None and self._wiring.values.is_damaged(self._run.results[task]):
                self._run_again(job)

    def _run_again(self, job: Job) -> None:
        """A reused result is damaged: its task runs as if it had never been done."""
        run_state = self._run
        self._wiring.listener.said(f"{job.path}: its stored result is damaged; it runs again")
        del run_state.replayed[job.id]
        run_state.reused.discard(job.id)
        run_state.tally.reused_again(job.call.name)
        job.why = f"the stored result of {job.reused.origin if job.reused else job.path} is damaged or gone"
        job.prior = job.reused = None
        job.spoiled = True
        run_state.jobs[job.id] = job
        self._events.append(facts.ResultDamaged(job.id))
        self._events.append(jobs.submitted(job, None, False))
