"""What fits where. Pools hold an executor's resources, lanes are grants of them; no rule here knows an executor's kind."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from penstock.model.events import Lane, Profile
from penstock.model.options import Options


class Kind(NamedTuple):
    """Attempts of one kind may share a lane: same step, same place, same grant."""

    step: str
    on: str
    cpu: float
    memory_bytes: int | None
    gpu: int
    limits: tuple[str, ...]


def kind_of(step: str, options: Options) -> Kind:
    """The kind of a call's attempts."""
    return Kind(step, options.on, options.cpu, options.memory_bytes, options.gpu, options.limits)


class OpenLane:
    """A lane and the attempts in it, by task; the first one runs."""

    __slots__ = ("kind", "lane", "queue")

    def __init__(self, lane: Lane, kind: Kind) -> None:
        self.lane = lane
        self.kind = kind
        self.queue: deque[int] = deque()


class Pool:
    """What one executor has left."""

    __slots__ = ("cpu", "gpus", "memory_bytes", "profile")

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.cpu = profile.cpu
        self.memory_bytes = profile.memory_bytes
        self.gpus = list(profile.gpus)

    def fits(self, kind: Kind) -> bool:
        """Whether another lane of this kind fits now."""
        return (
            kind.cpu <= self.cpu + 1e-9
            and (kind.memory_bytes or 0) <= self.memory_bytes
            and kind.gpu <= len(self.gpus)
        )

    def grant(self, number: int, kind: Kind) -> Lane:
        """Take a lane's resources out of the pool, whether or not they fit (an adopted attempt already has them)."""
        self.cpu -= kind.cpu
        self.memory_bytes -= kind.memory_bytes or 0
        gpus, self.gpus = tuple(self.gpus[: kind.gpu]), self.gpus[kind.gpu :]
        return Lane(number, kind.cpu, kind.memory_bytes, gpus)

    def release(self, lane: Lane) -> None:
        """Put a lane's resources back."""
        self.cpu += lane.cpu
        self.memory_bytes += lane.memory_bytes or 0
        self.gpus.extend(lane.gpus)


def why_never(options: Options, profile: Profile | None, limits: dict[str, int]) -> str:
    """Why a call with these options could never start, as words for the user; "" where it can."""
    if profile is None:
        return f"there is no executor {options.on!r}; declare it as [executors.{options.on}] in penstock.toml"
    for name in options.limits:
        if name not in limits:
            return f"there is no limit {name!r}; declare it in penstock.toml: [limits] {name} = 1"
    if options.cpu > profile.cpu:
        return f"it asks for cpu={options.cpu:g}, and executor {options.on!r} has {profile.cpu:g}"
    if (options.memory_bytes or 0) > profile.memory_bytes:
        asked, has = (options.memory_bytes or 0) / 2**30, profile.memory_bytes / 2**30
        return f"it asks for {asked:.2f} GiB of memory, and executor {options.on!r} has {has:.2f} GiB"
    if options.gpu > len(profile.gpus):
        return f"it asks for gpu={options.gpu}, and executor {options.on!r} has {len(profile.gpus)}"
    return ""
