"""The user's modules as they were when the run began.

A snapshot is a file with `wire` bytes: {absolute path: (size, mtime_ns, zlib-compressed source)}. A module whose file
is unchanged is imported as always, by its `.pyc`; one whose file changed or is gone comes from the snapshot.
Knows nothing of attempts, and nothing of how a snapshot is taken.
"""

from __future__ import annotations

import importlib
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any, Dict, Optional, Sequence, Tuple

from penstock.model import wire

Snapshot = Dict[str, Tuple[int, int, bytes]]


class RecordedLoader(SourceFileLoader):
    """Loads a module's source as it was recorded, under the path it had."""

    def __init__(self, fullname: str, path: str, source: bytes) -> None:
        super().__init__(fullname, path)
        self._source = source

    def get_data(self, path: str) -> bytes:
        return self._source

    def get_code(self, fullname: str) -> CodeType:
        """Compiled anew: a `.pyc` beside the file belongs to what the file is now."""
        import linecache

        text = self._source.decode("utf-8", "replace")
        linecache.cache[self.path] = (len(self._source), None, text.splitlines(True), self.path)
        return self.source_to_code(self._source, self.path)


class Sources:
    """A meta-path finder that finds modules as the path finder does, and swaps the loader where the file is not what
    was recorded.

    `scripts` are modules that are found by their file and not by their name. No subclass of `importlib.abc`, whose
    import costs twenty milliseconds.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.scripts: Dict[str, str] = {}

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        """The spec of a recorded module or a script; None for every other."""
        script = self.scripts.get(fullname)
        if script is not None:
            return self._recorded(fullname, script) or _spec(SourceFileLoader(fullname, script))
        if not self._snapshot:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None:
            return self._deleted(fullname, path)
        if spec.origin is None or not spec.has_location:
            return spec
        return self._recorded(fullname, spec.origin) or spec

    def _recorded(self, fullname: str, origin: str) -> Optional[ModuleSpec]:
        """The spec for a file that is not what the snapshot holds; None where it is unchanged or unknown."""
        entry = self._snapshot.get(os.path.abspath(origin))
        if entry is None or _unchanged(origin, entry):
            return None
        import zlib

        return _spec(RecordedLoader(fullname, origin, zlib.decompress(entry[2])))

    def _deleted(self, fullname: str, path: Optional[Sequence[str]]) -> Optional[ModuleSpec]:
        name = fullname.rpartition(".")[2]
        for folder in sys.path if path is None else path:
            for candidate in (os.path.join(folder, name, "__init__.py"), os.path.join(folder, name + ".py")):
                origin = os.path.abspath(candidate)
                if origin in self._snapshot:
                    return self._recorded(fullname, origin)
        return None


def _unchanged(path: str, entry: Tuple[int, int, bytes]) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False
    return found.st_size == entry[0] and found.st_mtime_ns == entry[1]


def _spec(loader: SourceFileLoader) -> ModuleSpec:
    path = str(loader.path)
    spec = ModuleSpec(loader.name, loader, origin=path)
    spec.has_location = True
    if os.path.basename(path) == "__init__.py":
        spec.submodule_search_locations = [os.path.dirname(path)]
    return spec


def install(file: str) -> Sources:
    """Import from now on what the snapshot in `file` recorded; "" where there is no snapshot."""
    snapshot: Any = {}
    if file:
        with open(file, "rb") as opened:
            snapshot = wire.unpack(opened.read())
    sources = Sources(snapshot)
    sys.meta_path.insert(0, sources)
    return sources


def load_module(sources: Sources, module: str, path: str) -> ModuleType:
    """Import the module by its name; a script, which its name alone does not lead to, from the file `path`.

    `if __name__ == "__main__":` is not run, since the module's name is its own. Raises what the import raises.
    """
    if path and "." not in module:
        sources.scripts[module] = path
    return importlib.import_module(module)
