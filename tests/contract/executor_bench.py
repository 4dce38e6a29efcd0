"""Drives one executor as the driver does, with nothing of the engine: a mailbox, a loop, and attempts from a call."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from penstock.artifacts import codec
from penstock.artifacts.folder import FolderStore
from penstock.model.events import Ended, ExecutorEvent, Hint, Lane, Notice, Recalled
from penstock.model.outcomes import Outcome
from penstock.model.specs import Attempt, Function, Places, Resolved, RunSpec

STUCK_S = 60.0
"""A bound that only a hanging test reaches."""


class FakeMailbox:
    """A mailbox whose events stay in a list."""

    def __init__(self) -> None:
        self.events: list[ExecutorEvent] = []
        self.watched: dict[int, Callable[[], None]] = {}
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)

    def post(self, *events: ExecutorEvent) -> None:
        self.events.extend(events)
        os.write(self._write, b"!")

    def watch(self, fd: int, ready: Callable[[], None]) -> None:
        assert fd not in self.watched
        self.watched[fd] = ready

    def unwatch(self, fd: int) -> None:
        del self.watched[fd]

    def turn(self, timeout_s: float) -> None:
        """One turn of the driver's loop."""
        for fd in select.select([self._read, *self.watched], [], [], timeout_s)[0]:
            if fd == self._read:
                os.read(fd, 65536)
            elif fd in self.watched:
                self.watched[fd]()


class Bench:
    """An open executor, a folder for its run, and what it has posted so far."""

    def __init__(self, executor: Any, folder: Path, module: str = "", module_path: str = "", **context: Any) -> None:
        for name in ("store", "scratch", "checkpoints", "logs"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.store = getattr(executor, "store", None) or FolderStore(str(folder / "store"))
        self.mailbox = FakeMailbox()
        self.executor = executor
        folders = {name: str(folder / name) for name in ("store", "scratch", "checkpoints", "logs")}
        rows = codec.encode(500, self.store).stored.record
        given = {name: context.pop(name) for name in tuple(context) if name in Places._fields}
        self.places = Places(**{**folders, "cwd": str(folder), "module_path": module_path, **given})
        self.spec = RunSpec(
            **{"run": "digits/3", "nonce": "5f0c9a1e", "module": module, "params": (("rows", rows),), **context}
        )
        self.module = module
        self._number = 0
        executor.open(self.mailbox, self.spec, self.places)

    def __enter__(self) -> Bench:
        return self

    def __exit__(self, *_: object) -> None:
        self.executor.close()

    def attempt(self, function: str, *args: Any, retry_on: tuple[str, ...] | None = None, **kwargs: Any) -> Attempt:
        """An attempt that calls a function of the bench's module."""
        self._number += 1
        named = {f"p{at}": value for at, value in enumerate(args)}
        inputs = tuple(
            Resolved(name, codec.encode(value, self.store, where=name).stored.record)
            for name, value in {**named, **kwargs}.items()
        )
        code = Function(self.module, function, None, tuple(named))
        return Attempt(f"digits/3/{function}/{self._number}#1", b"k%030d" % self._number, code, inputs, retry_on, False)

    def start(self, function: str, *args: Any, lane: Lane | None = None, **kwargs: Any) -> str:
        """Start an attempt; gives its id."""
        attempt = self.attempt(function, *args, **kwargs)
        self.executor.start([(attempt, (lane or Lane(1),))])
        return attempt.id

    def until(self, done: Callable[[], bool]) -> None:
        """Turn the loop until something is so."""
        end = time.monotonic() + STUCK_S
        while not done():
            assert time.monotonic() < end, f"nothing happened for {STUCK_S:.0f} s; posted: {self.mailbox.events}"
            self.mailbox.turn(0.5)

    def outcome(self, attempt: str) -> Outcome:
        """Wait for the end of an attempt."""
        self.until(lambda: attempt in self.ended())
        return self.ended()[attempt]

    def run(self, function: str, *args: Any, **kwargs: Any) -> Outcome:
        """Start an attempt and wait for its end."""
        return self.outcome(self.start(function, *args, **kwargs))

    def value(self, outcome: Outcome) -> Any:
        """What the attempt returned."""
        assert outcome.result is not None, outcome.error
        return codec.decode(outcome.result.record, self.store)

    def log(self, outcome: Outcome) -> bytes:
        """What the attempt printed."""
        if outcome.log is None:
            return b""
        return (self.folder / "logs" / outcome.log.file).read_bytes()[outcome.log.start : outcome.log.end]

    def ended(self) -> dict[str, Outcome]:
        """Outcomes by attempt. An attempt that ended twice is a fault."""
        events = [event for event in self.mailbox.events if isinstance(event, Ended)]
        found = {event.attempt: event.outcome for event in events}
        assert len(found) == len(events)
        return found

    def recalled(self) -> list[str]:
        return [event.attempt for event in self.mailbox.events if isinstance(event, Recalled)]

    def hints(self) -> list[Hint]:
        return [event for event in self.mailbox.events if isinstance(event, Hint)]

    def notices(self) -> list[str]:
        return [event.text for event in self.mailbox.events if isinstance(event, Notice)]
