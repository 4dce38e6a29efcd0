"""Finds modules by their names without importing any: in the run's code snapshot first, then on disk.

Whatever the snapshot holds is read from there, since that is what workers run, whatever the file is by now.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from blake3 import blake3

from penstock.code.installed import Distributions, content
from penstock.code.meanings import Compiled, Found, ImportedPackage, Outside, Source
from penstock.code.outline_file import OutlineFile
from penstock.model.tuples import NamedTuple

_OUTSIDE = frozenset({"penstock", "__future__"}) | sys.stdlib_module_names | set(sys.builtin_module_names)
_STDLIB = os.path.dirname(os.__file__) + os.sep


class Fact(NamedTuple):
    """What a name leads to, as plain data: of equal facts equal modules are made."""

    kind: str  # "source", "package", "compiled", "outside"; "nowhere"
    place: str = ""  # its file as a user would name it; a package's name
    version: str = ""
    digest: bytes = b""  # of a source the key of its outline
    is_package: bool = False
    folders: tuple[str, ...] = ()  # where its submodules are


_OUTSIDE_OF_ALL = Fact("outside")
_NOWHERE = Fact("nowhere")


class Locator:
    """Modules by their absolute names. `entry` is found by its file, `entry_path`; "" for a notebook's."""

    def __init__(
        self,
        sources: Mapping[str, tuple[int, int, bytes]],
        sys_path: Sequence[str],
        entry: str,
        entry_path: str,
        outlines: OutlineFile,
    ) -> None:
        self._sources = sources
        self._sys_path = tuple(dict.fromkeys(os.path.abspath(folder) for folder in sys_path))
        self._entry = entry
        self._entry_path = entry_path
        self._outlines = outlines
        self._distributions = Distributions()
        self._facts: dict[str, Fact] = {}
        self._found: dict[str, Found] = {}

    def find(self, name: str) -> Found:
        if name not in self._found:
            self._found[name] = self._make(name, self.fact(name))
        return self._found[name]

    def fact(self, name: str) -> Fact:
        """What `find` depends on, without the source's outline."""
        fact = self._facts.get(name)
        if fact is None:
            fact = self._facts[name] = self._look_for(name)
        return fact

    def _make(self, name: str, fact: Fact) -> Found:
        match fact.kind:
            case "source":
                return Source(name, fact.place, self._outlines.of(fact.digest), fact.is_package)
            case "package":
                return ImportedPackage(fact.place, fact.version)
            case "compiled":
                return Compiled(fact.place, fact.digest)
            case "outside":
                return Outside()
            case _:
                return None

    def _look_for(self, name: str) -> Fact:
        outer, _, last = name.rpartition(".")
        if self._entry_path and name == self._entry:
            return self._source(name, self._entry_path)
        if not last:
            return _NOWHERE
        if not outer:
            return self._look_for_top(name)
        above = self.fact(outer)
        if above.kind != "source":
            return above
        return self._look_in(above.folders, name, last)

    def _look_for_top(self, name: str) -> Fact:
        recorded = self._recorded(self._sys_path, name)
        if name == "penstock" or (not recorded and name in _OUTSIDE):
            return _OUTSIDE_OF_ALL
        if recorded:
            return self._source(name, recorded)
        from importlib.util import find_spec

        try:
            spec = find_spec(name)
        except (ImportError, ValueError, AttributeError):  # loaded, but not as modules are
            spec = None
        folders = tuple(spec.submodule_search_locations or ()) if spec is not None else ()
        if spec is None or spec.origin in (None, "namespace"):
            return self._namespace(name, name, (*self._sys_path, *(os.path.dirname(folder) for folder in folders)))
        if not spec.has_location:
            return _OUTSIDE_OF_ALL
        return self._at(name, str(spec.origin), folders)

    def _look_in(self, folders: Iterable[str], name: str, last: str) -> Fact:
        folders = tuple(folders)
        path = self._recorded(folders, last) or next(filter(os.path.isfile, _candidates(folders, last)), "")
        return self._at(name, path) if path else self._namespace(name, last, folders)

    def _recorded(self, folders: Iterable[str], last: str) -> str:
        return next((path for path in _candidates(folders, last, sources_only=True) if path in self._sources), "")

    def _at(self, name: str, path: str, folders: tuple[str, ...] = ()) -> Fact:
        path = os.path.abspath(path)
        if path not in self._sources:
            if {"site-packages", "dist-packages"} & set(path.split(os.sep)):
                return Fact("package", *self._distributions.as_it_counts(name, path))
            if path.startswith(_STDLIB):
                return _OUTSIDE_OF_ALL
        return self._source(name, path, folders) if path.endswith(".py") else self._compiled(name, path)

    def _source(self, name: str, path: str, folders: tuple[str, ...] = ()) -> Fact:
        is_package = os.path.basename(path) == "__init__.py"
        inside = folders or ((os.path.dirname(path),) if is_package else ())
        recorded = self._sources.get(path)
        data = content(path) if recorded is None else recorded[2]
        if data is None:
            return _NOWHERE
        key = self._outlines.key(data, is_compressed=recorded is not None)
        return Fact("source", _place(name, path), "", key, is_package, inside)

    def _compiled(self, name: str, path: str) -> Fact:
        data = content(path)
        return _NOWHERE if data is None else Fact("compiled", _place(name, path), "", blake3(data).digest())

    def _namespace(self, name: str, last: str, folders: Iterable[str]) -> Fact:
        """A package without `__init__.py`: all folders of its name."""
        inside = tuple(dict.fromkeys(os.path.join(folder, last) for folder in folders))
        inside = tuple(folder for folder in inside if folder in self._folders or os.path.isdir(folder))
        if not inside:
            return _NOWHERE
        return Fact("source", name.replace(".", "/"), is_package=True, folders=inside)

    @cached_property
    def _folders(self) -> frozenset[str]:
        """All folders that hold something recorded, however deep."""
        found: set[str] = set()
        for path in self._sources:
            folder = os.path.dirname(path)
            while folder not in found:
                found.add(folder)
                folder = os.path.dirname(folder)
        return frozenset(found)


def _candidates(folders: Iterable[str], last: str, *, sources_only: bool = False) -> Iterator[str]:
    """Where a module can be, in the order in which Python looks."""
    compiled = () if sources_only else importlib.machinery.EXTENSION_SUFFIXES
    for folder in folders:
        for end in ("/__init__.py", *compiled, ".py"):
            yield f"{folder}{os.sep}{last}{end}"


def _place(name: str, path: str) -> str:
    """The file below its root: "pkg/core.py"."""
    parts, file = name.split("."), os.path.basename(path)
    return "/".join((*parts, file) if file == "__init__.py" else (*parts[:-1], file))
