"""A run without its steps (`--dry-run`): the body is called, what would be reused is handed to it, nothing is run.

It goes as far as the body comes without a result that would have to be made; the same rules decide as in a run.
Writes nothing to the journal, and holds no lease.
"""

from __future__ import annotations

import contextvars
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from penstock.engine import jobs
from penstock.engine.facts import TaskVerdict
from penstock.engine.jobs import Job
from penstock.engine.numbers import Numbers
from penstock.engine.reuse import Decision, Question, Reuse
from penstock.errors import Suspension
from penstock.model.outcomes import Error, Metric, Stored
from penstock.model.rows import Dealt, PriorTask, Sought, WantedResult
from penstock.model.sinks import Sink
from penstock.model.specs import Call, FlowCall
from penstock.model.states import TaskStatus
from penstock.reading.explain import Explain, of_call
from penstock.reading.structs import ForecastInfo, StepForecastInfo
from penstock.sdk import session


class NotThere(Suspension):
    """The body needs a result that would have to be made."""


@dataclass
class StepForecast:
    """What would become of a step's tasks."""

    name: str
    reused: int = 0
    run: int = 0
    whys: dict[str, int] = field(default_factory=dict[str, int])  # why they would run, and how many


@dataclass
class Forecast:
    """What a run would do, as far as can be told without running anything."""

    steps: dict[str, StepForecast] = field(default_factory=dict[str, StepForecast])
    stopped_at: str = ""  # the step whose results the body needs to go on; "": it came to its end
    error: str = ""  # what the body raised; "": nothing


@dataclass(frozen=True)
class World:
    """What a rehearsal looks at."""

    run_id: str
    prior: dict[bytes, PriorTask]
    dealt: list[Dealt]
    reuse: Callable[[Callable[[int], Stored | None]], Reuse]
    seek: Callable[[tuple[WantedResult, ...]], tuple[Sought, ...]]
    combine: jobs.Combine
    fingerprint: Callable[[Stored], bytes]
    explain: Explain
    seed: str  # the run's, in digits; "": none

    @property
    def resumed(self) -> bool:
        """Whether an earlier driver of the run has finished something."""
        return bool(self.prior)


class Rehearsed(session.RunSession):
    """A run whose futures can't tell when they will be done: who asks one that is not learns no more from this."""

    def looked(self) -> None:
        """Raise."""
        self.engine.attend(lambda: False, 0.0)

    def begin(self, body: Callable[[], None], name: str) -> None:
        """Call the body here: nothing is waited for."""
        contextvars.copy_context().run(body)


