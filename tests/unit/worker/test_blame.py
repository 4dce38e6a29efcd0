"""Whose failure an exception is."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

import pytest

from penstock.errors import JournalError, StoreError, TaskCancelledError
from penstock.model.states import Cause
from penstock.worker.recorded_errors import error_of, is_the_machines


class Rude(Exception):
    def __getattr__(self, name: str) -> None:
        raise KeyError(name)


def full() -> OSError:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def raised_from() -> None:
    try:
        raise full()
    except OSError as error:
        raise RuntimeError("can't write the model") from error


def raised_while() -> None:
    try:
        raise full()
    finally:
        raise ValueError("can't close the archive")


def raised_from_none() -> None:
    try:
        raise full()
    except OSError:
        raise ValueError("write less") from None


def caught(function: Callable[[], None]) -> BaseException:
    with pytest.raises(BaseException) as found:  # noqa: PT011
        function()
    return found.value


THE_MACHINES = [
    StoreError("the store can't be read"),
    JournalError("the journal can't be written"),
    full(),
    OSError(errno.ENOMEM, "Cannot allocate memory"),
    BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable"),
    OSError(errno.EMFILE, "Too many open files"),
    OSError(errno.EIO, "Input/output error"),
    RuntimeError("can't start new thread"),
    caught(raised_from),
    caught(raised_while),
    ExceptionGroup("both", [full(), StoreError("gone")]),
]
THE_STEPS = [
    ValueError("no"),
    OSError("no number"),
    FileNotFoundError(errno.ENOENT, "No such file"),
    PermissionError(errno.EACCES, "Permission denied"),
    MemoryError(),
    TaskCancelledError("cancelled"),
    caught(raised_from_none),
    ExceptionGroup("one of each", [full(), ValueError("no")]),
    Rude("no"),
    SystemExit(1),
]


@pytest.mark.parametrize("error", THE_MACHINES, ids=repr)
def test_the_machine_s(error: BaseException) -> None:
    assert is_the_machines(error)
    assert error_of(error, None, None).cause == Cause.PLATFORM.value


@pytest.mark.parametrize("error", THE_STEPS, ids=repr)
def test_the_step_s(error: BaseException) -> None:
    assert not is_the_machines(error)
    assert error_of(error, None, None).cause in (Cause.RAISED.value, Cause.EXITED.value)


def test_a_circle_of_causes_has_an_end() -> None:
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert not is_the_machines(first)
