"""What a piece of syntax counts as: its tree, without comments, formatting, docstrings and a step's options.

Knows nothing of names and what they mean. Imported only where a source is read, since `ast` costs some milliseconds.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable
from typing import Any

_IGNORED_FIELDS = frozenset({"ctx", "kind", "type_comment", "type_ignores"})
_BLOCKS = frozenset({"body", "orelse", "finalbody"})


def form(nodes: Iterable[ast.AST], unwanted: Collection[str]) -> list[str]:
    """The trees as words, the same under every Python version. `unwanted`: roots of decorators that don't count.

    Empty fields are left out, so that a field of a newer Python changes nothing. No recursion: a sum of a thousand
    terms is a tree a thousand deep.
    """
    words: list[str] = []
    stack: list[Any] = list(nodes)[::-1]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            words.append(item)
        elif isinstance(item, list):
            stack.extend(reversed(item))  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(item, ast.AST):
            words.append(f"({type(item).__name__}")
            stack.append(")")
            stack.extend(reversed(_fields(item, unwanted)))
        else:
            words.append(repr(item))
    return words


def _fields(node: ast.AST, unwanted: Collection[str]) -> list[Any]:
    """Names of fields, each followed by what is in it. Strings of the source are quoted; names of fields are not."""
    items: list[Any] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if value is None or name in _IGNORED_FIELDS:
            continue
        if isinstance(value, list):
            value = _wanted(name, value, unwanted)  # pyright: ignore[reportUnknownArgumentType]
            if not value:
                continue
        items += [name, value if isinstance(value, (list, ast.AST)) else repr(value)]
    return items


def _wanted(field: str, values: list[Any], unwanted: Collection[str]) -> list[Any]:
    if field in _BLOCKS:
        return [value for value in values if not (isinstance(value, ast.stmt) and is_idle(value))]
    if field == "decorator_list":
        return [value for value in values if root(value) not in unwanted]
    return [repr(value) if isinstance(value, str) else value for value in values]


def is_idle(statement: ast.stmt) -> bool:
    """Whether it does nothing: `pass`, `...`, a docstring, imports for a type checker."""
    match statement:
        case ast.Pass() | ast.Expr(value=ast.Constant()):
            return True
        case ast.If(test=test, orelse=[]):
            return is_for_type_checkers(test)
        case _:
            return False


def is_for_type_checkers(test: ast.expr) -> bool:
    """`TYPE_CHECKING` and `typing.TYPE_CHECKING`."""
    return dotted(test)[-1:] == ("TYPE_CHECKING",)


def root(node: ast.expr) -> str:
    """`penstock` of `@penstock.step(cpu=2)`; "" where there is no name at the root."""
    while isinstance(node, (ast.Call, ast.Attribute)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def dotted(node: ast.expr) -> tuple[str, ...]:
    """A dotted name in parts; () for all else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else ()
