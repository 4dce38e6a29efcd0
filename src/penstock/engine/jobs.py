"""A call on its way through a run, and the records that are made of it. Nothing here performs anything."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from penstock.engine.by_number import ByNumber
from penstock.engine.facts import Replay, Submitted
from penstock.model.options import Options
from penstock.model.outcomes import Metric, Outcome, Recorded, Stored, Unread
from penstock.model.rows import CodeRecord, Granted, PriorTask, TaskRecord, WantedResult
from penstock.model.slotted import Slotted
from penstock.model.specs import Attempt, Call, Input, Resolved
from penstock.model.states import PLATFORM_CAUSES, TaskStatus
from penstock.model.tuples import NamedTuple, made

if TYPE_CHECKING:
    from penstock.model.sinks import Sink


class File(Slotted):
    """What was found out of a task when it was asked whether something may stand for it."""

    inputs_digest: bytes
    first: Any  # the decision of this run and its origin, which is made once; None: they have nothing to say
    wanted: WantedResult | None  # what to ask the cache for; None: nothing
    culprit: str = ""  # why it can't be asked; "": it can


class Job(Slotted):
    """A task that this driver knows, from its call until it is settled."""

    id: int
    number: int
    path: str  # "digits/3/train/2"
    call: Call
    sink: Sink
    prior: PriorTask | None
    outcome: Outcome | None = None  # of its latest attempt
    reused: Reused | None = None  # the result of another run that stands for it
    spoiled: bool = False  # a stored result that stood for it can't be read: it runs, whatever else there is
    claim: bytes = b""  # the key in the cache of the result that it makes; b"": nobody waits for it
    waits_for: bytes = b""  # the key of a result that somebody else makes; b"": it waits for none
    why: str = ""  # why it runs
    is_from: bool = False  # nothing that another run has made may stand for it
    file: File | None = None  # what `reuse` has found out of it; None: it was not asked yet
    code: CodeRecord | None = None  # that its attempt reaches; None: none was started
    inputs_digest: bytes = b""  # of the attempt that was started
    noted: TaskStatus | None = None  # in its row, by this driver; None: nothing yet
    since: float = 0.0  # when it was called, or its attempt was handed over; monotonic
    lane: int = 0  # of its attempt
    map: int = 0  # number of the first task of its map; 0: it was called alone
    granted: Granted | None = None  # the attempt that was started; None: none was, or by an earlier driver
    waits_since: float = 0.0  # for that attempt: it was called, or its attempt before had ended; UTC. 0: unknown

    @property
    def is_new(self) -> bool:
        """Whether it has no row yet."""
        return self.prior is None and self.noted is None and not self.spoiled

    @property
    def had_result(self) -> bool:
        """Whether its row holds a result of an earlier driver, which stands there until it is made anew."""
        return self.spoiled or (self.prior is not None and self.prior.status == TaskStatus.DONE.value)


class Reused(NamedTuple):
    """A result of another run that stands for a task."""

    origin: str  # "digits/12/train/3"
    result: Stored
    code: bytes  # digest of the code that made it
    metrics: tuple[Metric, ...] = ()
    cache_key: bytes = b""  # b"": it is not the cache's
    records: tuple[Recorded, ...] = ()


def attempt_id(job: Job, attempt: int) -> str:
    """`digits/3/train/2#1`."""
    return f"{job.path}#{attempt}"


def deps_of(call: Call) -> tuple[int, ...]:
    """The tasks whose results the call needs, in the order in which its inputs name them."""
    return tuple([ref.task for item in call.inputs + call.shared if item.refs for ref in item.refs])


def needs_results(call: Call) -> bool:
    """Whether it waits for other tasks."""
    return bool([item for item in call.inputs + call.shared if item.refs])


def writer_of(call: Call, unread: Unread) -> int:
    """The task that made what can't be read; 0: the flow itself handed it over."""
    refs = (item.refs for item in call.inputs + call.shared if item.name == unread.input)
    return 0 if unread.ref < 0 else next(refs)[unread.ref].task


def replay_of(prior: PriorTask, fingerprint: bytes) -> Replay:
    """What the machine must know of an earlier driver's task.

    A failure is replayed only where the body has seen it and gone on, and where the task's own code was at fault.
    """
    by_its_code = prior.error is not None and prior.error.cause not in PLATFORM_CAUSES
    return Replay(
        done=prior.status == TaskStatus.DONE.value,
        failed=prior.status == TaskStatus.FAILED.value and prior.delivered and by_its_code,
        running=prior.was_in_flight,
        attempt=prior.attempt,
        inputs_digest=prior.inputs_digest,
        fingerprint=fingerprint,
        executor=prior.intent.executor if prior.intent else "",
    )


def submitted(job: Job, replay: Replay | None, consult: bool) -> Submitted:
    """The event that tells the machine of the job."""
    call = job.call
    return made(Submitted, (job.id, call.step, call.options, deps_of(call), replay, consult))


Combine = Callable[[tuple[bytes, ...]], bytes]
Results = Callable[[int], Stored | None]
"""The result of a task of the run, by its number; None: it has none."""


class Content(NamedTuple):
    """What a call's inputs are, by content alone."""

    digest: bytes  # b"" where one of them has no stable form
    culprit: str = ""  # path to that


