"""Which blobs an attempt needs, and which ones its outcome holds: (digest, size) of each, each once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from penstock.artifacts.codec import inspect_record
from penstock.artifacts.records import needs_none
from penstock.errors import DamagedError
from penstock.model.outcomes import Outcome
from penstock.model.specs import Attempt, RunSpec

Blobs = tuple[tuple[bytes, int], ...]


def blobs_of_run(spec: RunSpec) -> Blobs:
    """Those of the parameters, which any attempt may read."""
    return _blobs(record for _, record in spec.params)


def blobs_of_attempt(attempt: Attempt) -> Blobs:
    """Those of its inputs, and of the function or the script that it runs."""
    return _blobs(_records_of(attempt))


def blobs_of_outcome(outcome: Outcome) -> Blobs:
    """Those of its result, its error, its metrics, and what it has recorded."""
    metrics = dict.fromkeys((metric.blob, metric.size) for metric in outcome.metrics if metric.blob)
    return tuple(dict.fromkeys((*_blobs(_records_in(outcome)), *metrics)))


def _records_of(attempt: Attempt) -> Iterator[bytes]:
    if attempt.work.record is not None:
        yield attempt.work.record
    for item in attempt.inputs:
        if item.record is not None:
            yield item.record
        yield from item.refs


def _records_in(outcome: Outcome) -> Iterator[bytes]:
    if outcome.result is not None:
        yield outcome.result.record
    if outcome.error is not None and outcome.error.record is not None:
        yield outcome.error.record
    yield from (value.record for one in outcome.records for value in one.values)


def _blobs(records: Iterable[bytes]) -> Blobs:
    found: dict[tuple[bytes, int], None] = {}
    for record in records:
        if needs_none(record):
            continue
        try:
            found.update(dict.fromkeys(inspect_record(record)))
        except DamagedError:  # whoever decodes it says so, with its name
            continue
    return tuple(found)
