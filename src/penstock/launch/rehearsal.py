"""A run without its steps (`--dry-run`): the run's own driver, with executors that start nothing and a journal that
writes nothing.

So the same rules decide as in a run, as far as the body comes without a result that would have to be made. The driver's
thread is not started: what is called is decided in the thread that calls.
"""

from __future__ import annotations

import contextvars
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from penstock.engine import jobs
from penstock.engine.driver import Driver
from penstock.engine.jobs import Job
from penstock.engine.origin import OriginRun
from penstock.engine.ports import Executor, Mailbox
from penstock.errors import Suspension
from penstock.journal import cache
from penstock.journal.database import Database
from penstock.launch.run_environments import RunEnvironments
from penstock.launch.run_values import combine, fingerprint
from penstock.model.events import Lane
from penstock.model.ids import step_of
from penstock.model.outcomes import Error, Metric, Recorded, Stored
from penstock.model.rows import Batch, Dealt, InFlight, PriorTask, RunEnd, ScopeRecord, Sought, StepCount, WantedResult
from penstock.model.sinks import Sink
from penstock.model.specs import Attempt, Call, FlowCall, Places, RunSpec
from penstock.model.states import Cause
from penstock.reading.explain import Explain, of_call
from penstock.reading.structs import StepForecastInfo
from penstock.sdk import session


class NotThere(Suspension):
    """The body needs a result that would have to be made."""


class IdleExecutor:
    """Starts nothing, in the place of another: what is handed to it never ends."""

    def __init__(self, other: Executor, environments: RunEnvironments) -> None:
        self.profile = other.profile
        self.ready = environments.ready_here if other.profile.assisted else environments.lock

    def open(self, mailbox: Mailbox, spec: RunSpec, places: Places) -> None: ...
    def start(self, launches: Sequence[tuple[Attempt, tuple[Lane, ...]]]) -> None: ...
    def recall(self, attempts: Collection[str]) -> None: ...
    def cancel(self, attempt: str, cause: Cause) -> None: ...
    def adopt(self, attempt: Attempt, handle: str) -> None: ...
    def close(self, *, leave: bool = False) -> None: ...

    def assist(self, timeout_s: float) -> bool:
        return False


class IdleJournal:
    """Writes nothing. `prior`, `scopes` and `dealt`: what the run has, if there is one."""

    def __init__(
        self, database: Database, prior: Iterable[PriorTask], scopes: Iterable[ScopeRecord], dealt: Iterable[Dealt]
    ) -> None:
        self._database = database
        self.prior = lambda: prior
        self.scopes = lambda: scopes
        self.dealt = lambda: dealt
        self._makers: dict[bytes, str] = {}  # tasks that would make cached results, by key

    def seek(self, wanted: tuple[WantedResult, ...]) -> tuple[Sought, ...]:
        """What is not there the first that asks would make."""
        found = cache.look_up(self._database, wanted, time.time())
        return tuple(
            sought if sought.entry is not None else sought._replace(maker=self._maker(one))
            for one, sought in zip(wanted, found, strict=True)
        )

    def _maker(self, wanted: WantedResult) -> str:
        maker = self._makers.setdefault(wanted.key, wanted.task)
        return "" if maker == wanted.task else maker

    def commit(self, batch: Batch) -> None: ...
    def note(self, dealt: Sequence[Dealt]) -> None: ...
    def end(self, end: RunEnd) -> None: ...

    def renew(self, counts: tuple[StepCount, ...], in_flight: tuple[InFlight, ...] | None = None) -> bool:
        return False


class Rehearsed(session.RunSession):
    """A run whose futures can't tell when they will be done: who asks one that is not learns no more from this."""

    def looked(self) -> None:
        """Raise."""
        self.engine.attend(lambda: False, 0.0)

    def begin(self, body: Callable[[], None], name: str) -> None:
        """Call the body here: nothing is waited for."""
        contextvars.copy_context().run(body)


