"""Finds the random generators that live in modules, or in objects that modules hold.

The project's own modules are followed into all that they hold. Those of libraries are looked at from outside; what lies
deeper in them is found where the garbage collector knows of it. Runs no code of what it looks at.
"""

from __future__ import annotations

import _thread
import gc
import sys
from contextvars import ContextVar
from itertools import chain, islice
from types import CodeType, FunctionType, ModuleType
from typing import Any, Dict, Iterable, Iterator, List, Set, Tuple

from penstock.artifacts.memory import number
from penstock.artifacts.names import is_from_project, is_installed_file
from penstock.model.tuples import NamedTuple
from penstock.shadows import standard
from penstock.worker.generators import GeneratorKind, Kinds, holder, name_of, parts

_MOST_OBJECTS = 20_000  # that one name of a module leads to, beside what others do
_MOST_IN_ALL = 200_000
_MOST_ITEMS = 2_000  # of one container
_SKIPPED: Set[type] = {int, str, bytes, float, bool, complex, type(None), bytearray, range, CodeType}
_COUNTS_OBJECTS = sys.version_info >= (3, 10) and hasattr(sys, "getrefcount")
"""Whether a type's references tell of a new object: of a `Random`, or of the lock in each source of numpy's bits."""

Names = Dict[str, Any]


class Inherited(NamedTuple):
    """A generator that all attempts would share."""

    place: str  # "digits:RNG"; the same in every process that has the same modules
    generator: Any  # that has the state
    kind: GeneratorKind


