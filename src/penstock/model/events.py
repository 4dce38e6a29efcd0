"""What executors are and tell the driver, and what a lane is."""

from __future__ import annotations

from typing import Optional, Tuple, Union

from penstock.model.environments import Environment
from penstock.model.outcomes import Metric, Outcome
from penstock.model.rows import LoopProgress
from penstock.model.tuples import NamedTuple


class Lane(NamedTuple):
    """A grant of resources on an executor. It runs attempts of one kind one after another; its head is running."""

    number: int  # unique within a run
    cpu: float = 1.0
    memory_bytes: Optional[int] = None  # None: not limited
    gpus: Tuple[str, ...] = ()  # values for CUDA_VISIBLE_DEVICES
    environment: Optional[Environment] = None  # None: the flow's own
    isolated: bool = False  # each of its attempts gets a process of its own
    unnamed_gpus: int = 0  # how many more, which the executor chooses itself


class Profile(NamedTuple):
    """What an executor can hold, and how it behaves. The engine knows no more of it."""

    cpu: Optional[float]  # None: without bounds
    memory_bytes: Optional[int]  # None: without bounds
    gpus: Tuple[str, ...] = ()  # those that lanes are granted by name
    depth: int = 1  # attempts that may wait in a lane, its running head included; 1: never queued ahead
    outlives_driver: bool = False  # True: attempts go on when the driver dies, and can be adopted
    table: str = ""  # of penstock.toml, where a user says what it can hold; "": nowhere
    shared: bool = False  # True: what it holds is this machine's, which the user's other runs take from too
    unnamed_gpus: Optional[int] = 0  # how many more, which it chooses itself; None: without bounds
    enforces: Tuple[str, ...] = ("timeout", "memory", "packages")  # what it can make hold of what a step asks for
    most_lanes: Optional[int] = 1  # that one attempt may have at once; None: any number
    begins_later: bool = False  # True: what is started may have to wait there, and `Began` says that it runs
    place: str = ""  # where attempts run, in words, for who has asked for what it does not enforce
    assisted: bool = False  # True: its attempts run in threads that wait for results, and assist it
    lanes: Optional[int] = None  # how many there may be at once; None: without bounds
    round_trip_s: float = 0.0  # about how long it takes until a start is known there, and an end here


class Ended(NamedTuple):
    """An attempt is over. Late and duplicate ones are harmless."""

    attempt: str
    outcome: Outcome


class Placed(NamedTuple):
    """An attempt waits for its turn at an executor whose profile says `begins_later`. Again where it is
    placed anew."""

    attempt: str
    handle: str = ""  # by which its executor finds it, after the driver's death too; "": its id is enough


class Began(NamedTuple):
    """An attempt runs: its time counts from now on. From executors whose profile says `begins_later`, also for what was
    adopted, and of what others had to bring something for. Duplicates are harmless."""

    attempt: str


class Recalled(NamedTuple):
    """An attempt was taken back before it began."""

    attempt: str


class Adopted(NamedTuple):
    """The answer to `adopt`: still running, or unknown here. (An outcome is answered by `Ended`.)"""

    attempt: str
    running: bool
    lane: str = ""  # where it runs, or waits behind others of the same; "": in one of its own


class Hint(NamedTuple):
    """What an attempt that still runs has logged so far, under those names where more has come: some 30 ms after that
    at most; and how far it is. Losing one loses nothing: the outcome carries all that counts."""

    attempt: str
    metrics: Tuple[Metric, ...]
    loops: Optional[Tuple[LoopProgress, ...]] = None  # that it is in, the outermost first; None: as they were


class Notice(NamedTuple):
    """A line for the user: something is done in another way than asked, and why."""

    text: str


class Lacking(NamedTuple):
    """What the attempts wait for that an executor has placed nowhere yet; "": for nothing that it could name."""

    executor: str
    what: str


ExecutorEvent = Union[Ended, Placed, Began, Recalled, Adopted, Hint, Notice, Lacking]
