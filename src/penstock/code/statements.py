"""Small questions about the statements of a module: guards, definitions inside others, what is computed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from penstock.code import forms
from penstock.code.outline import Chain
from penstock.code.scopes import DEFINITION, FUNCTION

_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)
_VALUES = (ast.Call, ast.Subscript, ast.Attribute)


def split_guards(body: Sequence[ast.stmt]) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The statements that an import runs, and those that only type checkers read."""
    kept: list[ast.stmt] = []
    guarded: list[ast.stmt] = []
    for node in body:
        if not isinstance(node, ast.If):
            kept.append(node)
            continue
        test, branches = node.test, (node.body, node.orelse)
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            test, branches = test.operand, branches[::-1]
        if forms.is_for_type_checkers(test):
            guarded += branches[0]
        elif (is_main := _asks_for_main(test)) is None:
            kept.append(node)
            continue
        elif not is_main:
            branches = branches[::-1]
        inner = split_guards(branches[1])
        kept += inner[0]
        guarded += inner[1]
    return kept, guarded


def _asks_for_main(test: ast.expr) -> bool | None:
    """True for `__name__ == "__main__"`, False for `!=`, None for all else."""
    match test:
        case ast.Compare(left=left, ops=[ast.Eq() | ast.NotEq() as how], comparators=[right]):
            sides = {ast.unparse(left), ast.unparse(right)}
            return isinstance(how, ast.Eq) if sides == {"__name__", "'__main__'"} else None
        case _:
            return None


def is_computed(nodes: Iterable[ast.AST]) -> bool:
    """Whether calls, items or attributes decide what it comes to. An annotation doesn't."""
    for node in nodes:
        value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) else node
        if any(isinstance(part, _VALUES) for part in ast.walk(value or node)):
            return True
    return False


def without_definitions(node: ast.stmt) -> ast.stmt:
    """A copy in which definitions are names alone: `global` is a statement that holds a name and reads none."""
    fields = {name: getattr(node, name) for name in node._fields if hasattr(node, name)}
    for name, value in fields.items():
        if isinstance(value, list):
            fields[name] = [_without_definitions_inside(part) for part in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return ast.copy_location(type(node)(**fields), node)


def _without_definitions_inside(part: ast.AST) -> ast.AST:
    if isinstance(part, DEFINITION):
        return ast.copy_location(ast.Global([part.name]), part)
    if isinstance(part, _BLOCKS):
        return without_definitions(part)  # pyright: ignore[reportArgumentType]
    return part


def definitions_in(node: ast.AST) -> Iterator[ast.stmt]:
    """Functions and classes inside a compound statement, but not inside one another."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, DEFINITION):
            yield child
        elif isinstance(child, _BLOCKS):
            yield from definitions_in(child)


def imports_in(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Imports that run as the module is imported."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield node
    elif not isinstance(node, FUNCTION):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _BLOCKS):
                yield from imports_in(child)


def called_alone(node: ast.stmt) -> Iterator[str]:
    """The root of a call of a method that stands alone: `parser.add_argument("x")` may change `parser`."""
    for part in ast.walk(node):
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            function = part.value.func
            if isinstance(function, ast.Attribute) and (name := forms.root(function)):
                yield name


def dotted(node: ast.expr) -> Chain:
    """A dotted name in parts; () for all else."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return (node.id, *reversed(names)) if isinstance(node, ast.Name) else ()


def first_line(node: ast.AST) -> int:
    """The line of its first decorator, or its own."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min((part.lineno for part in decorators), default=getattr(node, "lineno", 0))
