"""Runs as a frame of pandas or polars, whichever is there."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

from penstock.errors import UsageError
from penstock.journal.views import RunRow
from penstock.model.words import utc
from penstock.reading import finding_runs
from penstock.reading.listing import duration_s
from penstock.reading.reader import JournalReader


def frame_of_runs(reader: JournalReader, rows: Sequence[RunRow]) -> Any:
    """A row for each run. Raises UsageError where there is neither pandas nor polars."""
    facts = finding_runs.facts(reader, rows)
    own = {
        "run": [row.run_id for row in rows],
        "flow": [row.flow for row in rows],
        "number": [row.number for row in rows],
        "status": [row.status for row in rows],
        "created": [utc(row.created_at) for row in rows],
        "duration_s": [duration_s(row) for row in rows],
        "tags": [", ".join(row.tags) for row in rows],
    }
    names = dict.fromkeys(name for row in rows for name in facts[row.id])
    of_name = {name: [facts[row.id].get(name) for row in rows] for name in names}
    return _frame({**own, **{f"params.{name}" if name in own else name: found for name, found in of_name.items()}})


def _frame(columns: dict[str, list[Any]]) -> Any:
    try:
        return importlib.import_module("pandas").DataFrame(columns)
    except ImportError:
        pass
    try:
        return importlib.import_module("polars").DataFrame(columns, strict=False)
    except ImportError:
        raise UsageError(
            "a frame needs pandas or polars, and neither is installed here: `pip install pandas`"
        ) from None
