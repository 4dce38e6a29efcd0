"""Whether the arguments that Python code gives a flow are what its annotations ask for, as the command line's are.

They are checked and never converted. What can't be told without looking into a value that is not Python's own, such as
the dtype of an array, is let pass.
"""

from __future__ import annotations

import inspect
import numbers
import typing
from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from penstock.errors import ParameterError
from penstock.launch import annotations
from penstock.launch.annotations import MAPPINGS, NONE, SEQUENCES, name_of, origin_of, plain
from penstock.sdk.flows import Flow

_NUMBERS: dict[Any, Any] = {int: numbers.Integral, float: numbers.Real, complex: numbers.Complex}
_FEW = 1_000  # items of a container that are looked at


def check_arguments(flow: Flow[Any, Any], given: Mapping[str, Any]) -> None:
    """Raise ParameterError for the first that is of another type than its annotation says. A default always passes."""
    for parameter in flow.binder.signature.parameters.values():
        if parameter.annotation is parameter.empty or parameter.name not in given:
            continue
        asked = annotations.resolved(flow.fn, parameter.annotation)
        value = given[parameter.name]
        if asked is None or value is parameter.default:
            continue
        for place, one in _values(parameter, value):
            wrong = _mismatch(asked, one, place)
            if wrong is not None:
                raise ParameterError(f"{flow.name}: {wrong}")


def _values(parameter: inspect.Parameter, value: Any) -> Iterator[tuple[str, Any]]:
    if parameter.kind is parameter.VAR_POSITIONAL:
        yield from ((f"*{parameter.name}[{at}]", one) for at, one in enumerate(value))
    elif parameter.kind is parameter.VAR_KEYWORD:
        yield from cast("dict[str, Any]", value).items()
    else:
        yield parameter.name, value


def _mismatch(annotation: Any, value: Any, place: str) -> str | None:
    """`rows: expected int, got 'many'`; None: it fits, as far as can be told."""
    annotation = plain(annotation)
    if annotations.members(annotation):
        if annotations.is_optional(annotation) and value is None:
            return None
        tried = [_mismatch(member, value, place) for member in annotations.members(annotation)]
        return None if None in tried else tried[0] if len(tried) == 1 else _told(annotation, value, place)
    if found := annotations.choices(annotation):
        values = [choice for _, choice in found]
        return None if _is_among(value, values) else _told(annotation, value, place)
    if not _is_of(annotation, value):
        return _told(annotation, value, place)
    return next(filter(None, (_mismatch(*one) for one in _items(annotation, value, place))), None)


def _told(annotation: Any, value: Any, place: str) -> str:
    shown = repr(value)
    kind = type(value).__name__
    return f"{place}: expected {name_of(annotation)}, got {kind} {shown if len(shown) <= 80 else f'{shown[:77]}...'}"


def _is_among(value: Any, choices: list[Any]) -> bool:
    return any(type(value) is type(one) and value == one for one in choices)


def _is_of(annotation: Any, value: Any) -> bool:
    origin = origin_of(annotation)
    if annotation in (Any, object) or typing.is_typeddict(origin):
        return True
    if annotation is NONE or annotation is None:
        return value is None
    if origin in _NUMBERS:
        return isinstance(value, _NUMBERS[origin]) and not isinstance(value, bool)
    if origin is bool and type(value).__name__ in ("bool", "bool_"):  # numpy's has either name
        return True
    try:
        return isinstance(value, origin)
    except TypeError:  # a Protocol that can't be asked, or what is no class
        return True


def _items(annotation: Any, value: Any, place: str) -> Iterator[tuple[Any, Any, str]]:
    """What stands in a container of Python's own, with what is asked of it."""
    kind, args = cast("Any", type(value)), typing.get_args(annotation)
    if kind in (list, tuple, set, frozenset) and origin_of(annotation) in (*SEQUENCES, tuple) and args:
        items = list(cast("Collection[Any]", value))[:_FEW]
        each = args if origin_of(annotation) is tuple and args[-1] is not ... else (args[0],) * len(items)
        yield from ((asked, one, f"{place}[{at}]") for at, (asked, one) in enumerate(zip(each, items, strict=False)))
    elif kind is dict and origin_of(annotation) in MAPPINGS and len(args) == 2:
        for name, one in list(cast("dict[Any, Any]", value).items())[:_FEW]:
            yield args[0], name, f"a key of {place}"
            yield args[1], one, f"{place}[{name!r}]"
