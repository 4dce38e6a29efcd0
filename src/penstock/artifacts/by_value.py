"""Functions that travel by value, from a notebook or out of another function: byte code belongs to one Python."""

from __future__ import annotations

import importlib
import io
from types import CodeType, FunctionType, MemberDescriptorType
from typing import Any, Tuple, TypeVar

from penstock.artifacts import cells, names, rebuild

BY_STATEMENT = 1 << 9
"""The flag of a class that a class statement made, or a call of its metaclass."""
_WRITTEN_BEFORE = ("__module__", "__qualname__")
_MAKERS = ("_make_function", "_make_skeleton_class", "_make_skeleton_enum")


def pickler() -> Any:
    """A pickler of cloudpickle's, which takes functions and classes apart and writes nothing."""
    return _cloudpickle().Pickler(io.BytesIO())


def reduction(pickler: Any, obj: Any) -> Any:
    """What cloudpickle makes of what pickle alone can't write. Raises TypeError where it can't either."""
    module = _cloudpickle()
    if isinstance(obj, type):
        return _class(module._class_reduce(obj), obj)
    if isinstance(obj, FunctionType):
        return _function(pickler._function_reduce(obj))
    reducer = pickler.dispatch_table.get(type(obj))
    if reducer is None:
        raise TypeError(f"cannot pickle {type(obj).__qualname__!r} object")
    reduced = reducer(obj)
    if isinstance(obj, TypeVar) and reduced[0] is not getattr:  # without a number that cloudpickle gives it
        return reduced[0], (*reduced[1][:-1], None)
    return reduced


def is_made(reduction: Any) -> bool:
    """Whether this is what a function or a class is made from, and no name of it."""
    return reduction is not NotImplemented and getattr(reduction[0], "__name__", "") in _MAKERS


def made_of(make: Any, args: Tuple[Any, ...]) -> Tuple[Any, ...]:
    """What a class is made of before it gets its attributes, without a number that cloudpickle gives it."""
    if make.__name__ == "_make_skeleton_enum":
        bases, name, _, members, _, _, _ = args
        return name, bases, members
    kind, name, bases, given, _, _ = args
    return name, kind, bases, {name: part for name, part in given.items() if name not in _WRITTEN_BEFORE}


def _class(reduction: Any, obj: Any) -> Any:
    """As cloudpickle takes a class apart; with what it forgets, slots and the qualified name, and without caches."""
    if not is_made(reduction):
        return reduction
    if not obj.__flags__ & BY_STATEMENT:
        raise TypeError(f"cannot pickle {obj.__qualname__!r}, which no module has under a name")
    make, args, (attributes, slots), *rest = reduction
    attributes = {name: part for name, part in attributes.items() if not _is_made_again(obj, name, part)}
    module = _written(obj.__module__)
    if make.__name__ == "_make_skeleton_enum":
        args = (*args[:4], module, *args[5:])
    else:
        kind, name, bases, given, *more = args
        given = {**given, "__module__": module, "__qualname__": "".join(obj.__qualname__)}
        if "__slots__" in vars(obj) and not (tuple in obj.__bases__ and bases != obj.__bases__):  # no NamedTuple
            given["__slots__"] = obj.__slots__
        args = (kind, name, bases, given, *more)
    return make, args, ({**attributes, "__module__": module}, slots), *rest


def _function(reduction: Any) -> Any:
    if not is_made(reduction):
        return reduction
    make, args, (attributes, own), *rest = reduction
    return make, args, (attributes, {**own, "__module__": _written(own["__module__"])}), *rest


def _written(module: Any) -> Any:
    """What is `__main__` here is not elsewhere."""
    return names.module_name(module) or module if type(module) is str else module


def _is_made_again(obj: Any, name: str, part: Any) -> bool:
    if name == "__annotations__":  # empty, it is made when somebody asks
        return not part
    return name in ("__slots__", "__slotnames__") or (
        isinstance(part, MemberDescriptorType) and part.__objclass__ is obj
    )


def _cloudpickle() -> Any:
    return importlib.import_module("cloudpickle.cloudpickle")


def reduce_code(sink: Any, obj: CodeType) -> Any:
    """Code as cloudpickle writes it, with the Python that it is for, and where it was written: its file, or its cell
    with the lines of it."""
    place = cells.place_of(obj.co_filename)
    source = () if place == obj.co_filename else cells.source_of(obj)
    return rebuild.code, (cells.this_python(), *_cloudpickle()._code_reduce(obj), "".join(place), source)
