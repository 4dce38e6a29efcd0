"""Values of the model <-> columns of the journal's rows. Pure; nothing that a user stored is unpickled here."""

from __future__ import annotations

import math
from _blake2 import blake2b  # `hashlib` itself loads OpenSSL: three milliseconds of each start
from typing import Any

from penstock.model.edges import Ref
from penstock.model.outcomes import Error, Log, Metric, Outcome, Stored, Usage, from_plain, to_plain
from penstock.model.rows import InFlight, Origin, StepCount, TaskRecord
from penstock.model.specs import Input
from penstock.model.tuples import NamedTuple
from penstock.model.wire import pack, unpack

RUN_SHIFT = 32
TASK_MASK = (1 << RUN_SHIFT) - 1
NO_STEP = -(1 << 63)

_DIGEST_SIZE = 33
_NOT_USED: tuple[Any, ...] = (None, None, None, 0, 0, 0)
_NOT_STORED: tuple[Any, ...] = (b"", None, None, (), None, "", ())
_NOT_LOGGED: tuple[Any, ...] = ("", 0, 0)


class Surroundings(NamedTuple):
    """What a driver runs in. Each driver of a run may have others."""

    snapshot: str = ""  # digest of the code snapshot, as text
    python: str = ""
    packages: tuple[tuple[str, str], ...] = ()  # name, version
    argv: tuple[str, ...] = ()
    cwd: str = ""


def task_columns(
    first: int, task: TaskRecord, step_id: int, shared: bytes | None, code_id: int | None
) -> tuple[Any, ...]:
    """The values of `upsert_task`. `first` is what the run's task ids are added to."""
    id_, _, _, number, key, status, inputs, _, inputs_digest, attempt, outcome, _, origin, why, settled = task
    if outcome is None:
        used, kept, logged, error, worker = _NOT_USED, _NOT_STORED, _NOT_LOGGED, None, ""
    else:
        _, result, error, used, log, _, worker = outcome
        kept, logged = result or _NOT_STORED, log or _NOT_LOGGED
    digest, record, preview, blobs, size, culprit, symbols = kept
    return (first + id_, step_id, number, status, attempt, *used, size, key, digest or "", inputs_digest or "",
            shared or "", worker, *logged, culprit, preview, b"".join(blobs) if blobs else "",
            pack(tuple(error)) if error else "", pack_inputs(inputs) if inputs else "", record, code_id or 0,
            origin, why, "\n".join(symbols), settled)  # fmt: skip


def pack_inputs(inputs: tuple[Input, ...]) -> bytes:
    """Inputs as `wire` bytes, without the trailing fields that have their defaults."""
    plain: list[tuple[Any, ...]] = []
    for name, identity, record, refs, preview, blobs, culprit, symbols, content in inputs:
        edges = tuple([tuple(ref) for ref in refs]) if refs else ()
        if symbols or content:
            plain.append((name, identity, record, edges, preview, blobs, culprit, symbols, content))
        elif blobs or culprit:
            plain.append((name, identity, record, edges, preview, blobs, culprit))
        elif preview:
            plain.append((name, identity, record, edges, preview))
        else:
            plain.append((name, identity, record, edges) if edges else (name, identity, record))
    return pack(tuple(plain))


def unpack_inputs(packed: bytes | None) -> tuple[Input, ...]:
    """The inputs that `pack_inputs` was given; None: there are none."""
    if packed is None:
        return ()
    found = [Input(*plain) for plain in unpack(packed)]
    return tuple(item._replace(refs=tuple(Ref(*ref) for ref in item.refs)) if item.refs else item for item in found)


def stored(
    size: int | None,
    digest: bytes | None,
    record: bytes | None,
    preview: str,
    blobs: bytes | None,
    culprit: str | None,
    symbols: str | None,
) -> Stored | None:
    """A task's result from its columns; None where there is none."""
    if size is None or record is None:
        return None
    found = tuple(symbols.split("\n")) if symbols else ()
    return Stored(digest or b"", record, preview, split_blobs(blobs), size, culprit or "", found)


