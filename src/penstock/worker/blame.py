"""Whose failure an exception is that came out of an attempt: the step's, or the machine's under it.

The machine's is a full disk, no memory or no process left for a fork, descriptors that are used up, a device that can't
be read, whoever asked for it: the step's code, a library, or Penstock, which stores what the step gives. What is raised
from such an error, or while it is handled, counts with it: libraries raise errors of their own then.
"""

from __future__ import annotations

import errno
from typing import Any, Sequence, Set, cast

from penstock.errors import PlatformError, TaskCancelledError

_SHORTAGES = {
    getattr(errno, name, 0)
    for name in ("ENOSPC", "EDQUOT", "ENOMEM", "EAGAIN", "EMFILE", "ENFILE", "EIO", "ESTALE", "ENOBUFS")
} - {0}
"""`EAGAIN` is what a fork says for which there is no room. Code that doesn't wait for a pipe may meet it, too: that is
tried a few times more than it need be."""

_NO_THREAD = "can't start new thread"


def is_the_machines(error: BaseException) -> bool:
    """Whether the machine failed, and not the code."""
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
