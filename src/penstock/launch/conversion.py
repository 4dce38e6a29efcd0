"""Whether values are what an annotation asks for, and what they become: one walk for three sources.

A word of the command line and plain data of JSON are converted. A value of Python is checked and stays as it is; what
can't be told without looking into one that is not Python's own, such as the dtype of an array, is let pass.

Pure: reads no file. A class that is neither a record nor listed here can't be written on a command line.
"""

from __future__ import annotations

import datetime
import enum
import json
import numbers
import typing
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, cast

from penstock.launch import annotations
from penstock.launch.annotations import MAPPINGS, NONE, SEQUENCES, name_of, origin_of, plain

_SHOWN = 80  # characters of a wrong value
_FEW = 1_000  # items of a container of Python's that are looked at


class Mismatch(ValueError):
    """A value is not what the annotation asks for. `place`: where inside of the value, as in `[2].depth`."""

    def __init__(self, expected: str, shown: str, place: str) -> None:
        super().__init__(f"{place and place + ': '}expected {expected}, got {shown}")


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


class _Conversion(ABC):
    """Where values come from, and the walk that is the same for all: unions, choices, then what each does itself."""

    def fit(self, annotation: Any, value: Any, place: str = "") -> Any:
        """The value that the annotation makes of this one; raises Mismatch."""
        annotation = plain(annotation)
        if annotation in (Any, object):
            return self.anything(value)
        if found := annotations.members(annotation):
            return self._union(annotation, sorted(found, key=_specific_first), value, place)
        if found := annotations.choices(annotation):
            for name, choice in found:
                if self.is_choice(name, choice, value):
                    return choice
            raise self.wrong(f"one of {', '.join(name for name, _ in found)}", value, place)
        return self.single(annotation, value, place)

    def _union(self, annotation: Any, members: list[Any], value: Any, place: str) -> Any:
        if annotations.is_optional(annotation) and self.is_none(value):
            return None
        for member in members:
            try:
                return self.fit(member, value, place)
            except Mismatch:
                if len(members) == 1:
                    raise
        raise self.wrong(name_of(annotation), value, place)

    def wrong(self, expected: str, value: Any, place: str) -> Mismatch:
        return Mismatch(expected, _cut(repr(value) if isinstance(value, str) else json.dumps(value)), place)

    def anything(self, value: Any) -> Any:
        return value

    def is_none(self, value: Any) -> bool:
        return value is None

    def is_choice(self, name: str, choice: Any, value: Any) -> bool:
        """By name, or by value; the text of a value will do, since a command line has nothing else."""
        raw = choice.value if isinstance(choice, enum.Enum) else choice
        return (
            name == value
            or (type(raw) is type(value) and raw == value)
            or (isinstance(value, str) and str(raw) == value)
        )

    @abstractmethod
    def single(self, annotation: Any, value: Any, place: str) -> Any: ...


def _specific_first(member: Any) -> int:
    """Whole numbers before others, paths and texts last: any word is one."""
    order = {bool: 1, int: 2, float: 3, Path: 8, str: 9, Any: 10}
    return order.get(member, 4)


class _Word(_Conversion):
    """A word of the command line."""

    def anything(self, value: str) -> Any:
        try:
            return json.loads(value)
        except ValueError:
            return value

    def is_none(self, value: str) -> bool:
        return value.lower() in ("none", "null")

    def single(self, annotation: Any, value: str, place: str) -> Any:
        if annotation in _WORDS:
            return self.word(annotation, value, place)
        if not annotations.is_json(annotation):
            expected = f"{name_of(annotation)}, which no command line can hold: call the flow from Python"
            raise self.wrong(expected, value, place)
        try:
            found = json.loads(value)
        except ValueError:
            raise self.wrong(_as_json(annotation), value, place) from None
        return JSON.fit(annotation, found)

    def word(self, kind: Any, text: str, place: str) -> Any:
        expected, make = _WORDS[kind]
        try:
            return make(text)
        except (ValueError, KeyError):
            raise self.wrong(expected, text, place) from None


def _duration(text: str) -> datetime.timedelta:
    from penstock.model.quantities import parse_seconds

    return datetime.timedelta(seconds=parse_seconds(text))


_TRUTHS = {**dict.fromkeys(("true", "yes", "on", "1"), True), **dict.fromkeys(("false", "no", "off", "0"), False)}
_WORDS: dict[Any, tuple[str, typing.Callable[[str], Any]]] = {
    int: ("int", int),
    float: ("float", float),
    bool: ("true or false", lambda text: _TRUTHS[text.strip().lower()]),
    str: ("str", str),
    datetime.datetime: ("a date and time such as 2026-07-31T12:00", datetime.datetime.fromisoformat),
    datetime.date: ("a date such as 2026-07-31", datetime.date.fromisoformat),
    datetime.time: ("a time such as 12:00", datetime.time.fromisoformat),
    datetime.timedelta: ("a duration such as 90s or 1h30m", _duration),
    Path: ("a path", lambda text: Path(text).expanduser()),
}


def _as_json(annotation: Any) -> str:
    return f"{name_of(annotation)} as JSON, such as '{json.dumps(annotations.example_of(annotation))}'"


