"""Values of the model <-> columns of the journal's rows. Pure; nothing that a user stored is unpickled here.

What reads a column raises MalformedError where its bytes are damaged.
"""

from __future__ import annotations

import math
from _blake2 import blake2b  # `hashlib` itself loads OpenSSL: three milliseconds of each start
from collections.abc import Sequence
from typing import Any, TypeVar

from penstock.model.outcomes import Error, Log, Metric, Outcome, Stored, Usage, to_plain
from penstock.model.rows import Granted, ScopeRecord, TaskRecord
from penstock.model.specs import Input
from penstock.model.tuples import NamedTuple
from penstock.model.wire import MalformedError, pack, read, shaped

RUN_SHIFT = 32
TASK_MASK = (1 << RUN_SHIFT) - 1

_DIGEST_SIZE = 33
_NOT_USED: tuple[Any, ...] = (None, None, None, 0, 0, 0)
_NOT_STORED: tuple[Any, ...] = (b"", None, None, (), None, "", (), "")
_NOT_LOGGED: tuple[Any, ...] = ("", 0, 0)
_ALGORITHMS = (1, 2)  # docs/formats.md, Digest
_LONGEST_NAME = 255  # bytes, on most file systems
T = TypeVar("T")


def task_columns(
    first: int,
    task: TaskRecord,
    step_id: int,
    shared: bytes | None,
    code_id: int | None,
    granted_id: int | None,
    revision: int,
) -> tuple[Any, ...]:
    """The values of `upsert_task`. `first` is what the run's task ids are added to."""
    (
        id_, _, _, number, key, status, inputs, _, inputs_digest, attempt, outcome, _, origin, why, settled, scope,
        map_, _, waited_s, _,
    ) = task  # fmt: skip
    if outcome is None:
        used, kept, logged, error, worker = _NOT_USED, _NOT_STORED, _NOT_LOGGED, None, ""
    else:
        _, result, error, used, log, _, worker, _ = outcome
        kept, logged = result or _NOT_STORED, log or _NOT_LOGGED
    digest, record, preview, blobs, size, culprit, symbols, layout = kept
    return (first + id_, step_id, number, status, attempt, *used, size, key, digest or "", inputs_digest or "",
            shared or "", worker, *logged, culprit, preview, b"".join(blobs) if blobs else "",
            pack(tuple(error)) if error else "", pack_inputs(inputs) if inputs else "", record, code_id or 0,
            origin, why, "\n".join(symbols), settled, revision, scope, map_, layout,
            granted_id or 0, round(waited_s * 1000) if waited_s >= 0 else -1)  # fmt: skip


def plain_columns(
    first: int, task: TaskRecord, step_id: int, code_id: int | None, granted_id: int | None, revision: int
) -> tuple[Any, ...] | None:
    """The values of `insert_plain_task`; None: there is more to say of the task, be it beside its row."""
    (
        id_, _, _, number, key, status, inputs, shared, inputs_digest, attempt, outcome, _, origin, why, settled, scope,
        map_, _, waited_s, is_new,
    ) = task  # fmt: skip
    if outcome is None or not is_new or attempt != 1 or shared or inputs_digest or origin or why or scope:
        return None
    _, result, _, (began_at, wall_s, cpu_s, peak_bytes, read_bytes, written_bytes), log, metrics, worker, records = (
        outcome
    )
    if result is None or log is not None or metrics or records or read_bytes or written_bytes:
        return None
    digest, record, preview, blobs, size, culprit, symbols, layout = result
    if blobs or culprit or symbols or layout:
        return None
    return (first + id_, step_id, number, status, settled or None, began_at, wall_s, cpu_s, peak_bytes or None, size,
            key, digest or None, worker or None, preview, pack_inputs(inputs) if inputs else None, record, code_id,
            revision, map_ or None, granted_id, round(waited_s * 1000) if waited_s >= 0 else None)  # fmt: skip


def scope_columns(scope: ScopeRecord) -> tuple[Any, ...]:
    """The values of `upsert_scope`, but for the run."""
    inputs = pack_inputs(scope.inputs) if scope.inputs else None
    return (*scope[:7], inputs, *scope[8:10], packed(scope.result), packed(scope.error), scope.settled)


