"""Performs the machine's commands: hands attempts to executors, and notes what is to be committed and resolved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock.engine import facts, jobs
from penstock.engine.book import Book, Wiring
from penstock.engine.jobs import Job
from penstock.engine.neighbours import Neighbours
from penstock.engine.reuse import Question, Reuse
from penstock.model.outcomes import Outcome, failed
from penstock.model.quantities import format_bytes
from penstock.model.rows import AttemptRecord
from penstock.model.specs import Attempt
from penstock.model.states import Cause, TaskStatus


class Effects:
    """Performs commands, in order, within a turn of the driver."""

    def __init__(self, book: Book, wiring: Wiring, reuse: Reuse, neighbours: Neighbours) -> None:
        self._book = book
        self._wiring = wiring
        self._reuse = reuse
        self._grown = set[tuple[str, int]]()
        self._unwanted: dict[str, list[str]] = {}  # attempts to be recalled, by executor
        self._rules: dict[type, Callable[[Any], None]] = {
            facts.Start: self._start,
            facts.CommitIntent: self._commit_intent,
            facts.Recall: self._recall,
            facts.CancelAttempt: self._cancel_attempt,
            facts.Adopt: self._adopt,
            facts.RecordAttempt: self._record_attempt,
            facts.Consult: self._consult,
            facts.Wish: neighbours.wish,
            facts.Settle: self._settle,
        }
        self._settlements: dict[facts.How, Callable[[Job, facts.Settle], None]] = {
            facts.How.FRESH: self._settle_fresh,
            facts.How.REUSED: self._settle_reused,
            facts.How.COPIED: self._settle_copied,
            facts.How.UPSTREAM: self._settle_upstream,
            facts.How.CANCELLED: self._settle_cancelled,
        }

    def perform(self, commands: list[facts.Command]) -> None:
        """Perform the commands. Nothing here blocks."""
        for command in commands:
            self._rules[type(command)](command)
        if self._unwanted:
            unwanted, self._unwanted = self._unwanted, {}
            for executor, attempts in unwanted.items():
                self._wiring.executors[executor].recall(attempts)

    def _start(self, command: facts.Start) -> None:
        lane = command.lane
        attempt = self._launched(command.task, command.attempt, command.inputs_digest, command.failures, lane.number)
        self._wiring.executors[command.executor].start(attempt, lane)

    def _adopt(self, command: facts.Adopt) -> None:
        attempt = self._launched(command.task, command.attempt, command.inputs_digest)
        self._wiring.executors[command.executor].adopt(attempt)

    def _launched(self, task: int, number: int, inputs_digest: bytes, failures: int = 0, lane: int = 0) -> Attempt:
        book, job = self._book, self._book.jobs[task]
        job.code, job.inputs_digest = self._reuse.code(job), inputs_digest
        if job.prior is not None and jobs.is_another_try(job, job.prior):
            book.pending.forgotten.append(task)
        attempt = jobs.build_attempt(job, number, book.results, book.reused, failures)
        book.launch(job, attempt.id, number, lane)
        return attempt

    def _commit_intent(self, command: facts.CommitIntent) -> None:
        job = self._book.jobs[command.task]
        job.code, job.inputs_digest = self._reuse.code(job), command.inputs_digest
        self._book.note_running(job, command.attempt)
        self._book.pending.intents.append((command.task, command.attempt))

    def _recall(self, command: facts.Recall) -> None:
        id_ = jobs.attempt_id(self._book.jobs[command.task], command.attempt)
        self._unwanted.setdefault(command.executor, []).append(id_)

    def _cancel_attempt(self, command: facts.CancelAttempt) -> None:
        id_ = jobs.attempt_id(self._book.jobs[command.task], command.attempt)
        self._wiring.executors[command.executor].cancel(id_, command.cause)

    def _record_attempt(self, command: facts.RecordAttempt) -> None:
        job = self._book.jobs[command.task]
        outcome = job.outcome
        assert outcome is not None
        if command.grown_bytes:
            self._tell_of_growth(job.call.name, command.grown_bytes)
        if not job.had_result:
            self._book.note_waiting(job, command.attempt)  # attempts belong to a row
        self._book.pending.attempts.append(AttemptRecord(command.task, command.attempt, outcome))

    def _tell_of_growth(self, step: str, memory_bytes: int) -> None:
        """Say once for each size of a step what its out of memory tasks are given."""
        if (step, memory_bytes) not in self._grown:
            self._grown.add((step, memory_bytes))
            self._wiring.notify(f"{step} ran out of memory: tried again with {format_bytes(memory_bytes)}")

    def _consult(self, command: facts.Consult) -> None:
        self._book.pending.questions.append(
            Question(self._book.jobs[command.task], command.number, command.inputs_digest)
        )

    def _settle(self, command: facts.Settle) -> None:
        book, job = self._book, self._book.jobs.pop(command.task)
        self._settlements[command.how](job, command)
        if job.claim:
            book.pending.released.append(job.claim)
        # Whoever waits for the same result takes it, or makes it in its place.
        for key in filter(None, {job.claim, job.waits_for}):
            if book.askers.get(key) == job.id:
                del book.askers[key]
            book.wake(key, every=command.task in book.results)
        job.claim = job.waits_for = b""

    def _settle_fresh(self, job: Job, command: facts.Settle) -> None:
        book, outcome = self._book, job.outcome
        assert outcome is not None
        if book.resumed or job.prior is not None:
            job.why = job.why or jobs.why_again(job, command.inputs_digest, book.resumed, book.reused)
        place = book.next_place()
        if job.had_result:
            book.pending.forgotten.append(job.id)  # what was logged while that was made
        code = book.note_code(job.code or self._reuse.code(job))
        book.pending.tasks.append(
            jobs.task_record(job, command.attempt, command.inputs_digest, outcome.status, outcome, code, place)
        )
        if outcome.result is not None and job.call.options.cache is not None:
            entry = self._reuse.entry(job, outcome.result, outcome.metrics)
            book.pending.cached += (entry,) if entry is not None else ()
        book.settle(job, outcome.result, outcome.error, place, reused=False)

    def _settle_copied(self, job: Job, command: facts.Settle) -> None:
        book, reused = self._book, job.reused
        assert reused is not None
        outcome = Outcome(TaskStatus.DONE.value, reused.result, metrics=reused.metrics)
        place = book.next_place()
        if job.prior is not None:
            book.pending.forgotten.append(job.id)
        book.pending.tasks.append(
            jobs.task_record(job, 1, command.inputs_digest, outcome.status, outcome, reused.code, place)
        )
        if reused.cache_key:
            book.pending.used.append(reused.cache_key)
        book.settle(job, reused.result, None, place, reused=True)
        book.replayed[job.id] = job
        book.reused.add(job.id)

    def _settle_reused(self, job: Job, command: facts.Settle) -> None:
        book, prior = self._book, job.prior
        assert prior is not None
        book.settle(job, prior.result, prior.error, prior.settled, reused=True)
        if prior.result is not None:
            book.replayed[job.id] = job
            book.reused.add(job.id)
        else:
            failure = book.failures[job.id]
            failure.delivered, failure.replayed = prior.delivered, True

    def _settle_upstream(self, job: Job, command: facts.Settle) -> None:
        source = self._book.failures[command.failed_dep]
        self._book.settle(job, None, source.error, source.place, reused=False, root=source.root)

    def _settle_cancelled(self, job: Job, command: facts.Settle) -> None:
        outcome, place = failed(Cause.CANCELLED, "cancelled before it began"), self._book.next_place()
        if job.noted and job.code is not None:  # it has failed, and waited for its next attempt: its row says so
            record = command.attempt + 1, command.inputs_digest, outcome.status, outcome, job.code.digest, place
            self._book.pending.tasks.append(jobs.task_record(job, *record))
        self._book.settle(job, None, outcome.error, place, reused=False)
