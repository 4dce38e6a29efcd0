"""What Python's audit hook tells of the attempts of this process: which files they open for writing, move or cut.

A hook can't be removed, and costs each event of the process 0.1 us and more (`id` is one): it is added where it is
needed, once. What is done about a file is its attempt's business (`AttemptContext.writes`).
"""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Dict, Tuple

from penstock.sdk import attempts
from penstock.sdk.this_process import this_process

_WRITES = os.O_WRONLY | os.O_RDWR


def listen() -> None:
    """Add the hook, if it is not there."""
    if not this_process.listens:
        this_process.listens = True
        sys.addaudithook(_heard)


def _heard(event: str, args: Tuple[Any, ...]) -> None:
    react = _REACTIONS.get(event)
    if react is None or not this_process.attempts:
        return
    try:
        react(*args)
    except Exception:  # noqa: BLE001  it would become the failure of what the user's code does just now
        return


def _opened(path: Any, mode: Any, flags: int) -> None:
    if flags & _WRITES:
        _written(path)


def _moved(source: Any, path: Any, *_: Any) -> None:
    _written(path)


def _written(path: Any, *_: Any) -> None:
    here = attempts.attempt_here()
    if here is not None and here.writes is not None:
        here.writes(here, path)


_REACTIONS: Dict[str, Callable[..., None]] = {
    "open": _opened,
    "os.rename": _moved,  # and `os.replace`
    "os.link": _moved,
    "os.symlink": _moved,
    "os.truncate": _written,
    "shutil.rmtree": _written,
}
