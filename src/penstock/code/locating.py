"""Finds modules by their names without importing any: in the run's code snapshot first, then on disk.

Whatever the snapshot holds is read from there, since that is what workers run, whatever the file is by now.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from blake3 import blake3

from penstock.code import outline
from penstock.code.installed import Distributions, content
from penstock.code.meanings import Compiled, Found, ImportedPackage, Outside, Source
from penstock.code.outline_file import OutlineFile
from penstock.model.tuples import NamedTuple

_OUTSIDE = frozenset({"penstock", "__future__"}) | sys.stdlib_module_names | set(sys.builtin_module_names)
_STDLIB = os.path.dirname(os.__file__) + os.sep


class _Located(NamedTuple):
    found: Found
    folders: tuple[str, ...] = ()  # where its submodules are


_OUTSIDE_OF_ALL = _Located(Outside())
_NOWHERE = _Located(None)


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
        self._located: dict[str, _Located] = {}

    def find(self, name: str) -> Found:
        return self._locate(name).found

    def _locate(self, name: str) -> _Located:
        located = self._located.get(name)
        if located is None:
            located = self._located[name] = self._look_for(name)
        return located

    def _look_for(self, name: str) -> _Located:
        outer, _, last = name.rpartition(".")
        if self._entry_path and name == self._entry:
            return self._source(name, self._entry_path)
        if not last:
            return _Located(None)
        if not outer:
            return self._look_for_top(name)
        above = self._locate(outer)
        if not isinstance(above.found, Source):
            return above
        return self._look_in(above.folders, name, last)

    def _look_for_top(self, name: str) -> _Located:
        recorded = self._recorded(self._sys_path, name)
        if name == "penstock" or (not recorded and name in _OUTSIDE):
            return _OUTSIDE_OF_ALL
        if recorded:
            return self._source(name, recorded)
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError, AttributeError):  # loaded, but not as modules are
            spec = None
        folders = tuple(spec.submodule_search_locations or ()) if spec is not None else ()
        if spec is None or spec.origin in (None, "namespace"):
            return self._namespace(name, name, (*self._sys_path, *(os.path.dirname(folder) for folder in folders)))
        if not spec.has_location:
            return _OUTSIDE_OF_ALL
        return self._at(name, str(spec.origin), folders)

    def _look_in(self, folders: Iterable[str], name: str, last: str) -> _Located:
        folders = tuple(folders)
        path = self._recorded(folders, last) or next(filter(os.path.isfile, _candidates(folders, last)), "")
        return self._at(name, path) if path else self._namespace(name, last, folders)

    def _recorded(self, folders: Iterable[str], last: str) -> str:
        return next((path for path in _candidates(folders, last, sources_only=True) if path in self._sources), "")

    def _at(self, name: str, path: str, folders: tuple[str, ...] = ()) -> _Located:
        path = os.path.abspath(path)
        if path not in self._sources:
            if {"site-packages", "dist-packages"} & set(path.split(os.sep)):
                return _Located(ImportedPackage(*self._distributions.as_it_counts(name, path)))
            if path.startswith(_STDLIB):
                return _OUTSIDE_OF_ALL
        return self._source(name, path, folders) if path.endswith(".py") else self._compiled(name, path)

    def _source(self, name: str, path: str, folders: tuple[str, ...] = ()) -> _Located:
        is_package = os.path.basename(path) == "__init__.py"
        inside = folders or ((os.path.dirname(path),) if is_package else ())
        recorded = self._sources.get(path)
        if recorded is not None:
            found = self._outlines.of_compressed(recorded[2])
        else:
            data = content(path)
            if data is None:
                return _NOWHERE
            found = self._outlines.of(data)
        return _Located(Source(name, _place(name, path), found, is_package), inside)

    def _compiled(self, name: str, path: str) -> _Located:
        data = content(path)
        if data is None:
            return _NOWHERE
        return _Located(Compiled(_place(name, path), blake3(data).digest()))

    def _namespace(self, name: str, last: str, folders: Iterable[str]) -> _Located:
        """A package without `__init__.py`: all folders of its name."""
        inside = tuple(dict.fromkeys(os.path.join(folder, last) for folder in folders))
        inside = tuple(folder for folder in inside if folder in self._folders or os.path.isdir(folder))
        if not inside:
            return _NOWHERE
        return _Located(Source(name, name.replace(".", "/"), outline.EMPTY, True), inside)

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
