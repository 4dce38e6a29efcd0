"""What the client's `.info()` gives and what `--json` prints: documented, stable, and nothing of it unpickled.

A field is never renamed or removed; new ones come with a default. Times are UTC, in JSON as RFC 3339. Numbers that JSON
can't hold (NaN, infinity) are null there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import msgspec

from penstock.model.texts import whole


class ValueInfo(msgspec.Struct, frozen=True):
    """A stored value, as it was seen when it was stored."""

    type: str  # "int", "pandas.DataFrame", "digits.Trained"
    text: str  # its head as a person wants it, at most 200 characters
    size_bytes: int = 0  # as stored
    digest: str = ""  # of its content; "" where it has no stable form
    unstable: str = ""  # path to what has no stable form, "model.lock"; "" where the value has one
    length: int | None = None  # of containers, text and bytes
    shape: tuple[int, ...] | None = None  # of arrays, tensors and tables
    dtype: str | None = None
    schema: tuple[tuple[str, str], ...] | None = None  # (column, type), the first 24 columns


class ErrorInfo(msgspec.Struct, frozen=True):
    """Why a run, a task or an attempt failed."""

    cause: str  # "raised", "exited", "timeout", "out of memory", "killed", "lost", "cancelled", "upstream", "damaged"
    type: str  # the exception's class, "ValueError"; "" where there was none
    message: str
    traceback: str = ""  # the user's own frames


class MetricPoint(msgspec.Struct, frozen=True):
    """One logged number."""

    task: str  # "digits/3/train/2"; "digits/3": the flow's own body logged it
    attempt: int  # 0: the flow's own body
    name: str
    value: float
    step: int | None  # the training step or epoch; None: the metric has none
    at: datetime


class CurveInfo(msgspec.Struct, frozen=True):
    """What counts of all that a task, or a flow's own body, logged under a name, as few enough points to be drawn."""

    task: str  # "digits/3/train/2"; "digits/3": the flow's own body logged it
    name: str
    x: str  # what the numbers in `xs` are: "step", or "time" (UTC, seconds)
    xs: tuple[float, ...] = ()  # in order
    ys: tuple[float, ...] = ()  # NaN is a gap
    count: int = 0  # of the points that these stand for
    nonfinite: int = 0  # how many of those are NaN or infinite
    thinned: bool = False  # not all of them are here
    cursor: str = ""  # ask with it for what comes later; "": that can't be asked
    anew: bool = False  # what was asked since counts no more, or not all of it: this is the curve from its beginning
    times: tuple[float, ...] = ()  # of each of them (UTC, seconds), where that was asked for; (): it was not


class MetricInfo(msgspec.Struct, frozen=True):
    """What was logged under one name in a run; of a task that was tried again, what counts of its attempts. NaN counts
    as a point, but not for the smallest and largest."""

    name: str
    points: int
    tasks: int  # how many tasks logged it; 0: the flow's own body did
    last: float  # by time
    smallest: float
    largest: float


class InputInfo(msgspec.Struct, frozen=True):
    """A named input of a task, or a parameter of a run."""

    name: str  # "*args" and "**kwargs" stand for the variadic ones
    sources: tuple[str, ...] = ()  # the results inside it, as `penstock get` takes them: "digits/3/load/1[0]"
    value: ValueInfo | None = None  # None: a part of a result, or a result that is not there


class DisplayInfo(msgspec.Struct, frozen=True):
    """Something that a task, or a flow's body, has displayed."""

    task: str  # "digits/3/train/2"; "digits/3": the flow's own body
    name: str  # as it was given, else a number from 1
    step: int | None  # of the series of this name; None: it is alone
    media: str  # "image/png", "text/markdown"; "application/vnd.penstock.table": a table
    caption: str  # "": none
    note: str  # what was done so that it can be shown; "": nothing
    at: datetime
    value: ValueInfo  # as it is stored


class GrantedInfo(msgspec.Struct, frozen=True):
    """What an attempt was given: a place, and what it may use there."""

    executor: str
    cpu: float
    memory_bytes: int | None = None  # None: not limited
    gpu: int = 0
    timeout_s: float | None = None  # None: it may take any time
    lanes: int = 1  # at once, each with all of this


class AttemptInfo(msgspec.Struct, frozen=True):
    """One try of a task."""

    number: int  # from 1
    status: str
    error: ErrorInfo | None
    began_at: datetime | None  # None: it never began
    wall_s: float
    cpu_s: float  # of all its processes
    peak_bytes: int  # anonymous and shared memory; 0: not measured
    read_bytes: int
    written_bytes: int
    worker: str
    granted: GrantedInfo | None = None  # None: it was not started, or by a Penstock that did not note it


