"""Which number a call has in its run: what it had under an earlier driver, else the next one.

A number is part of names that outlive a driver: of log lines, of what the body and the screen have shown. So none is
ever given twice in a run, and a call keeps its own also where it was in flight when its driver died.
"""

from __future__ import annotations

from collections.abc import Iterable

from penstock.model.rows import Dealt, PriorTask
from penstock.model.specs import Call, FlowCall


class Numbers:
    """The numbers of one run. `dealt`: what earlier drivers have noted; `prior`: what they wrote down as tasks."""

    def __init__(self, prior: Iterable[PriorTask] = (), dealt: Iterable[Dealt] = ()) -> None:
        self._known: dict[bytes, Dealt] = {}
        self._last_id = 0
        self._last: dict[str, int] = {}  # by short name of the step
        for known in dealt:
            self._take_in(known)
        for task in prior:
            self._take_in(Dealt(task.key, task.id, task.name, task.number))

    def _take_in(self, known: Dealt) -> None:
        self._known[known.key] = known
        self._last_id = max(self._last_id, known.id)
        self._last[known.name] = max(self._last.get(known.name, 0), known.number)

    def of(self, call: Call | FlowCall, news: list[Dealt] | None = None) -> Dealt:
        """The numbers of a call; those that are given now are added to `news`, to be noted before they are used."""
        known = self._known.pop(call.key, None) if self._known else None
        if known is not None:
            return known
        self._last_id += 1
        number = self._last[call.name] = self._last.get(call.name, 0) + 1
        dealt = Dealt(call.key, self._last_id, call.name, number)
        if news is not None:
            news.append(dealt)
        return dealt
