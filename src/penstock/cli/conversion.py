"""Values from a word of the command line, and from plain data of JSON, by what an annotation asks for.

Pure: reads no file. A class that is neither a record nor listed here can't be written on a command line.
"""

from __future__ import annotations

import datetime
import enum
import json
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from penstock.launch import annotations
from penstock.launch.annotations import MAPPINGS, NONE, SEQUENCES, name_of, origin_of, plain


class Mismatch(ValueError):
    """A value is not what the annotation asks for."""

    def __init__(self, expected: str, value: Any, place: str = "") -> None:
        super().__init__(f"{place and place + ': '}expected {expected}, got {_shown(value)}")


def from_text(annotation: Any, text: str) -> Any:
    """The value that a word of the command line stands for; raises Mismatch."""
    annotation = plain(annotation)
    if annotations.members(annotation):
        return _union_from_text(annotation, text)
    if annotation in (Any, object):
        return _guessed(text)
    if annotations.choices(annotation):
        return _chosen(annotation, text, "")
    if annotation in _WORDS:
        return _word(annotation, text, "")
    if not annotations.is_json(annotation):
        raise Mismatch(f"{name_of(annotation)}, which no command line can hold: call the flow from Python", text)
    try:
        value = json.loads(text)
    except ValueError:
        raise Mismatch(_as_json(annotation), text) from None
    return from_plain(annotation, value)


def from_plain(annotation: Any, value: Any, place: str = "") -> Any:
    """The value that plain data of JSON stands for; raises Mismatch that names the place inside, as in `[2].depth`."""
    annotation = plain(annotation)
    origin = origin_of(annotation)
    if annotation in (Any, object):
        return value
    if annotations.members(annotation):
        return _union_from_plain(annotation, value, place)
    if annotations.choices(annotation):
        return _chosen(annotation, value, place)
    if origin in SEQUENCES:
        return _sequence(annotation, origin, value, place)
    if annotations.is_record(annotation):
        return _record(annotation, value, place)
    if origin is tuple:
        return _tuple(annotation, value, place)
    if origin in MAPPINGS:
        return _mapping(annotation, value, place)
    return _leaf(annotation, value, place)


# Values that are one word.


def _truth(text: str) -> bool:
    return {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}[
        text.strip().lower()
    ]


def _duration(text: str) -> datetime.timedelta:
    from penstock.model.quantities import parse_seconds

    return datetime.timedelta(seconds=parse_seconds(text))


_WORDS: dict[Any, tuple[str, Callable[[str], Any]]] = {
    int: ("int", int),
    float: ("float", float),
    bool: ("true or false", _truth),
    str: ("str", str),
    datetime.datetime: ("a date and time such as 2026-07-31T12:00", datetime.datetime.fromisoformat),
    datetime.date: ("a date such as 2026-07-31", datetime.date.fromisoformat),
    datetime.time: ("a time such as 12:00", datetime.time.fromisoformat),
    datetime.timedelta: ("a duration such as 90s or 1h30m", _duration),
    Path: ("a path", lambda text: Path(text).expanduser()),
}


def _word(kind: Any, text: str, place: str) -> Any:
    expected, make = _WORDS[kind]
    try:
        return make(text)
    except (ValueError, KeyError):
        raise Mismatch(expected, text, place) from None


def _guessed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _chosen(annotation: Any, value: Any, place: str) -> Any:
    """By name, or by value; the text of a value will do, since a command line has nothing else."""
    found = annotations.choices(annotation)
    for name, choice in found:
        raw = choice.value if isinstance(choice, enum.Enum) else choice
        if (
            name == value
            or (type(raw) is type(value) and raw == value)
            or (isinstance(value, str) and str(raw) == value)
        ):
            return choice
    raise Mismatch(f"one of {', '.join(name for name, _ in found)}", value, place)


# Unions.


def _union_from_text(annotation: Any, text: str) -> Any:
    if annotations.is_optional(annotation) and text.lower() in ("none", "null"):
        return None
    found = sorted(annotations.members(annotation), key=_specific_first)
    if len(found) == 1:
        return from_text(found[0], text)
    for member in found:
        try:
            return from_text(member, text)
        except Mismatch:
            continue
    raise Mismatch(name_of(annotation), text)


