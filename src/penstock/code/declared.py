"""Whether what `uses=` names is there: as it is loaded, and else as far as sources tell."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping
from typing import Any

from penstock.code.graph import CodeGraph

_NOTHING = object()


def is_there(root: str, graph: CodeGraph, names: Mapping[str, Any] | None) -> bool:
    """Whether "module:Model.fit", or "module", is there. `names`: those of the loaded module, None where it isn't."""
    module, _, name = root.partition(":")
    if graph.is_outside(root):
        names = _names_of(module)
        if names is None:
            return False
    elif not graph.ids(root):
        return False
    if not name or names is None:  # what a class of a module that is not loaded has is not looked for
        return True
    first, *inner = name.split(".")
    found = names.get(first, getattr(sys.modules.get(module), first, _NOTHING))
    if found is _NOTHING:
        return graph.is_project_s(root) or _is_submodule(f"{module}.{first}", names)
    for part in inner:
        found = getattr(found, part, _NOTHING)
    return found is not _NOTHING


def _names_of(module: str) -> Mapping[str, Any] | None:
    """The names of a module of Python or of Penstock. Imports it: nothing of the project runs by that."""
    try:
        return vars(importlib.import_module(module))
    except ImportError:
        return None


def _is_submodule(name: str, names: Mapping[str, Any]) -> bool:
    return "__path__" in names and importlib.util.find_spec(name) is not None
