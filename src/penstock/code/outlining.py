"""Takes a module's source apart: which statements make up each of its names, and what these refer to.

A name has the statements that bind it, and those at the top of the module that change it. A definition inside a
compound statement counts with all of that statement, but for other definitions in it.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence

from blake3 import blake3

from penstock.code import computing, forms, scopes, statements
from penstock.code.outline import OPEN, TOLD, Chain, Outline, Piece, Target
from penstock.code.reading import ModuleNames, NodeReader, References, is_mutator, wanted_decorators
from penstock.code.scopes import DEFINITION, FUNCTION, FunctionNode, Scope
from penstock.model.slotted import Slotted
from penstock.model.tuples import NamedTuple

_HOOKS = {"__init_subclass__"}
_META_HOOKS = {"__new__", "__init__", "__prepare__"}


class _Around(NamedTuple):
    """What a statement stands in: it is read, and counts, with the statement."""

    words: list[str]
    node: ast.stmt
    computed: int


class _Draft(Slotted):
    """A piece that is nearly made: how often the names that it reads are bound is known at the module's end."""

    kind: str
    words: list[str]
    found: References
    line: int
    computed: int = TOLD
    bound_before: tuple[tuple[str, int], ...] = ()
    is_option: bool = False
    decorators: tuple[Chain, ...] = ()
    members: tuple[str, ...] = ()


