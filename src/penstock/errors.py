"""Every exception that Penstock raises, in one tree.

    PenstockError
    ├── UsageError              the call was wrong: exit code 2, nothing was started
    │   ├── ParameterError      a flow's parameter has a wrong value
    │   ├── FilterError         a filter of runs can't be read; says where
    │   ├── NotFoundError       no such run, task, step, file or artifact
    │   └── RunBusyError        another process drives the run
    ├── UserCodeError           the user's code failed in a way that can't be raised as itself
    │   ├── NotStorableError    a value can't be pickled; names the path to the culprit
    │   ├── StepExitError       the step called sys.exit or os._exit, or crashed the interpreter
    │   └── StepTimeoutError    the step or the flow ran beyond its timeout (also a TimeoutError)
    └── PlatformError           the machine, not the code
        ├── OutOfMemoryError    the attempt went beyond its memory (also a MemoryError)
        ├── WorkerLostError     a worker was killed, or its node vanished
        ├── TaskCancelledError  the task was cancelled before it finished
        ├── StoreError          the store can't be read or written
        │   └── DamagedError    stored bytes are truncated, changed or gone
        └── JournalError        the journal can't be read or written
            ├── JournalVersionError  written by a newer Penstock
            ├── SlowQueryError      a query took longer than it may
            └── FencedError     another process took the run over

    Suspension (BaseException)  unwinds a flow's body that must not go on; never caught by `except Exception`

Messages say what happened, to what, and what to do next. All of them survive pickling.
"""

from __future__ import annotations


class PenstockError(Exception):
    """The root: `except PenstockError` catches all that Penstock itself raises."""


class UsageError(PenstockError):
    """The call was wrong: nothing was started, and the same call will fail again."""


class ParameterError(UsageError):
    """A flow's parameter is missing, unknown or of the wrong type."""


class FilterError(UsageError):
    """A filter, or a name to sort by or to show, can't be read: `at` and `end` are where, in characters of `text`."""

    def __init__(self, message: str, text: str = "", at: int = 0, end: int = 0) -> None:
        super().__init__(message)
        self.text = text
        self.at = at
        self.end = end


class NotFoundError(UsageError):
    """What was named does not exist."""


class RunBusyError(UsageError):
    """Another process drives the run; its owner is named."""


class UserCodeError(PenstockError):
    """The user's code failed, and its exception can't be raised here as itself."""


class NotStorableError(UserCodeError):
    """A value can't be pickled. The message names the path to the culprit, as in `result.model.lock`."""


class StepExitError(UserCodeError):
    """The step ended its interpreter: sys.exit, os._exit, or a crash such as a segmentation fault."""


class StepTimeoutError(UserCodeError, TimeoutError):
    """The step, or the whole flow, ran beyond its timeout."""


class PlatformError(PenstockError):
    """The machine failed, not the user's code."""


class OutOfMemoryError(PlatformError, MemoryError):
    """The attempt's processes used more than the `memory` of its step."""


class WorkerLostError(PlatformError):
    """The worker that ran the attempt was killed from outside, or vanished."""


class TaskCancelledError(PlatformError):
    """The task was cancelled before it finished."""


class StoreError(PlatformError):
    """The store can't be read or written: full, read-only, unreachable."""


class DamagedError(StoreError):
    """Stored bytes are truncated, changed or gone."""


class JournalError(PlatformError):
    """The journal can't be read or written."""


class JournalVersionError(JournalError):
    """The journal was written by a newer Penstock."""


class SlowQueryError(JournalError):
    """A query of the journal took longer than whoever asked allows."""


class FencedError(JournalError):
    """Another process took the run over; this one must not write any more."""


class Suspension(BaseException):
    """Raised inside a flow's body that must not go on: interrupted, cancelled or fenced.

    A BaseException, so that the user's `except Exception` does not swallow it.
    """
