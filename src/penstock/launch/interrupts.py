"""Signals that end a run: Ctrl-C once, twice, and SIGTERM."""

from __future__ import annotations

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

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

    def on_interrupt(number: int, frame: Any) -> None:
        nonlocal presses
        presses += 1
        again = presses > 1 or number == signal.SIGTERM
        watcher.interrupted(again)
        driver.halt(Interrupted(), kill=again, kill_after_s=None if again else grace_s)
        if presses > 1:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, on_interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
