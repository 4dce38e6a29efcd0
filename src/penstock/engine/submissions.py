"""What a flow's body calls, on its way in: the number that it gets, what earlier drivers have of it, and whether
anything is called any more.

A number is part of names that outlive a driver: of log lines, of what the body and the screen have shown. So none is
ever given twice in a run, and a call keeps its own also where it was in flight when its driver died.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from penstock.engine.jobs import Job
from penstock.engine.nested_flows import OpenScope, Scopes
from penstock.engine.run_state import RunState, Wiring
from penstock.errors import PlatformError, UsageError
from penstock.model.outcomes import Error
from penstock.model.rows import Batch, Dealt, PriorTask
from penstock.model.specs import Call, FlowCall
from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import made

if TYPE_CHECKING:
    from penstock.model.sinks import Sink

_UNCALLED = Error(Cause.CANCELLED.value, "", "ended, since the flow had not called it again when its run ended")


class Numbers:
    """The numbers of one run. `dealt`: what earlier drivers have noted; `prior`: what they wrote down as tasks."""

    def __init__(self, prior: Iterable[PriorTask] = (), dealt: Iterable[Dealt] = ()) -> None:
        self._known: dict[bytes, Dealt] = {}
        self._last_id = 0
        self._last: dict[str, int] = {}  # by short name of the step
        for known in dealt:
            self._take_in(known)
        for task in prior:
            self._take_in(Dealt(task.key, task.id, task.name, task.number))

    def _take_in(self, known: Dealt) -> None:
        self._known[known.key] = known
        self._last_id = max(self._last_id, known.id)
        self._last[known.name] = max(self._last.get(known.name, 0), known.number)

    def of(self, name: str, keys: Iterable[bytes], news: list[Dealt]) -> list[Dealt]:
        """The numbers of calls of one step or flow; those that are given now are added to `news`, to be noted before
        they are used."""
        known, id_, number = self._known, self._last_id, self._last.get(name, 0)
        found: list[Dealt] = []
        for key in keys:
            dealt = known.pop(key, None) if known else None
            if dealt is None:
                id_ += 1
                number += 1
                dealt = made(Dealt, (key, id_, name, number))
                news.append(dealt)
            found.append(dealt)
        self._last_id, self._last[name] = id_, number
        return found


class Submissions:
    """All calls of one run. But for `start`, from any thread."""

    def __init__(self, run_state: RunState, wiring: Wiring, scopes: Scopes) -> None:
        self._run = run_state
        self._wiring = wiring
        self._scopes = scopes
        self._lock = threading.Lock()  # over what submitting changes
        self._prior: dict[bytes, PriorTask] = {}  # what earlier drivers wrote, and the body has not called
        self._numbers = Numbers()
        self._refusal: BaseException | None = None  # why nothing is called any more
        self.is_over = False

    def start(self) -> None:
        """Take in what earlier drivers committed."""
        prior = list(self._wiring.journal.prior())
        self._prior = {task.key: task for task in prior}
        scopes = self._scopes.start(self._wiring.journal.scopes())
        self._numbers = Numbers(prior, [*self._wiring.journal.dealt(), *scopes])
        self._run.settled = max((task.settled for task in prior), default=0)
        self._run.settled = max(self._run.settled, self._scopes.last_settled)
        self._run.resumed = bool(prior)
        if self._wiring.origin is not None:
            self._wiring.origin.withdraw(prior)

    def admit(self, calls: Sequence[tuple[Call, Sink]], of_map: int) -> list[Job]:
        """Make jobs of calls of one step, as `sdk.session.Engine.submit` says."""
        call = calls[0][0]
        with self._lock:
            self._check(f"step {call.name}", call.scope)
            news: list[Dealt] = []
            dealt = self._numbers.of(call.name, [call.key for call, _ in calls], news)
            run, prior = self._wiring.run_id, self._prior
            admitted = [
                Job(id_, number, f"{run}/{name}/{number}", call, sink, prior.pop(key, None) if prior else None)
                for (key, id_, name, number), (call, sink) in zip(dealt, calls, strict=True)
            ]
            if of_map >= 0:
                first = of_map or admitted[0].id
                for job in admitted:
                    job.map = first
            if news:
                self._wiring.journal.note(news)
            self._run.jobs.update((job.id, job) for job in admitted)
        return admitted

    def enter(self, call: FlowCall, at: float, sink: Sink | None) -> OpenScope:
        """A nested flow begins."""
        with self._lock:
            self._check(f"flow {call.name}", call.scope)
            news: list[Dealt] = []
            (dealt,) = self._numbers.of(call.name, (call.key,), news)
            if news:
                self._wiring.journal.note(news)
            return self._scopes.enter(call, dealt, at, sink)

    def cancel(self, task: int) -> list[int]:
        """The tasks that end with this one, where it is a nested flow."""
        with self._lock:
            return self._scopes.cancel(task)

    def refuse(self, reason: BaseException) -> None:
        """Whoever calls something from now on gets this raised."""
        with self._lock:
            self._refusal = reason

    def end(self) -> None:
        """The run is over."""
        with self._lock:
            self.is_over = True

    def _check(self, what: str, scope: int) -> None:
        """Raise why nothing is called any more. The lock is held."""
        if self._refusal is not None:
            raise self._refusal
        if self.is_over:
            raise UsageError(f"{self._wiring.run_id} is over: {what} was called too late to belong to it")
        if scope:
            self._scopes.check(scope)

    def suspend(self, reason: BaseException) -> None:
        """Nothing settles any more: whoever waits must unwind, also those whose settlement was not committed."""
        with self._lock:
            sinks = [job.sink for job in self._run.jobs.values()]
            self._run.jobs.clear()
            self._run.attempts.clear()
            sinks += self._scopes.sinks()
        sinks += [resolution.sink for resolution in self._run.resolutions]
        self._run.resolutions.clear()
        for sink in sinks:
            sink.suspend(reason)

    @property
    def unused_prior(self) -> tuple[PriorTask, ...]:
        """What earlier drivers finished and this body has not called."""
        return tuple(task for task in self._prior.values() if task.status == TaskStatus.DONE.value)

    def end_uncalled(self) -> None:
        """What earlier drivers have started, and the body has not called again, runs for nobody: end it, and then write
        that down. Whoever drives the run next ends again what was not written."""
        left = [task for task in self._prior.values() if task.was_in_flight]
        for task in left:
            executor = self._wiring.executors.get(task.intent.executor) if task.intent else None
            if executor is not None:
                id_ = f"{self._wiring.run_id}/{task.name}/{task.number}#{task.attempt}"
                executor.cancel(id_, Cause.CANCELLED)
        running = [(task.id, _UNCALLED) for task in left if task.status == TaskStatus.RUNNING.value]
        if running:
            with suppress(PlatformError):  # what can't be written is told by whoever ends the run
                self._wiring.journal.commit(Batch(uncalled=tuple(running)))
