"""What the driver knows of a run: its jobs, their results, and what the next transaction writes."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from penstock.engine import jobs
from penstock.engine.by_number import ByNumber
from penstock.engine.jobs import Job
from penstock.engine.reuse import Question, ReusePolicy
from penstock.engine.tally import Tally
from penstock.model.ids import run_of
from penstock.model.outcomes import Error, Metric, Stored
from penstock.model.rows import (
    AttemptRecord,
    Batch,
    BodyRecord,
    CacheEntry,
    CodeRecord,
    Intent,
    LoopProgress,
    MetricRecord,
    ScopeRecord,
    StepRecord,
    TaskRecord,
)
from penstock.model.slotted import Slotted
from penstock.model.specs import Places, RunSpec
from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import NamedTuple, made

if TYPE_CHECKING:
    from penstock.engine.origin import OriginRun
    from penstock.engine.ports import Codes, Executor, Host, Listener, RunJournal, StoredValues
    from penstock.model.sinks import Sink


class Wiring(NamedTuple):
    """What a driver is made of; `launch` fills it in."""

    run_id: str
    journal: RunJournal
    executors: dict[str, Executor]
    spec: RunSpec
    places: Places
    limits: dict[str, int]
    platform_retries: int
    values: StoredValues
    codes: Codes
    listener: Listener
    timeout_s: float | None = None  # of the whole run
    policy: ReusePolicy = ReusePolicy()
    origin: OriginRun | None = None  # the run that this one was forked from; None: it is no fork
    host: Host | None = None  # the other runs on this machine; None: they are not asked

    def each_executor(self) -> list[Executor]:
        """Each executor once: several names may stand for one."""
        return list({id(executor): executor for executor in self.executors.values()}.values())


class Delivery(NamedTuple):
    """Failures that are about to be handed to the body, and who waits until that is committed."""

    tasks: tuple[int, ...]
    committed: threading.Event


class Failure(Slotted):
    """A task that failed in this run."""

    path: str
    error: Error
    root: int  # the task whose own failure it is
    place: int = 0  # in the order in which the run's tasks have settled
    delivered: bool = False
    replayed: bool = False  # as an earlier driver left it: this one has not run it


class Pending:
    """What the next transaction writes, and what waits for it."""

    def __init__(self) -> None:
        self.tasks: list[TaskRecord] = []
        self.attempts: list[AttemptRecord] = []
        self.metrics: list[MetricRecord] = []
        self.steps: list[StepRecord] = []
        self.deliveries: list[Delivery] = []
        self.intents: list[Intent] = []
        self.starts: list[tuple[int, int]] = []  # task, attempt: they wait for this commit
        self.codes: list[CodeRecord] = []
        self.cached: list[CacheEntry] = []
        self.used: list[bytes] = []
        self.released: list[bytes] = []
        self.forgotten: list[int] = []  # tasks whose metrics and records are those of older code
        self.logged: list[Metric] = []  # by the flow's body
        self.scopes: list[ScopeRecord] = []
        self.recorded: list[BodyRecord] = []
        self.questions: list[Question] = []  # asked once all of this is written

    def batch(self) -> Batch | None:
        """The transaction; None: there is nothing to write."""
        delivered = tuple(task for delivery in self.deliveries for task in delivery.tasks)
        batch = Batch(
            tuple(self.tasks), tuple(self.attempts), tuple(self.metrics), delivered, tuple(self.steps),
            tuple(self.codes), tuple(self.cached), tuple(self.used), tuple(self.released), tuple(self.forgotten),
            tuple(self.logged), tuple(self.intents), tuple(self.scopes), recorded=tuple(self.recorded),
        )  # fmt: skip
        return batch if any(batch) else None


class Resolution(NamedTuple):
    """A settlement that its future hears of after the commit."""

    sink: Sink
    result: Stored | None
    error: Error | None
    reused: bool
    place: int  # in the order in which the run's tasks have settled


class RunState:
    """The state that intake and effects share. Written within a turn alone, but for `jobs`."""

    def __init__(self) -> None:
        self.jobs: dict[int, Job] = {}  # not settled
        self.replayed: dict[int, Job] = {}  # reused; a damaged result is made again from here
        self.results = ByNumber[Stored]()
        self.reused: set[int] = set()  # tasks whose results come from an earlier driver
        self.failures: dict[int, Failure] = {}
        self.attempts: dict[str, tuple[int, int]] = {}  # in flight: task, number
        self.intents: dict[str, Intent] = {}  # of those that outlive this driver, by attempt
        self.hinted: dict[str, dict[str, Metric]] = {}  # what attempts have logged, and no row says yet
        self.lacking: dict[str, str] = {}  # what attempts wait for that an executor has placed nowhere yet
        self.loops: dict[str, tuple[LoopProgress, ...]] = {}  # that attempts are in, as they told last
        self.queued: set[str] = set()  # attempts that wait for their turn at their executor
        self.steps: set[str] = set()
        self.parked: dict[bytes, deque[int]] = {}  # tasks, by key
        self.askers: dict[bytes, int] = {}  # who asks for a key that another run makes
        self.woken: list[int] = []  # tasks that are to ask again
        self.codes: set[bytes] = set()  # digests of the code that was written down
        self.now = 0.0  # when this turn began; monotonic
        self.epoch = 0.0  # what makes UTC of the monotonic clock
        self.settled = 0  # how many tasks have settled under all drivers of this run
        self.resumed = False  # an earlier driver of this run has left something
        self.tally = Tally()
        self.pending = Pending()
        self.resolutions: list[Resolution] = []

    def launch(self, job: Job, attempt_id: str, attempt: int, lane: int) -> None:
        """An attempt is in flight from now on."""
        job.waits_since, job.since, job.lane = self.epoch + job.since, self.now, lane
        self.attempts[attempt_id] = (job.id, attempt)
        self.tally.started(job.call.name, again=job.outcome is not None)

    def land(self, attempt_id: str) -> tuple[Job, int] | None:
        """An attempt is not in flight any more; None: it was not."""
        known = self.attempts.pop(attempt_id, None)
        if known is None:
            return None
        if self.intents or self.hinted or self.loops or self.queued:
            self._forget(attempt_id)
        job = self.jobs[known[0]]
        job.since = self.now
        self.tally.stopped(job.call.name)
        return job, known[1]

    def _forget(self, attempt_id: str) -> None:
        for told in (self.intents, self.hinted, self.loops):
            told.pop(attempt_id, None)
        self.queued.discard(attempt_id)

    def park(self, job: Job, key: bytes, maker: str) -> bool:
        """Have a task wait for a result that `maker` makes; False: it is to ask again by itself, for all that wait for
        what another run makes."""
        job.waits_for = key
        is_own = maker.startswith(f"{run_of(job.path)}/")
        asker = self.askers.get(key)
        if not is_own and (asker is None or asker == job.id or asker not in self.jobs):
            self.askers[key] = job.id
            return False
        self.parked.setdefault(key, deque()).append(job.id)
        return True

    def wake(self, key: bytes, *, every: bool) -> None:
        """Let those ask again that wait for a result: all where it is there, else one, who will make it."""
        waiting = self.parked.get(key)
        while waiting:
            task = waiting.popleft()
            if task in self.jobs:
                self.woken.append(task)
                if not every:
                    return
        self.parked.pop(key, None)

    def note_code(self, code: CodeRecord) -> bytes:
        """Write the code down, once; its digest."""
        if code.digest and code.digest not in self.codes:
            self.codes.add(code.digest)
            self.pending.codes.append(code)
        return code.digest

    def next_place(self) -> int:
        """The place of what settles now, in the order in which the run's tasks settle."""
        self.settled += 1
        return self.settled

    def note(self, job: Job, attempt: int, status: TaskStatus) -> None:
        """Give the job a row before it has settled: an attempt of it runs, or has failed, and it waits for the next."""
        assert job.code is not None
        code = self.note_code(job.code)
        self.pending.tasks.append(jobs.task_record(job, attempt, job.inputs_digest, status.value, None, code))
        job.noted = status

    def settle(
        self, job: Job, result: Stored | None, error: Error | None, place: int, *, reused: bool, root: int = 0
    ) -> None:
        """Note how a job settled, and as which; `root` is the task whose failure it shares, 0: its own."""
        name = job.call.name
        if result is not None:
            digest, record, _, blobs, size, culprit, symbols, _ = result  # its row shows preview and layout
            result = self.results[job.id] = made(Stored, (digest, record, "", blobs, size, culprit, symbols, ""))
            self.tally.done(name, reused=reused)
        else:
            assert error is not None
            self.failures[job.id] = Failure(job.path, error, root or job.id, place)
            self.tally.failed(name, cancelled=error.cause == Cause.CANCELLED.value)
        self.resolutions.append(made(Resolution, (job.sink, result, error, reused, place)))
