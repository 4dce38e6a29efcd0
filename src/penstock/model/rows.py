"""What the journal keeps of runs and tasks, as values."""

from __future__ import annotations

from typing import Optional, Tuple

from penstock.model.outcomes import Error, Metric, Outcome, Recorded, Stored
from penstock.model.specs import Input
from penstock.model.states import TaskStatus
from penstock.model.tuples import NamedTuple


class Surroundings(NamedTuple):
    """What a driver runs in. Each driver of a run may have others."""

    snapshot: str = ""  # digest of the code snapshot, as text
    python: str = ""  # "3.11.7 CPython, Linux x86_64"
    packages: Tuple[Tuple[str, str], ...] = ()  # name, version
    argv: Tuple[str, ...] = ()
    cwd: str = ""


class NewRun(NamedTuple):
    """A run that is about to start."""

    flow: str  # short name, as in `digits/3`
    module: str  # importable name of the flow's module
    qualname: str
    file: str  # absolute path of the module's file; "" for a notebook
    params: Tuple[Tuple[str, Stored], ...]
    tags: Tuple[str, ...] = ()
    surroundings: Surroundings = Surroundings()
    origin: Optional[Origin] = None  # None: it is no fork
    seed: str = ""  # in digits; "": none
    schema: str = ""  # of its flow's parameters, as JSON Schema; "": unknown
    name: str = ""  # as somebody calls it; "": nobody does


class Granted(NamedTuple):
    """What an attempt was given: a place, and what it may use there."""

    executor: str
    cpu: float = 1.0
    memory_bytes: int = 0  # 0: not limited
    gpu: int = 0
    timeout_s: float = 0.0  # 0: it may take any time
    lanes: int = 1  # at once, each with all of this


class StepRecord(NamedTuple):
    """A step as a run saw it."""

    step: str  # module-qualified name
    name: str  # short name
    source: str  # digest of the code that it reaches, as text; "" where that is unknown
    cached: bool = False  # whether its results serve other runs
    granted: Optional[Granted] = None  # its first attempt, as it was called first; None: unknown


class CodeRecord(NamedTuple):
    """The code that a task reaches: its fingerprint."""

    digest: bytes  # b"": the step's own source can't be found
    tree: bytes  # packed; `environments` reads it


class TaskRecord(NamedTuple):
    """A task that settled, or (status RUNNING) whose start was committed."""

    id: int  # number within its run, in the order of the calls, from 1
    step: str
    name: str
    number: int  # `2` in `digits/3/train/2`
    key: bytes
    status: str
    inputs: Tuple[Input, ...]
    shared: Tuple[Input, ...]  # the same object for all tasks of one map
    inputs_digest: bytes  # of the content of its inputs, when it started; b"" where unknown
    attempt: int  # number of the attempt that `outcome` belongs to
    outcome: Optional[Outcome]
    code: bytes = b""  # digest of its `CodeRecord`; b"": unknown
    origin: str = ""  # the task of another run whose result it took over; "": it ran
    why: str = ""  # why it ran, as words, where that was decided; "": a comparison with earlier tasks tells
    settled: int = 0  # its place among the run's tasks, in the order in which they settled; 0: it has not
    scope: int = 0  # number of the nested flow that called it; 0: the run's own flow did
    map: int = 0  # number of the first task of its map; 0: it was called alone
    granted: Optional[Granted] = None  # this attempt; None: it was not started, or by an earlier driver, who wrote it
    waited_s: float = -1.0  # until this attempt began, since it was called or tried before; negative: unknown
    is_new: bool = False  # surely it has no row yet


class ScopeRecord(NamedTuple):
    """A nested flow of a run, which is numbered among the run's tasks: its result may be passed on like a task's."""

    id: int
    parent: int  # number of the nested flow that called it; 0: the run's own flow did
    flow: str  # module-qualified name
    name: str
    number: int  # `2` in `digits/3/inner/2`
    key: bytes
    status: str  # RUNNING, DONE, FAILED or CANCELLED of `TaskStatus`
    inputs: Tuple[Input, ...]
    began_at: float  # UTC, seconds
    ended_at: float = 0.0  # 0: it has not
    result: Optional[Stored] = None  # None also where its caller has waited, and taken the value itself
    error: Optional[Error] = None
    settled: int = 0  # its place in the order in which the run's tasks settled; 0: its caller has waited


class Intent(NamedTuple):
    """Where an attempt was started that outlives its driver: written before it is, and again when it has its handle."""

    task: int
    attempt: int
    executor: str
    handle: str = ""  # by which the executor finds it; "": its id is enough, or nothing was said yet


class AttemptRecord(NamedTuple):
    """An attempt that failed and was tried again."""

    task: int
    number: int
    outcome: Outcome
    granted: Optional[Granted] = None  # None: unknown


class MetricRecord(NamedTuple):
    """A metric of a task."""

    task: int
    attempt: int
    metric: Metric


class BodyRecord(NamedTuple):
    """What a flow's body has recorded."""

    scope: int  # number of the nested flow whose body it is; 0: the run's own
    recorded: Recorded


class StepCount(NamedTuple):
    """How many tasks of a step are in which state."""

    name: str
    waiting: int = 0  # for results or for resources
    running: int = 0
    done: int = 0
    failed: int = 0
    reused: int = 0  # of `done`: finished by an earlier driver
    cancelled: int = 0  # not among the failed
    retries: int = 0  # attempts after one that ended under this driver


