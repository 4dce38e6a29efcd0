"""How a run ended: its status, the exception that the flow's caller gets, and what of it a resume runs again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from penstock.artifacts.names import class_name
from penstock.engine.driver import Driver
from penstock.engine.timers import FlowTimeout
from penstock.errors import StepTimeoutError, Suspension, TaskCancelledError
from penstock.launch.interrupts import Interrupted
from penstock.model.outcomes import Error
from penstock.model.rows import PriorTask, RunEnd
from penstock.model.states import Cause, RunStatus
from penstock.sdk.flows import Flow
from penstock.sdk.rebuilt_errors import SIBLINGS_ATTRIBUTE, TASK_ATTRIBUTE
from penstock.worker.recorded_errors import bounded, is_the_machines, message_of, traceback_text


def how_it_ended(error: BaseException, run_id: str, go_on: str) -> tuple[RunStatus, BaseException]:
    """The run's status, and the exception that the flow's caller gets. `go_on`: what to type to go on with the run."""
    if isinstance(error, (Interrupted, KeyboardInterrupt)):
        return RunStatus.INTERRUPTED, KeyboardInterrupt(f"{run_id} was interrupted; go on with: {go_on}")
    if isinstance(error, FlowTimeout):
        return RunStatus.FAILED, StepTimeoutError(f"{run_id} {error}")
    if isinstance(error, Suspension):
        return RunStatus.CANCELLED, TaskCancelledError(f"{run_id} was cancelled; go on with: {go_on}")
    return RunStatus.FAILED, error


def what_ended(error: BaseException, stopped_by: BaseException | None) -> BaseException:
    """The error that ended the body, or what stopped the run (None: nothing did) where the error only follows from it:
    tasks that are cancelled with the run fail a body that waits for them."""
    if stopped_by is not None and any(isinstance(part, TaskCancelledError) for part in _parts(error)):
        return stopped_by
    return error


def run_end(status: RunStatus, error: BaseException, driver: Driver) -> RunEnd:
    """What the journal keeps of the end of a run that is not done."""
    cause = Cause.PLATFORM if is_the_machines(error) else Cause.RAISED
    if status is RunStatus.CANCELLED:
        cause = Cause.CANCELLED
    words = Error(cause.value, class_name(type(error)), bounded(message_of(error)), bounded(traceback_text(error)))
    unseen = {failure.root for failure in driver.failures.values() if not failure.delivered}
    return RunEnd(status.value, None, words, tuple(sorted(unseen | _roots_of(error, driver))))


def replayed_end(error: BaseException, driver: Driver) -> set[int]:
    """The tasks whose failures ended the body, where all of them are an earlier driver's, which this one has only
    replayed; else none.

    That driver was killed after it had handed them to the body, and before the run's end, where they would have been
    marked to run again. Until the body ends nobody can tell them from failures that it survives.
    """
    roots = _roots_of(error, driver)
    return roots if all(driver.failures[root].replayed for root in roots) else set()


def _roots_of(error: BaseException, driver: Driver) -> set[int]:
    """The tasks whose own failures an exception comes from."""
    paths = all_tasks_of(error)
    return {failure.root for failure in driver.failures.values() if failure.path in paths}


def tasks_of(error: BaseException | None) -> Iterator[str]:
    """The tasks whose failures an exception comes from, its own first."""
    for part in _parts(error):
        task = _attribute(part, TASK_ATTRIBUTE)
        if task is not None:
            yield task


def roots_of(error: BaseException, driver: Driver | None) -> list[str]:
    """The tasks whose own failures an exception comes from: one that lacks its input has run nothing."""
    failures = driver.failures if driver else {}
    roots = {failure.path: failures[failure.root].path for failure in failures.values() if failure.root in failures}
    return list(dict.fromkeys(roots.get(task, task) for task in tasks_of(error)))


def all_tasks_of(error: BaseException | None) -> set[str]:
    """The same with those of futures for which the exception stands beside its own."""
    paths = set(tasks_of(error))
    for part in _parts(error):
        paths.update(_attribute(part, SIBLINGS_ATTRIBUTE) or ())
    return paths


def _parts(error: BaseException | None) -> Iterator[BaseException]:
    """The exception itself, what it was raised from or while, and the members of a group."""
    seen: set[int] = set()
    pending = [error]
    while pending:
        part = pending.pop()
        if part is None or id(part) in seen:
            continue
        seen.add(id(part))
        yield part
        pending += [part.__cause__, part.__context__, *(_attribute(part, "exceptions") or ())]


def _attribute(part: BaseException, name: str) -> Any:
    """None where it has none."""
    try:
        return getattr(part, name, None)
    except Exception:  # noqa: BLE001  its author's `__getattr__`
        return None


def called_by_body(flow: Flow[Any, Any], tasks: Iterable[PriorTask]) -> list[PriorTask]:
    """Without those of the flow's `on_failure` step: a body that does the same each time does not call them again."""
    handler = "" if flow.on_failure is None else flow.on_failure.qualified_name
    return [task for task in tasks if task.step != handler]


_SIGNS = {"ImportError", "ModuleNotFoundError", "SyntaxError", "AttributeError", "NameError"}


def may_be_damage(error: Error) -> bool:
    """Whether a failed task's error is one that damaged packages cause."""
    return error.cause in (Cause.EXITED, Cause.KILLED) or error.type in _SIGNS
