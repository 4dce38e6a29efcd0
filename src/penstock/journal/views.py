"""What readers of the journal get: runs and tasks as plain values. No I/O."""

from __future__ import annotations

import os

from penstock.model.ids import folder_name
from penstock.model.outcomes import FORM, Error, Log, Outcome, Stored, Usage
from penstock.model.rows import Granted, Origin, Owner, StepCount
from penstock.model.tuples import NamedTuple


class RunRow(NamedTuple):
    """A run, as a listing shows it."""

    id: int  # names the run in all other queries; never reused
    flow: str
    number: int
    status: str  # a value of `RunStatus`; CRASHED where it is noted as running and its owner is dead
    created_at: float  # UTC, seconds since the epoch, as are all times here
    started_at: float  # of the latest driver
    ended_at: float | None  # None: not ended
    drivers: int  # 1: never resumed
    owner: Owner  # of the latest driver
    renewed_at: float
    cancel_requested: bool
    counts: tuple[StepCount, ...]  # as the driver noted them last; empty where it noted none
    tags: tuple[str, ...]
    nonce: str = ""  # tells it from every run of any journal; "": an old run, which was not resumed since
    earlier_s: float = 0.0  # how long the drivers before the latest took, as far as that was noted
    revision: int = 0  # raised over that of all other runs with each change of what is here
    name: str = ""  # as somebody calls it; "": nobody does
    note: str = ""  # likewise

    @property
    def folder(self) -> str:
        """Where, below the folder of a kind, its logs, checkpoints and files lie."""
        return folder_name(self.run_id, self.nonce)

    @property
    def run_id(self) -> str:
        return f"{self.flow}/{self.number}"

    def path(self, task: TaskRow) -> str:
        """What a task of it is called: `digits/3/train/2`."""
        return f"{self.run_id}/{task.name}/{task.number}"


class RunChanges(NamedTuple):
    """What has changed in a list of runs."""

    rows: list[RunRow]  # in the order of their changes; after them those that have crashed, which nobody noted
    revision: int  # ask with it the next time
    removed: bool  # runs were removed: list them anew


class DriverRow(NamedTuple):
    """One of the processes that drove a run, and what it ran in."""

    number: int  # 1: the first
    started_at: float
    host: str
    pid: int
    snapshot: str
    python: str
    packages: tuple[tuple[str, str], ...]
    argv: tuple[str, ...]
    cwd: str


class RunDetail(NamedTuple):
    """What a listing does not show of a run."""

    module: str
    qualname: str
    file: str
    params: tuple[tuple[str, Stored], ...]
    result: Stored | None
    error: Error | None
    drivers: tuple[DriverRow, ...]  # oldest first
    origin: Origin | None = None  # None: it is no fork
    seed: str = ""  # in digits; "": none
    form: int = FORM  # the version of the canonical form that its digests and keys are of
    schema: str = ""  # JSON Schema of its flow's parameters; "": a run of an older Penstock

    @property
    def root(self) -> str:
        """The folder that the flow's module is imported from; "" where it came from a notebook."""
        if not self.file:
            return ""
        root = self.file
        for _ in range(self.module.count(".") + (os.path.basename(self.file) == "__init__.py") + 1):
            root = os.path.dirname(root)
        return root


class StepRow(NamedTuple):
    """A step of a run, and how many of its tasks the journal holds in which state."""

    step: str  # module-qualified name
    name: str
    source: str  # digest of the function's source, as text; "" where unknown
    waiting: int = 0  # for their next attempt
    running: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    copied: int = 0  # of `done`: whose results are another run's
    granted: Granted | None = None  # the attempts of its first call; None: unknown


class TaskNode(NamedTuple):
    """A task as the graph of its run needs it."""

    id: int  # number within its run, in the order of the calls, from 1
    step: str  # module-qualified name
    name: str
    status: str
    scope: int  # number of the nested flow that called it; 0: the run's own flow did
    map: int  # number of the first task of its map; 0: it was called alone
    needs: tuple[int, ...]  # numbers of the tasks and nested flows whose results it is given


class CodeRow(NamedTuple):
    """A code that tasks of a step ran with."""

    step: str  # module-qualified name
    name: str
    code: bytes  # its digest
    tree: bytes  # packed
    tasks: int
    first: int  # the smallest of their numbers


class TaskRow(NamedTuple):
    """A task. Its inputs are read apart."""

    run: int  # `RunRow.id`
    id: int  # number within its run, in the order of the calls, from 1
    step: str
    name: str
    number: int
    status: str
    attempt: int  # number of the latest attempt
    delivered: bool
    key: bytes
    inputs_digest: bytes  # b"": unknown
    worker: str
    usage: Usage
    log: Log | None
    result: Stored | None
    error: Error | None
    code: bytes = b""  # digest of the code that made its result; b"": unknown
    origin: str = ""  # the task of another run whose result it took over; "": it ran
    why: str = ""  # why it ran, where the rows alone don't tell
    revision: int = 0  # raised over that of all other tasks of its run with each change of what is here
    granted: Granted | None = None  # the latest attempt; None: it was not started, or unknown
    waited_s: float | None = None  # until that began, since its call or the end of the one before; None: unknown

    @property
    def outcome(self) -> Outcome:
        """What the latest attempt ended in; its metrics are read apart."""
        return Outcome(self.status, self.result, self.error, self.usage, self.log, (), self.worker)