def content_of(step: str, inputs: Iterable[Input], results: Results, combine: Combine) -> Content:
    """The digest of a step and its inputs' content. Edges count by the results that came of them."""
    parts = [step.encode()]
    for item in sorted(inputs):
        parts.append(item.name.encode())
        if item.culprit:
            return Content(b"", item.culprit)
        if item.record is not None:
            parts.append(item.content or item.identity)
        for ref in item.refs:
            stored = results(ref.task)
            if stored is None or not stored.digest:
                return Content(b"", f"{item.name}: {stored.culprit if stored else 'a result that is not there'}")
            parts.append(stored.digest)
            parts.append(repr(ref.part).encode())
    return Content(combine(tuple(parts)))


def symbols_of(call: Call, results: Results) -> tuple[str, ...]:
    """The project's classes and functions inside a call's inputs; sorted."""
    found: set[str] = set()
    for item in call.inputs + call.shared:
        if item.symbols:
            found.update(item.symbols)
        for ref in item.refs:
            stored = results(ref.task)
            if stored is not None and stored.symbols:
                found.update(stored.symbols)
    return tuple(sorted(found)) if found else ()


def counted(call: Call, ignored: tuple[str, ...]) -> Iterator[Input]:
    """The inputs that a cached result depends on."""
    passed_over = (*ignored, *call.defaults)
    return (item for item in call.inputs + call.shared if item.name not in passed_over)


def holds_files(call: Call) -> bool:
    """Whether an input names a file, so that its key does not tell what is in it."""
    return any(item.content and not item.refs for item in call.inputs + call.shared)


def why_again(job: Job, inputs_digest: bytes, resumed: bool, reused: Collection[int]) -> str:
    """Why a task of a resumed run runs; "" where it was done before, or the run is not resumed. `reused`: the tasks
    that did not run."""
    prior = job.prior
    if prior is None or prior.status in (TaskStatus.RUNNING.value, TaskStatus.WAITING.value):
        return "it had not run to its end yet" if resumed else ""
    if prior.status == TaskStatus.CANCELLED.value:
        return "it was cancelled"
    if prior.error is not None:
        return f"it had {prior.status}: {prior.error.type or prior.error.cause}"
    if prior.inputs_digest == inputs_digest:
        return ""
    inputs = job.call.inputs + job.call.shared
    return f"input {', '.join(i.name for i in inputs if any(ref.task not in reused for ref in i.refs))} changed"


def build_attempt(job: Job, attempt: int, results: ByNumber[Stored], reused: set[int], failures: int = 0) -> Attempt:
    """What an executor gets: bytes in the place of references."""
    call = job.call
    inputs = tuple([_resolved(item, results) for item in call.inputs + call.shared])
    verify = bool(reused) and not reused.isdisjoint(deps_of(call))
    which, retry_on, timeout_s = attempt_id(job, attempt), call.options.retry_on, call.options.timeout_s
    return made(Attempt, (which, call.key, call.work, inputs, retry_on, verify, basis_of(job), failures, timeout_s))


def is_another_try(job: Job, prior: PriorTask) -> bool:
    """Whether an earlier driver's attempt was in flight when that died, and was of other code or other inputs: what it
    has logged tells nothing of the one that starts now."""
    if not prior.was_in_flight:
        return False
    return job.code is None or (prior.code, prior.inputs_digest) != (job.code.digest, job.inputs_digest)


def basis_of(job: Job) -> bytes:
    """What a checkpoint of the task rests on, beside its key: its code, and what its inputs have turned out to be. b"":
    its code is not known."""
    assert job.code is not None
    if not job.code.digest:
        return b""
    found = job.code.digest + job.inputs_digest
    call = job.call
    files = [item.content for item in call.inputs + call.shared if item.content]
    return b"".join((found, *files)) if files else found


def _resolved(item: Input, results: ByNumber[Stored]) -> Resolved:
    refs = item.refs
    if not refs:
        return made(Resolved, (item.name, item.record, (), ()))
    records = tuple([stored.record for stored in results.of([ref.task for ref in refs])])
    parts = tuple([ref.part for ref in refs]) if any(ref.part for ref in refs) else ()
    return made(Resolved, (item.name, item.record, records, parts))


def task_record(
    job: Job, attempt: int, inputs_digest: bytes, status: str, outcome: Outcome | None, code: bytes, settled: int = 0
) -> TaskRecord:
    """The job's row. `code`: digest of the code that it reaches; `settled`: its place among what has settled."""
    call = job.call
    origin = job.reused.origin if job.reused is not None else ""
    began_at = outcome.usage.began_at if outcome is not None else 0.0
    waited_s = max(0.0, began_at - job.waits_since) if began_at and job.waits_since else -1.0
    fields = (
        job.id, call.step, call.name, job.number, call.key, status, call.inputs, call.shared, inputs_digest, attempt,
        outcome, code, origin, job.why, settled, call.scope, job.map, job.granted, waited_s, job.is_new,
    )  # fmt: skip
    return made(TaskRecord, fields)


def granted(options: Options, executor: str, memory_bytes: int | None) -> Granted:
    """What an attempt of a step is given there, with so much memory in each lane."""
    fields = executor, options.cpu, memory_bytes or 0, options.gpu, options.timeout_s or 0.0, options.lanes
    return made(Granted, fields)
