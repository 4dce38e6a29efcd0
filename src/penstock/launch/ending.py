"""How a run ended: its status, the exception that the flow's caller gets, and what of it a resume runs again."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.engine.driver import Driver, FlowTimeout
from penstock.errors import StepTimeoutError, Suspension, TaskCancelledError
from penstock.launch.interrupts import Interrupted
from penstock.model.outcomes import Error
from penstock.model.rows import RunEnd
from penstock.model.states import Cause, RunStatus
from penstock.sdk.failures import TASK_ATTRIBUTE
from penstock.worker.failure import class_name, traceback_text


def how_it_ended(error: BaseException, run_id: str) -> tuple[RunStatus, BaseException]:
    """The run's status, and the exception that the flow's caller gets."""
    if isinstance(error, (Interrupted, KeyboardInterrupt)):
        return RunStatus.INTERRUPTED, KeyboardInterrupt(
            f"{run_id} was interrupted; go on with: penstock resume {run_id}"
        )
    if isinstance(error, FlowTimeout):
        return RunStatus.FAILED, StepTimeoutError(f"{run_id} ran beyond its flow's timeout")
    if isinstance(error, Suspension):
        return RunStatus.CANCELLED, TaskCancelledError(f"{run_id} was cancelled; go on with: penstock resume {run_id}")
    return RunStatus.FAILED, error


def run_end(status: RunStatus, error: BaseException, driver: Driver) -> RunEnd:
    """What the journal keeps of the end of a run that is not done."""
    cause = Cause.CANCELLED if status is RunStatus.CANCELLED else Cause.RAISED
    words = Error(cause.value, class_name(type(error)), str(error), traceback_text(error))
    paths = set(tasks_of(error))
    roots = {failure.root for failure in driver.failures.values() if failure.path in paths or not failure.delivered}
    return RunEnd(status.value, None, words, tuple(sorted(roots)))


def tasks_of(error: BaseException | None) -> Iterator[str]:
    """The tasks whose failures an exception comes from: itself, what it was raised from or while, and a group's."""
    seen: set[int] = set()
    pending = [error]
    while pending:
        part = pending.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        task = getattr(part, TASK_ATTRIBUTE, None)
        if task is not None:
            yield task
        pending += [part.__cause__, part.__context__, *getattr(part, "exceptions", ())]