class Search:
    """What was found in this process. `sweeps`: ask the garbage collector, too. That also knows what no module leads
    to, so that it is not asked in a process where other code runs."""

    def __init__(self, *, sweeps: bool) -> None:
        self.found: List[Inherited] = []
        self._sweeps = sweeps
        self._kinds = Kinds()
        self._own: Dict[str, Names] = {}  # the project's modules
        self._seen: Dict[str, int] = {}  # ids of the modules that were looked at
        self._in_libraries: List[Tuple[str, Any]] = []
        self._taken_in: List[Tuple[str, Any]] = []
        self._left: List[Any] = []
        self._roots: List[Tuple[Names, str, Any]] = []  # names that lead to a generator
        self._values: List[int] = []
        self._marks: Tuple[int, ...] = ()

    def is_stale(self) -> bool:
        """Whether there may be generators that were not found yet. A microsecond, where nothing is new."""
        if self._marks != self._read_marks():
            return True
        for names, name, value in self._roots:
            if names.get(name) is not value:
                return True
        if _COUNTS_OBJECTS and "torch" not in sys.modules:
            return False
        return self._values != self._read_values()

    def look(self) -> List[str]:
        """Find what there is now. What was found before keeps its place. Gives the places that are new in modules of
        the project that were known before."""
        known = {id(one.generator): one.place for one in self.found}
        older = frozenset(self._own)
        self.found, self._roots = [], []  # else what nobody else has any more would be found again
        if self._kinds.look():
            self._look_at_modules()
            self._add(self._everything(), known)
        self._values = self._read_values()
        self._marks = self._read_marks()
        places = {one.place for one in self.found}.difference(known.values())
        return [place for place in places if place.partition(":")[0] in older]

    def look_at(self, module: ModuleType) -> List[Inherited]:
        """What a module of the project holds that an attempt has just imported, and no more: what the attempt itself
        has made is its own business."""
        self._kinds.look()
        names = _names_of(module)
        name = str(names.get("__name__"))
        self._own[name], self._seen[name] = names, id(module)
        return self._add(self._held([name], set()), {})

    def take_in(self, place: str, value: Any) -> List[Inherited]:
        """What a function holds that was handed over as a value; no module leads to it, and it counts from now on."""
        self._kinds.look()
        self._taken_in.append((place, value))
        return self._add(((place, *each) for each in self._inside(value, set())), {})

    def leave(self, found: Inherited) -> None:
        """Leave it alone from now on."""
        self.found.remove(found)
        self._left.append(found.generator)

    def _read_values(self) -> List[int]:
        """By identity: the values themselves are not kept from being given back."""
        return [each for names in self._own.values() for each in map(number, names.values())]

    def _read_marks(self) -> Tuple[int, ...]:
        marks = [len(sys.modules)]
        if _COUNTS_OBJECTS:
            if "numpy" in sys.modules:
                marks += (sys.getrefcount(_thread.LockType), sys.getrefcount(_thread.RLock))
            if "random" in sys.modules:
                marks.append(sys.getrefcount(getattr(standard("random"), "Random", None)))
        return tuple(marks)

    def _look_at_modules(self) -> None:
        """Take note of the modules that are new."""
        for name, module in list(sys.modules.items()):
            if self._seen.get(name) == id(module) or not isinstance(module, ModuleType):  # pyright: ignore[reportUnnecessaryIsInstance]  who knows what is put there
                continue
            self._seen[name] = id(module)
            names = _names_of(module)
            file: Any = names.get("__file__")
            if name == "__main__" or is_from_project(name, file):
                self._own[name] = names
            elif (
                file is not None
                and is_installed_file(file)
                and not self._kinds.dull.issuperset(map(type, names.values()))
            ):
                found = [(label, value) for label, value in list(names.items()) if self._kinds.of(value)]
                self._in_libraries += ((f"{name}:{label}", value) for label, value in found)

    def _add(self, items: Iterable[Tuple[str, Any, GeneratorKind]], known: Dict[int, str]) -> List[Inherited]:
        """Those of the items that were not found yet. `known`: the places of some, by the ids of what has the state."""
        every = [*(one.generator for one in self.found), *self._left]
        seen = _of_libraries() | {part for one in every for part in parts(one)}
        new: List[Tuple[str, Any, GeneratorKind]] = []
        for place, value, kind in items:
            if seen.isdisjoint(parts(value)):
                seen |= parts(value)
                new.append((place, holder(value), kind))
        taken = {one.place for one in self.found} | {known[id(one)] for _, one, _ in new if id(one) in known}
        found: List[Inherited] = []
        for place, generator, kind in new:
            name = known.get(id(generator)) or _free(place, taken)
            taken.add(name)
            found.append(Inherited(name, generator, kind))
        self.found += found
        return found

    def _held(self, modules: Iterable[str], seen: Set[int]) -> Iterator[Tuple[str, Any, GeneratorKind]]:
        seen.update(map(id, self._own.values()))
        for module in modules:
            names = self._own[module]
            for label, value in list(names.items()):
                if type(value) in _SKIPPED or label.startswith("__"):
                    continue
                found = list(self._inside(value, seen))
                if found:
                    self._roots.append((names, label, value))
                yield from ((f"{module}:{label}", *each) for each in found)

    def _everything(self) -> Iterator[Tuple[str, Any, GeneratorKind]]:
        """Generators and where they are, what the project has first, in an order that is the same in every process."""
        seen: Set[int] = set()
        # A script last: it is known by its own name, too, as workers know it.
        yield from self._held(sorted(self._own, key=lambda name: (name == "__main__", name)), seen)
        for place, value in self._taken_in:
            yield from ((place, *each) for each in self._inside(value, seen))
        for place, value in self._in_libraries:
            kind = self._kinds.of(value)
            if kind is not None:
                yield place, value, kind._replace(seed=kind.seed_quickly)
        if self._sweeps:
            yield from self._swept()

    def _inside(self, root: object, seen: Set[int]) -> Iterator[Tuple[Any, GeneratorKind]]:
        """The generators that a value is or holds, but for what was `seen`. Depth first: whether an object has its
        attributes in a dict, which may differ from process to process, does not change their order."""
        waiting, most = [root], min(len(seen) + _MOST_OBJECTS, _MOST_IN_ALL)
        while waiting and len(seen) < most:
            value = waiting.pop()
            type_ = type(value)
            if type_ in _SKIPPED or id(value) in seen:
                continue
            seen.add(id(value))
            kind = self._kinds.of_type(type_)
            if kind is not None:
                yield value, kind
            elif not issubclass(type_, ModuleType):
                waiting += reversed(list(islice(self._parts(value, type_), _MOST_ITEMS)))

    def _parts(self, value: Any, type_: type) -> Iterable[Any]:
        if type_ is FunctionType:
            return self._parts_of_function(value)
        if issubclass(type_, type):
            names: Names = type.__dict__["__dict__"].__get__(value)
            module = names.get("__module__")
            return names.values() if module in self._own or module not in sys.modules else ()
        if type_ is ContextVar:
            return (value.get(None), *gc.get_referents(value))
        if type_ is dict:
            return () if "__builtins__" in value else value.values()
        if type_ in (list, tuple, set, frozenset):
            return value
        bases: Tuple[Any, ...] = (list, tuple)
        items: Iterable[Any] = next((base.__iter__(value) for base in bases if issubclass(type_, base)), ())
        return chain(items, gc.get_referents(value))  # PyPy gives the items of a named tuple from the last to the first

    def _parts_of_function(self, value: Any) -> Iterator[Any]:
        yield from (value.__defaults__, value.__kwdefaults__, value.__dict__)
        for cell in value.__closure__ or ():
            yield from gc.get_referents(cell)  # `cell_contents` fails where it is empty
        module = sys.modules.get(value.__module__)
        names: Names = value.__globals__ or {}  # None: PyPy's own
        if not isinstance(module, ModuleType) or _names_of(module) is not names:  # it came as a value, with its globals
            yield from (part for name, part in names.items() if name != "__builtins__")

    def _swept(self) -> Iterator[Tuple[str, Any, GeneratorKind]]:
        """What the garbage collector knows of. A seed sequence is a part of each of numpy's generators: the project's
        own ones alone count."""
        names: Any = getattr(standard("tempfile"), "_RandomNameSequence", None)
        types = self._kinds.types() | {names}
        found: List[Any] = [value for value in gc.get_objects() if type(value) in types]
        # Names for files and semaphores must stay different in each process.
        left = (
            {id(getattr(value, "_rng", None)) for value in found if isinstance(value, names)} if names else set[int]()
        )
        found.sort(key=_rank)
        for value in found:
            kind = self._kinds.of(value)
            if kind is not None and type(value).__name__ != "SeedSequence" and id(value) not in left:
                yield name_of(value), value, kind._replace(seed=kind.seed_quickly)


def _names_of(module: ModuleType) -> Names:
    """The module's names; one that is loaded when it is first used stays unloaded."""
    try:
        return object.__getattribute__(module, "__dict__")
    except AttributeError:  # cffi's, in PyPy
        return {}


def _free(place: str, taken: Set[str]) -> str:
    """A name of its own for each: what one name of a module leads to is counted."""
    number, name = 1, place
    while name in taken:
        number += 1
        name = f"{place}#{number}"
    return name


def _of_libraries() -> Set[int]:
    """Generators that are seeded anyway, as those of their libraries."""
    random, legacy, torch = (standard(name) for name in ("random", "numpy.random.mtrand", "torch"))
    known = getattr(random, "_inst", None), getattr(legacy, "_rand", None), getattr(torch, "default_generator", None)
    return {part for generator in known for part in parts(generator)}


def _rank(value: object) -> Tuple[bool, str]:
    """Sources of bits stand after what they belong to; else by class."""
    return not hasattr(type(value), "random_sample"), name_of(value)
