"""What `penstock watch` draws on a whole terminal, and the keys that it takes."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

from penstock.cli.keyboard import ENDED, RESIZED, STOPPED, Keyboard
from penstock.cli.watch_picture import fitted, picture, text
from penstock.reading.reader import JournalReader
from penstock.reading.watched_runs import SeenRun, WatchedRuns

_SHORTEST_S = 0.1
_LONGEST_S = 0.5
_SHARE = 9  # a look that takes long is followed by a pause of so many times that
_EMPTIED = Control((ControlType.ERASE_IN_LINE, 2))
_QUIT, _LOG, _NEXT = "q", "l", "n"


def watch(reader: JournalReader, run: int) -> SeenRun | None:
    """Show a run (`RunRow.id`) until it ends or somebody leaves; 0: that which goes on, then the next ones. Blocks.

    What was seen last is printed where the screen was left.
    """
    view = _View(reader, run)
    left = "" if view.look() else STOPPED
    try:
        while left == STOPPED:
            with Keyboard() as keyboard, view.console.screen():
                left = view.show(keyboard)
            if left == STOPPED:
                signal.raise_signal(signal.SIGSTOP)
    finally:  # after Ctrl-C, too
        if left != ENDED:
            view.leave()
    if left == ENDED:
        signal.raise_signal(signal.SIGTERM)
    return view.seen


class _View:
    """What is shown, and how."""

    def __init__(self, reader: JournalReader, run: int) -> None:
        self.console = Console(file=sys.stdout)
        self.seen: SeenRun | None = None
        self._watched = WatchedRuns(reader, run)
        self._is_named = bool(run)
        self._is_news = False
        self._log_alone = False
        self._drawn: list[Text] = []  # what is on the screen; []: something else
        self._size = (0, 0)

    def look(self) -> bool:
        """Whether what somebody wanted to see has ended."""
        self.seen, self._is_news = self._watched.look()
        return self._is_named and self.seen is not None and self.seen.is_over

    def show(self, keyboard: Keyboard) -> str:
        """Draw what is seen until that has ended, or a key or a signal ends it: that one."""
        self._drawn = []
        pause_s = _SHORTEST_S
        while True:
            began_s = time.monotonic()
            if self.look():
                return ""
            self._draw()
            took_s = time.monotonic() - began_s
            pause_s = _SHORTEST_S if self._is_news else min(_LONGEST_S, 1.5 * pause_s)
            for pressed in keyboard.pause(max(pause_s, _SHARE * took_s)):
                if pressed in (_QUIT, STOPPED, ENDED):
                    return pressed
                if pressed == _LOG:
                    self._log_alone = not self._log_alone
                elif pressed == _NEXT:
                    self._watched.turn()
                elif pressed == RESIZED:
                    self._drawn = []

    def leave(self) -> None:
        """Print what was seen last, as it is to stay."""
        if self.seen is not None:
            self.console.size = width, height = _size()
            for line in picture(self.seen, width, max(height - 1, 24)):
                self.console.print(line)

    def _draw(self) -> None:
        """Only the lines that are not on the screen already."""
        width, height = _size()
        foot = "  q leave the run alone   l log" if self._is_named else "  q leave   l log   n next run that goes on"
        if self.seen is None:
            empty = [text("no run yet: it is shown as soon as one begins"), text("  penstock run FILE", "bold")]
            lines = fitted(empty, width, height, foot)
        else:
            lines = picture(self.seen, width, height, foot=foot, log_alone=self._log_alone)
        before = self._drawn if self._size == (width, height) else []
        self._drawn, self._size = lines, (width, height)
        self.console.size = self._size
        with self.console:  # one write
            if not before:
                self.console.clear()
            for row, line in enumerate(lines):
                if before[row : row + 1] != [line]:
                    self.console.control(Control.move_to(0, row), _EMPTIED)
                    self.console.print(line, end="")


def _size() -> tuple[int, int]:
    """Of the terminal as it is now; what `COLUMNS` says counts only where the terminal does not say it."""
    size = os.get_terminal_size(sys.stdout.fileno())
    if not (size.columns and size.lines):
        size = shutil.get_terminal_size()
    return size.columns, size.lines
