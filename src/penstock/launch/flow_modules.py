"""Where flows are: the flow of a file, and the module of a flow, under the name by which workers import it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, cast

from penstock.artifacts import names
from penstock.environments import collect
from penstock.errors import UsageError
from penstock.model.tuples import NamedTuple
from penstock.roots import absolute, working_folder
from penstock.sdk import attempts
from penstock.sdk.flows import Flow
from penstock.shadows import guard

_NEEDED = frozenset(("blake3", "click", "cloudpickle", "msgspec", "penstock", "rich"))
"""Loaded already or not: what is loaded later would get the user's file."""
_PYTHONS_OWN = sys.stdlib_module_names - {"test", "this", "antigravity"}  # nothing imports these


class FlowModule(NamedTuple):
    """Where the flow's module is found again."""

    name: str
    file: str  # "" in a notebook
    root: str  # the folder from which it is imported

    def sys_path(self) -> tuple[str, ...]:
        """Where its imports are found: beside it, then where this process finds its own."""
        return tuple(dict.fromkeys((self.root, *filter(None, sys.path))))


def module_of(flow: Flow[Any, Any]) -> FlowModule:
    """The module that defines the flow."""
    name = flow.fn.__module__
    loaded = sys.modules.get(name)
    file: str | None = getattr(loaded, "__file__", None)
    if name == "__main__":
        name = names.main_name() or ""
    if not name or loaded is None or not file:
        return FlowModule("", "", os.getcwd())
    sys.modules.setdefault(name, loaded)  # what workers pickle by the script's name is found in `__main__`
    file = os.path.abspath(file)
    root = os.path.dirname(file)
    for _ in range(name.count(".") + (os.path.basename(file) == "__init__.py")):
        root = os.path.dirname(root)
    return FlowModule(name, file, root)


def refuse_unguarded(flow: Flow[Any, Any]) -> None:
    """Raise UsageError where the script that calls its own flow would do so again in each worker that imports it."""
    frame = sys._getframe()  # pyright: ignore[reportPrivateUsage]
    main = sys.modules["__main__"]
    file: str | None = getattr(main, "__file__", None)
    if flow.fn.__module__ != "__main__" or file is None:
        return
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_globals is vars(main) and frame.f_code.co_filename == file:
            if not _is_guarded(file, frame.f_lineno):
                raise UsageError(
                    f"{file}, line {frame.f_lineno}: workers import this file, and would start flow {flow.name} again. "
                    'Guard the call: if __name__ == "__main__":'
                )
            return
        frame = frame.f_back


def _is_guarded(file: str, line: int) -> bool:
    """Whether some `if` up to this line asks for `__name__`; True where the source can't be read."""
    import ast

    try:
        with open(file, "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return True
    tests = (node.test for node in ast.walk(tree) if isinstance(node, ast.If) and node.lineno <= line)
    names_asked = (part for test in tests for part in ast.walk(test) if isinstance(part, ast.Name))
    return any(name.id == "__name__" for name in names_asked)


def load_flow(target: str) -> Flow[Any, Any]:
    """The flow that `FILE`, `FILE:FLOW` or `package.module:FLOW` names.

    Runs the module, but not its `if __name__ == "__main__"` part.

    Raises UsageError where the file is missing, holds no flow, or several and none is named, or calls a flow without a
    guard; and what the module itself raises.
    """
    file, _, wanted = target.partition(":") if not target.endswith(".py") else (target, "", "")
    if not os.path.isfile(file):
        file = _file_of_module(file)
    return pick_flow(load_file(absolute(file)), file, wanted)


def _file_of_module(name: str) -> str:
    """The file of a module that is named as Python has it: from the working directory, then from Python's own path."""
    from importlib.machinery import ModuleSpec, PathFinder

    if not all(part.isidentifier() for part in name.split(".")):
        raise UsageError(f"there is no file {name}")
    folders: list[str] = [working_folder(), *sys.path]
    found: ModuleSpec | None = None
    for part in name.split("."):
        found = PathFinder.find_spec(part, folders)
        folders = list(found.submodule_search_locations or ()) if found else []
    if found is None or found.origin is None or not found.has_location:
        raise UsageError(f"there is no file {name}, and no module of that name from here")
    return os.path.relpath(found.origin)


def load_file(path: str) -> ModuleType:
    """The module of a file, imported by the name that workers will use. Raises what the module raises."""
    from importlib.machinery import all_suffixes

    from penstock.worker import sources

    name, root = module_name(path)
    if not path.endswith(tuple(all_suffixes())):
        raise UsageError(f"{path} can't be imported, since its name does not end in .py: rename the file")
    if "." in _stem(path):
        raise UsageError(f"{path} can't be imported, since there is a dot in its name: rename the file")
    if name in _PYTHONS_OWN:
        raise UsageError(f"{path} would hide Python's own module {name!r}: rename the file")
    if name in _NEEDED:
        raise UsageError(f"{path} has the name of a module that Penstock needs, {name!r}: rename the file")
    if root not in sys.path:
        sys.path.insert(0, root)
        guard()
    collect.drop_doubtful(collect.walk(root, collect.MAX_ENTRIES).files)
    loaded = sys.modules.get(name)
    if loaded is None:
        with attempts.importing():
            return sources.load_module(sources.install(""), name, path)
    if not os.path.samefile(getattr(loaded, "__file__", None) or os.devnull, path):
        raise UsageError(f"{path} has the name of another module, {name!r}, that is loaded already: rename the file")
    return loaded


def module_name(path: str) -> tuple[str, str]:
    """The importable name of a file, and the folder from which it is imported."""
    parts = [_stem(path)]
    root = os.path.dirname(path)
    while os.path.exists(os.path.join(root, "__init__.py")):
        root, name = os.path.split(root)
        parts.insert(0, name)
    return ".".join(parts), root


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]


def pick_flow(module: ModuleType, file: str, wanted: str) -> Flow[Any, Any]:
    """The flow of a loaded module: the one that is named, or the only one that is defined there."""
    own = {name: flow for name, flow in _flows_of(module) if flow.fn.__module__ == module.__name__}
    once = {id(flow): name for name, flow in reversed(own.items())}  # a flow may have several names
    flows = {name: flow for name, flow in own.items() if once[id(flow)] == name}
    if wanted:
        chosen = own.get(wanted) or next((flow for flow in flows.values() if flow.name == wanted), None)
        if chosen is None:
            raise UsageError(f"{file} has no flow {wanted!r}; it has: {', '.join(flows) or 'none'}")
        return chosen
    if not flows:
        raise UsageError(f"{file} has no flow: decorate a function with @flow")
    if len(flows) > 1:
        raise UsageError(f"{file} has several flows ({', '.join(flows)}): name one, as in {file}:{next(iter(flows))}")
    return next(iter(flows.values()))


def _flows_of(module: ModuleType) -> Iterator[tuple[str, Flow[Any, Any]]]:
    for name, value in vars(module).items():
        if isinstance(value, Flow):
            yield name, cast("Flow[Any, Any]", value)
