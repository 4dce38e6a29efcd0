"""Performs the machine's commands: hands attempts to executors, and notes what is to be committed and resolved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock.engine import facts, jobs
from penstock.engine.jobs import Job
from penstock.engine.neighbours import Neighbours
from penstock.engine.reuse import Question, Reuse
from penstock.engine.run_state import RunState, Wiring
from penstock.model.events import Lane
from penstock.model.options import Options
from penstock.model.outcomes import Outcome, failed
from penstock.model.quantities import format_bytes
from penstock.model.rows import AttemptRecord, Granted, Intent
from penstock.model.specs import Attempt
from penstock.model.states import Cause, TaskStatus


class Effects:
    """Performs commands, in order, within a turn of the driver."""

    def __init__(self, run_state: RunState, wiring: Wiring, reuse: Reuse, neighbours: Neighbours) -> None:
        self._run = run_state
        self._wiring = wiring
        self._reuse = reuse
        self._grown = set[tuple[str, int]]()
        self._latest_granted: tuple[Options, str, int | None, Granted] | None = None
        self._launches: dict[str, list[tuple[Attempt, tuple[Lane, ...]]]] = {}  # to be started, by executor
        self._unwanted: dict[str, list[str]] = {}  # attempts to be recalled, by executor
        self._rules: dict[type, Callable[[Any], None]] = {
            facts.Start: self._start,
            facts.CommitIntent: self._commit_intent,
            facts.Recall: self._recall,
            facts.CancelAttempt: self._cancel_attempt,
            facts.Adopt: self._adopt,
            facts.RecordAttempt: self._record_attempt,
            facts.Consult: lambda asked: run_state.pending.questions.append(
                Question(run_state.jobs[asked.task], asked.number, asked.inputs_digest)
            ),
            facts.HostWish: neighbours.wish,
            facts.Settle: self._settle,
        }
        self._settlements: dict[facts.Settling, Callable[[Job, facts.Settle], None]] = {
            facts.Settling.FRESH: self._settle_fresh,
            facts.Settling.REUSED: self._settle_reused,
            facts.Settling.COPIED: self._settle_copied,
            facts.Settling.UPSTREAM: self._settle_upstream,
            facts.Settling.CANCELLED: self._settle_cancelled,
        }

    def perform(self, commands: list[facts.Command]) -> None:
        """Perform the commands. Nothing here blocks."""
        for command in commands:
            self._rules[type(command)](command)
        if self._launches:
            self._launch()
        if self._unwanted:
            unwanted, self._unwanted = self._unwanted, {}
            for executor, attempts in unwanted.items():
                self._wiring.executors[executor].recall(attempts)

    def _start(self, command: facts.Start) -> None:
        task, number, executor, lane, inputs_digest, failures, others = command
        job = self._run.jobs[task]
        options = job.call.options
        if options.on != executor:
            options = options.at(executor)
            job.call = job.call._replace(options=options)
        job.granted = self._granted(options, executor, lane.memory_bytes)
        attempt = self._launched(job, number, inputs_digest, failures, lane.number)
        self._launches.setdefault(executor, []).append((attempt, (lane, *others) if others else (lane,)))

    def _granted(self, options: Options, executor: str, memory_bytes: int | None) -> Granted:
        """What the attempt is given, as one and the same object for those of a map."""
        latest = self._latest_granted
        if latest is None or latest[0] is not options or latest[1] != executor or latest[2] != memory_bytes:
            granted = jobs.granted(options, executor, memory_bytes)
            latest = self._latest_granted = (options, executor, memory_bytes, granted)
        return latest[3]

    def _launch(self) -> None:
        launches, self._launches = self._launches, {}
        for executor, started in launches.items():
            self._wiring.executors[executor].start(started)

    def _adopt(self, command: facts.Adopt) -> None:
        job = self._run.jobs[command.task]
        attempt = self._launched(job, command.attempt, command.inputs_digest)
        job.waits_since = 0.0  # it began under an earlier driver, whose clock may have been another
        prior = job.prior
        assert prior is not None
        assert prior.intent is not None
        self._run.intents[attempt.id] = prior.intent
        self._wiring.executors[command.executor].adopt(attempt, prior.intent.handle)

    def _launched(self, job: Job, number: int, inputs_digest: bytes, failures: int = 0, lane: int = 0) -> Attempt:
        run_state = self._run
        job.code, job.inputs_digest = self._reuse.code(job), inputs_digest
        if job.prior is not None and jobs.is_another_try(job, job.prior):
            run_state.pending.forgotten.append(job.id)
        attempt = jobs.build_attempt(job, number, run_state.results, run_state.reused, failures)
        run_state.launch(job, attempt.id, number, lane)
        return attempt

    def _commit_intent(self, command: facts.CommitIntent) -> None:
        job = self._run.jobs[command.task]
        if job.call.options.on != command.executor:  # and so what it is run with may be another environment
            job.call = job.call._replace(options=job.call.options.at(command.executor))
        job.code, job.inputs_digest = self._reuse.code(job), command.inputs_digest
        job.granted = jobs.granted(job.call.options, command.executor, command.memory_bytes)
        self._run.note(job, command.attempt, TaskStatus.RUNNING)
        intent = Intent(command.task, command.attempt, command.executor)
        self._run.intents[jobs.attempt_id(job, command.attempt)] = intent
        self._run.pending.intents.append(intent)
        self._run.pending.starts.append((command.task, command.attempt))

    def _recall(self, command: facts.Recall) -> None:
        id_ = jobs.attempt_id(self._run.jobs[command.task], command.attempt)
        self._unwanted.setdefault(command.executor, []).append(id_)

    def _cancel_attempt(self, command: facts.CancelAttempt) -> None:
        self._launch()  # it may be among them
        job = self._run.jobs.get(command.task)
        if job is not None:  # else it was left to the next driver
            self._wiring.executors[command.executor].cancel(jobs.attempt_id(job, command.attempt), command.cause)

    def _record_attempt(self, command: facts.RecordAttempt) -> None:
        job = self._run.jobs[command.task]
        outcome = job.outcome
        assert outcome is not None
        if command.grown_bytes:
            self._tell_of_growth(job.call.name, command.grown_bytes)
        if not job.had_result:
            self._run.note(job, command.attempt, TaskStatus.WAITING)  # attempts belong to a row
        self._run.pending.attempts.append(AttemptRecord(command.task, command.attempt, outcome, job.granted))

    def _tell_of_growth(self, step: str, memory_bytes: int) -> None:
        """Say once for each size of a step what its out of memory tasks are given."""
        if (step, memory_bytes) not in self._grown:
            self._grown.add((step, memory_bytes))
            self._wiring.listener.said(f"{step} ran out of memory: tried again with {format_bytes(memory_bytes)}")

    def _settle(self, command: facts.Settle) -> None:
        job = self._run.jobs.pop(command.task)
        self._settlements[command.how](job, command)
        if job.claim or job.waits_for:
            self._give_up_claims(job)

    def _give_up_claims(self, job: Job) -> None:
        """Whoever waits for the same result takes it, or makes it in the settled job's place."""
        run_state = self._run
        if job.claim:
            run_state.pending.released.append(job.claim)
        for key in filter(None, {job.claim, job.waits_for}):
            if run_state.askers.get(key) == job.id:
                del run_state.askers[key]
            run_state.wake(key, every=job.id in run_state.results)
        job.claim = job.waits_for = b""

    def _settle_fresh(self, job: Job, command: facts.Settle) -> None:
        run_state, outcome = self._run, job.outcome
        assert outcome is not None
        if run_state.resumed or job.prior is not None:
            job.why = job.why or jobs.why_again(job, command.inputs_digest, run_state.resumed, run_state.reused)
        place = run_state.next_place()
        if job.had_result:
            run_state.pending.forgotten.append(job.id)  # what was logged while that was made
        code = run_state.note_code(job.code or self._reuse.code(job))
        run_state.pending.tasks.append(
            jobs.task_record(job, command.attempt, command.inputs_digest, outcome.status, outcome, code, place)
        )
        if outcome.result is not None and job.call.options.cache is not None:
            entry = self._reuse.entry(job, outcome)
            run_state.pending.cached += (entry,) if entry is not None else ()
        run_state.settle(job, outcome.result, outcome.error, place, reused=False)

    def _settle_copied(self, job: Job, command: facts.Settle) -> None:
        run_state, reused = self._run, job.reused
        assert reused is not None
        # A file of points is another run's, and goes with that.
        metrics = tuple([metric._replace(file="") for metric in reused.metrics])
        outcome = Outcome(TaskStatus.DONE.value, reused.result, metrics=metrics, records=reused.records)
        place = run_state.next_place()
        if job.prior is not None:
            run_state.pending.forgotten.append(job.id)
        run_state.pending.tasks.append(
            jobs.task_record(job, 1, command.inputs_digest, outcome.status, outcome, reused.code, place)
        )
        if reused.cache_key:
            run_state.pending.used.append(reused.cache_key)
        run_state.settle(job, reused.result, None, place, reused=True)
        run_state.replayed[job.id] = job
        run_state.reused.add(job.id)

    def _settle_reused(self, job: Job, command: facts.Settle) -> None:
        run_state, prior = self._run, job.prior
        assert prior is not None
        run_state.settle(job, prior.result, prior.error, prior.settled, reused=True)
        if prior.result is not None:
            run_state.replayed[job.id] = job
            run_state.reused.add(job.id)
        else:
            failure = run_state.failures[job.id]
            failure.delivered, failure.replayed = prior.delivered, True

    def _settle_upstream(self, job: Job, command: facts.Settle) -> None:
        source = self._run.failures[command.failed_dep]
        self._run.settle(job, None, source.error, source.place, reused=False, root=source.root)

    def _settle_cancelled(self, job: Job, command: facts.Settle) -> None:
        outcome, place = failed(Cause.CANCELLED, "cancelled before it began"), self._run.next_place()
        job.granted = None
        if job.noted and job.code is not None:  # it has failed, and waited for its next attempt: its row says so
            record = command.attempt + 1, command.inputs_digest, outcome.status, outcome, job.code.digest, place
            self._run.pending.tasks.append(jobs.task_record(job, *record))
        self._run.settle(job, None, outcome.error, place, reused=False)
