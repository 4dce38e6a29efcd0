"""One run's journal, held under a lease: what a driver writes and what it finds of earlier drivers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from penstock.errors import FencedError
from penstock.journal import columns, sql_files
from penstock.journal.call_numbers import Calls
from penstock.journal.clock import Clock
from penstock.journal.damage import named
from penstock.journal.database import Database
from penstock.journal.metric_facts import MetricFacts
from penstock.journal.priors import prior_scopes, prior_tasks
from penstock.journal.recorded import RecordedTable
from penstock.model import rows
from penstock.model.ids import folder_name
from penstock.model.outcomes import Metric, Outcome, points_of
from penstock.model.specs import Input
from penstock.model.states import RunStatus
from penstock.model.wire import pack

if TYPE_CHECKING:
    from penstock.journal.cache import CacheTable

_SHARED_KEPT = 64
_SIGN_S = 0.02
"""A commit is a sign of life: it renews the lease where that was not done for so long."""


class RunHandle:
    """Implements `engine.ports.RunJournal`. Has a connection of its own, for one thread at a time."""

    def __init__(self, database: Database, clock: Clock, run_id: str, id_: int, token: int) -> None:
        self.run_id = run_id
        self.id = id_
        self.token = token
        with named(database, id_):
            self.nonce = columns.nonce(database.row(sql_files.load("writes")["nonce"], (id_,))[0])
        self.folder = folder_name(run_id, self.nonce)
        self._calls = Calls(os.path.join(os.path.dirname(database.path), "calls", self.folder))
        self._database = database
        self._clock = clock
        self._sql = sql_files.load("writes")
        self._first = id_ << columns.RUN_SHIFT
        # Nobody else writes tasks of the run: what is counted here need not be read again.
        self._revision: int = database.row(self._sql["last_revision"], (id_,))[0] or 0
        self._step_ids: dict[str, int] = {}
        self._code_ids: dict[bytes, int] = {}
        self._granted_ids: dict[rows.Granted, int] = {}
        self._facts = MetricFacts(database, id_)
        self._recorded = RecordedTable(database, id_, token)
        self._sign_at = 0.0
        # By the identity of the tuple; it is kept, so that its identity can't become another's.
        self._shared: dict[int, tuple[tuple[Input, ...], bytes]] = {}

    @cached_property
    def _shelf(self) -> CacheTable:
        from penstock.journal.cache import CacheTable  # a run without cached steps has none

        return CacheTable(self._database, self._clock, self.id, self.token)

    def commit(self, batch: rows.Batch) -> None:
        with self._database.transaction():
            self._fence()
            self.write(batch)
            if self._clock.monotonic() >= self._sign_at:
                self._renew(())

    def write(self, batch: rows.Batch) -> None:
        """The same within a transaction of the caller's, who knows that the run is its own."""
        sql, database = self._sql, self._database
        for step in batch.steps:
            database.run(sql["upsert_step"], (self.id, *step[:-1], self._granted_id(step.granted)))
        for code in batch.codes:
            database.run(sql["insert_code"], code)
        for task in batch.forgotten:
            self._facts.will_change(task)
            database.run(sql["forget_task_metrics"], (self._first + task,))
            database.run(sql["forget_task_points"], (self._first + task,))
            self._recorded.forget(task)
        self._write_scopes(batch.scopes)
        if batch.tasks:
            self._write_tasks(batch.tasks)
        for task, *intent in batch.intents:
            database.run(sql["upsert_intent"], (self._first + task, *intent))
        if batch.metrics:
            self._write_metrics(batch.metrics)
        if batch.logged:
            self._write_logged(batch.logged)
        for scope, record in batch.recorded:
            self._recorded.put(scope, (record,))
        for attempt in batch.attempts:
            id_ = self._first + attempt.task
            packed, granted_id = columns.pack_outcome(attempt.outcome), self._granted_id(attempt.granted)
            database.run(sql["upsert_attempt"], (id_, attempt.number, packed, granted_id))
            self._replace_metrics(attempt.task, attempt.number, attempt.outcome.metrics)
            self._note_blobs_of(attempt.outcome)
        if batch.delivered:
            database.run_many(sql["deliver"], self._revised(batch.delivered))
        for task, error in batch.uncalled:
            database.run_many(sql["cancel"], [(pack(tuple(error)), *row) for row in self._revised([task])])
        self._write_cached(batch)
        self._facts.update()

    def seek(self, wanted: tuple[rows.WantedResult, ...]) -> tuple[rows.Sought, ...]:
        return self._shelf.seek(wanted, self._fence)

    def prior(self) -> list[rows.PriorTask]:
        """All tasks that earlier drivers of this run wrote, in the order of their ids.

        A failed task that was delivered is replayed as it was; what is neither done nor delivered runs again.
        """
        return prior_tasks(self._database, self.id)

    def scopes(self) -> list[rows.ScopeRecord]:
        return prior_scopes(self._database, self.id)

    def note(self, dealt: Sequence[rows.Dealt]) -> None:
        self._calls.note(dealt)

    def dealt(self) -> list[rows.Dealt]:
        return list(self._calls.read())

    def renew(self, counts: tuple[rows.StepCount, ...], in_flight: tuple[rows.InFlight, ...] | None = None) -> bool:
        with self._database.transaction():
            cancel_requested = self._fence()
            self._renew(counts)
            if in_flight is not None:
                self._database.run(self._sql["note_in_flight"], (self.id, columns.noted_text(in_flight)))
        return cancel_requested

    def undeliver(self, tasks: Iterable[int]) -> None:
        """Their failures will not be replayed: they run again when the body calls them."""
        with self._database.transaction():
            self._fence()
            self._database.run_many(self._sql["undeliver"], self._revised(tasks))

    def end(self, end: rows.RunEnd) -> None:
        """Close the run and give up the lease. The tasks whose failures ended it will run again on resume."""
        with self._database.transaction():
            self._fence()
            self.write_end(end, self._clock.now())
        if end.status == RunStatus.DONE.value:
            self._calls.forget()

    def write_end(self, end: rows.RunEnd, at: float) -> None:
        """The same within a transaction of the caller's, as it was at some time (UTC, seconds)."""
        sql, database = self._sql, self._database
        database.run_many(sql["undeliver"], self._revised(end.failed_tasks))
        result = end.result and pack(tuple(end.result))
        database.run(sql["end_run_detail"], (result, end.error and pack(tuple(end.error)), self.id))
        database.run(sql["end_run"], (end.status, at, self.id))
        database.run(sql["end_scopes"], {"run_id": self.id, "now": at})
        database.run(sql["release_all"], (self.id,))
        database.run(sql["forget_in_flight"], (self.id,))
        if end.result and end.result.blobs:
            self._note_blobs(end.result.blobs)
        if end.status == RunStatus.DONE.value:
            self._recorded.forget_earlier()

    def close(self) -> None:
        self._calls.close()
        self._database.fold()
        self._database.close()

    def _renew(self, counts: tuple[rows.StepCount, ...]) -> None:
        now = self._clock.monotonic()
        self._sign_at = now + _SIGN_S
        noted = columns.noted_text(counts) if counts else None
        self._database.run(self._sql["renew"], (now, self._clock.now(), noted, self.id))

    def _fence(self) -> bool:
        row = self._database.row(self._sql["fence"], (self.id,))
        if row is None:
            raise FencedError(f"{self.run_id} was removed while this process drove it. Nothing more is written")
        if row[0] != self.token:
            raise FencedError(
                f"another process has taken {self.run_id} over from this one, which had not renewed its lease. "
                f"Nothing more is written; see `penstock show {self.run_id}`"
            )
        return bool(row[1])

    def _write_scopes(self, scopes: tuple[rows.ScopeRecord, ...]) -> None:
        for scope in scopes:
            self._database.run(self._sql["upsert_scope"], (self.id, *columns.scope_columns(scope)))
            for kept in (*scope.inputs, scope.result, scope.error):
                if kept is not None and kept.blobs:
                    self._note_blobs(kept.blobs)

    def _write_tasks(self, tasks: tuple[rows.TaskRecord, ...]) -> None:
        plain: list[tuple[Any, ...]] = []
        other: list[tuple[Any, ...]] = []
        first, step_ids, granted_ids, code_ids = self._first, self._step_ids, self._granted_ids, self._code_ids
        for task in tasks:
            step_id = step_ids.get(task.step) or self._step_id(task.step, task.name)
            code_id = (code_ids.get(task.code) or self._code_id(task.code)) if task.code else None
            granted_id = granted_ids.get(task.granted) or self._granted_id(task.granted) if task.granted else None
            self._revision += 1
            row = columns.plain_columns(first, task, step_id, code_id, granted_id, self._revision)
            if row is not None:
                plain.append(row)
            else:
                shared = self._shared_digest(task.shared) if task.shared else None
                other.append(columns.task_columns(first, task, step_id, shared, code_id, granted_id, self._revision))
            for item in task.inputs:
                if item.blobs:
                    self._note_blobs(item.blobs)
        self._database.run_many(self._sql["insert_plain_task"], plain)
        if other:
            self._database.run_many(self._sql["upsert_task"], other)
            self._write_beside(tasks)

    def _write_beside(self, tasks: tuple[rows.TaskRecord, ...]) -> None:
        """What outcomes bring that their rows have no place for."""
        for task in tasks:
            outcome = task.outcome
            if outcome is not None:
                if outcome.records:
                    self._recorded.forget(task.id)
                    self._recorded.put(task.id, outcome.records)
                self._note_blobs_of(outcome)
                self._replace_metrics(task.id, task.attempt, outcome.metrics)

    def _revised(self, tasks: Iterable[int]) -> Iterator[tuple[int, int]]:
        """(revision, row) of tasks that change."""
        for task in tasks:
            self._revision += 1
            yield self._revision, self._first + task

    def _write_cached(self, batch: rows.Batch) -> None:
        for entry in batch.cached:
            self._shelf.put(entry, self._code_id(entry.code))
        for key in batch.used:
            self._shelf.use(key)
        for key in batch.released:
            self._shelf.release(key)

    def _step_id(self, step: str, name: str) -> int:
        row = self._database.row(self._sql["step_id"], (self.id, step))
        if row is None:
            self._database.run(self._sql["insert_step"], (self.id, step, name))
            row = self._database.row(self._sql["step_id"], (self.id, step))
        self._step_ids[step] = row[0]
        return row[0]

    def _code_id(self, code: bytes) -> int | None:
        known = self._code_ids.get(code)
        if known is None:
            row = self._database.row(self._sql["code_id"], (code,))
            if row is None:  # removed meanwhile, or never written
                return None
            known = self._code_ids[code] = row[0]
        return known

    def _granted_id(self, granted: rows.Granted | None) -> int | None:
        if granted is None:
            return None
        known = self._granted_ids.get(granted)
        if known is not None:
            return known
        row = self._database.row(self._sql["granted_id"], granted)
        if row is None:
            self._database.run(self._sql["insert_granted"], granted)
            row = self._database.row(self._sql["granted_id"], granted)
        known = self._granted_ids[granted] = row[0]
        return known

    def _shared_digest(self, shared: tuple[Input, ...]) -> bytes:
        known = self._shared.get(id(shared))
        if known is not None:
            return known[1]
        packed = columns.pack_inputs(shared)
        digest = columns.short_digest(packed)
        self._database.run(self._sql["insert_shared"], (self.id, digest, packed))
        for item in shared:
            self._note_blobs(item.blobs)
        if len(self._shared) >= _SHARED_KEPT:
            del self._shared[next(iter(self._shared))]
        self._shared[id(shared)] = (shared, digest)
        return digest

    def _note_blobs_of(self, outcome: Outcome) -> None:
        kept = outcome.result or outcome.error
        if kept is not None and kept.blobs:
            self._note_blobs(kept.blobs)

    def _note_blobs(self, blobs: tuple[bytes, ...]) -> None:
        self._database.run_many(self._sql["insert_blob"], [(self.id, digest) for digest in blobs])

    def _write_metrics(self, metrics: Sequence[rows.MetricRecord]) -> None:
        for task, _, metric in metrics:
            self._facts.will_change(task, (metric.name,))
        rows = [(self._first + task, attempt, *columns.metric_columns(metric)) for task, attempt, metric in metrics]
        self._database.run_many(self._sql["upsert_metric"], rows)

    def _write_logged(self, metrics: tuple[Metric, ...]) -> None:
        """What the flow's own body has logged."""
        self._facts.will_change(0, [metric.name for metric in metrics])
        rows = [(self.id, *columns.metric_columns(metric)) for metric in metrics]
        self._database.run_many(self._sql["upsert_run_metric"], rows)
        self._note_blobs(points_of(metrics))

    def _replace_metrics(self, task: int, attempt: int, metrics: tuple[Metric, ...]) -> None:
        if metrics:
            self._facts.will_change(task)
            self._database.run(self._sql["forget_metrics"], (self._first + task, attempt))
            self._write_metrics([rows.MetricRecord(task, attempt, metric) for metric in metrics])
            self._note_blobs(points_of(metrics))