class Rehearsal:
    """The driver as the body sees it: who would have to wait learns no more. Implements `sdk.session.Engine`."""

    def __init__(self, driver: Driver, origin: OriginRun | None) -> None:
        self.stopped_at = ""  # the step whose results the body needs to go on; "": it came to its end
        self._driver = driver
        self._origin = origin
        self._paths: dict[int, str] = {}  # of all calls whose results others may need

    def submit(self, calls: Sequence[tuple[Call, Sink]], of_map: int = -1) -> list[tuple[int, str]]:
        """Decide what would become of the calls; those that would be reused settle at once."""
        for call, _ in calls:
            if self._origin is not None and any(map(self._missing, jobs.deps_of(call))):
                self._origin.discard(call.key)  # the task can't be asked about, and what it left serves no other
        called = self._driver.submit(calls, of_map)
        self._paths.update(called)
        return called

    def enter(self, call: FlowCall, sink: Sink | None = None) -> tuple[int, str, int]:
        """The body of a nested flow is called, too. As it may stop, its earlier place holds nothing up."""
        id_, path, _ = self._driver.enter(call, sink)
        if sink is not None:
            self._paths[id_] = path
        return id_, path, 0

    def leave(
        self, scope: int, result: Stored | None, error: Error | None, task: str = "", is_done: bool = False
    ) -> None:
        """Settle it at once, as what is reused: what takes its result is asked about as soon as it is called."""
        self._driver.leave(scope, result, error, task, is_done)
        self._driver.turn()

    def attend(self, opened: Callable[[], bool], until: float) -> bool:
        """All that could be settled is; what is not would have to run."""
        self._driver.turn()
        if opened():
            return True
        missing = (self._missing(id_) for id_ in reversed(self._paths))
        self.stopped_at = self.stopped_at or next(filter(None, missing), "")
        raise NotThere("the flow waits for a result that would have to be made")

    def reproduce(self, task: int) -> None:
        """The stored result can't be read: the task would run."""
        raise NotThere("a stored result is damaged")

    def assist(self, opened: Callable[[], bool], until: float) -> bool:
        return False

    def deliver(self, tasks: tuple[int, ...]) -> None: ...
    def cancel(self, task: int) -> None: ...
    def log(self, metrics: tuple[Metric, ...]) -> None: ...

    def record(self, scope: int, recorded: Recorded) -> None: ...

    def steps(self, explain: Explain) -> tuple[StepForecastInfo, ...]:
        """What has become of the calls, and what would."""
        reused = {count.name: count.reused for count in self._driver.counts()}
        whys: dict[str, Counter[str]] = {name: Counter() for name in reused}
        for failure in self._driver.failures.values():
            if failure.replayed:
                reused[step_of(failure.path)] += 1
        for job in self._driver.state.jobs.values():
            if job.waits_for:  # an equal call makes it, and this one takes it
                reused[job.call.name] += 1
            else:
                whys[job.call.name][self._why(job, explain)] += 1
        return tuple(StepForecastInfo(name, reused[name], whys[name].total(), dict(whys[name])) for name in reused)

    def _missing(self, id_: int) -> str:
        """The step or flow that would have to make a result; "": it is there."""
        state = self._driver.state
        return "" if id_ in state.results or id_ in state.failures else step_of(self._paths[id_])

    def _why(self, job: Job, explain: Explain) -> str:
        state, reuse, call = self._driver.state, self._driver.reuse, job.call
        for item in call.inputs + call.shared:
            for ref in item.refs:
                if maker := self._missing(ref.task):
                    return f"input {item.name} comes from {maker}, which would run"
        made = tuple(fingerprint(state.results[dep]) for dep in jobs.deps_of(call))
        off = reuse.policy.off if call.options.cache is not None and not reuse.policy.cache else ""
        again = jobs.why_again(job, combine(made) if made else b"", state.resumed, state.reused)

        def result(id_: int) -> tuple[str, Stored | None]:
            return self._paths[id_].split("/", 2)[2], state.results.get(id_)

        subject = of_call(call, job.number, reuse.code(job), result, reuse.policy.seed)
        return job.why or off or again or explain.line(subject)
