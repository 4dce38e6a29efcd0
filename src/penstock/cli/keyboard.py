"""Keys as they are pressed, and what else may end a pause: another size of the terminal, Ctrl-Z, SIGTERM."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

RESIZED, STOPPED, ENDED = "resized", "stopped", "ended"
_INTERRUPTED = "interrupted"
_SIGNALS = {
    signal.SIGINT: _INTERRUPTED,
    signal.SIGWINCH: RESIZED,
    signal.SIGTSTP: STOPPED,
    signal.SIGTERM: ENDED,
    signal.SIGHUP: ENDED,
}


class Keyboard:
    """A context in which stdin, where it is a terminal, gives single keys, and these signals are given like keys."""

    def __init__(self) -> None:
        self._pressed: list[str] = []
        self._before: dict[signal.Signals, Any] = {}
        self._mode: list[Any] = []

    def __enter__(self) -> Keyboard:
        self._wake, self._woken = os.pipe()
        os.set_blocking(self._woken, False)
        self._fd_before = signal.set_wakeup_fd(self._woken)
        self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        with suppress(termios.error, ValueError, OSError):  # stdin is no terminal, or it is closed
            fd = sys.stdin.fileno()
            self._mode = [fd, termios.tcgetattr(fd)]
            tty.setcbreak(fd)
        return self

    def __exit__(self, *exception: object) -> None:
        for fd, mode in [self._mode] if self._mode else ():
            with suppress(termios.error):  # the terminal is gone
                termios.tcsetattr(fd, termios.TCSADRAIN, mode)
        self._mode = []
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._fd_before)
        os.close(self._wake)
        os.close(self._woken)

    def pause(self, seconds: float) -> Sequence[str]:
        """What was pressed, and what has happened, since the last pause, or in this one, which then ends. Raises
        KeyboardInterrupt, as Ctrl-C does anywhere else, too."""
        if not self._pressed:
            fds = [self._wake, *self._mode[:1]]
            ready = select.select(fds, [], [], seconds)[0]
            if self._wake in ready:
                os.read(self._wake, 512)
            if ready and ready[-1] != self._wake:
                self._pressed += self._keys(ready[-1]) or [ENDED]  # nothing: the terminal is gone
        pressed, self._pressed = self._pressed, []
        if _INTERRUPTED in pressed:
            raise KeyboardInterrupt
        return pressed

    def _keys(self, fd: int) -> str:
        try:
            return os.read(fd, 512).decode(errors="replace")
        except OSError:
            return ""

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._pressed.append(_SIGNALS[signal.Signals(number)])
        if number == signal.SIGINT:  # where this is raised in a finalizer, Python drops it: the next pause has it
            signal.default_int_handler(number, frame)
