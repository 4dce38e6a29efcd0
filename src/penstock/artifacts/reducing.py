"""How each kind of value is taken apart: what its record is written from, and what it counts as.

Owns the reducers; `pickling` writes records from them, `objects` writes canonical forms. `rebuild` owns how it is read.
"""

from __future__ import annotations

import _thread
import copyreg
import functools
import io
import sys
import types
from typing import Any, Dict, List, Optional, Tuple, Type, cast

from penstock.artifacts import by_value, libraries, names, rebuild
from penstock.artifacts.collected import Collected, Part, Reducer, Refused
from penstock.model.edges import Edge

NEVER_STORED = (
    *(types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType, types.FrameType),
    *(_thread.LockType, _thread.RLock),
)
"""Types whose values hold a place in a running program. PyPy would pickle some of them."""

BY_VALUE = object()
"""What a reducer gives for what cloudpickle takes apart."""

_OWN_CODE = ("__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__")
"""Methods by which an exception says itself how it is pickled."""


def apart(obj: Any, sink: Collected) -> Any:
    """What the record of an object is written from, as `__reduce_ex__` gives it. Raises what pickle raises."""
    kind = cast("Type[Any]", type(obj))
    reducer = reducer_of(kind)
    reduction = NotImplemented if reducer is None else reducer(sink, obj)
    if reduction is NotImplemented:
        general = copyreg.dispatch_table.get(kind)
        try:
            reduction = obj.__reduce_ex__(5) if general is None else general(obj)
            if type(reduction) is str:
                names.module_of(obj, reduction)
        except RecursionError:
            raise
        except Exception:  # noqa: BLE001 - the user's own pickling code, or what pickle can't write: as `dump` has it
            reduction = BY_VALUE
    return by_value.reduction(by_value.pickler(), obj) if reduction is BY_VALUE else reduction


@functools.lru_cache(maxsize=1024)
def reducer_of(kind: type) -> Optional[Reducer]:
    """What takes the values of a type apart; None: pickle's own way does."""
    if issubclass(kind, type) or kind is types.FunctionType:
        return _symbol
    if kind in _OWN:
        return _OWN[kind]
    if issubclass(kind, Edge):
        return _edge
    if issubclass(kind, BaseException):
        return _exception
    if issubclass(kind, io.IOBase) and kind not in (io.BytesIO, io.StringIO):
        return _open_file
    if issubclass(kind, NEVER_STORED):
        return _never
    pathlib = sys.modules.get("pathlib")  # where nobody has imported it, this is no path
    if pathlib is not None and issubclass(kind, pathlib.Path):
        return _path
    reducer = _BY_NAME.get((kind.__module__, kind.__qualname__)) or libraries.reducer_of(cast("Type[Any]", kind))
    if reducer is not None:
        return reducer
    if any("__call__" in vars(base) for base in kind.__mro__):
        return _wrapper
    if kind.__reduce__ is not object.__reduce__:
        return _named if names.is_project_s(kind.__module__) else None
    return _maybe_one_of_a_kind if kind is object or _has_constants(cast("Type[Any]", kind)) else None


def _has_constants(kind: Type[Any]) -> bool:
    """Whether values of a class, which have nothing but a `__dict__`, stand in a module. Looked for once a class."""
    return _is_plain(kind) and any(type(item) is kind for _, space in _spaces(kind) for item in list(space.values()))


def _spaces(kind: type) -> List[Tuple[str, Dict[str, Any]]]:
    """The modules where constants of a class may stand: its own, then the project's; of an `object()` all."""
    own = kind.__module__
    found = [name for name in sorted(sys.modules) if name != own and (kind is object or names.is_project_s(name))]
    return [(name, getattr(sys.modules.get(name), "__dict__", {})) for name in (own, *found)]


