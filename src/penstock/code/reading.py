"""What a piece of code reads, changes, imports, and what in it can't be followed, in names of its module."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Iterator
from typing import Any

from penstock.code import forms, scopes
from penstock.code.outline import Chain, Target, import_name
from penstock.code.scopes import Comprehension, FunctionNode, Scope
from penstock.model.slotted import Slotted

_MUTATORS = frozenset(
    "add append appendleft clear difference_update discard extend extendleft fill fit insert intersection_update "
    "load_state_dict move_to_end partial_fit pop popitem popleft push put put_nowait remove reverse rotate setdefault "
    "sort subtract symmetric_difference_update update".split()
)
_CHANGE_THEIR_FIRST = frozenset(
    "next heapq.heapify heapq.heappop heapq.heappush random.shuffle bisect.insort bisect.insort_left "
    "bisect.insort_right".split()
)
_BUILTINS = frozenset(dir(builtins))
_UNFOLLOWED = {  # as they are called, or only named
    "eval": "eval()",
    "exec": "exec()",
    "globals": "globals()",
    "getattr": "getattr() by a computed name",
    "__import__": "__import__()",
    "importlib.import_module": "import_module()",
    "importlib.util.module_from_spec": "a module made by hand",
    "importlib.metadata.entry_points": "plugins found by their entry points",
    "pkgutil.iter_modules": "modules found by a search",
    "pkgutil.walk_packages": "modules found by a search",
    "pkgutil.resolve_name": "pkgutil.resolve_name()",
    "pydoc.locate": "pydoc.locate()",
    "runpy.run_module": "a module run by its name",
    "runpy.run_path": "a file run by its path",
    "sys.modules.get": "sys.modules.get()",
}


class ModuleNames(Slotted):
    """What has to be known of a module to read a part of it."""

    scope: Scope
    penstock: frozenset[str]  # names that stand for something of Penstock's
    for_type_checkers: set[str]  # names that exist for type checkers alone
    definitions: set[str]  # names that are bound by `def` and `class` alone
    has_stars: bool

    def is_own(self, name: str) -> bool:
        """Whether the module itself binds the name, and not by an import."""
        return name in self.scope.bound and name not in self.scope.imports

    def may_be_outer(self, name: str) -> bool:
        """Whether a name that no block around it binds can mean anything that has to be followed."""
        if name in self.scope.bound:
            return True
        if (name.startswith("__") and name.endswith("__")) or name in self.for_type_checkers:
            return False
        return self.has_stars or name not in _BUILTINS


class References:
    """What was found."""

    def __init__(self, refs: Iterable[Chain] = ()) -> None:
        self.refs = set(refs)
        self.early: set[str] = set()  # roots of what is read as the module is imported
        self.writes: set[Chain] = set()  # while the code runs
        self.early_writes: set[Chain] = set()  # as the module is imported
        self.runs: dict[Target, None] = {}
        self.keeps: set[str] = set()  # variables of functions that functions inside them change
        self.unfollowed: list[tuple[str, int]] = []


class NodeReader(ast.NodeVisitor):
    """Reads nodes that stand at the top of a module, or in `scope`."""

    def __init__(self, module: ModuleNames, scope: Scope | None = None) -> None:
        self.module = module
        self.found = References()
        self._scope = scope
        self._later = 0  # how many function bodies it is in

    def read(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    def read_class(self, node: ast.ClassDef, inside: Scope) -> None:
        """Read a class whose body's scope is known: it may bind more names than the body that is left in the node."""
        self._visit_all(wanted_decorators(node, self.module), node.bases, node.keywords)
        self._visit_block(node.body, inside, later=0)

    def _roots(self, name: str) -> Iterator[str]:
        """What the name stands for, in names of the module; nothing for a local variable."""
        owner = None if self._scope is None else self._scope.owner(name)
        if owner is not None:
            for target in owner.imports.get(name, ()):
                self._enter_import(import_name(target), target)
                yield import_name(target)
        if owner is None or (owner.is_class and name in self.module.scope.bound):  # `x = x` in the body of a class
            yield name

    def _enter_import(self, name: str, target: Target) -> None:
        targets = self.module.scope.imports.setdefault(name, [])
        if target not in targets:
            targets.append(target)

    def _chains(self, node: ast.expr) -> list[Chain]:
        """What the dotted name stands for; nothing where it is none, or a local variable's."""
        name, *attributes = forms.dotted(node) or ("",)
        return [(root, *attributes) for root in self._roots(name)] if name else []

    def _holders(self, node: ast.expr) -> list[Chain]:
        """What holds the thing that is changed: `CACHE` of `CACHE["x"].rows`."""
        attributes: list[str] = []
        while not isinstance(node, ast.Name):
            if isinstance(node, ast.Attribute):
                attributes.append(node.attr)
                node = node.value
            elif isinstance(node, ast.Subscript):
                attributes.clear()
                node = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                attributes.clear()
                node = node.func.value
            else:
                return []
        return [(root, *reversed(attributes)) for root in self._roots(node.id)]

    def outer_names(self, node: ast.expr) -> set[str]:
        """What it is called where it comes from: "importlib.import_module"; the plain name for a builtin."""
        names: set[str] = set()
        for root, *attributes in self._chains(node):
            if root not in self.module.scope.bound and root not in self.module.scope.imports:
                names.add(".".join((root, *attributes)))
            for _, module, attribute in self.module.scope.imports.get(root, ()):
                names.add(".".join(filter(None, (module, attribute, *attributes))).removeprefix("builtins."))
        return names

    def _reads(self, chains: Iterable[Chain]) -> None:
        for chain in chains:
            if chain[0] in self.module.scope.imports or self.module.may_be_outer(chain[0]):
                self.found.refs.add(chain)
                if not self._later:
                    self.found.early.add(chain[0])

    def _writes(self, chains: Iterable[Chain], node: ast.expr | None = None) -> None:
        (self.found.writes if self._later else self.found.early_writes).update(chains)
        if node is not None:
            self._keep(node)

    def _keep(self, node: ast.expr) -> None:
        """What is changed may be a variable of the function around: it lives on in what that function made."""
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        owner = self._scope.owner(node.id) if isinstance(node, ast.Name) and self._scope is not None else None
        if isinstance(node, ast.Name) and owner is not None and owner is not self._scope and not owner.is_class:
            self.found.keeps.add(node.id)

    def _cant_follow(self, what: str, node: ast.expr) -> None:
        self.found.unfollowed.append((what, node.lineno))

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._read_name(node)
        elif self._scope is not None and self._scope.owner(node.id) is None:
            self._writes([(node.id,)])
        else:
            self._keep(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._writes(self._chains(node), node)
        if node.attr == "__subclasses__":
            self._cant_follow("__subclasses__()", node)
        inner = node.value
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if isinstance(inner, ast.Name):
            self._read_name(node)
        else:
            self.visit(node.value)

    def _read_name(self, node: ast.expr) -> None:
        for name in self.outer_names(node) & _UNFOLLOWED.keys():
            self._cant_follow(_UNFOLLOWED[name], node)
        self._reads(self._chains(node))

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._writes(self._holders(node.value), node.value)
        if "sys.modules" in self.outer_names(node.value):
            self._cant_follow("sys.modules[...]", node)
        for name in self.outer_names(node.value.func) & {"locals", "vars"} if isinstance(node.value, ast.Call) else ():
            self._cant_follow(f"{name}()[...]", node)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._reads(self._chains(node.target))
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if self._scope is not None and self._scope.is_class:  # a dataclass is made of its annotations
            self._visit_annotation(node.annotation)
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)

    def _visit_annotation(self, node: ast.expr) -> None:
        """Follow an annotation; names inside its strings too, where the module has them."""
        self.visit(node)
        parts = [node]
        while parts:
            part = parts.pop()
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                self._reads(chain for chain in _chains_in(part.value) if chain[0] in self.module.scope.bound)
            elif not (isinstance(part, ast.Subscript) and ast.unparse(part.value).endswith("Literal")):
                parts += [child for child in ast.iter_child_nodes(part) if isinstance(child, ast.expr)]

    def visit_Call(self, node: ast.Call) -> None:
        names, arguments = self.outer_names(node.func), list(node.args)
        function: ast.expr | None = node.func
        if len(arguments) >= 2 and names & {"getattr", "setattr", "delattr", "hasattr"}:
            literal = _text(arguments[1])
            if literal:
                function = None
                self.visit(ast.copy_location(ast.Attribute(arguments.pop(0), literal, ast.Load()), node))
            if names & {"setattr", "delattr"}:
                self._writes((*chain, literal) if literal else chain for chain in self._holders(node.args[0]))
        elif names & _CHANGE_THEIR_FIRST and arguments:
            self._writes(self._holders(arguments[0]), arguments[0])
        elif isinstance(node.func, ast.Attribute) and is_mutator(node):
            holders = self._holders(node.func.value)
            self._writes((chain for chain in holders if chain[0] not in self.module.definitions), node.func.value)
        for part in (*filter(None, [function]), *arguments, *node.keywords):
            self.visit(part)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self.read(scopes.operands(node))

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        if self._scope is not None:
            self.found.runs.update(dict.fromkeys(scopes.imported_modules(node)))
            if self._scope.is_class:  # where an import makes an attribute
                self._reads((name,) for bound, _ in scopes.import_targets(node) for name in self._roots(bound))

    visit_ImportFrom = visit_Import  # noqa: N815  the names of NodeVisitor

    def visit_If(self, node: ast.If) -> None:
        if forms.is_for_type_checkers(node.test):
            self.read(node.orelse)
        else:
            self.generic_visit(node)

    def visit_FunctionDef(self, node: FunctionNode) -> None:
        self._visit_all(wanted_decorators(node, self.module), scopes.defaults(node.args))
        around = scopes.with_type_parameters(node, self._scope)
        self._visit_block(node.body, scopes.scope_of(node.body, around, node.args))

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815  the names of NodeVisitor

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._visit_all(scopes.defaults(node.args))
        self._visit_block([node.body], scopes.scope_of([node.body], self._scope, node.args))

    def visit_TypeAlias(self, node: Any) -> None:  # of Python 3.12
        self._visit_block([node.value], scopes.with_type_parameters(node, self._scope))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.read_class(node, scopes.class_scope(node, self._scope))

    def visit_ListComp(self, node: Comprehension) -> None:
        first, *others = node.generators
        self.visit(first.iter)
        scope = Scope(self._scope, bound=scopes.scope_of([part.target for part in node.generators]).bound)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._visit_block([first.target, *first.ifs, *others, *results], scope, later=0)

    visit_SetComp = visit_DictComp = visit_GeneratorExp = visit_ListComp  # noqa: N815  the names of NodeVisitor

    def _visit_all(self, *groups: Iterable[ast.AST]) -> None:
        for group in groups:
            self.read(group)

    def _visit_block(self, nodes: Iterable[ast.AST], scope: Scope | None, later: int = 1) -> None:
        around, self._scope = self._scope, scope
        self._later += later
        self.read(nodes)
        self._later -= later
        self._scope = around


def wanted_decorators(node: FunctionNode | ast.ClassDef, module: ModuleNames) -> list[ast.expr]:
    """All decorators but Penstock's, which say how a function is run and not what it does."""
    return [decorator for decorator in node.decorator_list if forms.root(decorator) not in module.penstock]


def is_mutator(node: ast.Call) -> bool:
    """Whether it is a method call of a name that changes its object, as far as names tell."""
    if not isinstance(node.func, ast.Attribute):
        return False
    name = node.func.attr
    return (
        name in _MUTATORS
        or (name.endswith("_") and not name.startswith("_"))  # of a tensor
        or any(keyword.arg == "inplace" and _is_true(keyword.value) for keyword in node.keywords)
    )


def _is_true(node: ast.expr) -> bool:
    return not (isinstance(node, ast.Constant) and not node.value)


def _text(node: ast.expr) -> str:
    """The string that it is, written out; else ""."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _chains_in(annotation: str) -> Iterator[Chain]:
    try:
        tree = ast.parse(annotation.strip(), mode="eval")
    except (SyntaxError, ValueError):  # a string of another meaning
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Name)) and all(map(str.isidentifier, ast.unparse(node).split("."))):
            yield tuple(ast.unparse(node).split("."))
