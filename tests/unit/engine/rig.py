"""A machine on a bench: short words for its events, and a look inside."""

from __future__ import annotations

from typing import Any

from penstock.engine.facts import (
    AttemptAdopted,
    AttemptBegan,
    AttemptEnded,
    AttemptRecalled,
    CancelTask,
    Command,
    Event,
    IntentCommitted,
    Recall,
    Replay,
    Settle,
    Settling,
    Start,
    Submitted,
    Tick,
)
from penstock.engine.machine import Machine
from penstock.model.events import Profile
from penstock.model.options import Options
from penstock.model.states import Cause

GIB = 2**30


def combine(fingerprints: tuple[bytes, ...]) -> bytes:
    return b"<" + b",".join(fingerprints) + b">"


def done(fingerprint: bytes = b"", inputs: bytes = b"", attempt: int = 1) -> Replay:
    """What is left of a task that an earlier driver finished."""
    return Replay(True, False, False, attempt, inputs, fingerprint)


class Rig:
    """One executor, "process", and any others by name. All calls are of step "s" unless they say otherwise."""

    def __init__(
        self,
        cpu: float = 1,
        memory_bytes: int = 8 * GIB,
        gpus: tuple[str, ...] = (),
        depth: int = 1,
        limits: dict[str, int] | None = None,
        platform_retries: int = 3,
        **others: Profile,
    ) -> None:
        profiles = {"process": Profile(cpu, memory_bytes, gpus, depth), **others}
        self.machine = Machine(profiles, limits or {}, platform_retries, combine)
        self.now = 0.0

    def send(self, *events: Event) -> list[Command]:
        return self.machine.handle(events, self.now)

    def submit(
        self, *tasks: int, step: str = "s", deps: tuple[int, ...] = (), replay: Replay | None = None, **options: Any
    ) -> list[Command]:
        return self.send(*(Submitted(task, step, Options(**options), deps, replay) for task in tasks))

    def end(
        self,
        task: int,
        cause: Cause | None = None,
        *,
        attempt: int = 1,
        wall_s: float = 60.0,
        retryable: bool = True,
        fingerprint: bytes | None = None,
    ) -> list[Command]:
        result = (b"r%d" % task if fingerprint is None else fingerprint) if cause is None else b""
        return self.send(AttemptEnded(task, attempt, cause, retryable, result, wall_s))

    def began(self, task: int, *, attempt: int = 1) -> list[Command]:
        return self.send(AttemptBegan(task, attempt))

    def recalled(self, *tasks: int, attempt: int = 1) -> list[Command]:
        return self.send(*(AttemptRecalled(task, attempt) for task in tasks))

    def adopted(self, *tasks: int, running: bool, attempt: int = 1, lane: str = "") -> list[Command]:
        return self.send(*(AttemptAdopted(task, attempt, running, lane) for task in tasks))

    def intent(self, task: int, attempt: int = 1) -> list[Command]:
        return self.send(IntentCommitted(task, attempt))

    def cancel(self, task: int) -> list[Command]:
        return self.send(CancelTask(task))

    def wait(self, seconds: float) -> list[Command]:
        self.now += seconds
        return self.send(Tick())

    def make_short(self, task: int = 1000, step: str = "s", wall_s: float = 0.001, **options: Any) -> None:
        """Let the step be known as a short one."""
        self.submit(task, step=step, **options)
        self.end(task, wall_s=wall_s)


def started(commands: list[Command]) -> list[int]:
    return [command.task for command in commands if isinstance(command, Start)]


def recalls(commands: list[Command]) -> list[int]:
    return [command.task for command in commands if isinstance(command, Recall)]


def settled(commands: list[Command]) -> list[tuple[int, Settling]]:
    return [(command.task, command.how) for command in commands if isinstance(command, Settle)]


def lanes(commands: list[Command]) -> dict[int, int]:
    """Lane numbers by task."""
    return {command.task: command.lane.number for command in commands if isinstance(command, Start)}