class TaskInfo(msgspec.Struct, frozen=True):
    """One call of a step in a run."""

    id: str  # "digits/3/train/2"
    run: str
    step: str  # short name
    step_path: str  # module-qualified name
    number: int
    status: str  # "running", "done", "failed" or "cancelled"
    attempt: AttemptInfo  # the latest
    result: ValueInfo | None  # None: there is none
    error: ErrorInfo | None
    survived: bool = False  # it failed, the flow was told so, and went on
    inputs: tuple[InputInfo, ...] | None = None  # None, here and below: not told in a list of tasks
    attempts: tuple[AttemptInfo, ...] | None = None  # all, oldest first
    metrics: tuple[MetricPoint, ...] | None = None  # of a name with more than 1,000, about so many of these
    origin: str = ""  # the task of another run whose result it took over; "": it ran
    displays: tuple[DisplayInfo, ...] | None = None  # by name and step; None: not told in a list of tasks
    waited_s: float | None = None  # until its latest attempt began, since it could have; None: not known, or in a list
    language: str = ""  # of a step that is a program, "R"; "": it is a function, not known, or in a list


class StepInfo(msgspec.Struct, frozen=True):
    """A step of a run, and how many of its tasks are in which state."""

    step: str  # short name
    step_path: str  # module-qualified name; "" while none of its tasks is in the journal
    waiting: int = 0  # for results or for resources
    running: int = 0
    done: int = 0
    failed: int = 0
    cancelled: int = 0
    reused: int = 0  # of `done`: finished by an earlier driver, as far as the latest one has said
    granted: GrantedInfo | None = None  # as it was called first by the latest driver; None: not known


class LoopInfo(msgspec.Struct, frozen=True):
    """How far a loop of a task that runs is, by `progress` or tqdm."""

    label: str
    done: int
    total: int | None  # None: not known


class InFlightInfo(msgspec.Struct, frozen=True):
    """A task that has not settled, as the run's driver noted it last: twice a second at most."""

    task: str  # "digits/3/train/2"
    status: str  # "running"; "placed": it is the next of a worker that is busy; "waiting" for results or resources
    since: datetime  # that it runs, is placed, or was called
    attempt: int = 0  # 0: it waits
    executor: str = ""  # "": it waits
    awaited: str = ""  # "CPUs: run fit/7 of /home/ada/fit holds 2", "an agent: 1 agent pending: ..."; "": not known
    loops: tuple[LoopInfo, ...] = ()  # that it is in, the outermost first
    granted: GrantedInfo | None = None  # None: it waits


class VersionInfo(msgspec.Struct, frozen=True):
    """One of the versions of its code under which the tasks of a step ran in a run."""

    step: str  # short name
    tasks: int  # how many ran under it to their end
    firsts: tuple[str, ...]  # the first of them, "digits/3/train/2", for each of the fingerprints that are of it
    changes: tuple[str, ...] = ()  # what is new in it since the version before; () for the first, and five at most


class DriverInfo(msgspec.Struct, frozen=True):
    """One of the processes that drove a run: the first, and one for each resume."""

    started_at: datetime
    host: str
    pid: int
    python: str  # "3.11.7 CPython, Linux x86_64"
    cwd: str
    argv: tuple[str, ...]
    snapshot: str  # digest of the project's sources; "" where there is none
    packages: dict[str, str]  # name: version


class RunInfo(msgspec.Struct, frozen=True):
    """One execution of a flow."""

    id: str  # "digits/3"
    flow: str
    number: int
    status: str  # "running", "done", "failed", "cancelled", "interrupted" or "crashed"
    created_at: datetime
    started_at: datetime  # of the latest driver
    ended_at: datetime | None  # None: not ended
    duration_s: float | None  # of all its drivers, up to now or to its last sign of life; None: it gave none
    tags: tuple[str, ...]
    params: tuple[InputInfo, ...]
    result: ValueInfo | None  # None: there is none, or it is None
    error: ErrorInfo | None
    steps: tuple[StepInfo, ...]
    metrics: tuple[MetricInfo, ...]
    file: str  # of the flow; "" where it came from a notebook
    module: str
    qualname: str
    drivers: tuple[DriverInfo, ...]  # oldest first; the last drives it, or drove it last
    origin: OriginInfo | None = None  # None: it is no fork
    seed: int | None = None  # None: it has none
    in_flight: tuple[InFlightInfo, ...] = ()  # at most 200; of a crashed run, what was in flight then
    versions: tuple[VersionInfo, ...] = ()  # of the code of steps that ran under several, oldest first
    name: str = ""  # as somebody calls it; "": nobody does
    note: str = ""  # likewise


