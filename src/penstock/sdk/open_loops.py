"""The loops that an attempt is in, as `progress` and tqdm count them: told to whoever watches, a few times a second."""

from __future__ import annotations

import _thread
import os
from time import monotonic
from typing import Any, Callable, Dict, Optional, Tuple

from penstock.model.rows import LoopProgress
from penstock.sdk.reporter import Reporter
from penstock.sdk.this_process import this_process

TELL_EVERY_S = 0.2
_LONGEST_LABEL = 100


class OpenLoop:
    """One of them. Whoever counts `done` up says so by `changed` where `is_quiet`."""

    __slots__ = ("done", "label", "thread", "total")

    def __init__(self, label: str, total: Optional[int], done: int = 0) -> None:
        self.label, self.total, self.done = " ".join(label.split())[:_LONGEST_LABEL], total, done
        self.thread = _thread.get_ident()


class OpenLoops:
    """Those of one attempt. From any thread of its process; a process that the step forked tells nothing."""

    def __init__(self, tell: Callable[[Tuple[LoopProgress, ...]], None]) -> None:
        self._tell = tell
        self._lock = _thread.RLock()  # a handler of a signal may have a loop, too
        self._open: Dict[Any, OpenLoop] = {}  # the outermost first
        self._told: Tuple[LoopProgress, ...] = ()
        self._due_s = 0.0
        self._reporter = this_process.the_one(Reporter)
        self._pid = os.getpid()
        self.is_quiet = True  # nobody looks before somebody says that something has changed

    def begin(self, key: Any, loop: OpenLoop) -> None:
        """A loop begins, or its numbers are others now."""
        if os.getpid() == self._pid:
            with self._lock:
                self._open[key] = loop
                self.changed()

    def end(self, key: Any) -> bool:
        """It is over. Gives whether it was inside of another one of its thread."""
        if os.getpid() != self._pid:
            return False
        with self._lock:
            outer = {loop.thread: at for at, loop in reversed(self._open.items())}
            loop = self._open.pop(key, None)
            self.changed()
            return loop is not None and outer[loop.thread] != key

    def changed(self) -> None:
        """Have it told soon."""
        if self.is_quiet and os.getpid() == self._pid:
            self.is_quiet = False
            self._reporter.ask(self)

    def report(self) -> None:
        """Tell how far they are, where that is not what was told."""
        self.is_quiet = True  # first: what changes from here on is seen here, or said by whoever changes it
        with self._lock:
            now = tuple(LoopProgress(loop.label, loop.done, loop.total) for loop in self._open.values())
            if now == self._told:
                return
            if monotonic() >= self._due_s:
                self._due_s = monotonic() + TELL_EVERY_S
                self._told = now
                self._tell(now)
            self.changed()