class _Json(_Conversion):
    """Plain data of JSON."""

    def single(self, annotation: Any, value: Any, place: str) -> Any:
        origin = origin_of(annotation)
        if annotations.is_record(annotation):
            return self._record(origin, value, place)
        if origin in SEQUENCES or origin is tuple or origin in MAPPINGS:
            if not isinstance(value, dict if origin in MAPPINGS else list):
                raise self.wrong(_as_json(annotation), value, place)
            return self._container(annotation, origin, value, place)
        return self._leaf(annotation, value, place)

    def _container(self, annotation: Any, origin: Any, value: Any, place: str) -> Any:
        args = typing.get_args(annotation)
        if origin in MAPPINGS:
            key, item = args or (Any, Any)
            entries = cast("dict[str, Any]", value).items()
            return {self._key(key, name, place): self.fit(item, one, f"{place}[{name!r}]") for name, one in entries}
        if origin is tuple and args and args[-1] is not ... and len(args) != len(value):
            raise self.wrong(f"{name_of(annotation)}, {len(args)} items", value, place)
        made = [self.fit(*item) for item in _items(args, origin, value, place)]
        return tuple(made) if origin is tuple else SEQUENCES[origin](made)

    def _key(self, annotation: Any, name: str, place: str) -> Any:
        """A key of JSON is always a text."""
        if plain(annotation) in (Any, str):
            return name
        try:
            return WORD.fit(annotation, name)
        except Mismatch:
            raise self.wrong(f"keys that are {name_of(annotation)}", name, place) from None

    def _record(self, cls: Any, value: Any, place: str) -> Any:
        fields, required = annotations.fields_of(cls)
        if not isinstance(value, dict):
            raise self.wrong(f"{cls.__name__}, an object with {', '.join(fields)}", value, place)
        given = cast("dict[str, Any]", value)
        for name in given:
            if name not in fields:
                raise self.wrong(f"{cls.__name__} with the fields {', '.join(fields)}", name, place)
        if missing := [name for name in required if name not in given]:
            raise self.wrong(f"{cls.__name__} with {', '.join(missing)}", value, place)
        made = {name: self.fit(fields[name], one, f"{place}.{name}".lstrip(".")) for name, one in given.items()}
        try:
            return cls(**made)
        except (ValueError, TypeError) as error:  # its own `__post_init__` refuses it
            raise self.wrong(f"{cls.__name__} ({error})", value, place) from error

    def _leaf(self, annotation: Any, value: Any, place: str) -> Any:
        """What is no container. A whole number is a float too; a bool is no number."""
        if annotation is float and type(value) is int:
            return float(value)
        if annotation is NONE and value is None:
            return None
        if annotation not in _WORDS:
            raise self.wrong(f"{name_of(annotation)}, which JSON can't hold", value, place)
        is_itself = annotation in (int, float, str, bool)
        if type(value) is not (annotation if is_itself else str):
            raise self.wrong(_WORDS[annotation][0], value, place)
        return value if is_itself else WORD.word(annotation, cast("str", value), place)


_NUMBERS: dict[Any, Any] = {int: numbers.Integral, float: numbers.Real, complex: numbers.Complex}


class _Python(_Conversion):
    """A value of Python."""

    def wrong(self, expected: str, value: Any, place: str) -> Mismatch:
        return Mismatch(expected, f"{type(value).__name__} {_cut(repr(value))}", place)

    def is_choice(self, name: str, choice: Any, value: Any) -> bool:
        return type(value) is type(choice) and value == choice

    def single(self, annotation: Any, value: Any, place: str) -> Any:
        if not _is_of(origin_of(annotation), value):
            raise self.wrong(name_of(annotation), value, place)
        kind, origin, args = cast("Any", type(value)), origin_of(annotation), typing.get_args(annotation)
        if kind in (list, tuple, set, frozenset) and (origin in SEQUENCES or origin is tuple) and args:
            for item in _items(args, origin, list(cast("Collection[Any]", value))[:_FEW], place):
                self.fit(*item)
        elif kind is dict and origin in MAPPINGS and len(args) == 2:
            for name, one in list(cast("dict[Any, Any]", value).items())[:_FEW]:
                self.fit(args[0], name, f"a key of {place}")
                self.fit(args[1], one, f"{place}[{name!r}]")
        return value


def _is_of(origin: Any, value: Any) -> bool:
    if typing.is_typeddict(origin):
        return True
    if origin is NONE or origin is None:
        return value is None
    if origin in _NUMBERS:
        return isinstance(value, _NUMBERS[origin]) and not isinstance(value, bool)
    if origin is bool and type(value).__name__ in ("bool", "bool_"):  # numpy's has either name
        return True
    try:
        return isinstance(value, origin)
    except TypeError:  # a Protocol that can't be asked, or what is no class
        return True


def _items(args: tuple[Any, ...], origin: Any, values: list[Any], place: str) -> Iterator[tuple[Any, Any, str]]:
    """The items of a sequence, with what is asked of each, and where it stands."""
    each = args if origin is tuple and args and args[-1] is not ... else (args[0] if args else Any,) * len(values)
    yield from ((asked, one, f"{place}[{at}]") for at, (asked, one) in enumerate(zip(each, values, strict=False)))


WORD, JSON, PYTHON = _Word(), _Json(), _Python()
