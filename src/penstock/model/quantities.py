"""Sizes and durations as people write them: "2GiB", "500MB", "90s", "1h30m". Pure."""

from __future__ import annotations

import math
import re
from typing import Union, cast

_SIZES = {"": 1, "b": 1}
for _power, _letter in enumerate("kmgt", 1):
    _SIZES.update({_letter: 1000**_power, f"{_letter}b": 1000**_power})
    _SIZES.update({f"{_letter}i": 1024**_power, f"{_letter}ib": 1024**_power})
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}

# Texts, since every process has this module, and few read a quantity.
_SIZE = r"(\d+(?:\.\d+)?)\s*([a-z]*)"
_NUMBER = r"\d+(?:\.\d+)?"
_DURATION_PART = r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)"


def parse_bytes(size: Union[int, float, str]) -> int:
    """A size in bytes; a plain number is bytes already, "MB" is 10**6 and "MiB" is 2**20.

    Raises ValueError for what is negative or can't be read.
    """
    if _is_amount(size):
        return round(cast("float", size))
    match = re.fullmatch(_SIZE, size.strip(), re.IGNORECASE | re.ASCII) if isinstance(size, str) else None
    unit = _SIZES.get(match[2].lower()) if match else None
    if match is None or unit is None:
        raise ValueError(f'{size!r} is not a size; write bytes, or a text such as "500MB" or "2GiB"')
    return round(float(match[1]) * unit) if "." in match[1] else int(match[1]) * unit


def format_bytes(count: int) -> str:
    """`1.5 GiB`, `200 MiB`, `12 bytes`: three digits at most."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count} bytes"


def parse_seconds(duration: Union[int, float, str]) -> float:
    """A duration in seconds; a plain number is seconds already, units are ms, s, m, h and d.

    Raises ValueError for what is negative or can't be read.
    """
    if _is_amount(duration):
        return float(duration)
    text = duration.strip() if isinstance(duration, str) else ""
    if re.fullmatch(_NUMBER, text, re.ASCII):
        return float(text)
    if not re.fullmatch(f"(?:{_DURATION_PART})+", text, re.ASCII):
        raise ValueError(f'{duration!r} is not a duration; write seconds, or a text such as "90s" or "1h30m"')
    return sum(float(number) * _SECONDS[unit] for number, unit in re.findall(_DURATION_PART, text, re.ASCII))


def _is_amount(number: object) -> bool:
    return isinstance(number, (int, float)) and not isinstance(number, bool) and math.isfinite(number) and number >= 0