def outline(
    source: bytes, imports: Mapping[str, Sequence[Target]] | None = None, names: Collection[str] = ()
) -> Outline:
    """The outline of a module's source. `imports` and other `names`: what else is in sight, of a notebook's cell.

    A source that can't be parsed, or is nested too deeply, counts by its bytes, and is reported.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "invalid escape sequence": of the user's code, and said elsewhere
            tree = ast.parse(source)
        return _Outliner(tree, imports or {}, names).outline()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        unread = (("a source that can't be parsed", 1),)
        return Outline({}, {}, effects=(Piece("statements", blake3(source).digest(), line=1, unfollowed=unread),))


class _Outliner:
    def __init__(self, tree: ast.Module, imports: Mapping[str, Sequence[Target]], names: Collection[str]) -> None:
        self._body, guarded = statements.split_guards(tree.body)
        scope = scopes.scope_of(self._body)
        self._bound = scope.bound - scope.imports.keys()  # by this very source
        for name, targets in imports.items():
            if name not in scope.bound:
                scope.bound.add(name)
                scope.imports[name] = list(targets)
        scope.bound.update(names)
        parts = list(ast.walk(tree))
        _enter_globals(parts, scope)
        self._optional = statements.optional_imports(parts)
        self._module = ModuleNames(
            scope,
            _names_of_penstock(parts, imports),
            scopes.scope_of(guarded).bound - scope.bound,
            _definitions(self._body, scope),
            any(isinstance(part, ast.ImportFrom) and part.names[0].name == "*" for part in parts),
        )
        self._names: dict[str, list[_Draft]] = {}
        self._effects: list[_Draft] = []
        self._enters: dict[Chain, None] = {}

    def outline(self) -> Outline:
        for statement in self._body:
            self._place(statement)
        scope = self._module.scope
        names: dict[str, tuple[Piece, ...]] = {}
        for name in sorted({*self._names, *(name for name in scope.bound if name not in scope.imports)}):
            drafts = self._names.get(name, [])
            names[name] = tuple(map(self._finished, drafts)) or (Piece("constant", blake3(b"").digest()),)
        pieces = [piece for group in names.values() for piece in group]
        imports = [node for statement in self._body for node in statements.imports_in(statement)]
        effects = (self._joined_effects(),) if self._effects else ()
        return Outline(
            names,
            {name: tuple(targets) for name, targets in scope.imports.items()},
            tuple(target for node in imports for name, target in scopes.import_targets(node) if name == "*"),
            tuple(dict.fromkeys(target for node in imports for target in scopes.imported_modules(node))),
            effects,
            tuple(sorted({chain[0] for piece in (*pieces, *effects) for chain in piece.writes if chain[0] in names})),
            tuple(self._enters),
            self._optional,
        )

    def _place(self, node: ast.stmt, around: _Around | None = None) -> None:
        if forms.is_idle(node) or isinstance(node, (ast.Import, ast.ImportFrom)):
            return
        if isinstance(node, FUNCTION):
            self._enter_definition(node, self._draft("function", node, around))
        elif isinstance(node, ast.ClassDef):
            self._enter_definition(node, self._class(node, node.name, around))
        elif isinstance(node, computing.COMPOUND):
            bare = statements.without_definitions(node)
            inside = _Around(
                forms.form([bare], self._module.penstock), bare, computing.level([bare], NodeReader(self._module))
            )
            for definition in statements.definitions_in(node):
                self._place(definition, inside)
            self._enter(bare)
        else:
            self._enter(node)

    def _enter_definition(self, node: FunctionNode | ast.ClassDef, draft: _Draft) -> None:
        self._names.setdefault(node.name, []).append(draft)
        above = [*node.bases, *(part.value for part in node.keywords)] if isinstance(node, ast.ClassDef) else []
        draft.decorators = tuple(map(_called, wanted_decorators(node, self._module)))
        for chain in (*draft.decorators, *map(_called, above)):
            if len(chain) > 1 and chain[0] in self._bound:  # as if `clean.register(node)` stood there
                entering = _Draft(draft.kind, [], References([(node.name,)]), draft.line)
                self._names.setdefault(chain[0], []).append(entering)
            elif chain and chain[0] in self._module.scope.bound:
                self._enters[chain] = None

    def _enter(self, node: ast.stmt) -> None:
        """Give a statement to the names that it binds or changes; if it may do more than that, to the module."""
        bound = scopes.scope_of([node]).bound
        if not (bound and isinstance(node, ast.AnnAssign) and node.value is None):
            draft = self._draft("constant", node)
            written = bound | {chain[0] for chain in draft.found.early_writes} | set(statements.called_alone(node))
            draft.is_option = statements.bound_alone(node) in self._module.penstock
            own = {name for name in written if name in bound or self._module.is_own(name)}
            if draft.computed == OPEN:  # of names of other modules no value is asked
                draft.found.writes |= {
                    chain for chain in draft.found.early_writes if chain[0] in self._module.scope.imports
                }
            for name in sorted(own):
                self._names.setdefault(name, []).append(draft)
            if own <= {"_"} or written != own or any(self._is_bare(part) for part in ast.walk(node)):
                self._effects.append(draft)

    def _is_bare(self, node: ast.AST) -> bool:
        """Whether it is an expression that stands alone and does more than to change a name of the module."""
        if not isinstance(node, ast.Expr) or isinstance(node.value, ast.Constant):
            return False
        call = node.value
        return not (isinstance(call, ast.Call) and is_mutator(call) and self._module.is_own(forms.root(call.func)))

    def _draft(
        self,
        kind: str,
        node: ast.AST,
        around: _Around | None = None,
        scope: Scope | None = None,
        inside: Scope | None = None,
    ) -> _Draft:
        """A piece that is nearly made. `scope`: what the node stands in; `inside`, for a class: its own."""
        reader = NodeReader(self._module, scope)
        if around is not None:
            reader.read([around.node])
        if inside is not None and isinstance(node, ast.ClassDef):
            reader.read_class(node, inside)
        else:
            reader.read([node])
        found = reader.found
        words = [*(around.words if around is not None else ()), *forms.form([node], self._module.penstock)]
        before = tuple((name, len(self._names.get(name, ()))) for name in sorted(found.early))
        computed = max(around.computed if around is not None else TOLD, self._level(node, scope, inside))
        return _Draft(kind, words, found, statements.first_line(node), computed, before)

    def _level(self, node: ast.AST, scope: Scope | None, inside: Scope | None) -> int:
        reader = NodeReader(self._module, scope)
        if isinstance(node, FUNCTION):
            decorators = wanted_decorators(node, self._module)
            return max(computing.level_of_decorators(decorators, reader), computing.level([node], reader))
        if isinstance(node, ast.ClassDef):
            decorators = wanted_decorators(node, self._module)
            around = max(computing.level_of_decorators(decorators, reader), computing.level_of_bases(node, reader))
            return max(around, computing.level(node.body, NodeReader(self._module, inside)))
        return computing.level([node], reader)

    def _class(
        self, node: ast.ClassDef, name: str, around: _Around | None = None, scope: Scope | None = None
    ) -> _Draft:
        inside = scopes.class_scope(node, scope)
        members: set[str] = set()
        rest: list[ast.stmt] = []
        for part in node.body:
            if not isinstance(part, DEFINITION):
                rest.append(part)
                continue
            member = f"{name}.{part.name}"
            if isinstance(part, ast.ClassDef):
                draft = self._class(part, member, None, inside)
            else:
                draft = self._draft("function", part, None, inside)
            self._names.setdefault(member, []).append(draft)
            members.add(member)
        head = ast.ClassDef(node.name, node.bases, node.keywords, rest, node.decorator_list)
        head.type_params = getattr(node, "type_params", [])  # pyright: ignore[reportAttributeAccessIssue]
        draft = self._draft("class", ast.copy_location(head, node), around, scope, inside)
        hooks = _META_HOOKS if any(forms.root(base) == "type" for base in node.bases) else _HOOKS
        noting = (part for part in node.body if isinstance(part, FUNCTION) and part.name in hooks)
        draft.found.unfollowed += [
            (f"classes that {part.name}() may take note of", part.lineno)
            for part in noting
            if statements.passes_on(part)
        ]
        draft.members = tuple(sorted(members))
        return draft

    def _finished(self, draft: _Draft) -> Piece:
        words = list(draft.words)
        for name, count in draft.bound_before:  # to read a name before or after it is bound anew is not the same
            if len(self._names.get(name, ())) > 1:
                words += (name, str(count))
        found = draft.found
        return Piece(
            draft.kind,
            _digest(words),
            tuple(sorted({chain[0] for chain in found.refs if self._is_plain(chain)})),
            tuple(sorted(chain for chain in found.refs if not self._is_plain(chain))),
            draft.line,
            draft.computed,
            tuple(sorted(found.writes)),
            tuple(sorted(found.keeps)),
            draft.is_option,
            tuple(found.runs),
            tuple(found.unfollowed),
            draft.decorators,
            draft.members,
        )

    def _is_plain(self, chain: Chain) -> bool:
        """Whether it can only be what the module itself defines under the name."""
        return self._module.is_own(chain[0]) and not self._module.has_stars

    def _joined_effects(self) -> Piece:
        pieces = [self._finished(draft) for draft in self._effects]
        return Piece(
            "statements",
            blake3(b"".join(piece.digest for piece in pieces)).digest(),
            tuple(sorted({name for piece in pieces for name in piece.own})),
            tuple(sorted({chain for piece in pieces for chain in piece.refs})),
            pieces[0].line,
            writes=tuple(sorted({chain for piece in pieces for chain in piece.writes})),
            runs=tuple(dict.fromkeys(target for piece in pieces for target in piece.runs)),
            unfollowed=tuple(dict.fromkeys(site for piece in pieces for site in piece.unfollowed)),
        )


def _called(node: ast.expr) -> Chain:
    return forms.dotted(node.func if isinstance(node, ast.Call) else node)


def _digest(words: Iterable[str]) -> bytes:
    return blake3("\0".join(words).encode(errors="surrogatepass")).digest()


def _enter_globals(parts: Sequence[ast.AST], scope: Scope) -> None:
    """Add the names of the module that functions bind, by `global`; an import may be what binds them."""
    names = {name for part in parts if isinstance(part, ast.Global) for name in part.names}
    scope.bound |= names
    if names:
        for inside in (scopes.scope_of(part.body) for part in parts if isinstance(part, FUNCTION)):
            for name in inside.outer & inside.imports.keys():
                scope.imports.setdefault(name, []).extend(inside.imports[name])


def _names_of_penstock(parts: Sequence[ast.AST], imports: Mapping[str, Sequence[Target]]) -> frozenset[str]:
    found = [(name, target) for name, targets in imports.items() for target in targets]
    for node in parts:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found += scopes.import_targets(node)
    names = {name for name, (level, module, _) in found if not level and module.partition(".")[0] == "penstock"}
    for node in parts:  # `heavy = step(memory="8GiB")`
        if (name := statements.bound_alone(node)) and statements.makes(node) in names:
            names.add(name)
    return frozenset(names)


def _definitions(body: Iterable[ast.stmt], scope: Scope) -> set[str]:
    defined = {node.name for node in body if isinstance(node, DEFINITION)}
    others = scopes.scope_of(node for node in body if not isinstance(node, DEFINITION))
    return (defined - others.bound) & scope.bound
