"""Whether values from elsewhere are such as this machine writes itself, where `wire.shaped` has seen to their types:
what the journal can hold, what readers understand, and names of logs that lead nowhere else. Pure."""

from __future__ import annotations

import math
import os
from typing import Any, Tuple, TypeVar, cast

from penstock.model.outcomes import Error, Log, Metric, Outcome, Unread, Usage
from penstock.model.states import Cause, TaskStatus
from penstock.model.wire import MalformedError, shaped

T = TypeVar("T")

_MOST = 2**63 - 1  # of a number in the journal
_ENDS = (TaskStatus.DONE, TaskStatus.FAILED, TaskStatus.CANCELLED)


def checked(value: T) -> T:
    """The value, which is of a kind that `wire.shaped` knows; raises MalformedError where nothing writes such a one."""
    _check(value)
    return value


def _check(value: Any) -> None:
    if isinstance(value, int):
        _must(-_MOST <= value <= _MOST, "a number that is too large")
    elif isinstance(value, str):
        _must(_is_encodable(value), "a text that is none")
    elif isinstance(value, tuple):
        _check_fields(value)
        for item in cast("Tuple[Any, ...]", value):
            _check(item)


def is_name(file: str) -> bool:
    """Whether it names a file of its folder."""
    return bool(file) and os.path.basename(file) == file and file not in (os.curdir, os.pardir) and "\0" not in file


def _check_fields(value: Any) -> None:
    if isinstance(value, Outcome):
        _must(value.status in _ENDS, "an end that is none")
        _must((value.status == TaskStatus.DONE) == (value.result is not None), "an end without what belongs to it")
        _must((value.status != TaskStatus.DONE) == (value.error is not None), "an end with what does not belong to it")
    elif isinstance(value, Error):
        _must(value.cause in tuple(Cause), "a cause that is none")
        if value.unread:
            _check(shaped(Unread, value.unread))
    elif isinstance(value, Usage):
        _must(all(map(math.isfinite, value)), "a use that was not measured")
    elif isinstance(value, Log):
        _must(is_name(value.file) and 0 <= value.start <= value.end, "a log that is none")
    elif isinstance(value, Metric):
        _must(not value.file or is_name(value.file), "points that lie in no log")


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise MalformedError(what)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