def scope(row: tuple[Any, ...]) -> ScopeRecord:
    """A nested flow from its columns."""
    id_, parent, flow, name, number, key, status, inputs, began_at, ended_at, result, error, settled = row
    return ScopeRecord(
        id_, parent, flow, name, number, key, status, unpack_inputs(inputs), began_at, ended_at,
        unpack_stored(result), unpacked(Error, error), settled,
    )  # fmt: skip


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
    return () if packed is None else read(tuple[Input, ...], packed)


def stored(
    size: int | None,
    digest: bytes | None,
    record: bytes | None,
    preview: str,
    blobs: bytes | None,
    culprit: str | None,
    symbols: str | None,
    layout: str | None,
) -> Stored | None:
    """A task's result from its columns; None where there is none."""
    if size is None or record is None:
        return None
    found = tuple(symbols.split("\n")) if symbols else ()
    return sound(Stored(digest or b"", record, preview, split_blobs(blobs), size, culprit or "", found, layout or ""))


def sound(stored: Stored) -> Stored:
    """The same, or MalformedError where its digests are none."""
    for digest in (stored.digest, *stored.blobs) if stored.digest else stored.blobs:
        if len(digest) != _DIGEST_SIZE or digest[0] not in _ALGORITHMS:
            raise MalformedError(f"{len(digest)} bytes in the place of a digest")
    return stored


def split_blobs(blobs: bytes | None) -> tuple[bytes, ...]:
    """Digests that stand one after another."""
    if not blobs:
        return ()
    if len(blobs) % _DIGEST_SIZE:
        raise MalformedError(f"{len(blobs)} bytes in the place of digests")
    return tuple(blobs[start : start + _DIGEST_SIZE] for start in range(0, len(blobs), _DIGEST_SIZE))


def packed(part: tuple[Any, ...] | None) -> bytes | None:
    """A named tuple as a column that holds all of it."""
    return None if part is None else pack(tuple(part))


def unpacked(kind: type[T], packed: bytes | None) -> T | None:
    """What `packed` was given."""
    return None if packed is None else read(kind, packed)


def unpack_stored(packed: bytes | None) -> Stored | None:
    """A value from a column that holds all of it."""
    return None if packed is None else value(packed)


def value(packed: bytes) -> Stored:
    """Likewise, where there is one."""
    return sound(read(Stored, packed))


def pack_outcome(outcome: Outcome) -> bytes:
    """An attempt's outcome; its metrics and records have rows of their own."""
    return pack(to_plain(outcome._replace(metrics=(), records=())))


def unpack_outcome(packed: bytes) -> Outcome:
    """The outcome that `pack_outcome` was given."""
    outcome = read(Outcome, packed)
    if outcome.result is not None:
        sound(outcome.result)
    return outcome if outcome.log is None else outcome._replace(log=log(*outcome.log))


def pack_params(params: tuple[tuple[str, Stored], ...]) -> bytes | None:
    """A flow's parameters."""
    return pack(tuple((name, tuple(value)) for name, value in params)) if params else None


def unpack_params(packed: bytes | None) -> tuple[tuple[str, Stored], ...]:
    """The parameters that `pack_params` was given."""
    found = () if packed is None else read(tuple[tuple[str, Stored], ...], packed)
    return tuple((name, sound(value)) for name, value in found)


def metric_columns(metric: Metric) -> tuple[Any, ...]:
    """The values of `upsert_metric` behind its task and attempt."""
    (
        name, points, last, last_step, last_at, first, first_step, first_at, smallest, largest, nonfinite, least_step,
        driver, file, blob, size,
    ) = metric  # fmt: skip
    return (
        driver, name, points, _number(last), last_step, last_at, _number(first), first_step, first_at,
        _number(smallest), _number(largest), nonfinite, least_step, file or None, blob or None, size or None,
    )  # fmt: skip


