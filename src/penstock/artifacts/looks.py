"""What is shown of arrays, tables and tensors: what the libraries' own code for it has in common.

Touches the head of a value alone, however many rows or columns it has.
"""

from __future__ import annotations

import sys
from typing import Any, Dict, List, Optional, Protocol, Tuple

from penstock.artifacts.masking import cut

ITEMS = 8
COLUMNS = 24
Facts = Optional[Dict[str, Any]]


class Look(Protocol):
    """Says a value in a few words."""

    def text(self, value: Any, deep: int) -> str: ...


def is_quick(value: Any) -> bool:
    """Whether looking at it runs no code but numpy's own, on a dtype that says little."""
    numpy = sys.modules.get("numpy")
    return numpy is not None and type(value) is numpy.ndarray and value.dtype.names is None and value.dtype != object


def table(head: List[Tuple[Any, Any]], rows: int, columns: int, look: Look) -> Dict[str, Any]:
    """A table, from the names and types of its first columns."""
    schema = [
        [cut(name, 40) if isinstance(name, str) else look.text(name, 1), cut(str(dtype), 40)] for name, dtype in head
    ]
    names = ", ".join(name for name, _ in schema)
    text = f"{rows} rows x {columns} columns: {names}{', …' if columns > COLUMNS else ''}"
    return {"text": text, "shape": [rows, columns], "schema": schema}


def series(name: str, size: int, dtype: Any, head: List[Any], look: Look) -> Dict[str, Any]:
    """A column, from its first items."""
    kind = cut(str(dtype), 100)
    shown = ", ".join(look.text(item, 1) for item in head)
    return {"text": f"{name} of {size} {kind}: {shown}{', …' if size > ITEMS else ''}", "dtype": kind}
