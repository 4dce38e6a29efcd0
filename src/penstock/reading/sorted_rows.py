"""In which order the rows of a stored table come by one of its columns. What is missing comes last, either way."""

from __future__ import annotations

import math
from typing import Any

from penstock.errors import UsageError
from penstock.reading.column_values import is_readable, values
from penstock.reading.stored_tables import StoredTable

MOST_ROWS = 200_000
_BEGINNING = 100  # characters, by which texts are sorted
_PIECE = 1 << 14


def order(table: StoredTable, at: int, downwards: bool = False) -> list[int]:
    """The numbers of all rows, by the column at this place among the table's. `downwards`: the largest first.

    Raises NotFoundError, and UsageError for a column of objects and for more than `MOST_ROWS` rows.
    """
    column = table.column(at)
    if not is_readable(column):
        raise UsageError(f"column {at} holds objects, which its layout tells nothing of: read the value itself")
    if table.rows > MOST_ROWS:
        raise UsageError(f"{table.rows:,} rows are too many to be sorted here, {MOST_ROWS:,} at most: sort in a step")
    found: list[Any] = []
    for at in range(0, table.rows, _PIECE):
        found += values(column, table.bytes_of, at, min(at + _PIECE, table.rows), _BEGINNING)
    there = [at for at, value in enumerate(found) if not _is_missing(value)]
    is_one_kind = all(isinstance(found[at], (int, float)) for at in there)
    there.sort(key=(lambda at: found[at]) if is_one_kind else (lambda at: str(found[at])), reverse=downwards)
    return there + [at for at, value in enumerate(found) if _is_missing(value)]


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
