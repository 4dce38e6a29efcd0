"""What a person sees of a number, or of None, which many a value is; `preview` has all others."""

from __future__ import annotations

from typing import Dict

from penstock.artifacts.masking import masked

LARGE = 1 << 600
"""From here on an int is told by its length: writing it out takes quadratic time."""

PLAIN: Dict[type, str] = {type(None): "NoneType", bool: "bool", int: "int", float: "float"}


def plain_preview(value: object, size: int = 0) -> str:
    """As `preview.preview` has it; "" for a value that is none of these."""
    name = PLAIN.get(type(value))
    if name is None or (isinstance(value, int) and abs(value) >= LARGE):
        return ""
    tail = f',"size":{size}}}' if size else "}"
    return f'{{"type":"{name}","text":"{masked(str(value))}"{tail}'
