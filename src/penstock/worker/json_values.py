"""Values as JSON that every language reads as they are: nothing is changed in silence, and what can't be held is named
with its place."""

from __future__ import annotations

import json
import math
import re
from typing import Any, Dict, List, Mapping, cast

_DEEPEST = 200


class SaidError(ValueError):
    """A value that a format can't hold, whose text says what to do."""


def written(value: Any) -> bytes:
    """The value as JSON. Raises ValueError that says what in it JSON can't hold, and where."""
    return json.dumps(_plain(value, "", 0), allow_nan=False).encode()


def read(data: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises ValueError, also for what JSON has no words for, as NaN."""
    if not data.strip():
        raise ValueError("it is empty")
    try:
        text = data.decode("utf-8-sig")
        # Most texts have no number that may be beyond all that are.
        number = _checked_number if re.search(r"[eE]\+?\d{3}|\d{300}", text) else None
        return json.loads(text, parse_constant=_refuse, parse_float=number)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def words_of(parameters: Mapping[str, Any]) -> Dict[str, str]:
    """Each as a word of a command: text as it is, all else as JSON."""
    found: Dict[str, str] = {}
    for name, value in parameters.items():
        is_text = isinstance(value, str) or hasattr(value, "__fspath__")
        found[name] = str(value) if is_text else written(value).decode()
    return found


def _refuse(constant: str) -> Any:
    raise ValueError(f"it holds {constant}, which no JSON number is: write null")


def _checked_number(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text[:40])


def _plain(value: Any, where: str, deep: int) -> Any:
    kind: Any = value.__class__
    if value is None or kind is str or kind is int or kind is bool:
        return value
    if kind is float:
        return _finite(value, where)
    if deep > _DEEPEST:
        raise SaidError(f"{_place(where)} is nested too deeply, or holds itself")
    if isinstance(value, dict):
        return _plain_dict(cast("Dict[Any, Any]", value), where, deep)
    if isinstance(value, (list, tuple)):
        items = cast("List[Any]", value)
        return [_plain(item, f"{where}[{at}]", deep + 1) for at, item in enumerate(items)]
    if isinstance(value, str):  # of a class of its own, as an enum's
        return str.__str__(value)
    if isinstance(value, (int, float)):
        return _finite(float(value), where) if isinstance(value, float) else int(value)
    if hasattr(kind, "__fspath__"):
        return str(value)
    if kind.__module__ == "numpy" and getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        found = value.item()
        if type(found) in (int, float, bool, str):
            return _plain(found, where, deep + 1)
    raise SaidError(f"{_place(where)} is a {kind.__module__}.{kind.__qualname__}, which JSON can't hold")


def _plain_dict(value: Dict[Any, Any], where: str, deep: int) -> Dict[str, Any]:
    found: Dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise SaidError(
                f"{_place(where)} has the key {key!r}, and JSON has texts as keys alone: give str(key), or pairs"
            )
        found[key] = _plain(item, f"{where}[{key!r}]", deep + 1)
    return found


def _finite(value: float, where: str) -> float:
    if not math.isfinite(value):
        raise SaidError(f"{_place(where)} is {value}, which JSON has no word for: give None")
    return value


def _place(where: str) -> str:
    return f"at {where} it" if where else "it"
