"""Plain data <-> bytes, between processes and into rows; and the named tuples that it was made of.

Plain data is None, bool, int, float, str, bytes, and tuples, lists, dicts and sets of plain data. Reading never runs
code: anything that would have to be imported is refused.
"""

from __future__ import annotations

import functools
import io
import pickle
from typing import Any, Callable, Dict, List, Tuple, Type, TypeVar, Union, cast, get_args, get_origin, get_type_hints

PROTOCOL = 4
T = TypeVar("T")
Reader = Callable[[Any], Any]


class MalformedError(ValueError):
    """Bytes are no plain data, or that of something else than was to be read."""


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str) -> Any:
        raise pickle.UnpicklingError(f"plain data holds a reference to {module_name}.{global_name}")


def pack(data: Any) -> bytes:
    """Bytes of plain data."""
    return pickle.dumps(data, PROTOCOL)


def unpack(data: bytes) -> Any:
    """Plain data from the bytes of `pack`; raises MalformedError for anything else."""
    try:
        return _PlainUnpickler(io.BytesIO(data)).load()
    except Exception as error:  # noqa: BLE001  damaged bytes are opcodes, too, and fail with whatever these come to
        raise MalformedError(f"{type(error).__name__}: {error}") from None


def read(kind: Type[T], data: bytes) -> T:
    """The value of the kind (`shaped`) that was packed as plain data; raises MalformedError."""
    return shaped(kind, unpack(data))


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
