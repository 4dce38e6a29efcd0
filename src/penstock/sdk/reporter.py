"""The thread that tells what attempts report while they go on, one for each process."""

from __future__ import annotations

import _thread
import os
import sys
from typing import Any, Iterable, List, Protocol

WINDOW_S = 0.03
"""What is asked for is told so much later."""


class Reports(Protocol):
    """Has something to tell."""

    def report(self) -> None:
        """Tell it. What has more to tell later asks again."""
        ...


class Reporter:
    """It ends where nothing comes, and before a fork, as Python warns of forks beside threads."""

    def __init__(self) -> None:
        self._lock = _thread.RLock()
        self._due: List[Reports] = []
        self._runs = self._heeds_forks = False
        self._wake: Any = None  # released: the thread is to end
        self._ended: Any = None  # released by the thread

    def ask(self, one: Reports) -> None:
        """Have it report soon. Who asks may hold its own lock."""
        with self._lock:
            self._due.append(one)
            if not self._runs:
                self._start()

    def _start(self) -> None:
        if not self._heeds_forks and hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._hold, after_in_parent=self._go_on, after_in_child=self._forget)
        self._runs = self._heeds_forks = True
        self._wake = _thread.allocate_lock()
        self._wake.acquire()
        self._ended = _thread.allocate_lock()
        self._ended.acquire()
        try:
            _thread.start_new_thread(self._run, (self._wake, self._ended))
        except RuntimeError:  # the system has no thread left, or Python ends: the outcome tells all
            self._runs = False
            self._ended.release()

    def _run(self, wake: Any, ended: Any) -> None:
        try:
            while not wake.acquire(timeout=WINDOW_S):
                with self._lock:
                    due, self._due = self._due, []
                    if not due:
                        self._runs = False
                        return
                _report_all(due)
        finally:
            ended.release()

    def _hold(self) -> None:
        with self._lock:
            runs, self._runs = self._runs, False
        if runs:
            self._wake.release()
            self._ended.acquire(timeout=1.0)  # not for ever: the fork may come out of a handler, in the midst of a log

    def _go_on(self) -> None:
        with self._lock:
            if self._due and not self._runs:
                self._start()

    def _forget(self) -> None:
        self._lock = _thread.RLock()
        self._due, self._runs = [], False


def _report_all(due: Iterable[Reports]) -> None:
    for one in due:
        try:
            one.report()
        except Exception as error:  # noqa: BLE001  a report that fails loses nothing: the outcome tells all
            sys.stderr.write(f"Penstock: what was logged could not be reported: {error}\n")