def split_blobs(blobs: bytes | None) -> tuple[bytes, ...]:
    """Digests that stand one after another."""
    if not blobs:
        return ()
    return tuple(blobs[start : start + _DIGEST_SIZE] for start in range(0, len(blobs), _DIGEST_SIZE))


def unpack_error(packed: bytes | None) -> Error | None:
    """An error from its column."""
    return None if packed is None else Error(*unpack(packed))


def unpack_stored(packed: bytes | None) -> Stored | None:
    """A value from a column that holds all of it."""
    return None if packed is None else Stored(*unpack(packed))


def pack_outcome(outcome: Outcome) -> bytes:
    """An attempt's outcome; its metrics have rows of their own."""
    return pack(to_plain(outcome._replace(metrics=())))


def unpack_outcome(packed: bytes) -> Outcome:
    """The outcome that `pack_outcome` was given."""
    return from_plain(unpack(packed))


def pack_params(params: tuple[tuple[str, Stored], ...]) -> bytes | None:
    """A flow's parameters."""
    return pack(tuple((name, tuple(value)) for name, value in params)) if params else None


def unpack_params(packed: bytes | None) -> tuple[tuple[str, Stored], ...]:
    """The parameters that `pack_params` was given."""
    return () if packed is None else tuple((name, Stored(*value)) for name, value in unpack(packed))


def pack_metrics(metrics: tuple[Metric, ...]) -> bytes | None:
    """The metrics of a cached result."""
    return pack(tuple(tuple(metric) for metric in metrics)) if metrics else None


def unpack_metrics(packed: bytes | None) -> tuple[Metric, ...]:
    """The metrics that `pack_metrics` was given."""
    return () if packed is None else tuple(Metric(*fields) for fields in unpack(packed))


def pack_origin(origin: Origin | None) -> bytes | None:
    """Where a run was forked from."""
    return None if origin is None else pack(tuple(origin))


def unpack_origin(packed: bytes | None) -> Origin | None:
    """The origin that `pack_origin` was given."""
    return None if packed is None else Origin(*unpack(packed))


def metric_columns(task: int, attempt: int, metric: Metric) -> tuple[Any, ...]:
    """The values of `insert_metric`."""
    value = None if math.isnan(metric.value) else float(metric.value)
    return (task, attempt, metric.name, NO_STEP if metric.step is None else metric.step, metric.at, value)


def metric(name: str, step: int, at: float, value: float | None) -> Metric:
    """A metric from its columns."""
    return Metric(name, math.nan if value is None else value, None if step == NO_STEP else step, at)


def counts_text(counts: tuple[StepCount, ...]) -> str | None:
    """Progress as JSON; None where nothing is known."""
    if not counts:
        return None
    import json

    return json.dumps(counts, separators=(",", ":"))


def counts(text: str | None) -> tuple[StepCount, ...]:
    """The progress that `counts_text` was given."""
    if not text:
        return ()
    import json

    return tuple(StepCount(*fields) for fields in json.loads(text))


def in_flight_text(tasks: tuple[InFlight, ...]) -> str:
    """What is in flight, as JSON."""
    import json

    return json.dumps(tasks, separators=(",", ":"))


def in_flight(text: str) -> tuple[InFlight, ...]:
    """The tasks that `in_flight_text` was given."""
    import json

    return tuple(InFlight(*fields) for fields in json.loads(text))


def short_digest(data: bytes) -> bytes:
    """Names what is kept once in the journal itself; never leaves it."""
    return blake2b(data, digest_size=16).digest()


def usage(columns: tuple[Any, ...]) -> Usage:
    """What an attempt used, from its six columns."""
    began_at, wall_s, cpu_s, peak_bytes, read_bytes, written_bytes = columns
    return Usage(began_at or 0.0, wall_s or 0.0, cpu_s or 0.0, peak_bytes or 0, read_bytes or 0, written_bytes or 0)


def log(file: str | None, start: int | None, end: int | None) -> Log | None:
    """A slice of a log file; None where nothing was logged."""
    return None if file is None else Log(file, start or 0, end or 0)