def _is_plain(kind: Type[Any]) -> bool:
    """Whether values of a class have nothing but a `__dict__`, or not even that."""
    bases = [base for base in kind.__mro__ if base is not object]
    return (
        all(base.__flags__ & by_value.BY_STATEMENT and not vars(base).get("__slots__") for base in bases)
        and kind.__reduce_ex__ is object.__reduce_ex__
        and not any("__getstate__" in vars(base) for base in bases)
    )


def _symbol(sink: Collected, obj: Any) -> Any:
    if obj is type(None) or obj is type(...) or obj is type(NotImplemented):
        return NotImplemented  # pickle itself knows these three, which Python 3.9 has no name for
    name = names.name_of(obj)
    owner = obj.__module__ or ""
    if names.is_installed(owner):
        sink.symbols.add(owner.partition(".")[0])
    elif names.is_project_s(owner):
        module, qualname = name or (names.module_name(obj.__module__) or obj.__module__, obj.__qualname__)
        sink.symbols.add(f"{module}:{qualname}")
    if name is None:
        return BY_VALUE
    return NotImplemented if name[0] == obj.__module__ else (names.load, name)


def _wrapper(sink: Collected, obj: Any) -> Any:
    """A callable object: a step, a cached function. What it wraps goes by a name that no pickler sees."""
    held: Any = getattr(obj, "__dict__", {})
    wrapped: Any = held.get("__wrapped__")
    if isinstance(wrapped, (type, types.FunctionType)) and names.is_project_s(wrapped.__module__ or ""):
        module = names.module_name(wrapped.__module__) or wrapped.__module__
        sink.symbols.add(f"{module}:{wrapped.__qualname__}")
    return NotImplemented


def _named(sink: Collected, obj: Any) -> Any:
    """An object whose class says itself how it is reduced: where it says a name, that is what counts."""
    reduction = obj.__reduce_ex__(5)
    if isinstance(reduction, str):
        module = getattr(obj, "__module__", None) or type(obj).__module__
        sink.symbols.add(f"{names.module_name(module) or module}:{reduction}")
    return reduction


def _maybe_one_of_a_kind(sink: Collected, obj: Any) -> Any:
    """What has no attributes and stands in a module, as `dataclasses.MISSING`: by its name, since `is` compares it."""
    if getattr(obj, "__dict__", None):
        return NotImplemented
    found = _constants_of(sink, cast("Type[Any]", type(obj))).get(id(obj))
    if found is None:
        return NotImplemented
    module, name = found
    if names.is_project_s(module):
        sink.symbols.add(f"{module}:{name}")
    return names.load, (module, name)


def _constants_of(sink: Collected, kind: type) -> Dict[int, Tuple[str, str]]:
    """Id -> name of the values of a class that stand in a module."""
    known = sink.constants.get(kind)
    if known is None:
        known = sink.constants[kind] = {}
        for module, space in _spaces(kind):
            written = names.module_name(module)
            for name, item in list(space.items()):
                if type(item) is kind and written is not None:
                    known.setdefault(id(item), (written, name))
    return known


def _method(sink: Collected, obj: types.MethodType) -> Any:
    """By its name, where that gives it: a function that was bound by hand has another name, or none."""
    name: Any = getattr(obj.__func__, "__name__", None)
    found = getattr(obj.__self__, name, None) if type(name) is str else None
    if getattr(found, "__func__", None) is obj.__func__ and getattr(found, "__self__", None) is obj.__self__:
        return getattr, (obj.__self__, name)
    return types.MethodType, (obj.__func__, obj.__self__)


def _module(sink: Collected, obj: types.ModuleType) -> Any:
    name = names.module_name(obj.__name__)
    if name is None or obj.__name__ not in sys.modules:
        return BY_VALUE
    if names.is_project_s(obj.__name__):
        sink.symbols.add(name)
    return names.load, (name,)


def _edge(sink: Collected, obj: Edge) -> Any:
    sink.edges.append(obj)
    return rebuild.ref, (len(sink.edges) - 1,)


_OWN: Dict[type, Reducer] = {
    types.ModuleType: _module,
    types.CodeType: by_value.reduce_code,
    types.MethodType: _method,
    Part: lambda _, part: (rebuild.blob, (part.number,)),
}


