"""Calls outside a run: a step is the plain function."""

from __future__ import annotations

from typing import Any, Callable, Dict, Tuple, cast

from penstock.model.edges import Edge
from penstock.sdk.futures import Futures

_LISTS = (list, Futures)


def call(fn: Callable[..., Any], args: Tuple[Any, ...], kwargs: Dict[str, Any]) -> Any:
    """Call the function as a run would: with values in the place of futures."""
    return fn(*[resolved(arg) for arg in args], **{name: resolved(arg) for name, arg in kwargs.items()})


def resolved(value: Any) -> Any:
    """The value with the results of futures in their place, also inside lists, tuples, dicts and dataclasses."""
    if isinstance(value, Edge):
        return value.result()  # type: ignore[attr-defined]  # every edge of the sdk is a future
    kind = cast(Any, type(value))
    if kind in _LISTS:
        return [resolved(item) for item in value] if _holds_edge(value) else value
    if kind is tuple:
        return tuple(resolved(item) for item in value) if _holds_edge(value) else value
    if kind is dict:
        return {key: resolved(item) for key, item in value.items()} if _holds_edge(value.values()) else value
    if hasattr(kind, "__dataclass_fields__"):
        import dataclasses

        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
        if _holds_edge(fields.values()):
            return dataclasses.replace(value, **{name: resolved(item) for name, item in fields.items()})
    return value


def _holds_edge(items: Any) -> bool:
    for item in items:
        kind = cast(Any, type(item))
        inside = item.values() if kind is dict else item if kind in _LISTS or kind is tuple else ()
        if isinstance(item, Edge) or (inside and _holds_edge(inside)):
            return True
    return False
