"""Calls on their way to the engine, many at a time: a map's cost lies in the hand-overs, not in the calls."""

from __future__ import annotations

import time
from typing import Any, Callable, List, Tuple

from penstock.model.specs import Call
from penstock.sdk.futures import TaskResult
from penstock.sdk.session import RunSession

MANY = 256
_LONGEST_S = 0.002
"""No call waits for much longer than this for others to go with."""


class CallBuffer:
    """Holds calls of one step until there are `most` of them, or the first has waited long enough."""

    def __init__(
        self, run: RunSession, result: Callable[[RunSession, bytes], Any], most: int = 1, of_map: int = -1
    ) -> None:
        """`result` makes what a call gives; `of_map`: 0 for the calls of a map, else -1."""
        self._run = run
        self._result = result
        self._most = most
        self._of_map = of_map
        self._held: List[Tuple[Call, TaskResult[Any]]] = []
        self._since_s = 0.0

    def add(self, call: Call) -> Any:
        """Take a call; its result gets its name when it is handed over."""
        future = self._result(self._run, call.key)
        now = time.monotonic()
        if not self._held:
            self._since_s = now
        self._held.append((call, future))
        if len(self._held) >= self._most or now - self._since_s > _LONGEST_S:
            self.over()
        return future

    def over(self) -> None:
        """Hand over what is held. Raises what the engine raises; then none of it was taken in."""
        held, self._held = self._held, []
        if not held:
            return
        admitted = self._run.engine.submit(held, self._of_map)
        self._of_map = self._of_map or admitted[0][0]
        for (_, future), (id_, path) in zip(held, admitted):
            future.id, future.task = id_, path
