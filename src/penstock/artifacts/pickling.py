"""Picklers: what a record's skeleton says of edges, buffers, classes, files and exceptions.

Owns what is written in the place of each; `rebuild` owns how it is read. A plain pickler is tried first; cloudpickle,
which takes time to import, only where something has to travel by value (a notebook's code, lambdas, nested functions).
"""

from __future__ import annotations

import functools
import io
import pickle
import sys
import types
from typing import Any, Callable, Dict, Iterable, List, Optional, Set, Tuple, Type, cast

from penstock.artifacts import libraries, names, rebuild
from penstock.artifacts.canonical import BIG, Known
from penstock.artifacts.memory import address
from penstock.artifacts.places import NEVER_STORED
from penstock.artifacts.store import BlobStore
from penstock.errors import PenstockError
from penstock.model.edges import Edge

Reducer = Callable[["Sink", Any], Any]
BY_NUMBER, IN_ORDER = 0, 1


class Part:
    """Stands in a skeleton for a blob."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number


class Refused(TypeError):
    """A value that is never stored, although some pickler would."""


class ByValueNeeded(Exception):
    """The plain pickler met what only cloudpickle can write."""


class Sink:
    """What one encode collects beside the skeleton: blobs and edges."""

    def __init__(self, store: BlobStore, known: Known, files: bool) -> None:
        self.store = store
        self.known = known
        self.files = files
        self.edges: List[Edge] = []
        self.parts: List[Tuple[int, bytes, int]] = []  # kind, digest, size
        self.symbols: Set[str] = set()  # "module:name" of the project's classes and functions, "module" of its modules
        self.holds_paths = False
        self.stored_files: List[Any] = []

    def put(self, data: Any, key: Any, owner: Any) -> Part:
        """Store a contiguous buffer; `key` names it while `owner` lives."""
        found = self.known.get(key)
        digest, size = (found[0], memoryview(data).nbytes) if found else self.store.put(data)
        return self._part(digest, size, key, owner)

    def put_chunks(self, chunks: Iterable[Any], key: Any, owner: Any) -> Part:
        """Store pieces as one blob."""
        digest, size = self.store.put_chunks(chunks)
        return self._part(digest, size, key, owner)

    def _part(self, digest: bytes, size: int, key: Any, owner: Any) -> Part:
        self.known[key] = (digest, owner)
        self.parts.append((BY_NUMBER, digest, size))
        return Part(len(self.parts) - 1)

    def take(self, buffer: pickle.PickleBuffer) -> bool:
        """pickle's `buffer_callback`: False where the buffer was stored beside the skeleton."""
        try:
            view = buffer.raw()
        except BufferError:  # neither C nor Fortran order
            return True
        if view.nbytes < BIG:
            return True
        start = address(view)
        key = ("at", start, view.nbytes, None, 0)
        found = self.known.get(key) if start else None
        digest, size = (found[0], view.nbytes) if found else self.store.put(view)
        if start:
            self.known[key] = (digest, view)
        self.parts.append((IN_ORDER, digest, size))
        return False

    def reset(self) -> None:
        """Forget what a first try collected; the blobs it stored are known."""
        self.edges.clear()
        self.parts.clear()


def dump(value: Any, sink: Sink, file: Any) -> Any:
    """Write the skeleton to `file`; returns what must live while `sink.known` is used. Raises what pickle raises."""
    plain = _PlainPickler(sink, file)
    try:
        plain.dump(value)
        return plain
    except PenstockError:  # the store's, not the value's
        raise
    except Exception:  # noqa: BLE001 - anything may come out of the user's own pickling code; the second try tells
        sink.reset()
        file.seek(0)
        file.truncate()
    by_value = _by_value_pickler()(sink, file)
    by_value.dump(value)
    return by_value


class _Reducing:
    """The `reducer_override` of both picklers; called for all but builtin atoms and containers."""

    def begin(self, sink: Sink) -> None:
        self._sink = sink
        self._reducers: Dict[type, Optional[Reducer]] = {}

    def replaced(self, obj: object) -> Any:
        kind = type(obj)
        try:
            reducer = self._reducers[kind]
        except KeyError:
            reducer = self._reducers[kind] = _reducer_of(kind)
        return NotImplemented if reducer is None else reducer(self._sink, obj)


class _PlainPickler(_Reducing, pickle.Pickler):
    def __init__(self, sink: Sink, file: Any) -> None:
        super().__init__(file, 5, buffer_callback=sink.take)
        self.begin(sink)

    def reducer_override(self, obj: Any) -> Any:
        reduction = self.replaced(obj)
        if reduction is _BY_VALUE:
            raise ByValueNeeded
        return reduction


