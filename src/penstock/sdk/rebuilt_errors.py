"""A recorded failure becomes an exception again."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Dict, List, Optional, Type

import penstock.errors as errors
from penstock.artifacts import codec
from penstock.errors import (
    DamagedError,
    OutOfMemoryError,
    PenstockError,
    PlatformError,
    StepExitError,
    StepTimeoutError,
    TaskCancelledError,
    UserCodeError,
    WorkerLostError,
)
from penstock.model.outcomes import Error
from penstock.model.states import Cause

if TYPE_CHECKING:
    from penstock.artifacts.store import BlobStore

_OURS = (os.path.dirname(os.path.abspath(errors.__file__)) + os.sep, "<frozen importlib")

_CLASSES: Dict[str, Type[PenstockError]] = {
    Cause.EXITED.value: StepExitError,
    Cause.TIMEOUT.value: StepTimeoutError,
    Cause.OUT_OF_MEMORY.value: OutOfMemoryError,
    Cause.KILLED.value: WorkerLostError,
    Cause.LOST.value: WorkerLostError,
    Cause.PREEMPTED.value: WorkerLostError,
    Cause.UNPLACED.value: PlatformError,
    Cause.CANCELLED.value: TaskCancelledError,
    Cause.DAMAGED.value: DamagedError,
    Cause.PLATFORM.value: PlatformError,
}

_RAISED = (Cause.RAISED.value, Cause.PLATFORM.value)

TASK_ATTRIBUTE = "__penstock_task__"
"""Names the task on an exception that came out of one."""

SIBLINGS_ATTRIBUTE = "__penstock_siblings__"
"""Names, on an exception that stands for several futures, the other tasks that had failed."""


def exception_class(cause: str) -> Type[PenstockError]:
    """What a failure of this cause is raised as, where there is no exception of the step's own."""
    return _CLASSES.get(cause, UserCodeError)


def is_ours(file: str) -> bool:
    """Whether a frame of this file is Penstock's, or Python's import of a user's module: it tells the user nothing."""
    return file.startswith(_OURS)


def without_engine(traceback: Optional[TracebackType]) -> Optional[TracebackType]:
    """A traceback without Penstock's own frames."""
    frames: List[TracebackType] = []
    while traceback is not None:
        if not is_ours(traceback.tb_frame.f_code.co_filename):
            frames.append(traceback)
        traceback = traceback.tb_next
    rest = None
    for frame in reversed(frames):
        frame.tb_next = rest
        rest = frame
    return rest


class RemoteTraceback(Exception):
    """The traceback of an exception, from where it was raised. The cause of the one that arrives in the flow."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"\n{self.text.rstrip()}"


def rebuild(error: Error, task: str, store: BlobStore) -> BaseException:
    """The exception that a task failed with: itself where it can be rebuilt, else one of Penstock's that says all."""
    exception = _original(error, store)
    if exception is None:
        text = f"{error.type}: {error.message}" if error.type else error.message
        exception = exception_class(error.cause)(f"{task}: {text}")
    if error.traceback:
        exception.__cause__ = RemoteTraceback(error.traceback)
    if hasattr(exception, "add_note"):
        exception.add_note(f"in task {task}")
    setattr(exception, TASK_ATTRIBUTE, task)
    return exception


def _original(error: Error, store: BlobStore) -> BaseException | None:
    if error.record is None or error.cause not in _RAISED:
        return None
    exception = codec.decode_exception(error.record, store)
    return None if isinstance(exception, (SystemExit, KeyboardInterrupt)) else exception
