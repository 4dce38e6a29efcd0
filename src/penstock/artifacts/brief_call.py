"""Calls code that nobody vouches for, for some milliseconds: a value's `__repr__` may never end, print, raise or exit.

Owns a timer, a signal handler and the standard streams for as long as such a call lasts, and puts them back.
"""

from __future__ import annotations

import io
import sys
from _thread import get_ident
from importlib import import_module
from time import monotonic
from typing import Any, Callable, Optional

from penstock.errors import Suspension

signal: Any = import_module("_signal")  # what stands around it makes enums of numbers, which takes longer than the rest
_AGAIN_S = 0.005
"""Code that catches everything is interrupted so often until it gives in."""


class _Over(BaseException):
    """The time is over. No Exception: the code inside may catch those."""


class NoAnswer(Exception):
    """It failed, took too long, or can't be called here."""


class BriefCalls:
    """Calls that share a span of time."""

    def __init__(self, span_s: float) -> None:
        self._left_s = span_s
        self._goes = False

    def call(self, function: Callable[[Any], Any], argument: Any, known: bool) -> Any:
        """What the function gives. Raises NoAnswer. `known`: it is a library's, and is called also where nothing can
        interrupt it: beside the main thread, or where somebody else uses the timer."""
        if self._goes:  # inside of another call: the timer runs
            return function(argument)
        if self._left_s <= 0:
            raise NoAnswer
        began = monotonic()
        timer = _Timer.started(self._left_s)
        if timer is None:
            if not known:
                raise NoAnswer
            try:
                return function(argument)
            except Exception as error:  # of a library's __repr__: a preview goes on without it
                raise NoAnswer from error
        self._goes = True
        streams = _Quiet()
        found, failed = None, True
        try:
            try:
                found = _perform(function, argument)
                failed = False
            finally:
                timer.end()
        except (KeyboardInterrupt, Suspension):
            raise
        except BaseException:  # noqa: BLE001  whatever the value's own code raises, exits and the end of the time included
            failed = True
        finally:
            self._goes = False
            streams.end()
            timer.stop()
            self._left_s -= monotonic() - began
        if failed:
            raise NoAnswer
        return found


class _Timer:
    """A timer that interrupts the main thread, in any code that Python's interpreter or a lock waits in."""

    def __init__(self, before: Any) -> None:
        self._before = before
        self._traces = sys.gettrace() is None  # else a debugger does
        self._over = False

    @classmethod
    def started(cls, span_s: float) -> Optional[_Timer]:
        """None: not in the main thread, or somebody else uses the timer."""
        if not hasattr(signal, "setitimer"):
            return None
        before = signal.getsignal(signal.SIGALRM)
        if before is None or signal.getitimer(signal.ITIMER_REAL)[0]:
            return None
        timer = cls(before)
        try:
            signal.signal(signal.SIGALRM, timer._ring)
        except ValueError:  # another thread
            return None
        signal.setitimer(signal.ITIMER_REAL, span_s, _AGAIN_S)
        return timer

    def _ring(self, number: int, frame: Any) -> None:
        if self._over or _is_ours(frame):
            return
        if self._traces and frame.f_code is not _perform.__code__:
            frame.f_trace = _again  # what catches this is met in its very next line, where it catches nothing
            sys.settrace(_again)
        raise _Over

    def end(self) -> None:
        self._over = True
        if self._traces:
            sys.settrace(None)

    def stop(self) -> None:
        """Put back what was there; after `end`. In this order: a signal that is on its way must find the handler."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._before)


def _again(frame: Any, event: str, argument: Any) -> Any:
    if event == "line" and not _is_ours(frame):
        raise _Over
    return _again


def _is_ours(frame: Any) -> bool:
    """Whether it is code of this file, which nothing may interrupt."""
    return frame.f_code.co_filename == __file__ and frame.f_code is not _perform.__code__


def _perform(function: Callable[[Any], Any], argument: Any) -> Any:
    return function(argument)


class _Quiet:
    """What this thread prints goes nowhere."""

    def __init__(self) -> None:
        self._before = sys.stdout, sys.stderr
        self._muted = _Muted(sys.stdout), _Muted(sys.stderr)
        sys.stdout, sys.stderr = self._muted

    def end(self) -> None:
        for stream in self._muted:
            stream.is_over = True
        if sys.stdout is self._muted[0]:
            sys.stdout = self._before[0]
        if sys.stderr is self._muted[1]:
            sys.stderr = self._before[1]


class _Muted(io.TextIOBase):
    """A stream for other threads alone."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._mine = get_ident()
        self.is_over = False

    def write(self, text: str, /) -> int:
        if self.is_over or get_ident() != self._mine:
            return self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def fileno(self) -> int:
        return self._stream.fileno()

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._stream.encoding

    @property
    def buffer(self) -> Any:
        return io.BytesIO()