@functools.cache
def _by_value_pickler() -> Any:
    import cloudpickle

    base: Any = cloudpickle.Pickler
    override = getattr(base, "reducer_override", None)  # PyPy's has none

    class ByValuePickler(_Reducing, base):
        def __init__(self, sink: Sink, file: Any) -> None:
            base.__init__(self, file, 5, buffer_callback=sink.take)
            self.begin(sink)

        def reducer_override(self, obj: Any) -> Any:
            reduction = self.replaced(obj)
            if reduction is not _BY_VALUE:
                return reduction
            return NotImplemented if override is None else override(self, obj)

    return ByValuePickler


_BY_VALUE = object()


@functools.lru_cache(maxsize=1024)
def _reducer_of(kind: type) -> Optional[Reducer]:
    if issubclass(kind, type) or kind is types.FunctionType:
        return _symbol
    if kind is types.ModuleType or kind is types.CodeType:
        return _module if kind is types.ModuleType else _code
    if issubclass(kind, Edge):
        return _edge
    if kind is Part:
        return _part
    if issubclass(kind, BaseException):
        from penstock.artifacts import failures

        return failures.reduce
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
    if kind.__reduce__ is not object.__reduce__ and names.is_project_s(kind.__module__):
        return _named
    return None


def _symbol(sink: Sink, obj: Any) -> Any:
    name = names.name_of(obj)
    owner = obj.__module__ or ""
    if names.is_installed(owner):
        sink.symbols.add(owner.partition(".")[0])
    elif names.is_project_s(owner):
        module, qualname = name or (names.module_name(obj.__module__) or obj.__module__, obj.__qualname__)
        sink.symbols.add(f"{module}:{qualname}")
    if name is None:
        return _BY_VALUE
    return NotImplemented if name[0] == obj.__module__ else (names.load, name)


def _wrapper(sink: Sink, obj: Any) -> Any:
    """A callable object: a step, a cached function. What it wraps goes by a name that no pickler sees."""
    held: Any = getattr(obj, "__dict__", {})
    wrapped: Any = held.get("__wrapped__")
    if isinstance(wrapped, (type, types.FunctionType)) and names.is_project_s(wrapped.__module__ or ""):
        module = names.module_name(wrapped.__module__) or wrapped.__module__
        sink.symbols.add(f"{module}:{wrapped.__qualname__}")
    return NotImplemented


def _named(sink: Sink, obj: Any) -> Any:
    """An object whose class says itself how it is reduced: where it says a name, that is what counts."""
    reduction = obj.__reduce_ex__(5)
    if isinstance(reduction, str):
        module = getattr(obj, "__module__", None) or type(obj).__module__
        sink.symbols.add(f"{names.module_name(module) or module}:{reduction}")
    return reduction


def _module(sink: Sink, obj: types.ModuleType) -> Any:
    name = names.module_name(obj.__name__)
    if name is None or obj.__name__ not in sys.modules:
        return _BY_VALUE
    if names.is_project_s(obj.__name__):
        sink.symbols.add(name)
    return names.load, (name,)


def _code(sink: Sink, obj: types.CodeType) -> Any:
    from penstock.artifacts import by_value

    return by_value.reduce_code(obj)


def _edge(sink: Sink, obj: Edge) -> Any:
    sink.edges.append(obj)
    return rebuild.ref, (len(sink.edges) - 1,)


def _part(sink: Sink, obj: Part) -> Any:
    return rebuild.blob, (obj.number,)


def _open_file(sink: Sink, obj: Any) -> Any:
    if obj in (sys.stdout, sys.stderr):
        return getattr, (sys, "stdout" if obj is sys.stdout else "stderr")
    raise Refused("an open file can't be stored")


def _never(sink: Sink, obj: Any) -> Any:
    raise Refused(f"cannot pickle {type(obj).__qualname__!r} object")


def _normal(sink: Sink, obj: Any) -> Any:
    """By its numbers: what Python 3.9 writes of it, newer ones read without an error and wrongly."""
    return type(obj), (obj.mean, obj.stdev)


def _path(sink: Sink, obj: Any) -> Any:
    sink.holds_paths = True
    if not sink.files:
        return NotImplemented
    from penstock.artifacts import files

    return files.reduce(sink, obj)


_BY_NAME: Dict[Tuple[str, str], Reducer] = {("statistics", "NormalDist"): _normal}
"""Those of Python's own classes that other Pythons read wrongly."""
