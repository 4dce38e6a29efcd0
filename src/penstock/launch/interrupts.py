"""What ends a flow's body in the main thread wherever it is: Ctrl-C, SIGTERM, and a run that must not go on.

A body that waits for a task is unwound by its future. One that is busy with code of its own hears nothing of that, so
the thread gets a signal, whose handler raises.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, cast

from penstock.engine.driver import Driver
from penstock.errors import Suspension
from penstock.executors.inline import InlineExecutor
from penstock.launch.driving import Watcher
from penstock.sdk.flows import Flow
from penstock.sdk.steps import Step

_KNOCK_EVERY_S = 0.05

_MAY_RAISE = {
    cast("Any", Flow).call.__code__: True,
    cast("Any", Step).__call__.__code__: True,
    Driver.submit.__code__: False,
    Driver.attend.__code__: False,
    InlineExecutor.assist.__code__: False,
}
"""Whether an exception hits the user's code there, or would leave the engine half done. Elsewhere none is raised, but
for `worker.attempt.perform`, a step that runs in this process: most runs have none and don't import it."""


class Interrupted(Suspension):
    """Ctrl-C, or a signal to end."""


@contextmanager
def interrupts(driver: Driver, watcher: Watcher, grace_s: float) -> Generator[None]:
    """Ctrl-C once lets what is in flight finish for `grace_s`; twice, or SIGTERM, ends it. Whatever else ends the run
    at once, its timeout say, ends the body too. In the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    bell = _Bell()
    presses, pid = 0, os.getpid()

    def halt(now: bool) -> None:
        now = now or not driver.running()  # there is nothing to wait for
        watcher.interrupted(now)
        driver.halt(Interrupted(), kill=now, kill_after_s=None if now else grace_s)

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal presses
        if os.getpid() != pid:  # of a process that the body forked: the run is not its own
            signal.signal(number, before[signal.Signals(number)])
            os.kill(os.getpid(), number)
            return
        if not bell.rings:
            presses += 1
            now = presses > 1 or number == signal.SIGTERM
            # This thread may hold any lock just now, so that another one has to go on.
            _thread.start_new_thread(halt, (now,))
            if not now:
                return
        if _is_unwinding():
            bell.hush()
        elif _may_raise(frame):
            bell.hush()
            reason = driver.halted_by
            raise reason if isinstance(reason, Suspension) else Interrupted()

    before = {number: signal.signal(number, on_signal) for number in (signal.SIGINT, signal.SIGTERM)}
    driver.unwind = bell.ring
    try:
        yield
    finally:
        bell.close()
        for number, handler in before.items():
            signal.signal(number, handler)


class _Bell:
    """Signals the main thread until somebody has heard it: the first time may come where nothing can be raised."""

    def __init__(self) -> None:
        self.rings = False
        self._heard = threading.Event()
        self._thread = threading.Thread(target=self._knock, name="penstock interrupt", daemon=True)

    def ring(self) -> None:
        """Begin. From any thread; idempotent."""
        if not self.rings:
            self.rings = True
            self._thread.start()

    def hush(self) -> None:
        """It was heard."""
        self._heard.set()

    def close(self) -> None:
        """No signal comes any more once this returns."""
        self._heard.set()
        if self.rings:
            self._thread.join()

    def _knock(self) -> None:
        main = threading.main_thread().ident
        assert main is not None
        while not self._heard.is_set():
            signal.pthread_kill(main, signal.SIGINT)
            self._heard.wait(_KNOCK_EVERY_S)


def _is_unwinding() -> bool:
    """Whether the interrupted code cleans up after a Suspension already."""
    error = sys.exception()
    while error is not None:
        if isinstance(error, Suspension):
            return True
        error = error.__context__
    return False


def _may_raise(frame: FrameType | None) -> bool:
    """Whether what is interrupted is the user's: the innermost of the places that are known says it."""
    attempt = sys.modules.get("penstock.worker.attempt")
    step = None if attempt is None else attempt.perform.__code__
    while frame is not None:
        if frame.f_code is step:
            return True
        known = _MAY_RAISE.get(frame.f_code)
        if known is not None:
            return known
        frame = frame.f_back
    return False
