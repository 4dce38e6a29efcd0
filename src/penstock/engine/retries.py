"""What becomes of a task whose attempt has failed: whether it is tried again, when, and with how much memory."""

from __future__ import annotations

from penstock.engine.machine_tasks import OpenTask
from penstock.model.events import Profile
from penstock.model.options import Backoff, Options
from penstock.model.states import PLATFORM_CAUSES, Cause
from penstock.model.tuples import NamedTuple

_RECOVERY = Backoff(first_s=0.1, factor=4.0, max_s=10.0)
"""The computer is given time to have again what it has run out of; after a death nothing is short."""

_NOT_ITS_CODE = PLATFORM_CAUSES | {Cause.CANCELLED}
"""A cancellation that was asked for here ends the task; any other is somebody else's doing, or an earlier driver's."""


class Verdict(NamedTuple):
    """Whether a task is tried again."""

    again: bool
    delay_s: float = 0.0
    grown_bytes: int = 0  # the memory of the next attempt, where this one ran out of it; 0: as before


def verdict(task: OpenTask, cause: Cause, retryable: bool, platform_retries: int) -> Verdict:
    """Counts the failure. A task that gets more memory has it in its options from now on."""
    if cause is Cause.UNPLACED:  # whoever answers so has tried for a while
        task.options = task.options.elsewhere() or task.options
        return Verdict(task.options.on != task.queue.kind.on)
    if cause in _NOT_ITS_CODE:
        task.platform_failures += 1
        delay_s = retry_delay_s(_RECOVERY, task.platform_failures, task.id) if cause is Cause.PLATFORM else 0.0
        return Verdict(task.platform_failures <= platform_retries, delay_s)
    if cause is Cause.OUT_OF_MEMORY and (grown_bytes := _grown_bytes(task.options, task.queue.pool.profile)):
        task.options = task.options._replace(memory_bytes=grown_bytes)
        return Verdict(True, grown_bytes=grown_bytes)
    task.user_failures += 1
    again = retryable and task.user_failures <= task.options.retries
    return Verdict(again, retry_delay_s(task.options.backoff, task.user_failures, task.id))


def most_grown(options: Options, profile: Profile, attempt: int) -> Options:
    """With the most memory that this attempt may have: each one before it may have run out of it."""
    for _ in range(1, attempt):
        grown_bytes = _grown_bytes(options, profile)
        if not grown_bytes:
            break
        options = options._replace(memory_bytes=grown_bytes)
    return options


def _grown_bytes(options: Options, profile: Profile) -> int:
    """The memory of an attempt that comes after one that ran out of it; 0: it may get no more."""
    most_bytes = profile.memory_bytes and profile.memory_bytes // options.lanes
    grown = options.growth.after(options.memory_bytes or 0, most_bytes) if options.growth else None
    return grown or 0


def retry_delay_s(backoff: Backoff, retry: int, salt: int) -> float:
    """Seconds before retry `retry` (from 1): exponential, capped, with a jitter that `salt` decides.

    The jitter is a hash and not a random number, so that the same history gives the same schedule; it differs from task
    to task, which is what keeps a thousand of them from knocking at once.
    """
    if backoff.first_s <= 0:
        return 0.0
    try:
        delay_s = min(backoff.first_s * backoff.factor ** (retry - 1), backoff.max_s)
    except OverflowError:
        delay_s = backoff.max_s
    fraction = ((salt * 2654435761 + retry * 40503) & 0xFFFF) / 0xFFFF
    return delay_s * (1.0 + backoff.jitter * fraction)
