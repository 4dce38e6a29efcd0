"""How a command imports what it needs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def quietly(imported: Callable[[], T]) -> T:
    """What this imports. Ctrl-C ends the process meanwhile, at once and without a traceback."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        return imported()  # whoever started it has it ignored, say
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        return imported()
    finally:
        signal.signal(signal.SIGINT, handler)