def _union_from_plain(annotation: Any, value: Any, place: str) -> Any:
    if annotations.is_optional(annotation) and value is None:
        return None
    found = sorted(annotations.members(annotation), key=_specific_first)
    if len(found) == 1:
        return from_plain(found[0], value, place)
    for member in found:
        try:
            return from_plain(member, value, place)
        except Mismatch:
            continue
    raise Mismatch(name_of(annotation), value, place)


def _specific_first(member: Any) -> int:
    """Whole numbers before others, paths and texts last: any word is one."""
    order = {bool: 1, int: 2, float: 3, Path: 8, str: 9, Any: 10}
    return order.get(member, 4)


# Values inside of JSON.


def _as_json(annotation: Any) -> str:
    return f"{name_of(annotation)} as JSON, such as '{annotations.json_example(annotation)}'"


def _sequence(annotation: Any, origin: Any, value: Any, place: str) -> Any:
    if not isinstance(value, list):
        raise Mismatch(_as_json(annotation), value, place)
    (item,) = typing.get_args(annotation) or (Any,)
    items = typing.cast("list[Any]", value)
    return SEQUENCES[origin]([from_plain(item, one, f"{place}[{at}]") for at, one in enumerate(items)])


def _tuple(annotation: Any, value: Any, place: str) -> Any:
    if not isinstance(value, list):
        raise Mismatch(_as_json(annotation), value, place)
    items = typing.cast("list[Any]", value)
    kinds = typing.get_args(annotation) or (Any, ...)
    if len(kinds) == 2 and kinds[1] is ...:
        kinds = (kinds[0],) * len(items)
    if len(kinds) != len(items):
        raise Mismatch(f"{name_of(annotation)}, {len(kinds)} items", value, place)
    return tuple(
        from_plain(kind, one, f"{place}[{at}]") for at, (kind, one) in enumerate(zip(kinds, items, strict=True))
    )


def _mapping(annotation: Any, value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise Mismatch(_as_json(annotation), value, place)
    key, item = typing.get_args(annotation) or (Any, Any)
    entries = typing.cast("dict[str, Any]", value)
    return {_key(key, name, place): from_plain(item, one, f"{place}[{name!r}]") for name, one in entries.items()}


def _key(annotation: Any, name: str, place: str) -> Any:
    """A key of JSON is always a text."""
    if plain(annotation) in (Any, str):
        return name
    try:
        return from_text(annotation, name)
    except Mismatch:
        raise Mismatch(f"keys that are {name_of(annotation)}", name, place) from None


def _record(annotation: Any, value: Any, place: str) -> Any:
    cls = origin_of(annotation)
    fields, required = annotations.fields_of(cls)
    if not isinstance(value, dict):
        raise Mismatch(f"{cls.__name__}, an object with {', '.join(fields)}", value, place)
    given = typing.cast("dict[str, Any]", value)
    for name in given:
        if name not in fields:
            raise Mismatch(f"{cls.__name__} with the fields {', '.join(fields)}", name, place)
    if missing := [name for name in required if name not in given]:
        raise Mismatch(f"{cls.__name__} with {', '.join(missing)}", value, place)
    made = {name: from_plain(fields[name], one, f"{place}.{name}".lstrip(".")) for name, one in given.items()}
    try:
        return cls(**made)
    except (ValueError, TypeError) as error:  # its own `__post_init__` refuses it
        raise Mismatch(f"{cls.__name__} ({error})", value, place) from error


def _leaf(annotation: Any, value: Any, place: str) -> Any:
    """A value of JSON that is no container. A whole number is a float too; a bool is no number."""
    if annotation is float and type(value) is int:
        return float(value)
    if annotation in (int, float, str, bool):
        if type(value) is not annotation:
            raise Mismatch(_WORDS[annotation][0], value, place)
        return value
    if annotation is NONE and value is None:
        return None
    if annotation not in _WORDS:
        raise Mismatch(f"{name_of(annotation)}, which JSON can't hold", value, place)
    if not isinstance(value, str):
        raise Mismatch(_WORDS[annotation][0], value, place)
    return _word(annotation, value, place)


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
