"""Which attempt a thread was started by. In a worker there is one at a time; in the flow's own process, where attempts
run beside the bodies of flows, nothing else tells whose thread it is.
"""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from penstock.sdk.current import AttemptContext

_STARTER = "_penstock_starter"


def note_from_now_on(attempt_here: Any) -> None:
    """Let each thread know the attempt that starts it. For good: others may wrap `start`, too, before it could be taken
    back."""
    start: Any = threading.Thread.start
    if hasattr(start, _STARTER):
        return

    @functools.wraps(start)
    def noting(self: threading.Thread) -> None:
        here = attempt_here()
        if here is not None:
            setattr(self, _STARTER, here)
        start(self)

    setattr(noting, _STARTER, None)
    threading.Thread.start = noting


def starter() -> Optional[AttemptContext]:
    """The attempt that has started this thread, or the thread that did, and so on; None: none is known."""
    return getattr(threading.current_thread(), _STARTER, None)
