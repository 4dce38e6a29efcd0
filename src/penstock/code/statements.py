"""Small questions about the statements of a module: guards, definitions inside others, what is computed."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from penstock.code import forms
from penstock.code.outline import optional_key
from penstock.code.scopes import DEFINITION, FUNCTION, FunctionNode, import_targets, imported_modules

_BLOCKS = (ast.stmt, ast.ExceptHandler, ast.match_case)
_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})
_OF_THE_PLACE = frozenset({"version_info", "platform", "find_spec", "implementation", "system"})


def split_guards(body: Sequence[ast.stmt]) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The statements that an import runs, and those that only type checkers read."""
    kept: list[ast.stmt] = []
    guarded: list[ast.stmt] = []
    for node in body:
        if not (isinstance(node, ast.If) and (forms.is_for_type_checkers(node.test) or _asks_for_main(node.test))):
            kept.append(node)
            continue
        inner = split_guards(node.orelse)
        kept += inner[0]
        guarded += [*node.body, *inner[1]]
    return kept, guarded


def _asks_for_main(test: ast.expr) -> bool:
    match test:
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            return {ast.unparse(left), ast.unparse(right)} == {"__name__", "'__main__'"}
        case _:
            return False


def optional_imports(parts: Iterable[ast.AST]) -> tuple[tuple[int, str], ...]:
    """The modules whose import may fail: another way is ready, or the place decides."""
    found: dict[tuple[int, str], None] = {}
    for node in parts:
        if not _expects_to_fail(node):
            continue
        for part in ast.walk(node):
            if isinstance(part, (ast.Import, ast.ImportFrom)):
                targets = [*imported_modules(part), *(target for _, target in import_targets(part))]
                found.update(dict.fromkeys(map(optional_key, targets)))
    return tuple(found)


def _expects_to_fail(node: ast.AST) -> bool:
    match node:
        case ast.Try(body=body, handlers=handlers):
            caught = {
                name for handler in handlers for name in (_names(handler.type) if handler.type else {"Exception"})
            }
            only_imports = all(isinstance(part, (ast.Import, ast.ImportFrom)) for part in body)
            return bool(caught & _IMPORT_ERRORS or (only_imports and caught & {"Exception", "BaseException"}))
        case ast.With(items=items):
            calls = [item.context_expr for item in items]
            return any({"suppress", "raises"} & _names(call) and _names(call) & _IMPORT_ERRORS for call in calls)
        case ast.If(test=test):
            return bool(_names(test) & _OF_THE_PLACE) or forms.is_for_type_checkers(test)
        case _:
            return False


def _names(node: ast.AST) -> set[str]:
    parts = list(ast.walk(node))
    names = {part.id for part in parts if isinstance(part, ast.Name)}
    return names | {part.attr for part in parts if isinstance(part, ast.Attribute)}


def bound_alone(node: ast.AST) -> str:
    """The one name that an assignment binds; "" for all else."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr()):
            return name
        case _:
            return ""


def makes(node: ast.AST) -> str:
    """The root of what is assigned: `step` of `heavy = step(memory="8GiB")`, and of `partial(step, cache=True)`."""
    value = getattr(node, "value", None)
    if isinstance(value, ast.Call) and value.args and forms.dotted(value.func)[-1:] == ("partial",):
        value = value.args[0]
    return forms.root(value) if isinstance(value, (ast.Call, ast.Attribute, ast.Name)) else ""


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


def passes_on(node: FunctionNode) -> bool:
    """Whether it hands its first argument on, and not only reads or sets its attributes."""
    first = (*node.args.posonlyargs, *node.args.args)[:1]
    parts = [part for part in ast.walk(node) if isinstance(part, ast.Name) and [part.id] == [one.arg for one in first]]
    return len(parts) > sum(isinstance(part, ast.Attribute) and part.value in parts for part in ast.walk(node))


def first_line(node: ast.AST) -> int:
    """The line of its first decorator, or its own."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min((part.lineno for part in decorators), default=getattr(node, "lineno", 0))
