"""The flows of a project, read off its sources: nothing of them is imported or run."""

from __future__ import annotations

import ast
import functools
import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import msgspec

from penstock.environments import collect

_LARGEST = 1 << 20  # bytes of a source that is looked into
_PARSING = threading.Lock()


class SourceParam(msgspec.Struct, frozen=True):
    """A parameter of a flow, as it is written."""

    name: str
    annotation: str = ""  # "": there is none
    default: str | None = None  # None: there is none, and a run must be given it


class FlowSource(msgspec.Struct, frozen=True):
    """A flow as it stands in a file."""

    name: str
    file: str  # from the project's folder
    line: int
    function: str
    summary: str  # the first line of its docstring; "": it has none
    params: tuple[SourceParam, ...]

    @property
    def target(self) -> str:
        """What `penstock run` takes."""
        return f"{self.file}:{self.function}"


class FoundFlows(msgspec.Struct, frozen=True):
    """The flows of a project, by file and line."""

    flows: tuple[FlowSource, ...]
    unreadable: tuple[str, ...] = ()  # files that are no Python, so that their flows are not known
    is_complete: bool = True  # False: the project has too many files and folders to look at all of them


def find_flows(root: Path) -> FoundFlows:
    """The flows at the top of the modules below a folder. A file that has not changed is not read again."""
    walk = collect.walk(os.fspath(root), collect.MAX_ENTRIES)
    flows: list[FlowSource] = []
    unreadable: list[str] = []
    for file in sorted(walk.files):
        name = os.path.relpath(file.path, root)
        found = _flows_of(file.path, file.size, file.mtime_ns, file.ctime_ns)
        if found is None:
            unreadable.append(name)
        else:
            flows += [msgspec.structs.replace(one, file=name) for one in found]
    return FoundFlows(tuple(flows), tuple(unreadable), walk.complete)


@functools.lru_cache(2000)
def _flows_of(path: str, size: int, *_times: int) -> tuple[FlowSource, ...] | None:
    """None: it can't be read."""
    if size > _LARGEST:
        return ()
    try:
        data = Path(path).read_bytes()
        return tuple(_flows_in(_parsed(data))) if b"penstock" in data and b"flow" in data else ()
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _parsed(data: bytes) -> ast.Module:
    with _PARSING, warnings.catch_warnings():  # which are the process's
        warnings.simplefilter("ignore")
        return ast.parse(data)


def _flows_in(tree: ast.Module) -> Iterator[FlowSource]:
    names = set[str]()  # what the module calls the decorator
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "penstock" and not node.level:
            names |= {one.asname or one.name for one in node.names if one.name == "flow"}
        elif isinstance(node, ast.Import):
            names |= {f"{one.asname or one.name}.flow" for one in node.names if one.name == "penstock"}
        elif isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                call = decorator if isinstance(decorator, ast.Call) else None
                if ast.unparse(call.func if call else decorator) in names:
                    yield _flow(node, call)


def _flow(node: ast.FunctionDef, call: ast.Call | None) -> FlowSource:
    given = {word.arg: word.value for word in call.keywords} if call else {}
    named = given.get("name")
    name = named.value if isinstance(named, ast.Constant) and isinstance(named.value, str) else node.name
    summary = (ast.get_docstring(node) or "").partition("\n")[0]
    return FlowSource(name, "", node.lineno, node.name, summary, tuple(_params(node.args)))


def _params(arguments: ast.arguments) -> Iterator[SourceParam]:
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(plain) - len(arguments.defaults)) + list(arguments.defaults)
    for argument, default in zip([*plain, *arguments.kwonlyargs], [*defaults, *arguments.kw_defaults], strict=True):
        annotation = ast.unparse(argument.annotation) if argument.annotation else ""
        yield SourceParam(argument.arg, annotation, None if default is None else ast.unparse(default))
