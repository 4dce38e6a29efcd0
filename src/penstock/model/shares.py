"""What the runs of one user on one machine tell each other, so that together they use no more than it has."""

from __future__ import annotations

from typing import Tuple

from penstock.model.tuples import NamedTuple


class Amount(NamedTuple):
    """What is held, or there to be held, of a machine."""

    cpu_millionths: int = 0
    memory_bytes: int = 0
    gpus: Tuple[str, ...] = ()  # by name


class Weight(NamedTuple):
    """What one lane takes of the machine."""

    cpu_millionths: int = 0
    memory_bytes: int = 0
    gpu: int = 0
    of: Tuple[str, ...] = ()  # the GPUs that it may be given


class Share(NamedTuple):
    """A run's part of the machine, as it has written it down itself. Times are of the machine's monotonic clock."""

    run: str  # "train/7"
    project: str  # its folder
    told: bool = True  # False: it was alone when it wrote this, and may hold everything until it is asked
    holds: Amount = Amount()
    lacks: Tuple[Weight, ...] = ()  # the lanes that it would open next, oldest call first
    since: float = 0.0  # that it lacks something
    granted_at: float = 0.0  # when it was given something last
    at: float = 0.0  # when it wrote this
