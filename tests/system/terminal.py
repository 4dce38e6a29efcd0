"""A terminal of a given size, and what it shows of a command."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pyte

from tests.system.flows import wait_until

T = TypeVar("T")
_MAIN = "import sys; from penstock.cli.main import main; sys.exit(main())"
_OTHER_SCREEN = re.compile(rb"\x1b\[\?1049([hl])")
_UNFINISHED = re.compile(rb"\x1b(\[[0-9;?]*)?\Z")


class Terminal:
    """One in which the command line runs. `shown`: the lines that are on its screen."""

    def __init__(self, folder: Path, *words: str, columns: int = 80, lines: int = 24, **environ: str) -> None:
        self.fd, far = pty.openpty()
        self._resize(far, columns, lines)
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in ("CI", "NO_COLOR", "COLUMNS", "LINES") and not name.startswith("PENSTOCK_")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", _MAIN, *words],
            cwd=folder,
            stdin=far,
            stdout=far,
            stderr=far,
            env={**kept, "TERM": "xterm-256color", **environ},
            start_new_session=True,
        )
        os.close(far)
        self._main = self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.received = b""
        self._cut_off = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.fd)

    @property
    def shown(self) -> list[str]:
        """What is on the screen now."""
        while select.select([self.fd], [], [], 0)[0]:
            try:
                data = os.read(self.fd, 1 << 16)
            except OSError:  # how Linux says that nobody has the other end any more
                break
            if not data:
                break
            self._feed(data)
        return [line.rstrip() for line in self._screen.display]

    @property
    def is_whole_screen(self) -> bool:
        """Whether the screen is the one that programs have for themselves."""
        return self._screen is not self._main

    @property
    def is_stopped(self) -> bool:
        """Whether its process was."""
        return Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(") ")[2][0] == "T"

    def await_line(self, pattern: str) -> str:
        """The first line on the screen that has this in it, once there is one."""

        def found() -> str:
            over = self.process.poll() is not None  # asked first: what it wrote before is read then
            line = next((line for line in self.shown if re.search(pattern, line)), "")
            assert line or not over, f"there is no {pattern!r} on {self}"
            return line

        return self._await(found, pattern)

    def await_other(self, pattern: str) -> None:
        """Wait until no line has this in it."""
        self._await(lambda: not any(re.search(pattern, line) for line in self.shown), f"another than {pattern}")

    def press(self, keys: str) -> None:
        os.write(self.fd, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        for screen in {id(one): one for one in (self._screen, self._main)}.values():
            screen.resize(lines, columns)
        self._resize(self.fd, columns, lines)

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def join(self) -> int:
        """Its exit code, once it has ended; all that it wrote is shown."""
        self._await(lambda: (self.shown, self.process.poll() is not None)[1], "its end")
        assert self.shown
        return self.process.returncode

    def _await(self, done: Callable[[], T], what: str) -> T:
        try:
            return wait_until(done)
        except AssertionError as error:
            raise AssertionError(f"{error} for {what} on {self}") from None

    def _feed(self, data: bytes) -> None:
        self.received += data
        data = self._cut_off + data
        unfinished = _UNFINISHED.search(data)
        whole = unfinished.start() if unfinished else len(data)
        data, self._cut_off = data[:whole], data[whole:]
        before = 0
        for found in _OTHER_SCREEN.finditer(data):
            self._stream.feed(data[before : found.start()])
            before = found.end()
            is_own = found[1] == b"h"
            self._screen = pyte.Screen(self._main.columns, self._main.lines) if is_own else self._main
            self._stream = pyte.ByteStream(self._screen)
        self._stream.feed(data[before:])

    @staticmethod
    def _resize(fd: int, columns: int, lines: int) -> None:
        fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def __str__(self) -> str:
        return "\n".join([f"a screen whose process has ended with {self.process.poll()}:", *self.shown])
