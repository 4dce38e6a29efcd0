"""What an annotation asks for, in words. Pure; knows nothing of command lines."""

from __future__ import annotations

import collections.abc
import enum
import types
import typing
from collections.abc import Callable
from typing import Any

NONE = type(None)
SEQUENCES: dict[Any, Callable[[list[Any]], Any]] = {
    list: list,
    set: set,
    frozenset: frozenset,
    collections.abc.Sequence: list,
    collections.abc.Iterable: list,
    collections.abc.Collection: list,
    collections.abc.Set: set,
}
MAPPINGS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def plain(annotation: Any) -> Any:
    """The annotation without `Annotated`, `NewType`, aliases and type variables."""
    while True:
        if typing.get_origin(annotation) is typing.Annotated:
            annotation = typing.get_args(annotation)[0]
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        elif isinstance(annotation, typing.TypeVar):
            annotation = annotation.__bound__ or Any
        else:
            return annotation


def origin_of(annotation: Any) -> Any:
    """`list` of `list[int]` and of `list`."""
    return typing.get_origin(annotation) or annotation


def members(annotation: Any) -> list[Any]:
    """What stands beside None in `X | Y | None`; empty for what is no union."""
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return []
    return [plain(member) for member in typing.get_args(annotation) if member is not NONE]


def is_optional(annotation: Any) -> bool:
    """Whether None is among the members of a union."""
    return bool(members(annotation)) and NONE in typing.get_args(annotation)


def is_flag(annotation: Any) -> bool:
    """Whether `--name` alone says it: bool, or bool or None."""
    annotation = plain(annotation)
    return annotation is bool or members(annotation) == [bool]


def is_json(annotation: Any) -> bool:
    """Whether values are written as JSON: lists, dicts, dataclasses and the like."""
    annotation = plain(annotation)
    if found := members(annotation):
        return any(is_json(member) for member in found)
    origin = origin_of(annotation)
    return origin in SEQUENCES or origin in MAPPINGS or origin is tuple or is_record(annotation)


def is_record(annotation: Any) -> bool:
    """A class with named fields: dataclass, named tuple, typed dict."""
    cls: Any = origin_of(annotation)
    if not isinstance(cls, type):
        return False
    is_named_tuple = "_fields" in vars(cls) and tuple in cls.__mro__
    return (
        hasattr(cls, "__dataclass_fields__")
        or is_named_tuple
        or hasattr(typing.cast("object", cls), "__required_keys__")
    )


def choices(annotation: Any) -> list[tuple[str, Any]]:
    """The values of a Literal or an enum, by name; empty for what is neither."""
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return list(annotation.__members__.items())
    if typing.get_origin(annotation) is typing.Literal:
        return [(str(choice), choice) for choice in typing.get_args(annotation)]
    return []


def fields_of(cls: Any) -> tuple[dict[str, Any], list[str]]:
    """The annotations of a record's fields, and the names of those that must be given."""
    hints = typing.get_type_hints(cls, include_extras=True)
    if hasattr(cls, "__dataclass_fields__"):
        import dataclasses

        fields = [field for field in dataclasses.fields(cls) if field.init]
        lacking = dataclasses.MISSING
        required = [one.name for one in fields if one.default is lacking and one.default_factory is lacking]
        return {field.name: hints.get(field.name, Any) for field in fields}, required
    if typing.is_typeddict(cls):
        return hints, sorted(cls.__required_keys__)
    return {name: hints.get(name, Any) for name in cls._fields}, [
        n for n in cls._fields if n not in cls._field_defaults
    ]


def name_of(annotation: Any) -> str:
    """The annotation as a user would write it: `list[int]`, `Path | none`, `mean | max`."""
    annotation = plain(annotation)
    if annotation in (Any, object):
        return "any value"
    if annotation is NONE:
        return "none"
    if found := choices(annotation):
        return " | ".join(name for name, _ in found)
    if found := members(annotation):
        return " | ".join([*map(name_of, found), *(["none"] if is_optional(annotation) else [])])
    name = getattr(origin_of(annotation), "__name__", str(annotation)).lower()
    if is_record(annotation):
        name = origin_of(annotation).__name__
    inner = [("..." if item is ... else name_of(item)) for item in typing.get_args(annotation)]
    return f"{name}[{', '.join(inner)}]" if inner else name


def example_of(annotation: Any) -> Any:
    """Plain data that the annotation would take."""
    annotation = plain(annotation)
    args = typing.get_args(annotation)
    if found := choices(annotation):
        return found[0][0]
    if found := members(annotation):
        return example_of(found[0])
    origin = origin_of(annotation)
    if origin in SEQUENCES:
        return [example_of(args[0] if args else Any)]
    if origin is tuple:
        return [example_of(item) for item in args if item is not ...] or [1]
    if origin in MAPPINGS:
        return {"name": example_of(args[1] if args else Any)}
    if is_record(annotation):
        fields, required = fields_of(origin)
        return {name: example_of(fields[name]) for name in (required or fields)}
    return _examples().get(annotation, "...")


def _examples() -> dict[Any, Any]:
    import datetime
    from pathlib import Path

    return {
        int: 1,
        float: 0.5,
        bool: True,
        str: "text",
        Path: "file.csv",
        Any: 1,
        datetime.date: "2026-07-31",
        datetime.datetime: "2026-07-31T12:00",
        datetime.time: "12:00",
        datetime.timedelta: "90s",
    }


def resolved(fn: Callable[..., Any], annotation: Any) -> Any:
    """The annotation, also where it is written as text; None where it names what can't be found."""

    def holder() -> None: ...

    holder.__annotations__ = {"it": annotation}
    try:
        return typing.get_type_hints(holder, getattr(fn, "__globals__", {}), include_extras=True)["it"]
    except (NameError, TypeError, AttributeError, SyntaxError):  # a name that only type checkers import
        return None