class Rehearsal:
    """Stands in the place of a driver. For one thread at a time."""

    def __init__(self, world: World) -> None:
        self.forecast = Forecast()
        self._world = world
        self._prior = dict(world.prior)
        self._results: dict[int, Stored] = {}
        self._paths: dict[int, str] = {}  # "train/2", by number
        self._failed: dict[int, Error] = {}  # replayed failures
        self.roots: dict[str, bytes] = {}  # keys of the tasks whose own failures those are, by path
        self._made: dict[bytes, str] = {}  # steps whose tasks would make cached results, by key
        self._missing: dict[int, str] = {}  # the short names of steps whose tasks would run, by number
        self._sinks: dict[int, Sink] = {}  # of nested flows whose callers don't wait
        self._numbers = Numbers(world.prior.values(), world.dealt)
        self._places = itertools.count(max((task.settled for task in world.prior.values()), default=0) + 1)
        self._reuse = world.reuse(self._results.get)

    # What the sdk asks of an engine.

    def enter(self, call: FlowCall, sink: Sink | None = None) -> tuple[int, str, int]:
        """The body of a nested flow is called, too."""
        _, id_, _, number = self._numbers.of(call)
        self._paths[id_] = f"{call.name}/{number}"
        self._missing[id_] = call.name
        if sink is not None:
            self._sinks[id_] = sink
        return id_, f"{self._world.run_id}/{call.name}/{number}", 0

    def leave(
        self, scope: int, result: Stored | None, error: Error | None, task: str = "", is_done: bool = False
    ) -> None:
        """What its caller does not wait for is there, if it came to its end."""
        sink = self._sinks.pop(scope, None)
        if sink is None or (result is None and error is None):
            return
        del self._missing[scope]
        if result is not None:
            self._results[scope] = result
        elif error is not None:
            self._failed[scope] = error
            self.roots[f"{self._world.run_id}/{self._paths[scope]}"] = self.roots.get(task, b"")
        sink.settle(result, error, True, next(self._places))

    def submit(self, calls: Sequence[tuple[Call, Sink]], of_map: int = -1) -> list[tuple[int, str]]:
        """Say what would become of the calls; those that would be reused settle at once."""
        admitted = [self._admit(call, sink) for call, sink in calls]
        for job in admitted:
            self._reuse.note(job)
        ready = [job for job in admitted if not self._lacks(job)]
        questions = [Question(job, 1, self._inputs_digest(job)) for job in ready if not self._replayed(job)]
        for question, decision in zip(questions, self._decide(questions), strict=True):
            self._note(question, decision)
        return [(job.id, job.path) for job in admitted]

    def deliver(self, tasks: tuple[int, ...]) -> None:
        """Nothing is kept."""

    def attend(self, opened: Callable[[], bool], until: float) -> bool:
        """All that could be settled is; what is not would have to run."""
        if opened():
            return True
        self.forecast.stopped_at = self.forecast.stopped_at or next(reversed(self._missing.values()), "")
        raise NotThere("the flow waits for a result that would have to be made")

    def cancel(self, task: int) -> None:
        """Nothing runs."""

    def reproduce(self, task: int) -> None:
        """The stored result can't be read: the task would run."""
        raise NotThere("a stored result is damaged")

    def log(self, metrics: tuple[Metric, ...]) -> None:
        """Nobody keeps it."""

    def assist(self, opened: Callable[[], bool], until: float) -> bool:
        """Nothing runs."""
        return False

    def _admit(self, call: Call, sink: Sink) -> Job:
        prior = self._prior.pop(call.key, None)
        _, id_, _, number = self._numbers.of(call)
        self.forecast.steps.setdefault(call.name, StepForecast(call.name))
        self._paths[id_] = f"{call.name}/{number}"
        return Job(id_, number, f"{self._world.run_id}/{call.name}/{number}", call, sink, prior)

    def _lacks(self, job: Job) -> bool:
        """Whether a result that the task needs would have to be made first."""
        for item in job.call.inputs + job.call.shared:
            for ref in item.refs:
                if ref.task in self._failed:
                    root = self.roots[f"{self._world.run_id}/{self._paths[ref.task]}"]
                    self._fails(job, self._failed[ref.task], root)
                    return True
                if ref.task in self._missing:
                    self._reuse.pass_over(job)
                    self._runs(job, f"input {item.name} comes from {self._missing[ref.task]}, which would run")
                    return True
        return False

    def _inputs_digest(self, job: Job) -> bytes:
        deps = jobs.deps_of(job.call)
        return self._world.combine(tuple(self._world.fingerprint(self._results[dep]) for dep in deps)) if deps else b""

    def _replayed(self, job: Job) -> bool:
        prior = job.prior
        if prior is None or self._reuse.is_checked(job):
            return False
        replay = jobs.replay_of(prior, b"")
        if not (replay.done or replay.failed) or prior.inputs_digest != self._inputs_digest(job):
            return False
        self._reused(job, prior.result)
        if prior.error is not None:
            self._fails(job, prior.error, prior.key)
        return True

    def _fails(self, job: Job, error: Error, root: bytes) -> None:
        """As it did before, or with what it needs."""
        self._failed[job.id] = error
        self.roots[job.path] = root
        job.sink.settle(None, error, True, self._place(job))

    def _place(self, job: Job) -> int:
        return job.prior.settled if job.prior is not None and job.prior.settled else next(self._places)

    def _decide(self, questions: list[Question]) -> list[Decision]:
        asked = [question for question in questions if self._reuse.asks(question.job)]
        decisions = iter(self._reuse.decide(asked, self._world.seek))
        return [next(decisions) if self._reuse.asks(one.job) else Decision(TaskVerdict.RUN) for one in questions]

    def _note(self, question: Question, decision: Decision) -> None:
        job = question.job
        if decision.verdict is TaskVerdict.COPIED:
            assert decision.reused is not None
            self._reused(job, decision.reused.result)
        elif decision.verdict is TaskVerdict.REUSED:
            assert job.prior is not None
            self._reused(job, job.prior.result)
        elif decision.claim in self._made:  # an equal call makes it, and this one takes it
            self.forecast.steps[job.call.name].reused += 1
            self._missing[job.id] = self._made[decision.claim]
        else:
            if decision.claim:
                self._made[decision.claim] = job.call.name
            again = jobs.why_again(job, question.inputs_digest, self._world.resumed, self._results.keys())
            self._runs(job, decision.why or job.why or again or self._why(job))

    def _why(self, job: Job) -> str:
        def result(id_: int) -> tuple[str, Stored | None]:
            return self._paths[id_], self._results.get(id_)

        return self._world.explain.line(of_call(job.call, job.number, self._reuse.code(job), result, self._world.seed))

    def _reused(self, job: Job, result: Stored | None) -> None:
        self.forecast.steps[job.call.name].reused += 1
        if result is not None:
            self._results[job.id] = result
            job.sink.settle(result, None, True, self._place(job))

    def _runs(self, job: Job, why: str) -> None:
        step = self.forecast.steps[job.call.name]
        step.run += 1
        step.whys[why] = step.whys.get(why, 0) + 1
        self._missing[job.id] = job.call.name

    def finish(self, left: Sequence[str]) -> ForecastInfo:
        """The forecast, with what of the earlier run was not asked for (short names of steps)."""
        found = self.forecast
        steps = tuple(StepForecastInfo(step.name, step.reused, step.run, step.whys) for step in found.steps.values())
        return ForecastInfo(steps, found.stopped_at, dict(Counter(left)), found.error)

    @property
    def left_of_prior(self) -> list[PriorTask]:
        """What the run itself had finished and the body did not ask for."""
        return [task for task in self._prior.values() if task.status == TaskStatus.DONE.value]