class OriginInfo(msgspec.Struct, frozen=True):
    """The run that a fork came from."""

    run: str  # "digits/3"
    from_step: str = ""  # from its first call on nothing was reused; "": all could be
    keep_code: bool = False  # what older code had made was reused too
    only: str = ""  # this step or task was run alone; "": the flow was


class StepForecastInfo(msgspec.Struct, frozen=True):
    """What would become of a step's tasks."""

    step: str
    reused: int
    run: int
    whys: dict[str, int]  # why they would run: how many of them


class ForecastInfo(msgspec.Struct, frozen=True):
    """What a run would reuse and what it would run, as far as that can be told without running anything."""

    steps: tuple[StepForecastInfo, ...]  # in the order of their first calls
    stopped_at: str = ""  # the step whose results the flow's body needs to go on; "": it came to its end
    left: dict[str, int] = {}  # by step: tasks that the earlier run finished, and the body has not asked for
    error: str = ""  # what the body raised; "": nothing

    @property
    def reused(self) -> int:
        """How many tasks would be reused."""
        return sum(step.reused for step in self.steps)

    @property
    def run(self) -> int:
        """How many tasks would run."""
        return sum(step.run for step in self.steps)


class CodeInfo(msgspec.Struct, frozen=True):
    """A piece of the code that a task reaches."""

    name: str  # "features.clean", "pandas"
    kind: str  # "function", "class", "constant", "statements", "package", "library", "image", "program", "python", ...
    place: str  # "features.py"; "" for packages; the name of an image
    version: str  # of packages and images, "python:3.12 (1f2e3d4c5b6a)"; "" for the rest
    reaches: tuple[str, ...]  # names of what it uses directly


class WhyInfo(msgspec.Struct, frozen=True):
    """Why a task ran, or was not run."""

    task: str  # "digits/3/train/2"
    ran: bool  # False: a result that was there stood for it
    line: str  # all of it in one line
    origin: str = ""  # the task whose result it took over; "": it ran
    compared_with: str = ""  # an earlier task of the step; "": there is none
    changes: tuple[str, ...] = ()  # what is different from that, code first
    code: tuple[CodeInfo, ...] = ()  # what its code reaches, itself first
    unfollowed: tuple[str, ...] = ()  # what of that can't be followed
    version: str = ""  # which version of its code it ran under, where the step ran under several in this run; else ""

    def __str__(self) -> str:
        return self.line


class LogLine(msgspec.Struct, frozen=True):
    """One line that a task or the flow's body printed or logged."""

    task: str  # "digits/3/train/2"; "digits/3": the flow's own body; "" where that is not known
    attempt: int  # of the body: which of the run's drivers called it, from 1; 0 where that is not known
    at: datetime | None  # None: written past `sys.stdout`, by C code or a sub-process
    level: str  # "debug", "info", "warning", "error", "critical"; "" where nobody named one
    stream: str  # "stdout" or "stderr"; "" where not known
    text: str
    worker: str = ""  # whose log file it stands in

    def __str__(self) -> str:
        return self.text


class GotInfo(msgspec.Struct, frozen=True):
    """What `penstock get --json` prints."""

    target: str
    value: ValueInfo | None  # None: a part, which has no preview
    content: Any  # the value where JSON can hold it, else null
    saved_to: str | None = None  # absolute path; None: not saved


def to_json(info: Any) -> bytes:
    """One JSON document, indented, for a struct or a list of them."""
    return msgspec.json.format(encoded(info), indent=2)


def encoded(info: Any) -> bytes:
    """One JSON document in as few bytes as can be."""
    try:
        return msgspec.json.encode(info)
    except UnicodeEncodeError:  # halves of characters: a file's name need not be text
        return msgspec.json.encode(_whole(msgspec.to_builtins(info)))


def _whole(value: Any) -> Any:
    """The same with halves of characters as backslash escapes."""
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in cast("dict[Any, Any]", value).items()}
    return [_whole(item) for item in cast("list[Any]", value)] if isinstance(value, (list, tuple)) else value
