"""The garbage collector of Python, while many tasks are called, or any is waited for.

Each task is some dozens of objects, which stay and are no cycles; the collector would look through all of them again
and again, up to a quarter of a join's time. So it runs more seldom while the flow's process is busy with tasks alone,
and as the user has set it whenever the body's own code runs.
"""

from __future__ import annotations

import gc
import threading
from contextlib import contextmanager
from typing import Generator, Tuple

_SELDOM = (20_000, 10, 10)

_lock = threading.Lock()
_busy = 0
_before: Tuple[int, ...] = ()  # as the user has set it; (): nothing is to be put back
_set: Tuple[int, ...] = ()  # as it was set here; Python 3.14 takes no third threshold


@contextmanager
def seldom() -> Generator[None, None, None]:
    """Let it run more seldom inside. One that is off, or that runs even more seldom, stays as it is, and so does what
    somebody sets meanwhile. From any thread; nothing is put back before the last one has left."""
    global _busy, _before, _set
    with _lock:
        _busy += 1
        if _busy == 1:
            present = gc.get_threshold()
            if 0 < present[0] < _SELDOM[0]:
                _before = present
                gc.set_threshold(*_SELDOM)
                _set = gc.get_threshold()
    try:
        yield
    finally:
        with _lock:
            _busy -= 1
            if not _busy and _before:
                if gc.get_threshold() == _set:
                    gc.set_threshold(*_before)
                _before = ()
