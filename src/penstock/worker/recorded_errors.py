"""An exception of the user's code becomes a failure that can be read without unpickling anything; it says, too,
whether the machine under it has failed."""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING, Any, Iterable, Optional, Sequence, Set, Tuple, Type, cast

from penstock.artifacts import codec
from penstock.artifacts.cells import place_of
from penstock.artifacts.masking import holds, masked
from penstock.artifacts.names import class_name
from penstock.errors import (
    OutOfMemoryError,
    PenstockError,
    PlatformError,
    StepExitError,
    TaskCancelledError,
    WorkerLostError,
)
from penstock.model.outcomes import Error
from penstock.model.states import Cause
from penstock.sdk.rebuilt_errors import exception_class, is_ours

if TYPE_CHECKING:
    from penstock.artifacts.store import BlobStore

_MACHINERY = (os.sep + "asyncio" + os.sep, os.sep + "importlib" + os.sep)
_EXITS = (SystemExit, KeyboardInterrupt)
_OF_PROGRAMS = {StepExitError: Cause.EXITED, OutOfMemoryError: Cause.OUT_OF_MEMORY, WorkerLostError: Cause.KILLED}
"""What is raised for a program that has ended as a worker may: the cause is the same, and so are the budgets."""

_CELL = r'(?m)^([ |]*)File "(Cell In\[\d+\])"'

_MOST_CHARACTERS = 64 * 1024
_SHORTAGES = {
    getattr(errno, name, 0)
    for name in ("ENOSPC", "EDQUOT", "ENOMEM", "EAGAIN", "EMFILE", "ENFILE", "EIO", "ESTALE", "ENOBUFS")
} - {0}
"""`EAGAIN` is what a fork says for which there is no room. Code that doesn't wait for a pipe may meet it, too: that is
tried a few times more than it need be."""

_NO_THREAD = "can't start new thread"


def error_of(exception: BaseException, store: Optional[BlobStore], retry_on: Optional[Tuple[str, ...]]) -> Error:
    """The failure that an exception is."""
    kind = type(exception)
    exited = isinstance(exception, _EXITS)
    told = message_of(exception)
    if kind in _OF_PROGRAMS:
        # What leads to it tells something only where a step's own function has called the program.
        where = traceback_text(exception)
        told_of = bounded(where) if 'File "' in where else ""
        cause = _OF_PROGRAMS[kind].value
        return Error(cause, "", bounded(told), told_of, None, is_retryable(kind, retry_on))
    cause = Cause.EXITED if exited else Cause.PLATFORM if is_the_machines(exception) else Cause.RAISED
    record = None if exited or store is None or masked(told) != told else _record(exception, store)
    return Error(
        cause.value,
        class_name(kind),
        bounded(_exit_message(exception) if exited else told),
        bounded(traceback_text(exception)),
        record,
        is_retryable(kind, retry_on),
        () if record is None else codec.blobs_of(record),
    )


def is_the_machines(error: BaseException) -> bool:
    """Whether the machine under an attempt failed, and not the step's code.

    That is a full disk, no memory or no process left for a fork, descriptors that are used up, a device that can't be
    read, whoever asked for it: the step's code, a library, or Penstock, which stores what the step gives. What is
    raised from such an error, or while it is handled, counts with it: libraries raise errors of their own then.
    """
    return _is(error, set())


def _is(error: Any, seen: Set[int]) -> bool:
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, PlatformError):
            return not isinstance(error, TaskCancelledError)
        if isinstance(error, OSError) and error.errno in _SHORTAGES:
            return True
        if type(error) is RuntimeError and error.args == (_NO_THREAD,):
            return True
        members = _members(error)
        if members and all(_is(member, seen) for member in members):
            return True
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return False


def _members(error: Any) -> Sequence[Any]:
    """Those of a group."""
    try:
        found: Any = getattr(error, "exceptions", None)
    except Exception:  # noqa: BLE001  its author's `__getattr__`
        return ()
    return cast("Sequence[Any]", found) if isinstance(found, tuple) else ()


def is_retryable(kind: Type[BaseException], retry_on: Optional[Tuple[str, ...]]) -> bool:
    """Whether `retry_on` names the class or one of its bases; None names them all."""
    return retry_on is None or any(class_name(base) in retry_on for base in kind.__mro__)


def cause_is_retryable(cause: Cause, retry_on: Optional[Tuple[str, ...]]) -> bool:
    """The same for a worker that could raise nothing any more: by the exception that arrives in the flow."""
    return is_retryable(exception_class(cause), retry_on)


def traceback_text(exception: BaseException) -> str:
    """The traceback as Python prints it, of cells as IPython does, without Penstock's own frames and without secrets.
    Causes and contexts are kept."""
    import traceback

    try:
        whole = traceback.TracebackException.from_exception(exception)
        _strip(whole, set())
        if isinstance(exception, PenstockError) and not whole.stack:
            return masked(
                "".join(whole.format_exception_only())
            )  # raised by us: what led to it says nothing to the user
        return masked(re.sub(_CELL, r"\1\2", "".join(whole.format())))
    except Exception as error:  # noqa: BLE001  an exception whose words can't be had must still be reported
        return f"{class_name(type(exception))} (its traceback can't be printed: {error!r})\n"


def _strip(part: Any, seen: set[int]) -> None:
    if part is None or id(part) in seen:
        return
    seen.add(id(part))
    frames = [frame for frame in part.stack if not is_ours(frame.filename)]
    while frames and any(folder in frames[0].filename for folder in _MACHINERY):
        del frames[0]
    for frame in frames:
        frame.filename = place_of(frame.filename)
    part.stack[:] = frames
    for other in (part.__cause__, part.__context__, *(getattr(part, "exceptions", None) or ())):
        _strip(other, seen)


def bounded(text: str) -> str:
    """A failure's words stand in a row of the journal, without secrets: of very long ones the head and the tail."""
    text = masked(text)
    left_out = len(text) - _MOST_CHARACTERS
    if left_out <= 0:
        return text
    half = _MOST_CHARACTERS // 2
    return f"{text[:half]}\n... {left_out:,} characters are left out ...\n{text[-half:]}"


def message_of(exception: BaseException) -> str:
    """Its text, also where its author's `__str__` fails."""
    try:
        return str(exception)
    except Exception as error:  # noqa: BLE001  the user's __str__
        return f"<its message can't be printed: {error!r}>"


def _exit_message(exception: BaseException) -> str:
    if isinstance(exception, KeyboardInterrupt):
        return "interrupted itself (KeyboardInterrupt)"
    code = exception.code if isinstance(exception, SystemExit) else None
    return f"called sys.exit({'' if code is None else repr(code)})"


def _record(exception: BaseException, store: BlobStore) -> Optional[bytes]:
    guard: Any = _Guard(store)
    try:
        record = codec.encode_exception(exception, guard)
        return record and _without_secrets(record)
    except Exception:  # noqa: BLE001  the user's __reduce__, a full disk, a secret: the words matter more than the object
        return None


class _Guard:
    """What an encoder needs of a store; a secret is not stored."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store

    def put(self, data: Any) -> Tuple[bytes, int]:
        return self._store.put(_without_secrets(data))

    def put_chunks(self, chunks: Iterable[Any]) -> Tuple[bytes, int]:
        return self._store.put_chunks(map(_without_secrets, chunks))


def _without_secrets(data: Any) -> Any:
    if holds(data):
        raise ValueError("it holds a secret")
    return data
