"""What goes into the machine and what comes out: events and commands, as values."""

from __future__ import annotations

import enum

from penstock.model.events import Lane
from penstock.model.options import Options
from penstock.model.shares import Amount, Weight
from penstock.model.states import Cause
from penstock.model.tuples import NamedTuple


class Replay(NamedTuple):
    """What an earlier driver left of a task, as far as the machine must know."""

    done: bool
    failed: bool  # failed by its own code, and the failure was handed to the flow's body
    running: bool  # its start was committed, and nothing after it
    attempt: int
    inputs_digest: bytes
    fingerprint: bytes  # of its result
    executor: str = ""  # at which it was started, where it may outlive its driver; "": it died with that


class Submitted(NamedTuple):
    """The flow's body called a step."""

    task: int
    step: str
    options: Options
    deps: tuple[int, ...]
    replay: Replay | None = None
    consult: bool = False  # whether something else than `replay` may stand for it


class SubmittedAlike(NamedTuple):
    """The flow's body called a step several times. Nothing is there that may stand for the tasks, and they wait for no
    results, as the calls of most maps."""

    tasks: tuple[int, ...]
    step: str
    options: Options


class AttemptEnded(NamedTuple):
    """An attempt is over. `cause` is None where it is done."""

    task: int
    attempt: int
    cause: Cause | None
    retryable: bool = True
    fingerprint: bytes = b""  # of the result
    wall_s: float = 0.0


class AttemptBegan(NamedTuple):
    """An attempt runs, at an executor where it may have had to wait after its start."""

    task: int
    attempt: int


class AttemptRecalled(NamedTuple):
    """A queued attempt was taken back before it began. It does not count: its number is given again.

    Comes once for each start; a late one, of an attempt that is not in flight, changes nothing.
    """

    task: int
    attempt: int


class AttemptAdopted(NamedTuple):
    """An executor's answer about an attempt of an earlier driver."""

    task: int
    attempt: int
    running: bool
    lane: str = ""  # where it runs, or waits behind others of the same; "": in one of its own


class IntentCommitted(NamedTuple):
    """The start of an attempt is in the journal."""

    task: int
    attempt: int


class TaskVerdict(enum.Enum):
    """What is to become of a task whose inputs are there."""

    RUN = "run"
    WAIT = "wait"  # somebody else makes its result: ask again later
    PARK = "park"  # likewise, and an `AskAgain` will come
    REUSED = "reused"  # what an earlier driver of this run committed stands for it
    COPIED = "copied"  # what another run committed does


class Given(NamedTuple):
    """What no attempt makes is there, or has failed: the result of a nested flow, which tasks may need."""

    task: int
    ok: bool
    fingerprint: bytes = b""


class Consulted(NamedTuple):
    """The answer to `Consult`."""

    task: int
    number: int  # of the question
    verdict: TaskVerdict
    fingerprint: bytes = b""  # of the result that stands for it


class AskAgain(NamedTuple):
    """What a parked task waits for is there, or nobody makes it any more."""

    task: int


class ResultDamaged(NamedTuple):
    """The stored result of a settled task can't be read any more. The task is submitted anew, without a replay.

    Comes before the `AttemptEnded` of the attempt that found the damage.
    """

    task: int


class CancelTask(NamedTuple):
    """Somebody wants this task to end."""

    task: int


class StopMode(enum.Enum):
    """How a run stops."""

    DRAIN = "drain"  # start nothing new; what is in flight finishes
    DETACH = "detach"  # likewise, but what outlives the driver is left to the next one
    KILL = "kill"  # and what is in flight is cancelled


class Stop(NamedTuple):
    """Start nothing new from now on. A later one counts where its mode is further down the list."""

    mode: StopMode
    cause: Cause = Cause.CANCELLED


class Offered(NamedTuple):
    """What the run's lanes may take of the machine from now on; None: all that the profiles say. Where they take more,
    lanes end with what runs in them."""

    bound: Amount | None


class Asked(NamedTuple):
    """What the run takes of the machine is to be said anew."""

    look: bool = False  # and the most that it has taken since the last look


class Tick(NamedTuple):
    """Time has passed."""


Event = (
    Submitted
    | SubmittedAlike
    | AttemptEnded
    | AttemptBegan
    | AttemptRecalled
    | AttemptAdopted
    | IntentCommitted
    | Given
    | Consulted
    | AskAgain
    | ResultDamaged
    | CancelTask
    | Stop
    | Offered
    | Asked
    | Tick
)


class Start(NamedTuple):
    """Hand the attempt to its executor."""

    task: int
    attempt: int
    executor: str
    lane: Lane
    inputs_digest: bytes = b""  # of its inputs' content
    failures: int = 0  # attempts of it that failed by its own doing
    others: tuple[Lane, ...] = ()  # of a gang, its lanes but the first


class CommitIntent(NamedTuple):
    """Write down that the attempt is about to start, and where; answered by `IntentCommitted`."""

    task: int
    attempt: int
    executor: str
    inputs_digest: bytes = b""  # for the row
    memory_bytes: int | None = None  # of each of its lanes; None: not limited


class Recall(NamedTuple):
    """Try to take back a queued attempt."""

    task: int
    attempt: int
    executor: str


class CancelAttempt(NamedTuple):
    """End an attempt; its `AttemptEnded` will carry the cause, or it is recalled, where it had not begun yet."""

    task: int
    attempt: int
    executor: str
    cause: Cause


class Adopt(NamedTuple):
    """Ask the executor about an attempt of an earlier driver."""

    task: int
    attempt: int
    executor: str
    inputs_digest: bytes = b""


class RecordAttempt(NamedTuple):
    """The attempt failed and the task goes on: keep the attempt's outcome beside the task."""

    task: int
    attempt: int
    grown_bytes: int = 0  # the memory of the next attempt, where this one ran out of it; 0: as before


class Consult(NamedTuple):
    """Look for a result that may stand for the task, whose inputs are there now; answered by `Consulted`."""

    task: int
    number: int  # from 1: how often the task has asked
    inputs_digest: bytes = b""


class HostWish(NamedTuple):
    """What the run takes of the machine, and what it would like of it; answered by `Offered`."""

    used: Amount
    lacks: tuple[Weight, ...] = ()  # the lanes that it would open next, oldest call first
    peak: tuple[int, int] | None = None  # the most of cpu and memory since the last look; None: this is no look


class Settling(enum.Enum):
    """Where a settlement comes from."""

    __hash__ = object.__hash__  # not that of an enum, which is Python code: each task's settlement is looked up by it

    FRESH = "fresh"  # the outcome of the attempt that just ended
    REUSED = "reused"  # what an earlier driver of this run committed
    COPIED = "copied"  # what another run committed
    UPSTREAM = "upstream"  # a result that it needs failed
    CANCELLED = "cancelled"  # cancelled before it began


class Settle(NamedTuple):
    """The task is settled: commit it, then resolve its future."""

    task: int
    attempt: int
    how: Settling
    failed_dep: int = 0  # for UPSTREAM
    inputs_digest: bytes = b""  # of its inputs' content, for the row


Command = Start | CommitIntent | Recall | CancelAttempt | Adopt | RecordAttempt | Consult | HostWish | Settle
