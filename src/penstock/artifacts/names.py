"""How classes, functions and modules are named in stored bytes, and found again by that name.

`__main__` never stands in stored bytes where it is a file: it is named by its file's stem, or by the dotted name that
`python -m` was given. What can't be imported by its name (notebook, `<locals>`, lambda) has none.
"""

from __future__ import annotations

import importlib
import operator
import os
import sys
import types
from typing import Any, Dict, Optional, Tuple

NOT_FOUND = (ImportError, AttributeError, Warning)
"""What a look for a name raises; a warning that is an error, of a name that is no more."""

_MAINS = ("__main__", "__mp_main__")


def main_name() -> Optional[str]:
    """The importable name of this process's `__main__`; None where it is no `.py` file (notebook, `-c`, a tool)."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        return spec.name if spec.name not in _MAINS else None
    file = getattr(main, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py"):
        return None
    stem = file.replace("\\", "/").rpartition("/")[2][:-3]
    return stem if stem not in _MAINS else None


def module_name(module: str) -> Optional[str]:
    """The name to write for a module's `__name__`; None for a `__main__` that is no file."""
    return main_name() if module in _MAINS else module


def name_of(obj: Any) -> Optional[Tuple[str, str]]:
    """(module, qualified name) of a class or function; None where an import by that name would not give it back."""
    module, qualname = getattr(obj, "__module__", None), getattr(obj, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(qualname, str) or "<" in qualname:
        return None
    written = module_name(module)
    if written is None:
        return None
    if here(module, qualname) is obj:
        return written, qualname
    if module == "builtins":  # "function", which is `types.FunctionType`
        return next((("types", name) for name, part in vars(types).items() if part is obj), None)
    return None


def module_of(obj: Any, qualname: str) -> str:
    """The module to write for an object whose class says that it goes by this name; LookupError: it is not there."""
    import pickle

    search: Any = getattr(pickle, "whichmodule")  # noqa: B009 - pickle's own, without an annotation
    candidates: Tuple[str, ...] = (getattr(obj, "__module__", None) or type(obj).__module__, search(obj, qualname))
    for module in candidates:
        written = module_name(module)
        if written is not None and here(module, qualname) is obj:
            return written
    raise LookupError(f"{qualname} is not found where {obj!r} comes from")


def here(module: str, qualname: str) -> Any:
    """What a loaded module has under a qualified name; None: nothing, or it is not loaded."""
    found: Any = sys.modules.get(module)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found


def function_name(fn: Any) -> Optional[Tuple[str, str]]:
    """(module, qualified name) under which a worker finds a function that may have been decorated, and is the `fn` of
    what stands there; None where it can't be imported."""
    module = module_name(fn.__module__)
    if module is None or "<" in fn.__qualname__:
        return None
    found = here(fn.__module__, fn.__qualname__)
    return (module, fn.__qualname__) if fn is found or fn is getattr(found, "fn", None) else None


def class_name(kind: type) -> str:
    """`sklearn.exceptions.NotFittedError`; a builtin goes by its bare name. As `retry_on` and errors have it."""
    module, qualname = name_of(kind) or (kind.__module__, kind.__qualname__)
    return qualname if module == "builtins" else f"{module}.{qualname}"


_NOBODYS = frozenset(("builtins", "penstock", "cloudpickle", "_frozen_importlib", "typing"))
_projects: Dict[str, bool] = {}  # of modules that are loaded: asked for each class in each value
_INSTALLED = tuple(f"{os.sep}{folder}{os.sep}" for folder in ("site-packages", "dist-packages"))


def is_project_s(module: str) -> bool:
    """Whether a loaded module is the project's: neither Python's nor installed. Its code may change at any time."""
    known = _projects.get(module)
    if known is None:
        known = _looks_like_project_s(module)
        if module in sys.modules:
            _projects[module] = known
    return known


def is_installed(module: str) -> bool:
    """Whether a loaded module was installed: it is neither Python's own, nor ours, nor the project's."""
    top = module.partition(".")[0]
    if top in _NOBODYS or top in getattr(sys, "stdlib_module_names", ()):
        return False
    file = getattr(sys.modules.get(module), "__file__", None)
    return isinstance(file, str) and is_installed_file(file)


def _looks_like_project_s(module: str) -> bool:
    file = getattr(sys.modules.get(module), "__file__", None)
    return is_from_project(module, file) if isinstance(file, str) else module in _MAINS


def is_from_project(module: str, file: Optional[str]) -> bool:
    """Whether a module is the project's, which may have a name of Python's. `file`: where it is from; None: nowhere."""
    return file is not None and module.partition(".")[0] not in _NOBODYS and is_project_file(file)


def is_project_file(file: str) -> bool:
    """Whether a source is the project's: neither Python's nor installed."""
    return not is_installed_file(file) and not file.startswith(os.path.dirname(os.__file__) + os.sep)


def is_installed_file(file: str) -> bool:
    """Whether a file is that of an installed package."""
    return any(part in file for part in _INSTALLED)


def load(module: str, qualname: str = "") -> Any:
    """What was named (module, qualified name), importing the module; "" means the module itself.

    The name of this process's `__main__` gives `__main__`. Raises ImportError or AttributeError.
    """
    found = sys.modules.get("__main__" if module == main_name() else module) or importlib.import_module(module)
    return operator.attrgetter(qualname)(found) if qualname else found
