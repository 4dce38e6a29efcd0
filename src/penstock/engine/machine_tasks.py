"""What the machine keeps of a task, before and after it is settled."""

from __future__ import annotations

from penstock.engine.admission import OpenLane, Queue
from penstock.engine.facts import Replay
from penstock.model.options import Options
from penstock.model.slotted import Slotted
from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import NamedTuple


class OpenTask(Slotted):
    """A task that is not settled."""

    id: int
    queue: Queue
    options: Options
    deps: tuple[int, ...]
    replay: Replay | None
    status: TaskStatus = TaskStatus.READY
    missing: int = 0  # results that it still waits for
    attempt: int = 0
    user_failures: int = 0
    platform_failures: int = 0
    ready_at: float = 0.0
    lane: OpenLane | None = None  # None: not in flight
    started: bool = False  # in flight, and its executor knows
    began: bool = False  # later than it was started, as its executor has said
    recalling: bool = False
    stopping: Cause | None = None  # it is to end for this reason
    inputs_digest: bytes = b""
    consult: bool = False  # whether to look for a result that stands for it, before it runs
    asking: bool = False  # it waits for the answer
    questions: int = 0
    asked: int = 0  # how often the answer was that another run makes its result
    parked: bool = False  # it waits to be told to ask again


class Fresh(NamedTuple):
    """Tasks that wait for nothing but resources, and never ran: those of a map that come together share it."""

    queue: Queue
    options: Options
    ready_at: float
