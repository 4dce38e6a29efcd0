"""All that is known of a run but its tasks."""

from __future__ import annotations

import time
from enum import Enum

from penstock.errors import UsageError
from penstock.journal import queries
from penstock.journal.views import RunRow
from penstock.model.states import RunStatus
from penstock.model.words import utc
from penstock.reading import infos
from penstock.reading.logged import summed_up
from penstock.reading.reader import JournalReader
from penstock.reading.structs import RunInfo
from penstock.reading.versions import versions


def run_info(reader: JournalReader, row: RunRow) -> RunInfo:
    """All that is known of a run but its tasks."""
    detail = queries.detail(reader.journal, row.id)
    return RunInfo(
        id=row.run_id,
        flow=row.flow,
        number=row.number,
        status=row.status,
        created_at=utc(row.created_at),
        started_at=utc(row.started_at),
        ended_at=None if row.ended_at is None else utc(row.ended_at),
        duration_s=duration_s(row),
        tags=row.tags,
        params=infos.param_infos(detail.params),
        result=infos.value_info(detail.result),
        error=infos.error_info(detail.error),
        steps=infos.step_infos(row, queries.steps(reader.journal, row.id)),
        metrics=summed_up(reader, row, queries.metrics(reader.journal, row.id)),
        file=detail.file,
        module=detail.module,
        qualname=detail.qualname,
        drivers=tuple(infos.driver_info(driver) for driver in detail.drivers),
        origin=infos.origin_info(detail.origin),
        seed=int(detail.seed) if detail.seed else None,
        in_flight=infos.in_flight_infos(row, queries.in_flight(reader.journal, row.id)),
        versions=versions(reader.journal, row),
        name=row.name,
        note=row.note,
    )


def duration_s(row: RunRow) -> float | None:
    """How long the drivers of a run took, the latest up to now; one that died, up to its last sign of life. None: it
    died before it gave one."""
    if row.ended_at is not None:
        until = row.ended_at
    else:
        until = row.renewed_at if row.status == RunStatus.CRASHED else time.time()
    took_s = row.earlier_s + max(0.0, until - row.started_at)
    return None if row.status == RunStatus.CRASHED and not took_s else took_s


def check(what: str, word: str, known: type[Enum]) -> None:
    """Raise UsageError for a word that is none of those that are known."""
    words = [one.value for one in known]
    if word not in words:
        raise UsageError(f"{word!r} is no {what}; there are: {', '.join(words)}")
