"""A worker is as new behind each attempt: its state is put back, and what the attempt left running is ended."""

from __future__ import annotations

import _warnings
import faulthandler
import os
import sys
from typing import Any, Callable, Dict, List, Optional

from penstock.worker import library_state, python_state
from penstock.worker.hooks import ImportHooks
from penstock.worker.leftovers import Leftovers
from penstock.worker.logging_state import LoggingState
from penstock.worker.process_state import ProcessState

ROWS = (*python_state.ROWS, *library_state.ROWS)
"""All that is put back, beside loggers, the descriptors 0 to 2 and what context variables hold."""
_ONCE: Dict[Any, Any] = getattr(_warnings, "_onceregistry", {})
_FILTERS_CHANGED: Optional[Callable[[], None]] = getattr(_warnings, "_filters_mutated", None)
_LOOK_EVERY = 16
"""After so many attempts files that are open are counted; behind a long attempt they are anyway."""


class Restoring:
    """Belongs to an interpreter from before the user's module is imported, and from `keep` on to the worker."""

    def __init__(self, hooks: ImportHooks) -> None:
        self._hooks = hooks
        self._state = ProcessState(ROWS, hooks)
        self._logging = LoggingState(lambda: hooks.depth > 0)

    def keep(self, library: Any) -> None:
        """The worker is to be as it is now behind each attempt. `library`: C's, which buffers what it prints."""
        self._flush: Any = None if library is None else library.fflush
        self._streams = [(os.dup(fd), fd) for fd in range(3)]
        self._most_files = os.sysconf("SC_OPEN_MAX") // 2
        self._attempts = 0
        self._state.keep()
        self._logging.keep()
        self._leftovers = Leftovers(library)
        self._hooks.around_imports(self._state.import_begins, self._import_ends)

    def end(self, was_long: bool) -> List[str]:
        """Behind an attempt. Gives what can't be put back: no other attempt may run here then."""
        left = self._leftovers.end()
        left += self._state.restore(was_long)
        self._logging.restore()
        if self._flush is not None:
            self._flush(None)  # what C code printed, to where that went
        self._attempts += 1
        try:
            for kept, fd in self._streams:
                os.dup2(kept, fd)
            if (was_long or self._attempts % _LOOK_EVERY == 0) and _lowest_free() > self._most_files:
                left.append("too many open files")
        except OSError:  # a step has closed all that is open
            left.append("the standard descriptors")
        faulthandler.enable(2)
        faulthandler.cancel_dump_traceback_later()
        _forget_warnings()
        return left

    def _import_ends(self) -> None:
        self._state.import_ends()
        self._logging.look_again()


def _lowest_free() -> int:
    fd = os.dup(0)
    os.close(fd)
    return fd


def _forget_warnings() -> None:
    """What was shown once, or once at a place, is shown again."""
    if _ONCE:
        _ONCE.clear()
    if _FILTERS_CHANGED is not None:
        _FILTERS_CHANGED()
    elif "warnings" in sys.modules:  # from Python 3.14 on
        with sys.modules["warnings"].catch_warnings():
            pass
