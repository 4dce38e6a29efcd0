"""What Python says of two slips, told with the mend: a step's missing decorator, and a future's missing `.result()`."""

from __future__ import annotations

import os
import re
from types import FunctionType
from typing import Any

_WAYS = ("map", "submit", "options")
_FUTURE = re.compile(r"\b(Local)?Future(s|Part)?\b")


def explain(error: BaseException) -> None:
    """Add a note to an error that such a slip has raised; Python before 3.11 has none, and leaves it as it is."""
    if isinstance(error, (AttributeError, TypeError)) and hasattr(error, "add_note"):
        mend = _mend(error)
        if mend and mend not in getattr(error, "__notes__", ()):
            error.add_note(mend)


def _mend(error: BaseException) -> str:
    owner: Any = getattr(error, "obj", None)
    if isinstance(owner, FunctionType) and getattr(error, "name", "") in _WAYS:
        code = owner.__code__
        place = f"{os.path.relpath(code.co_filename)}, line {code.co_firstlineno}"
        return f"{owner.__name__} is a plain function: put @step above it ({place})"
    if _FUTURE.search(str(error)):
        return "a future is not its value yet: call its .result() for that, or pass the future on to a step"
    return ""
