"""Which names a block of code binds, and which block a name belongs to: Python's rules of scope, on syntax alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

from penstock.code.outline import Target

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITION = (*FUNCTION, ast.ClassDef)


class Scope:
    """A block. The module itself is None, as the block around others."""

    def __init__(self, parent: Scope | None, bound: Iterable[str] = (), is_class: bool = False) -> None:
        self.parent = parent
        self.is_class = is_class
        self.bound = set(bound)  # names that it binds
        self.outer: set[str] = set()  # declared global
        self.imports: dict[str, list[Target]] = {}  # those that imports bind, and to what

    def owner(self, name: str) -> Scope | None:
        """The block that the name belongs to as seen from here; None for the module, or a builtin."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.outer:
                return None
            if name in scope.bound and (scope is self or not scope.is_class):
                return scope
            scope = scope.parent
        return None


def scope_of(
    nodes: Iterable[ast.AST], parent: Scope | None = None, args: ast.arguments | None = None, *, is_class: bool = False
) -> Scope:
    """The scope of a block that consists of these nodes, with the parameters `args`."""
    scope = Scope(parent, is_class=is_class)
    if args is not None:
        optional = (args.vararg, args.kwarg)
        scope.bound |= {arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, *filter(None, optional))}
    binder = _Binder(scope)
    for node in nodes:
        binder.visit(node)
    scope.bound -= scope.outer | binder.nonlocals
    return scope


def class_scope(node: ast.ClassDef, parent: Scope | None) -> Scope:
    """The scope of a class's body."""
    return scope_of(node.body, with_type_parameters(node, parent), is_class=True)


def with_type_parameters(node: ast.AST, parent: Scope | None) -> Scope | None:
    """The scope around a generic function or class: that of its type parameters, `T` of `def first[T](...)`."""
    parameters: list[Any] = getattr(node, "type_params", [])
    return Scope(parent, bound={parameter.name for parameter in parameters}) if parameters else parent


def import_targets(node: ast.Import | ast.ImportFrom) -> list[tuple[str, Target]]:
    """The names that an import binds, and to what; the name of a star is "*"."""
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        return [(alias.asname or alias.name, (node.level, module, alias.name)) for alias in node.names]
    return [
        (alias.asname, (0, alias.name, "")) if alias.asname else (first, (0, first, ""))
        for alias in node.names
        for first in [alias.name.partition(".")[0]]
    ]


def imported_modules(node: ast.Import | ast.ImportFrom) -> list[Target]:
    """What is imported by running the statement: of `import a.b`, which binds `a`, it is `a.b`."""
    if isinstance(node, ast.Import):
        return [(0, alias.name, "") for alias in node.names]
    return [target for _, target in import_targets(node)]


class _Binder(ast.NodeVisitor):
    """Enters what a block binds, without going into the blocks inside it."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.nonlocals: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.scope.bound.add(node.id)

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for name, target in import_targets(node):
            if name != "*":
                self.scope.bound.add(name)
                self.scope.imports.setdefault(name, []).append(target)

    visit_ImportFrom = visit_Import  # noqa: N815  the names of NodeVisitor

    def visit_FunctionDef(self, node: FunctionNode) -> None:
        self.scope.bound.add(node.name)
        for part in (*node.decorator_list, *defaults(node.args)):
            self.visit(part)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  the names of NodeVisitor

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.scope.bound.add(node.name)
        for part in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(part)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in defaults(node.args):
            self.visit(part)

    def visit_ListComp(self, node: Comprehension) -> None:
        self.visit(node.generators[0].iter)
        for part in ast.walk(node):  # `:=` binds in the block around the comprehension
            if isinstance(part, ast.NamedExpr):
                self.visit(part.target)

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # noqa: N815  the names of NodeVisitor

    def visit_BinOp(self, node: ast.BinOp) -> None:
        for part in operands(node):
            self.visit(part)

    def visit_Global(self, node: ast.Global) -> None:
        self.scope.outer.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.nonlocals.update(node.names)

    def generic_visit(self, node: ast.AST) -> None:
        match node:
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                self.scope.bound.add(name)
            case ast.MatchMapping(rest=str(name)):
                self.scope.bound.add(name)
            case _:
                pass
        super().generic_visit(node)


def operands(node: ast.BinOp) -> list[ast.expr]:
    """All operands of a sum, however long: written as recursion, a sum of a thousand terms would be too deep."""
    found: list[ast.expr] = []
    left: ast.expr = node
    while isinstance(left, ast.BinOp):
        found.append(left.right)
        left = left.left
    return [left, *reversed(found)]


def defaults(args: ast.arguments) -> list[ast.expr]:
    """Default arguments: they are evaluated in the block around the function."""
    return [*args.defaults, *filter(None, args.kw_defaults)]
