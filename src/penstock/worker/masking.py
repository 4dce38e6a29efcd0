"""Values of secrets are kept out of all that an attempt leaves for people to read: lines, failures, previews.

Reaches what goes through this interpreter. What a program prints that a step starts, or C code, is written as it is.
"""

from __future__ import annotations

import re
from typing import Iterable, Optional, Pattern

MASK = "***"
_SHORTEST = 4
"""Shorter ones would mask half of every text, and are no secrets."""

_values: Optional[Pattern[str]] = None


def hide(values: Iterable[str]) -> None:
    """From now on these values are masked, in this process and in those that are forked from it."""
    global _values
    parts = {part for value in values for part in (value, *value.splitlines()) if len(part) >= _SHORTEST}
    longest_first = sorted(parts, key=len, reverse=True)
    _values = re.compile("|".join(map(re.escape, longest_first))) if parts else None


def masked(text: str) -> str:
    """The text without the values."""
    return text if _values is None else _values.sub(MASK, text)
