"""What has to happen the moment a module is imported: random numbers are seeded, logging learns about levels.

Importing those modules ourselves would cost every worker what only some steps need.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable, Dict, Optional, Sequence

Callback = Callable[[ModuleType], None]
_STANDARD = os.path.dirname(os.__file__)
_LIBRARIES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


class ImportHooks:
    """A meta-path finder that calls back after a module's first import; at once where the module is there already.

    No subclass of `importlib.abc`, whose import costs twenty milliseconds.
    """

    def __init__(self) -> None:
        self.imported: Optional[Callback] = None  # called with each module of the project after its import
        self._waiting: Dict[str, Callback] = {}

    def when_imported(self, name: str, callback: Callback) -> None:
        """Call `callback(module)` once, right after the import of `name`."""
        module = sys.modules.get(name)
        if module is not None:
            callback(module)
        else:
            self._waiting[name] = callback

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        """The module's own spec, with a loader that calls back."""
        callback, imported = self._waiting.pop(fullname, None), self.imported
        if callback is None and imported is None:
            return None
        for finder in sys.meta_path:
            find = None if finder is self else getattr(finder, "find_spec", None)
            spec = None if find is None else find(fullname, path, target)
            if spec is not None:
                if callback is not None and spec.loader is not None:
                    calling: Any = _Calling(spec.loader, callback)
                    spec.loader = calling
                elif imported is not None and spec.has_location and is_of_project(fullname, spec.origin):
                    _tell(spec.loader, fullname, imported)
                return spec
        if callback is not None:
            self._waiting[fullname] = callback
        return None


def is_of_project(name: str, file: Optional[str]) -> bool:
    """Whether a module is neither Python's, nor an installed package's, nor of Penstock. `file` None: it has none."""
    if file is None or is_of_package(file) or file.startswith(_STANDARD):
        return False
    return name.partition(".")[0] != __name__.partition(".")[0]


def is_of_package(file: Optional[str]) -> bool:
    """Whether a module's file is that of an installed package. None: it has none."""
    return file is not None and any(folder in file for folder in _LIBRARIES)


def _tell(loader: Any, name: str, imported: Callback) -> None:
    """Have a loader say that it is done, if it serves one module. Not another loader in its place: who imports may ask
    it for more."""
    if getattr(loader, "name", None) != name:
        return
    run = loader.exec_module

    def exec_module(module: ModuleType) -> None:
        run(module)
        imported(module)

    loader.exec_module = exec_module


class _Calling:
    def __init__(self, loader: Any, callback: Callback) -> None:
        self._loader = loader
        self._callback = callback

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._callback(module)
