"""tqdm's loops in a step: told as `progress` tells its own, in the place of lines that would fill the log.

tqdm is left as it is where its bars go elsewhere, into a file or a notebook, and outside of attempts.
"""

from __future__ import annotations

import functools
import io
import sys
from types import ModuleType
from typing import Any, Optional

from penstock.sdk.attempts import AttemptContext, attempt_here
from penstock.sdk.this_process import this_process
from penstock.worker.hooks import ImportHooks

_OF = "_penstock_attempt"


def watch(hooks: ImportHooks) -> None:
    """Take tqdm's loops once it is imported."""
    hooks.when_imported("tqdm.std", take)


def take(std: ModuleType) -> None:
    """Have the bars of `tqdm.std` ask first whether they are an attempt's."""
    kind: Any = getattr(std, "tqdm")  # noqa: B009  its types are unknown
    display, clear = kind.display, kind.clear
    if hasattr(display, _OF):
        return

    @functools.wraps(display)
    def shown(self: Any, msg: Optional[str] = None, pos: Optional[int] = None) -> Any:
        if not _is_of_attempt(self):
            return display(self, msg, pos)
        here = _attempt_of(self)
        if here is None:  # it was left open, and is closed somewhere in another one
            self.fp = io.StringIO()
        elif not self.disable:
            _tell(here, self)
            return True
        else:
            here.loops().end(id(self))
            if msg is None:  # it is closed, and leaves its last line, whose end it writes itself
                self.fp.write(str(self))
        return False

    @functools.wraps(clear)
    def cleared(self: Any, nolock: bool = False) -> None:
        if not _is_of_attempt(self):
            clear(self, nolock)

    setattr(shown, _OF, None)
    kind.display, kind.clear = shown, cleared


def _tell(here: AttemptContext, bar: Any) -> None:
    from penstock.sdk.open_loops import OpenLoop  # most attempts have none

    label = str(bar.desc or "").rstrip(": ") or "tqdm"
    here.loops().begin(id(bar), OpenLoop(label, _whole(bar.total), _whole(bar.n) or 0))


def _whole(number: Any) -> Optional[int]:
    """tqdm's may be fractions, infinite or none."""
    try:
        return int(number)
    except (TypeError, ValueError, OverflowError):
        return None


def _is_of_attempt(bar: Any) -> bool:
    """Whether it goes, or would have gone, to the log of the attempt in which it was first seen."""
    if hasattr(bar, _OF):
        return True
    here = attempt_here()
    if here is None or getattr(bar.fp, "_wrapped", bar.fp) not in (sys.stderr, sys.stdout):
        return False
    setattr(bar, _OF, here.attempt)
    return True


def _attempt_of(bar: Any) -> Optional[AttemptContext]:
    """That attempt; None: it is over. tqdm's own thread, which refreshes bars, may be in none."""
    return next((here for here in this_process.attempts if here.attempt == getattr(bar, _OF)), None)
