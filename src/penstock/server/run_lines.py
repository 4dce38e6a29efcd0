"""A run as a line of a table, in answers and in events."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from penstock.journal.views import RunRow
from penstock.model.words import utc
from penstock.reading import listing


class RunLine(msgspec.Struct, frozen=True):
    """A run as a table shows it."""

    id: int
    run: str  # "digits/3"
    flow: str
    number: int
    status: str
    created_at: datetime
    started_at: datetime
    ended_at: datetime | None
    duration_s: float | None  # None: it died before any sign of life
    tags: tuple[str, ...]
    tasks: dict[str, int]  # as its driver noted last, by status
    name: str = ""  # as somebody calls it
    values: dict[str, Any] = {}  # of the columns that were asked for, those that it has


def line_of(row: RunRow, values: dict[str, Any]) -> RunLine:
    """A run as a table shows it, with these values of its columns."""
    states = ("waiting", "running", "done", "failed", "cancelled")
    tasks = {state: sum(getattr(count, state) for count in row.counts) for state in states}
    ended_at = None if row.ended_at is None else utc(row.ended_at)
    times = (utc(row.created_at), utc(row.started_at), ended_at, listing.duration_s(row))
    return RunLine(row.id, row.run_id, row.flow, row.number, row.status, *times, row.tags, tasks, row.name, values)
