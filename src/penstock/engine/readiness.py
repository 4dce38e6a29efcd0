"""Whether a step can run where it is placed, and what has to be ready before the first of its calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from penstock.engine.admission import not_enforced, why_never
from penstock.engine.run_state import Wiring
from penstock.model.events import Profile
from penstock.model.specs import Call

if TYPE_CHECKING:
    from penstock.engine.ports import Executor

ASSIST_S = 0.005
"""How long a thread that assists sleeps at an executor before it looks again whether its results are there."""


class Readiness:
    """From any thread."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._told = set[str]()
        self._assisted: list[Executor] = []  # those of the executors that were called for which threads assist

    def prepare(self, call: Call) -> str:
        """Get ready for calls with these options, in the thread that makes the first one: what is wrong with them is
        raised there. Gives why they can never run; "" where they can."""
        why, elsewhere = self._prepared(call), call.options.elsewhere()
        while not why and elsewhere is not None:
            call = call._replace(options=elsewhere)
            why, elsewhere = self._prepared(call), elsewhere.elsewhere()
        return why

    def _prepared(self, call: Call) -> str:
        executor = self._wiring.executors.get(call.options.on)
        why = why_never(call.options, executor.profile if executor else None, self._wiring.limits)
        if why or executor is None:
            return why
        self._tell_of_bounds(call, executor.profile)
        executor.ready(call.options.environment, call.name)
        if executor.profile.assisted and executor not in self._assisted:
            self._assisted.append(executor)
        return ""

    def _tell_of_bounds(self, call: Call, profile: Profile) -> None:
        """Say once for each what a step asks for and its executor does not enforce."""
        for line in not_enforced(call.name, call.options, profile):
            head = line.partition(",")[0]
            if head not in self._told:
                self._told.add(head)
                self._wiring.listener.said(line)

    def assist(self, opened: Callable[[], bool], until: float) -> bool:
        """As `sdk.session.Engine` says."""
        while self._assisted and not opened() and time.monotonic() <= until:
            for executor in self._assisted:
                executor.assist(ASSIST_S)
        return bool(self._assisted) and opened()
