"""Watchers that tell a user on stderr how a run goes: plain lines here, a live table in `live_display.py`.

Nothing is ever written to stdout: it belongs to the flow's body.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextvars import Context
from typing import TYPE_CHECKING

from penstock.cli import screen
from penstock.cli.progress import Progress, summary
from penstock.launch.driving import Watcher
from penstock.model.states import RunStatus
from penstock.model.words import duration
from penstock.project import Project

if TYPE_CHECKING:
    from penstock.engine.driver import Driver

_LOOK_EVERY_S = 0.2


class PlainDisplay(Watcher):
    """Lines for a pipe, a log of CI, a script and a notebook."""

    def __init__(self, project: Project, *, closing: bool = True, resumed: bool = False) -> None:
        self.progress = Progress()
        self.status: RunStatus | None = None  # None: not over
        self.run_id = ""
        self.has_result = True
        self.driver: Driver | None = None
        self._project = project
        self._resumed = resumed
        self._closing = closing  # whether `ended` tells how it ended; else whoever started the run does
        self._notes: deque[str] = deque()
        self._began_s = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="penstock display", daemon=True)

    # The watcher's part: called from the body's thread, the driver's, and a signal handler.

    def began(self, run_id: str, driver: Driver) -> None:
        if self._thread.is_alive():
            self.driver, self.progress = driver, Progress()
            return
        self.run_id, self.driver, self._began_s = run_id, driver, time.monotonic()
        self._flush_notes()
        self._thread.start()

    def said(self, text: str) -> None:
        """Told with the next look, from the display's own thread."""
        self._notes.append(text)

    def first(self, home: str) -> None:
        """Told like the rest."""
        self.said(f"the project's first run: all runs and their values are kept in {home}")

    def building(self, text: str) -> None:
        """Told at once: nothing else goes on meanwhile."""
        write(text)

    def unkept(self, text: str) -> None:
        """Told like the rest; nobody is sent to `penstock get` then."""
        self.has_result = False
        self.said(text)

    def interrupted(self, again: bool) -> None:
        """Only noted: a signal handler must not write where the interrupted code may be writing."""
        self._notes.append("stopping now" if again else self._waits_for())

    def ended(self, run_id: str, status: RunStatus, go_on: str) -> None:
        self.status = status
        self.close()
        if self._closing:
            rest = "" if status is RunStatus.DONE else f"; go on with: {go_on}"
            write(f"{self.summary()}{rest}")

    def close(self) -> None:
        """Stop watching, and tell what is noted: also where the run never began, or its end never came."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        self._flush_notes()

    def summary(self) -> str:
        """One line: how it ended, how long it took, how much was done."""
        word = "taken over by another process" if self.status is RunStatus.RUNNING else str(self.status or "stopped")
        return summary(self.run_id, word, time.monotonic() - self._began_s, self.progress.whole())

    def _waits_for(self) -> str:
        going = self.driver.running() if self.driver else []
        grace = duration(self._project.settings.grace_s)
        if not going:
            return "stopping; press Ctrl-C again to stop now"
        names = ", ".join("/".join(attempt.partition("#")[0].split("/")[2:]) for attempt in going[:3])
        more = f" and {len(going) - 3} more" if len(going) > 3 else ""
        return f"stopping: waiting up to {grace} for {names}{more} to finish; press Ctrl-C again to stop now"

    # The display's own thread.

    def _watch(self) -> None:
        write(f"{self.run_id} {'resumed' if self._resumed else 'started'}")
        while not self._over.wait(_LOOK_EVERY_S):
            self._look()
            self._say(self.progress.lines(time.monotonic()))
        self._look()
        self._say(self.progress.last_lines(time.monotonic()))

    def _look(self) -> None:
        assert self.driver is not None
        self._flush_notes()
        self.progress.see(self.driver.counts(), time.monotonic())

    def _say(self, lines: list[str]) -> None:
        for line in lines:
            write(f"{self.run_id} {line}")

    def _flush_notes(self) -> None:
        while self._notes:
            write(self._notes.popleft())


def write(line: str) -> None:
    """A line on stderr; a reader that went away does not stop the run. It is no line of the flow's body, though the
    body's thread may be the one that tells it."""
    Context().run(screen.err, line)