def _exception(sink: Collected, exc: BaseException) -> Any:
    """Class, arguments, attributes, cause: it is rebuilt without its `__init__`, whose arguments nobody kept. One with
    pickling code of its own keeps that."""
    if has_own_reduce(type(exc)):
        return NotImplemented
    args, state = taken_apart(exc)
    return rebuild.exception, (type(exc), args, state, exc.__cause__, exc.__suppress_context__)


def has_own_reduce(kind: type) -> bool:
    """Whether an exception has pickling code of its own."""
    return any(name in vars(base) for base in kind.__mro__ if base.__module__ != "builtins" for name in _OWN_CODE)


def taken_apart(exc: BaseException) -> Tuple[Tuple[Any, ...], Optional[Dict[str, Any]]]:
    """Arguments and attributes."""
    reduction: Any = exc.__reduce__()
    state = reduction[2] if len(reduction) > 2 else None
    return reduction[1], dict(sorted(cast("Dict[str, Any]", state).items())) if state else None


def _open_file(sink: Collected, obj: Any) -> Any:
    if obj in (sys.stdout, sys.stderr):
        return getattr, (sys, "stdout" if obj is sys.stdout else "stderr")
    raise Refused("an open file can't be stored")


def _never(sink: Collected, obj: Any) -> Any:
    raise Refused(f"cannot pickle {type(obj).__qualname__!r} object")


def _path(sink: Collected, obj: Any) -> Any:
    sink.holds_paths = True
    if not sink.files:
        return NotImplemented
    from penstock.artifacts import files

    return files.reduce(sink, obj)


def _random(sink: Collected, obj: Any) -> Any:
    """Python's own, whose methods are the functions of `random`, by its name: each attempt has it anew."""
    own = getattr(sys.modules["random"], "_inst", None)
    return (names.load, ("random", "_inst")) if obj is own else NotImplemented


def _partial(sink: Collected, obj: Any) -> Any:
    """Without the empty `__dict__` that it gets when somebody looks for one."""
    make, args, state = obj.__reduce__()
    return make, args, (*state[:3], state[3] or None)


def _cached_property(sink: Collected, obj: Any) -> Any:
    """Without its lock; newer Pythons have none."""
    attributes: Dict[str, Any] = obj.__dict__
    return type(obj), (obj.func,), {name: part for name, part in attributes.items() if name != "lock"}


def _bunch(sink: Collected, obj: Any) -> Any:
    """Without its attributes, which it throws away when it is read."""
    make, args, _, *items = obj.__reduce_ex__(5)
    return (make, args, None, *items)


def _iterator(sink: Collected, obj: Any) -> Any:
    """As what it comes back as, the iterator of a list."""
    _, (left,) = obj.__reduce__()
    return iter(left).__reduce__()


_ITERATORS = (
    *(f"dict_{way}{of}iterator" for way in ("", "reverse") for of in ("key", "value", "item")),
    *("odict_iterator", "set_iterator"),
)
_BY_NAME: Dict[Tuple[str, str], Reducer] = {
    **{("builtins", name): _iterator for name in _ITERATORS},
    # As a set: what cloudpickle makes of it comes in the order of the members' addresses.
    ("_weakrefset", "WeakSet"): lambda _, obj: (type(obj), (set(obj),)),
    ("functools", "cached_property"): _cached_property,
    ("functools", "partial"): _partial,
    ("random", "Random"): _random,
    ("sklearn.utils", "Bunch"): _bunch,
    ("sklearn.utils._bunch", "Bunch"): _bunch,
    # By its numbers: what Python 3.9 writes of it, newer ones read without an error and wrongly.
    ("statistics", "NormalDist"): lambda _, obj: (type(obj), (obj.mean, obj.stdev)),
}
"""Classes that pickle takes apart wrongly, that are read as something else, or that other Pythons read wrongly."""
