"""Drives one executor for a trial, with nothing of a run: no journal, no engine, a folder that goes with it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from penstock.artifacts import codec
from penstock.artifacts.store import BlobStore
from penstock.engine.mailbox import Inbox
from penstock.engine.ports import Executor
from penstock.model.events import Ended, Lane, Notice, Placed
from penstock.model.outcomes import Outcome
from penstock.model.specs import Attempt, Function, Places, Resolved, RunSpec

LOOK_S = 0.2
_FUNCTION = Function("penstock.worker.trial_task", "look_around", None, ("sent",))
_RUN = "doctor/1"


class TrialTurns:
    """An open executor. `tell` takes what it says; `placed` hears that an attempt has its seat. To be closed."""

    def __init__(
        self,
        executor: Executor,
        folder: Path,
        nonce: str,
        tell: Callable[[str], None],
        placed: Callable[[], None] = lambda: None,
    ) -> None:
        store, scratch, checkpoints, logs, work = (
            os.fspath(folder / name) for name in ("store", "scratch", "checkpoints", "logs", "work")
        )
        for made in (store, scratch, checkpoints, logs, work):
            os.makedirs(made, exist_ok=True)
        self._inbox = Inbox()
        self._executor = executor
        self._tell, self._placed = tell, placed
        self._count = 0
        self._ended: dict[str, Outcome] = {}
        places = Places(store, scratch, checkpoints, logs, work)
        executor.open(self._inbox, RunSpec(_RUN, nonce=nonce), places)

    def start(self, sent: bytes, lane: Lane) -> str:
        """Start the task with a value's record; gives the attempt's id."""
        self._count += 1
        attempt = Attempt(
            f"{_RUN}/look_around/{self._count}#1", os.urandom(32), _FUNCTION, (Resolved("sent", sent),), None, False
        )
        self._executor.start([(attempt, (lane,))])
        return attempt.id

    def until_ended(self, attempt: str, give_up: Callable[[], bool]) -> Outcome | None:
        """Wait for its end; None: it was given up before."""
        while attempt not in self._ended and not give_up():
            self._inbox.wait(LOOK_S)
            self._inbox.hear()
            for event in self._inbox.take():
                if isinstance(event, Ended):
                    self._ended[event.attempt] = event.outcome
                elif isinstance(event, Notice):
                    self._tell(event.text)
                elif isinstance(event, Placed) and event.handle:
                    self._placed()
        return self._ended.get(attempt)

    def close(self) -> None:
        """End what still runs, and all agents. Blocks for some seconds at most."""
        self._executor.close()
        self._inbox.close()


def sent_value(size_bytes: int, store: BlobStore) -> bytes:
    """The record of a value that nobody else has."""
    return codec.encode(os.urandom(size_bytes), store, where="sent").stored.record


def deadline(wait_s: float) -> Callable[[], bool]:
    """Whether so long has passed since now."""
    until = time.monotonic() + wait_s
    return lambda: time.monotonic() > until
