"""Rows of the journal -> the structs of `structs`. Pure; unpickles nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from penstock.artifacts import digests
from penstock.artifacts.seen import read_preview
from penstock.journal.views import DriverRow, RunRow, StepRow, TaskRow
from penstock.model.outcomes import Error, Outcome, Stored
from penstock.model.rows import Granted, InFlight, Origin, StepCount
from penstock.model.states import RunStatus, TaskStatus
from penstock.model.words import utc
from penstock.reading import structs
from penstock.sdk.rebuilt_errors import RemoteTraceback

# The class that carries a worker's traceback into the flow says nothing to a reader.
_CARRIER = f"{RemoteTraceback.__module__}.{RemoteTraceback.__qualname__}: \n"


def value_info(stored: Stored | None) -> structs.ValueInfo | None:
    """What is known of a stored value; None for None."""
    if stored is None:
        return None
    digest = digests.text(stored.digest) if stored.digest else ""
    return preview_info(stored.preview, stored.size, digest, stored.culprit)


def preview_info(preview: str, size: int = 0, digest: str = "", unstable: str = "") -> structs.ValueInfo:
    """What a preview (docs/formats.md) tells."""
    seen = read_preview(preview)._asdict()
    seen_size = seen.pop("size")
    return structs.ValueInfo(size_bytes=size or seen_size, digest=digest, unstable=unstable, **seen)


def error_info(error: Error | None) -> structs.ErrorInfo | None:
    """An error without its exception object; None for None."""
    if error is None:
        return None
    return structs.ErrorInfo(error.cause, error.type, error.message, error.traceback.replace(_CARRIER, ""))


def param_infos(params: Iterable[tuple[str, Stored]]) -> tuple[structs.InputInfo, ...]:
    """A run's parameters."""
    return tuple(structs.InputInfo(name, (), value_info(stored)) for name, stored in params)


def granted_info(granted: Granted) -> structs.GrantedInfo:
    """What an attempt was given."""
    executor, cpu, memory_bytes, gpu, timeout_s, lanes = granted
    return structs.GrantedInfo(executor, cpu, memory_bytes or None, gpu, timeout_s or None, lanes)


def attempt_info(number: int, outcome: Outcome, granted: Granted | None = None) -> structs.AttemptInfo:
    """One try of a task."""
    used, given = outcome.usage, granted and granted_info(granted)
    error, began_at = error_info(outcome.error), utc(used.began_at) if used.began_at else None
    return structs.AttemptInfo(number, outcome.status, error, began_at, *used[1:], outcome.worker, given)


def task_info(run_id: str, row: TaskRow, **more: Any) -> structs.TaskInfo:
    """A task as a list shows it; `more` fills what a list leaves out."""
    return structs.TaskInfo(
        id=f"{run_id}/{row.name}/{row.number}",
        run=run_id,
        step=row.name,
        step_path=row.step,
        number=row.number,
        status=row.status,
        attempt=attempt_info(row.attempt, row.outcome, row.granted),
        result=value_info(row.result),
        error=error_info(row.error),
        survived=row.delivered and row.status == TaskStatus.FAILED,
        origin=row.origin,
        **more,
    )


def begun_info(run_id: str, task: InFlight) -> structs.TaskInfo:
    """A task that no row tells of yet: what its driver noted."""
    step, _, number = task.name.rpartition("/")
    began_at = utc(task.since) if task.attempt else None
    granted = task.granted and granted_info(task.granted)
    attempt = structs.AttemptInfo(task.attempt, task.status, None, began_at, 0.0, 0.0, 0, 0, 0, "", granted)
    path = f"{run_id}/{task.name}"
    return structs.TaskInfo(path, run_id, step, "", int(number), task.status, attempt, None, None)


def step_infos(run: RunRow, rows: Iterable[StepRow]) -> tuple[structs.StepInfo, ...]:
    """A run's steps: what has settled as the journal has it, what moves (or did when it crashed) as the driver noted it
    last."""
    noted = {count.name: count for count in run.counts}
    moving = run.status in (RunStatus.RUNNING, RunStatus.CRASHED)
    found = [_step_info(row, noted.pop(row.name, None), moving) for row in rows]
    if moving:
        found += [
            structs.StepInfo(count.name, "", count.waiting, count.running, reused=count.reused)
            for count in noted.values()
        ]
    return tuple(found)


def _step_info(row: StepRow, noted: StepCount | None, moving: bool) -> structs.StepInfo:
    waiting, running = (noted.waiting, noted.running) if noted and moving else (row.waiting, row.running)
    reused = max(noted.reused if noted else 0, row.copied)
    settled = row.done, row.failed, row.cancelled, reused
    return structs.StepInfo(row.name, row.step, waiting, running, *settled, row.granted and granted_info(row.granted))


def in_flight_infos(run: RunRow, tasks: Iterable[InFlight]) -> tuple[structs.InFlightInfo, ...]:
    """What has not settled of a run."""
    return tuple(
        structs.InFlightInfo(
            f"{run.run_id}/{task.name}",
            task.status,
            utc(task.since),
            task.attempt,
            task.executor,
            task.awaited,
            tuple(structs.LoopInfo(*loop) for loop in task.loops),
            task.granted and granted_info(task.granted),
        )
        for task in tasks
    )


def origin_info(origin: Origin | None) -> structs.OriginInfo | None:
    """Where a fork came from; None for None."""
    return None if origin is None else structs.OriginInfo(origin.run, origin.step, origin.keep_code, origin.only)


def driver_info(row: DriverRow) -> structs.DriverInfo:
    """One of the processes that drove a run."""
    return structs.DriverInfo(
        utc(row.started_at), row.host, row.pid, row.python, row.cwd, row.argv, row.snapshot, dict(row.packages)
    )