def metric(driver: int, name: str, points: int, *columns: Any) -> Metric:
    """A metric from its columns."""
    last, last_step, last_at, first, first_step, first_at, smallest, largest, nonfinite, least_step, *place = columns
    file, blob, size = place
    if blob is not None:
        split_blobs(blob)
    return Metric(
        name, points, _nan(last), last_step, last_at, _nan(first), first_step, first_at, _nan(smallest), _nan(largest),
        nonfinite, least_step, driver, "" if file is None else file_name(file), blob or b"", size or 0,
    )  # fmt: skip


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value


def _nan(value: float | None) -> float:
    return math.nan if value is None else value


class _OldPoint(NamedTuple):
    """A metric of the cache, as it was before version 11 of the tables."""

    name: str
    value: float
    step: int | None
    at: float


def unpack_metrics(packed: bytes | None) -> tuple[Metric, ...]:
    """The metrics of a cached result. Of an older one's points the first and the last are all that is known."""
    if packed is None:
        return ()
    try:
        return read(tuple[Metric, ...], packed)
    except MalformedError:
        points = sorted(read(tuple[_OldPoint, ...], packed), key=lambda point: point.at)
    names = dict.fromkeys(point.name for point in points)
    return tuple(_summed(name, [point for point in points if point.name == name]) for name in names)


def _summed(name: str, points: list[_OldPoint]) -> Metric:
    first, last = points[0], points[-1]
    values = [point.value for point in points if not math.isnan(point.value)]
    nonfinite = sum(not math.isfinite(point.value) for point in points)
    steps = [point.step for point in points if point.step is not None]
    least = min(steps) if len(steps) == len(points) else None
    extremes = min(values, default=math.nan), max(values, default=math.nan)
    ends = last.value, last.step, last.at, first.value, first.step, first.at
    return Metric(name, len(points), *ends, *extremes, nonfinite, least)


def noted_text(rows: tuple[Any, ...]) -> str:
    """Progress, or what is in flight, as JSON."""
    import json

    return json.dumps(rows, separators=(",", ":"))


def noted(kind: type[tuple[T, ...]], text: str | None) -> tuple[T, ...]:
    """What `noted_text` was given. Nothing is decided by it: what is damaged is unknown."""
    if not text:
        return ()
    import json

    try:
        return shaped(kind, json.loads(text))
    except ValueError:  # of JSON, or of its shape
        return ()


def seed(text: str | None) -> str:
    """A run's seed, in digits; "": none."""
    try:
        int(text or 0)
    except ValueError:
        raise MalformedError("what is no number in the place of a seed") from None
    return text or ""


def nonce(text: str) -> str:
    """What tells a run from every other of any journal; it names its folders."""
    if not is_nonce(text):
        raise MalformedError("what is no name in the place of a nonce")
    return text


def is_nonce(text: str | None) -> bool:
    """Whether this is such a name."""
    return bool(text) and len(text) < _LONGEST_NAME // 2 and text.isalnum()


def short_digest(data: bytes) -> bytes:
    """Names what is kept once in the journal itself; never leaves it."""
    return blake2b(data, digest_size=16).digest()


def usage(columns: tuple[Any, ...]) -> Usage:
    """What an attempt used, from its six columns."""
    began_at, wall_s, cpu_s, peak_bytes, read_bytes, written_bytes = columns
    return Usage(began_at or 0.0, wall_s or 0.0, cpu_s or 0.0, peak_bytes or 0, read_bytes or 0, written_bytes or 0)


def granted(columns: Sequence[Any]) -> Granted | None:
    """What an attempt was given, from its six columns; None: unknown."""
    executor, cpu, memory_bytes, gpu, timeout_s, lanes = columns
    return None if executor is None else Granted(executor, cpu, memory_bytes, gpu, timeout_s, lanes)


def log(file: str | None, start: int | None, end: int | None) -> Log | None:
    """A slice of a log file; None where nothing was logged."""
    if file is None:
        return None
    return Log(file_name(file), start or 0, end or 0)


def file_name(file: str) -> str:
    """The name of a file among a run's logs."""
    if file in ("", ".", "..") or "/" in file or "\0" in file or len(file) > _LONGEST_NAME:
        raise MalformedError("what names no file in the place of a log file")
    return file
