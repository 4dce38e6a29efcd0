"""What has to happen the moment a module is imported: numpy's random numbers are seeded, logging learns about levels.

Importing those modules ourselves would cost every worker what only some steps need.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable, Dict, Optional, Sequence

Callback = Callable[[ModuleType], None]


class ImportHooks:
    """A meta-path finder that calls back after a module's first import; at once where the module is there already.

    No subclass of `importlib.abc`, whose import costs twenty milliseconds.
    """

    def __init__(self) -> None:
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
        callback = self._waiting.pop(fullname, None)
        if callback is None:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None:
                    calling: Any = _Calling(spec.loader, callback)
                    spec.loader = calling
                return spec
        self._waiting[fullname] = callback
        return None


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
