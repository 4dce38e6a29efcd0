"""Times as people write them: "2d" ago, an ISO date. Pure."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from penstock.errors import UsageError
from penstock.model.quantities import parse_seconds


def moment(since: datetime | timedelta | str, now: float | None = None) -> float:
    """A time, how long before `now` (None: the present), "2d" or an ISO date -> seconds since the epoch.

    Local time where no zone is named. Raises UsageError.
    """
    if isinstance(since, datetime):
        return since.timestamp()
    now = time.time() if now is None else now
    if isinstance(since, timedelta):
        return now - since.total_seconds()
    try:
        return datetime.fromisoformat(since).timestamp()
    except (ValueError, OverflowError):
        pass
    try:
        return now - parse_seconds(since)
    except ValueError:
        raise UsageError(f'{since!r} is not a time: write "2d", "90m" or a date, as "2026-03-01"') from None
