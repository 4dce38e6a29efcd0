"""What the source around a running line says: whether an ImportError would be caught there, and which names it uses.

Read from the file's syntax, since a frame knows nothing of the `try` that it stands in. Asked when an import failed.
"""

from __future__ import annotations

import ast
import builtins
import functools
from types import FrameType
from typing import Any, Iterator, List, Optional, Set, Tuple, cast

_TRIES: Tuple[Any, ...] = tuple(getattr(ast, name) for name in ("Try", "TryStar") if hasattr(ast, name))
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def is_guarded(frame: FrameType) -> bool:
    """Whether the frame itself catches a ModuleNotFoundError that is raised where it stands.

    True also where its source can't be read: then its author's own handling must not be taken away.
    """
    tree = _tree(frame)
    if tree is None:
        return True
    line = frame.f_lineno
    around = [node.lineno for node in ast.walk(tree) if isinstance(node, _FUNCTIONS) and _spans([node], line)]
    innermost = max(around, default=0) if frame.f_code.co_name != "<module>" else 0
    return any(
        any(kind is None or _names_import_error(kind, frame) for kind in kinds)
        for start, body, kinds in _guards(tree, frame)
        if start >= innermost and _spans(body, line)
    )


def names_used(frame: FrameType) -> Set[str]:
    """The names that the frame's file reads somewhere, that nothing in it gives a value, and it has not got yet."""
    read: Set[str] = set()
    given: Set[str] = set()
    for node in ast.walk(_tree(frame) or ast.Module([], [])):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else given).add(node.id)
        elif isinstance(node, ast.arg):
            given.add(node.arg)
        elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            given.add(node.name)
    return read.difference(given, frame.f_globals, dir(builtins))


def _tree(frame: FrameType) -> Optional[ast.Module]:
    import linecache

    return _parsed("".join(linecache.getlines(frame.f_code.co_filename, frame.f_globals)))


@functools.lru_cache(maxsize=16)
def _parsed(source: str) -> Optional[ast.Module]:
    try:
        return ast.parse(source) if source else None
    except (SyntaxError, ValueError):
        return None  # the file was edited while it was imported


def _guards(tree: ast.AST, frame: FrameType) -> Iterator[Tuple[int, List[Any], List[Optional[ast.expr]]]]:
    """Each `try` and each `with suppress(...)`: its line, its body and what it catches; None stands for everything."""
    node: Any
    for node in ast.walk(tree):
        if isinstance(node, _TRIES):
            yield node.lineno, node.body, [handler.type for handler in node.handlers]
        elif isinstance(node, ast.With):
            for item in node.items:
                call = item.context_expr
                if isinstance(call, ast.Call) and _is_suppress(call.func, frame):
                    yield (
                        node.lineno,
                        node.body,
                        [arg.value if isinstance(arg, ast.Starred) else arg for arg in call.args],
                    )


def _is_suppress(function: ast.expr, frame: FrameType) -> bool:
    """Whether it is `contextlib.suppress`, under whatever name."""
    if ast.unparse(function).endswith("suppress"):
        return True
    import contextlib

    return isinstance(function, ast.Name) and _value_of(function, frame) is contextlib.suppress


def _spans(nodes: List[Any], line: int) -> bool:
    start = min([nodes[0].lineno, *(node.lineno for node in getattr(nodes[0], "decorator_list", ()))])
    return start <= line <= nodes[-1].end_lineno


def _names_import_error(kind: ast.expr, frame: FrameType) -> bool:
    if any(isinstance(node, ast.Call) for node in ast.walk(kind)):
        return True  # what it gives can't be asked twice
    value: Any = _value_of(kind, frame)
    values = cast("Tuple[Any, ...]", value) if type(value) in (tuple, list) else (value,)
    return any(isinstance(item, type) and issubclass(ModuleNotFoundError, item) for item in values)


def _value_of(expression: ast.expr, frame: FrameType) -> Any:
    """What an expression of names gives there; ImportError where Python would fail on it."""
    code = compile(ast.Expression(expression), "<handler>", "eval")
    try:
        return eval(code, frame.f_globals, frame.f_locals)
    except Exception:  # noqa: BLE001  the user's own expression
        return ImportError