class LoopProgress(NamedTuple):
    """How far a loop of an attempt is."""

    label: str
    done: int
    total: Optional[int] = None  # None: not known


class InFlight(NamedTuple):
    """A task that has not settled, as its driver saw it."""

    id: int  # number within its run, in the order of the calls, from 1
    name: str  # "train/2"
    status: str  # "running"; "placed": it is the next of a worker that is busy; "waiting"
    since: float  # that it runs, is placed, or was called; UTC, seconds
    attempt: int = 0  # 0: it waits
    executor: str = ""  # "": it waits
    awaited: str = ""  # what of the machine it waits for, and which run has it, or why it has no agent; "": neither
    handle: str = ""  # by which its executor finds it; "": it has none
    loops: Tuple[LoopProgress, ...] = ()  # that it is in, the outermost first
    granted: Optional[Granted] = None  # None: it waits, or that is unknown


class WantedResult(NamedTuple):
    """A result that the cache may have."""

    key: bytes
    content: bytes  # the key without its code
    task: str  # whoever asks: "digits/3/train/2"
    expires_s: Optional[float] = None  # how old it may be; None: any age
    refresh: bool = False  # it is to be made anew, whatever there is


class CacheEntry(NamedTuple):
    """A result that serves other runs."""

    key: bytes
    content: bytes  # the key without its code
    step: str
    code: bytes  # digest of its `CodeRecord`
    task: str  # that made it
    result: Stored
    metrics: Tuple[Metric, ...] = ()
    stored_at: float = 0.0  # UTC, seconds since the epoch; set when it is stored
    records: Tuple[Recorded, ...] = ()


class Sought(NamedTuple):
    """What the cache says: a result, or that another task makes it just now, or neither: then the asker makes it."""

    entry: Optional[CacheEntry] = None
    maker: str = ""  # the task that makes it
    expired: str = ""  # the task whose result is there, and too old
    other: Tuple[str, bytes] = ("", b"")  # the latest task of the same content and other code, and its code's digest


class Batch(NamedTuple):
    """What one transaction writes."""

    tasks: Tuple[TaskRecord, ...] = ()
    attempts: Tuple[AttemptRecord, ...] = ()
    metrics: Tuple[MetricRecord, ...] = ()
    delivered: Tuple[int, ...] = ()  # failed tasks whose failure was handed to the flow's body
    steps: Tuple[StepRecord, ...] = ()  # seen for the first time by this driver
    codes: Tuple[CodeRecord, ...] = ()  # likewise
    cached: Tuple[CacheEntry, ...] = ()
    used: Tuple[bytes, ...] = ()  # keys of cached results that stood for tasks
    released: Tuple[bytes, ...] = ()  # keys that this driver was going to make results for, and no longer is
    forgotten: Tuple[int, ...] = ()  # tasks whose metrics and records so far are those of older code
    logged: Tuple[Metric, ...] = ()  # by the flow's own body
    intents: Tuple[Intent, ...] = ()
    scopes: Tuple[ScopeRecord, ...] = ()  # as they began or ended
    uncalled: Tuple[Tuple[int, Error], ...] = ()  # tasks of an earlier driver that were ended, and the reason
    recorded: Tuple[BodyRecord, ...] = ()  # by the bodies of flows


class PriorTask(NamedTuple):
    """A task of an earlier driver of the same run."""

    id: int
    step: str
    name: str
    number: int
    key: bytes
    status: str
    inputs_digest: bytes
    attempt: int
    delivered: bool
    result: Optional[Stored] = None
    error: Optional[Error] = None
    code: bytes = b""  # digest of its `CodeRecord`; b"": unknown
    origin: str = ""
    settled: int = 0  # its place in the order in which the run's tasks settled; 0: it has not
    intent: Optional[Intent] = None  # of this attempt; None: it died with its driver

    @property
    def was_in_flight(self) -> bool:
        """Whether nothing is known of this attempt's end: also where it was to be ended, since nobody had called it
        again, for it may have come to its end before that."""
        is_uncalled = self.status == TaskStatus.CANCELLED.value and not self.settled
        return is_uncalled or self.status == TaskStatus.RUNNING.value


class Dealt(NamedTuple):
    """A call's number, noted before anything could be seen of it."""

    key: bytes
    id: int  # number within its run, in the order of the calls, from 1
    name: str  # short name of the step
    number: int  # `2` in `digits/3/train/2`


class Origin(NamedTuple):
    """The run that a run was forked from, and what of it counts."""

    run: str  # "digits/3"
    id: int  # names it in the journal
    step: str = ""  # nothing from its first call of this step on; "": all of it
    keep_code: bool = False  # also what older code made
    only: str = ""  # no flow is run, but this step alone: "train", or one task of it, "train/2"


class RunEnd(NamedTuple):
    """How a run ended."""

    status: str  # DONE, FAILED, CANCELLED or INTERRUPTED of `RunStatus`
    result: Optional[Stored] = None
    error: Optional[Error] = None
    failed_tasks: Tuple[int, ...] = ()  # whose failures ended the run: a resume runs them again


class Owner(NamedTuple):
    """Who drives a run."""

    host: str
    boot_id: str
    pid: int
    started: str  # the process's start time, as the system gives it
