"""Signals that end a run: Ctrl-C once, twice, and SIGTERM."""

from __future__ import annotations

import _thread
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType, FunctionType

from penstock.engine.driver import Driver
from penstock.errors import Suspension
from penstock.launch.how import Watcher


class Interrupted(Suspension):
    """Ctrl-C, or a signal to end."""


@contextmanager
def interrupts(driver: Driver, watcher: Watcher, grace_s: float) -> Generator[None]:
    """Ctrl-C once lets what is in flight finish for `grace_s`; twice, or SIGTERM, ends it. In the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    presses = 0

    def halt(now: bool) -> None:
        watcher.interrupted(now)
        driver.halt(Interrupted(), kill=now, kill_after_s=None if now else grace_s)

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal presses
        presses += 1
        now = presses > 1 or number == signal.SIGTERM
        # This thread may hold any lock just now, so that another one has to go on.
        _thread.start_new_thread(halt, (now,))
        if now and not _is_inside(frame, Driver.submit):
            raise KeyboardInterrupt

    before = {number: signal.signal(number, on_interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_inside(frame: FrameType | None, function: FunctionType) -> bool:
    """Whether the engine works in this thread; there an exception would leave it half done. The next call raises."""
    while frame is not None:
        if frame.f_code is function.__code__:
            return True
        frame = frame.f_back
    return False
