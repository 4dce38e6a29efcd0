"""What an attempt ended in. Written once, by the worker, or by the executor in the place of a worker that died."""

from __future__ import annotations

from typing import Any, Optional, Tuple

from penstock.model.states import Cause, TaskStatus
from penstock.model.tuples import NamedTuple, made

FORM = 2
"""The version of the canonical form, by which values, and so tasks, are told apart; docs/formats.md."""


class Unread(NamedTuple):
    """An input that can't be read where the attempt ran."""

    input: str  # its name; "": the step's own function
    ref: int  # which of its references; -1: what the flow itself handed over
    modules: Tuple[str, ...]  # that reading it needs; (): not known


class Error(NamedTuple):
    """A failure, readable without unpickling anything."""

    cause: str  # a value of `Cause`
    type: str  # qualified name of the exception's class, "" where there was no exception
    message: str
    traceback: str = ""  # the user's frames only, as text
    record: Optional[bytes] = None  # the exception itself, where it can be pickled
    retryable: bool = True  # False: `retry_on` does not name it
    blobs: Tuple[bytes, ...] = ()  # digests of the blobs that `record` refers to
    unread: Tuple[Any, ...] = ()  # the fields of an `Unread`, until the driver has said who wrote it; (): none


class Usage(NamedTuple):
    """What an attempt used, with all processes that it started. 0: nothing, or not measured.

    Processes count when they were waited for, or were left running and ended with the attempt. Where the worker died,
    those that it had not waited for are missing, unless they were killed with it for its memory, its time, or the run's
    end. In the flow's own process (`inline`) all that the process did meanwhile counts, and memory is not measured.
    """

    began_at: float = 0.0  # UTC, seconds since the epoch; 0.0: it never began
    wall_s: float = 0.0
    cpu_s: float = 0.0  # of all its threads and processes
    peak_bytes: int = 0  # anonymous and shared memory of all its processes, looked at every 30 ms and at its end
    read_bytes: int = 0  # by the call `read`, from the disk or the page cache alike; mapped files are not counted
    written_bytes: int = 0  # by the call `write`


class Stored(NamedTuple):
    """A value as it was stored."""

    digest: bytes  # canonical content digest; b"" where the value has no stable form
    record: bytes  # see docs/formats.md
    preview: str  # JSON, see docs/formats.md
    blobs: Tuple[bytes, ...] = ()  # digests of the blobs that the record refers to
    size: int = 0  # bytes of the record and its blobs
    culprit: str = ""  # path to what has no stable form; "" where the value is stable
    symbols: Tuple[str, ...] = ()  # "module:name" of the project's classes and functions inside; sorted
    layout: str = ""  # of an array or a table: JSON, where its columns lie in blobs and record; docs/formats.md


class Metric(NamedTuple):
    """What one try of an attempt, or a flow's body, has logged under a name. Times are UTC, seconds since the epoch."""

    name: str
    points: int  # how many
    last: float  # by time
    last_step: Optional[int]  # the training step or epoch; None: it has none
    last_at: float
    first: float
    first_step: Optional[int]
    first_at: float
    smallest: float  # of those that are numbers; NaN: none is
    largest: float
    nonfinite: int = 0  # how many are NaN or infinite
    least_step: Optional[int] = None  # the smallest of the steps; None: one of them has none
    driver: int = 0  # under which it was logged, from 1; 0: by a Penstock that did not note it
    # Where all of them lie; nowhere: the first and the last are all that there are, or all that is known.
    file: str = ""  # among the run's logs, while they are logged, and where no blob could be made of it
    blob: bytes = b""  # digest
    size: int = 0  # of the blob


_STORED = len(Stored._fields)


def points_of(metrics: Tuple[Metric, ...]) -> Tuple[bytes, ...]:
    """Digests of the blobs that hold the points, each once."""
    return tuple(dict.fromkeys([metric.blob for metric in metrics if metric.blob]))


class Recorded(NamedTuple):
    """What an attempt, or a flow's body, has recorded on purpose. The latest of a kind, name and step counts."""

    kind: str  # "display", "tag", "name", "note"; docs/formats.md
    name: str
    step: Optional[int] = None  # of the series that all of this name are; None: it is alone
    at: float = 0.0  # UTC, seconds since the epoch
    data: str = "{}"  # JSON: what else the kind says of it
    values: Tuple[Stored, ...] = ()  # the artifacts that it is about


def blobs_of(records: Tuple[Recorded, ...]) -> Tuple[bytes, ...]:
    """Digests of the blobs that their values refer to, each once."""
    return tuple(dict.fromkeys([blob for one in records for value in one.values for blob in value.blobs]))


class Log(NamedTuple):
    """A slice of a log file."""

    file: str  # relative to the run's log folder
    start: int
    end: int


class Outcome(NamedTuple):
    """How one attempt ended. `result` where it is done, `error` where it is not."""

    status: str  # DONE, FAILED or CANCELLED of `TaskStatus`
    result: Optional[Stored] = None
    error: Optional[Error] = None
    usage: Usage = Usage()
    log: Optional[Log] = None  # None: nothing was printed or logged
    metrics: Tuple[Metric, ...] = ()
    worker: str = ""
    records: Tuple[Recorded, ...] = ()  # (): it is not done, or recorded nothing


def failed(cause: Cause, message: str, **more: Any) -> Outcome:
    """An outcome in the place of a worker that could not write one."""
    status = TaskStatus.CANCELLED if cause is Cause.CANCELLED else TaskStatus.FAILED
    return Outcome(status.value, error=Error(cause.value, "", message), **more)


def to_plain(outcome: Outcome) -> Tuple[Any, ...]:
    """Plain data for `wire.pack`."""
    status, result, error, usage, log, metrics, worker, records = outcome
    return (
        status,
        result and tuple(result),
        error and tuple(error),
        tuple(usage),
        log and tuple(log),
        metrics and tuple([tuple(metric) for metric in metrics]),
        worker,
        records and records_to_plain(records),
    )


def records_to_plain(records: Tuple[Recorded, ...]) -> Tuple[Tuple[Any, ...], ...]:
    """Plain data for `wire.pack`."""
    return tuple([(*one[:-1], tuple([tuple(value) for value in one.values])) for one in records])


def from_plain(data: Tuple[Any, ...]) -> Outcome:
    """The outcome that `to_plain` was given."""
    status, result, error, usage, log, metrics, worker, *more = data  # older ones recorded nothing
    fields = (
        status,
        result and (made(Stored, result) if len(result) == _STORED else Stored(*result)),
        error and Error(*error),
        made(Usage, usage),
        log and Log(*log),
        metrics and tuple([Metric(*metric) for metric in metrics]),
        worker,
        _records(more[0]) if more and more[0] else (),
    )
    return made(Outcome, fields)


def _records(data: Tuple[Any, ...]) -> Tuple[Recorded, ...]:
    return tuple([Recorded._make((*one[:-1], tuple([Stored(*value) for value in one[-1]]))) for one in data])
