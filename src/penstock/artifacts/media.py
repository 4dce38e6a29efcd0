"""What displays are made of: their media types, how large they may be, and `HTML`."""

from __future__ import annotations

from typing import Any

from penstock.model.quantities import format_bytes
from penstock.model.tuples import NamedTuple

TABLE = "application/vnd.penstock.table"
"""A table or a column that is stored as the value that it is."""
MARKDOWN, WEB_PAGE, JSON, PNG, SVG = "text/markdown", "text/html", "application/json", "image/png", "image/svg+xml"
PLOTLY = "application/vnd.plotly.v1+json"

MOST_BYTES = 64 << 20
MOST_OF_A_FILE = 1 << 30
MOST_PIXELS = 16_000_000


class Shown(NamedTuple):
    """A value as it is displayed."""

    media: str
    value: Any  # bytes; of a table the value itself
    note: str = ""  # what was done so that it can be shown


def table_of(value: Any) -> Shown:
    """A table, as the value that it is."""
    return Shown(TABLE, value)


class HTML(str):
    """HTML as it stands, for `display`. It is stored, and run nowhere but in a frame that reaches nothing else."""

    def _repr_html_(self) -> str:
        return str(self)


def bounded(text: str) -> bytes:
    """It as UTF-8; raises ValueError where it is too large to be looked at."""
    content = text.encode("utf-8", "replace")
    if len(content) > MOST_BYTES:
        raise too_large(len(content), MOST_BYTES)
    return content


def too_large(size: int, most: int) -> ValueError:
    """What to raise for what nobody can look at as a whole."""
    return ValueError(
        f"it is too large to be displayed: {format_bytes(size)}, at most {format_bytes(most)}. Display a part of it, "
        "and return the whole as the step's result"
    )
