"""Where buffers and objects lie in memory. Tells nothing of what they hold."""

from __future__ import annotations

import sys
from typing import Any, Callable

number: Callable[[object], int] = object.__hash__ if sys.implementation.name == "cpython" else id
"""What tells an object from others while it lives, as `id` does; of each call of that, audit hooks are told."""


def address(view: memoryview) -> int:
    """Where a contiguous buffer begins; 0 where that can't be told (read-only, and no numpy is loaded)."""
    numpy: Any = sys.modules.get("numpy")
    if not view.nbytes:
        return 0
    if numpy is not None:
        return numpy.frombuffer(view, "u1").__array_interface__["data"][0]
    if view.readonly:
        return 0
    import ctypes

    return ctypes.addressof(ctypes.c_char.from_buffer(view))
