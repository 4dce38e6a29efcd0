"""A call on its way through a run, and the records that are made of it. Nothing here performs anything."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.engine.facts import Replay, Submitted
from penstock.engine.ports import Sink
from penstock.model.outcomes import Outcome, Stored
from penstock.model.rows import PriorTask, TaskRecord
from penstock.model.specs import Attempt, Call, Input, Resolved
from penstock.model.states import PLATFORM_CAUSES, TaskStatus


@dataclass(slots=True)
class Job:
    """A task that this driver knows, from its call until it is settled."""

    id: int
    number: int
    path: str  # "digits/3/train/2"
    call: Call
    sink: Sink
    prior: PriorTask | None
    outcome: Outcome | None = None  # of its latest attempt


def attempt_id(job: Job, attempt: int) -> str:
    """`digits/3/train/2#1`."""
    return f"{job.path}#{attempt}"


def deps_of(call: Call) -> tuple[int, ...]:
    """The tasks whose results the call needs, in the order in which its inputs name them."""
    own = tuple(ref.task for item in call.inputs if item.refs for ref in item.refs)
    if not call.shared:
        return own
    return own + tuple(ref.task for item in call.shared if item.refs for ref in item.refs)


def replay_of(prior: PriorTask, fingerprint: bytes) -> Replay:
    """What the machine must know of an earlier driver's task.

    A failure is replayed only where the body has seen it and gone on, and where the task's own code was at fault.
    """
    by_its_code = prior.error is not None and prior.error.cause not in PLATFORM_CAUSES
    return Replay(
        done=prior.status == TaskStatus.DONE.value,
        failed=prior.status == TaskStatus.FAILED.value and prior.delivered and by_its_code,
        running=prior.status == TaskStatus.RUNNING.value,
        attempt=prior.attempt,
        inputs_digest=prior.inputs_digest,
        fingerprint=fingerprint,
    )


def submitted(job: Job, fingerprint: bytes) -> Submitted:
    """The event that tells the machine of the job."""
    replay = replay_of(job.prior, fingerprint) if job.prior is not None else None
    return Submitted(job.id, job.call.step, job.call.options, deps_of(job.call), replay)


def build_attempt(job: Job, attempt: int, results: dict[int, Stored], reused: set[int]) -> Attempt:
    """What an executor gets: bytes in the place of references."""
    inputs = tuple(_resolved(item, results) for item in job.call.inputs + job.call.shared)
    verify = bool(reused) and not reused.isdisjoint(deps_of(job.call))
    return Attempt(attempt_id(job, attempt), job.call.key, job.call.code, inputs, job.call.options.retry_on, verify)


def _resolved(item: Input, results: dict[int, Stored]) -> Resolved:
    if not item.refs:
        return Resolved(item.name, item.record)
    return Resolved(item.name, item.record, tuple((results[ref.task].record, ref.part) for ref in item.refs))


def task_record(job: Job, attempt: int, inputs_digest: bytes, status: str, outcome: Outcome | None) -> TaskRecord:
    """The job's row."""
    call = job.call
    return TaskRecord(
        job.id,
        call.step,
        call.name,
        job.number,
        call.key,
        status,
        call.inputs,
        call.shared,
        inputs_digest,
        attempt,
        outcome,
    )
