"""Plain data -> the named tuples of which it was made, and a word where it has another shape. Pure."""

from __future__ import annotations

import functools
from typing import Any, Callable, Dict, List, Tuple, Type, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Reader = Callable[[Any], Any]


class MalformedError(ValueError):
    """Bytes are no plain data, or that of something else than was to be read."""


def shaped(kind: Type[T], data: Any) -> T:
    """A value of the kind, a NamedTuple or an annotation of one's fields; raises MalformedError. Fields at the end that
    are missing have their defaults."""
    return _reader(kind)(data)


@functools.cache
def _reader(kind: Any) -> Reader:
    if kind is Any:
        return lambda data: data
    origin, inner = get_origin(kind), get_args(kind)
    if origin is Union or type(kind).__name__ == "UnionType":
        return _optional(_reader(inner[0]))
    if origin is tuple:
        return _many(_reader(inner[0])) if inner[-1] is Ellipsis else _each(tuple, [_reader(one) for one in inner], 0)
    if origin is dict:
        return _pairs(_reader(inner[0]), _reader(inner[1]))
    if hasattr(kind, "_fields"):
        readers = [_reader(hint) for hint in get_type_hints(kind).values()]
        return _each(lambda items: kind(*items), readers, len(kind._field_defaults))
    return _plain((int, float) if kind is float else kind, kind.__name__)


def _plain(kinds: Any, name: str) -> Reader:
    def read(data: Any) -> Any:
        if not isinstance(data, kinds):
            raise MalformedError(f"{type(data).__name__} in the place of {name}")
        return data

    return read


def _optional(reader: Reader) -> Reader:
    return lambda data: None if data is None else reader(data)


def _many(reader: Reader) -> Reader:
    return lambda data: tuple([reader(item) for item in _items(data)])


def _each(make: Callable[[List[Any]], Any], readers: List[Reader], defaults: int) -> Reader:
    def read(data: Any) -> Any:
        items = _items(data)
        if not len(readers) - defaults <= len(items) <= len(readers):
            raise MalformedError(f"{len(items)} fields in the place of {len(readers)}")
        return make([reader(item) for reader, item in zip(readers, items)])

    return read


def _pairs(key: Reader, value: Reader) -> Reader:
    def read(data: Any) -> Any:
        pairs: Dict[Any, Any] = _plain(dict, "dict")(data)
        return {key(name): value(item) for name, item in pairs.items()}

    return read


def _items(data: Any) -> Tuple[Any, ...]:
    if type(data) not in (tuple, list):
        raise MalformedError(f"{type(data).__name__} in the place of fields")
    return cast("Tuple[Any, ...]", data)
