"""What has to happen when a module is imported: random numbers are seeded, logging learns about levels; and what
imports change of the process is told from what a step changes.

Importing those modules ourselves would cost every worker what only some steps need.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable, Dict, List, Optional, Sequence

from penstock.artifacts import names
from penstock.shadows import standard

Callback = Callable[[ModuleType], object]


class ImportHooks:
    """A meta-path finder that calls back after a module's first import; at once where the module is there already.

    No subclass of `importlib.abc`, whose import costs twenty milliseconds.
    """

    def __init__(self) -> None:
        self.imported: Optional[Callback] = None  # called with each module of the project after its import
        self._waiting: Dict[str, List[Callback]] = {}
        self._around: Optional[Callable[[], None]] = None
        self._behind: Optional[Callable[[], None]] = None
        self.depth = 0  # of modules that are being imported, where somebody asked for what is around them

    def when_imported(self, name: str, callback: Callback) -> None:
        """Call `callback(module)` once, right after the import of `name`; behind those that wait for it already."""
        module = standard(name)
        if module is not None:
            callback(module)
            return
        self._waiting.setdefault(name, []).append(callback)

    def around_imports(self, before: Callable[[], None], after: Callable[[], None]) -> None:
        """Call these from now on where a module is imported, and not again for what that one imports itself."""
        self._around, self._behind = before, after

    def find_spec(
        self, fullname: str, path: Optional[Sequence[str]], target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        """The module's own spec, with a loader that calls back."""
        wraps = fullname in self._waiting or (self._around is not None and not self.depth)
        if not wraps and self.imported is None:
            return None
        finders = [*sys.meta_path]
        # Those behind this one, which stands there once for each attempt of a thread: others of its kind before it ask
        # it, and would be asked back.
        behind = len(finders) - finders[::-1].index(self) if self in finders else 0
        for finder in finders[behind:]:
            find = getattr(finder, "find_spec", None)
            spec = None if find is None else find(fullname, path, target)
            if spec is not None:
                if self.imported is not None and spec.has_location and names.is_from_project(fullname, spec.origin):
                    _tell(spec.loader, fullname, self.imported)
                if wraps and spec.loader is not None:
                    calling: Any = _Calling(spec.loader, self)
                    spec.loader = calling
                return spec
        return None

    def execute(self, loader: Any, module: ModuleType) -> None:
        before, after = self._around, self._behind
        if before is not None and not self.depth:
            before()
        self.depth += 1
        try:
            loader.exec_module(module)
            # A file of the project's may be named like one of Python's modules.
            if module.__name__ in self._waiting and standard(module.__name__) is module:
                for callback in self._waiting.pop(module.__name__):
                    callback(module)
        finally:
            self.depth -= 1
            if after is not None and before is not None and not self.depth:
                after()


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
    """A loader, until it has loaded."""

    def __init__(self, loader: Any, hooks: ImportHooks) -> None:
        self._loader = loader
        self._hooks = hooks

    def create_module(self, spec: ModuleSpec) -> Optional[ModuleType]:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._hooks.execute(self._loader, module)

    def __getattr__(self, name: str) -> Any:
        """What `importlib.util.find_spec` is asked for: `get_code`, `get_source`, `is_package`."""
        return getattr(self._loader, name)
