"""The loops that an attempt is in, as `progress` and tqdm count them: told to whoever watches, a few times a second."""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any, Callable, Dict, Optional, Tuple

from penstock.model.rows import LoopProgress

TELL_EVERY_S = 0.2


class OpenLoops:
    """Those of one attempt. From any thread."""

    def __init__(self, tell: Callable[[Tuple[LoopProgress, ...]], None]) -> None:
        self._tell = tell
        self._lock = threading.RLock()
        self._open: Dict[Any, LoopProgress] = {}  # the outermost first
        self._due_s = 0.0

    def at(self, loop: Any, label: str, done: int, total: Optional[int]) -> None:
        """It is so far; one that is not known begins."""
        with self._lock:
            self._open[loop] = LoopProgress(label, done, total)
            self._tell_if_due()

    def end(self, loop: Any) -> bool:
        """It is over. Gives whether it was inside of another one."""
        with self._lock:
            is_inner = next(iter(self._open), loop) != loop
            self._open.pop(loop, None)
            self._tell_if_due()
            return is_inner

    def _tell_if_due(self) -> None:
        now_s = monotonic()
        if now_s >= self._due_s:
            self._due_s = now_s + TELL_EVERY_S
            self._tell(tuple(self._open.values()))
