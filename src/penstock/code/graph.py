"""The code of a project as a graph, made as far as it is asked for: what a definition counts by, and what it reaches.

Ids are "features:clean" and "models:Model.score", "features:" for a module's bare statements, "pandas" for a package.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Iterator

from blake3 import blake3

from penstock.code.meanings import Compiled, Meaning, Meanings, Modules, Outside, Source, absolute
from penstock.code.outline import OPEN, TOLD, Chain, Piece, Target, optional_key
from penstock.model.tuples import NamedTuple

FORM_BYTES = 16
"""The length of the first part of a definition's digest: what is written there."""
MEANING_BYTES = 16
"""The length of the second part: what its names mean. The rest is its value at run time."""

BUILTINS = frozenset(dir(builtins)) | {"get_ipython", "display"}  # the last are there in a notebook


class Made(NamedTuple):
    """A piece of code that counts, and what was seen as it was made."""

    kind: str
    digest: bytes
    place: str
    reaches: tuple[str, ...]  # ids, sorted
    module: str = ""  # of the project, which is imported with it
    line: int = 0
    runs: tuple[str, ...] = ()  # modules of the project that it imports while it runs
    changes: tuple[str, ...] = ()  # ids of what it changes while it runs
    unfollowed: tuple[str, ...] = ()
    computed: int = TOLD  # beyond it, its value at run time counts, too
    is_chosen: bool = False  # one of several definitions
    keeps: tuple[str, ...] = ()  # variables that it may hold and change


class Imported(NamedTuple):
    """What the import of a module does."""

    modules: tuple[str, ...] = ()  # of the project; they are imported with it
    statements: tuple[str, ...] = ()  # the id of its bare statements, if it has any
    changes: tuple[str, ...] = ()  # ids of what its definitions may be noted in


class CodeGraph:
    """Makes each node once. `modules` says where modules are."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._meanings = Meanings(modules)
        self._wholes: dict[str, tuple[str, ...]] = {}
        self._made: dict[str, Made] = {}
        self._imported: dict[str, Imported] = {}
        self._ids_of: dict[str, tuple[str, ...]] = {}

    def ids(self, root: str) -> tuple[str, ...]:
        """The ids of "module:qualname", or of all that is in "module"; empty where there is none."""
        known = self._ids_of.get(root)
        if known is None:
            module, _, name = root.partition(":")
            chain = tuple(name.partition(".<locals>")[0].split(".")) if name else ()
            known = self._ids_of[root] = self._ids(self._meanings.of_member(module, chain))
        return known

    def is_project_s(self, root: str) -> bool:
        """Whether the sources of a root's module are read."""
        return isinstance(self._modules.find(root.partition(":")[0]), Source)

    def is_outside(self, root: str) -> bool:
        """Whether a root is Python's own, or Penstock's, so that nothing of it counts."""
        return isinstance(self._modules.find(root.partition(":")[0]), Outside)

    def imported(self, module: str) -> Imported:
        """What the import of a module does; nothing for one that is not of the project."""
        known = self._imported.get(module)
        if known is None:
            source = self._modules.find(module)
            known = self._imported[module] = self._import(source) if isinstance(source, Source) else Imported()
        return known

    def make(self, identity: str) -> Made:
        """The node of an id that came from here."""
        made = self._made.get(identity)
        if made is None:
            made = self._without_value(identity)
            made = self._made[identity] = made if made.computed == TOLD else self._with_value(identity, made)
        return made

    def _with_value(self, identity: str, made: Made) -> Made:
        name = identity.partition(":")[2]
        value = self._modules.value(made.module, name, made.is_chosen, made.keeps)
        notes: list[str] = []
        if value is None:
            if made.computed == OPEN:
                notes.append(f"{name} is computed when {made.module} is imported, which it is not here")
        else:
            notes += (f"{name} {note}" for note in value.notes)
            if not value.is_stable and (made.computed == OPEN or made.kind == "constant"):
                notes.append(f"the value of {name} has no stable form")
        unfollowed = (*made.unfollowed, *[site(made.place, made.line, note) for note in notes])
        return made._replace(digest=made.digest + (value.digest if value is not None else b""), unfollowed=unfollowed)

    def _without_value(self, identity: str) -> Made:
        if ":" in identity and identity not in self._meanings.outer:
            return self._definition(identity)
        outer = self._meanings.outer[identity]
        if isinstance(outer, Compiled):
            return Made("file", outer.digest, outer.place, ())
        return Made("package", outer.version.encode(), "", ())

    def _definition(self, identity: str) -> Made:
        source, name, pieces = self._pieces(identity)
        module = source.name
        reaches = {f"{module}:{member}" for piece in pieces for member in piece.members}
        words: list[str] = []
        sites: list[tuple[int, str]] = []
        for part in pieces:
            reaches.update([f"{module}:{own}" for own in part.own])
            sites += [(line, what) for what, line in part.unfollowed]
            for chain in part.refs:
                meaning = self._meanings.of(module, chain)
                if chain in part.decorators and meaning.ids and all(map(self._is_option, meaning.ids)):
                    continue
                reaches.update(self._ids(meaning))
                words.append(f"{'.'.join(chain)}={self._word(meaning)}")
                sites += [(part.line, what) for what in _missing(chain, meaning)]
        targets = [target for part in pieces for target in part.runs]
        packages, missing = self._imports(source, targets)
        reaches.update(packages)
        sites += [(pieces[0].line, what) for what in missing]
        is_changed = name in source.outline.changed
        if is_changed:
            sites.append((pieces[0].line, f"{name} is changed while the code runs"))
        reaches.discard(identity)
        computed = TOLD if is_changed or not name else max(part.computed for part in pieces)
        return Made(
            _kind(pieces),
            _digest(pieces, words),
            source.place,
            tuple(sorted(reaches)),
            module,
            pieces[0].line,
            tuple(self._meanings.imported(source, targets)) if targets else (),
            tuple(self._changes(source, pieces)),
            tuple([site(source.place, line, what) for line, what in sites]),
            computed,
            len(pieces) > 1,
            self._kept(reaches) if computed != TOLD else (),
        )

    def _is_option(self, identity: str) -> bool:
        """Whether it says how steps are run: `heavy = step(memory="8GiB")`."""
        return identity not in self._meanings.outer and all(piece.is_option for piece in self._pieces(identity)[2])

    def _kept(self, reaches: Iterable[str]) -> tuple[str, ...]:
        """The variables that what is reached directly, decorators among it, makes and changes."""
        inner = (identity for identity in reaches if ":" in identity and identity not in self._meanings.outer)
        return tuple(sorted({name for one in inner for piece in self._pieces(one)[2] for name in piece.keeps}))

    def _word(self, meaning: Meaning) -> str:
        """What a name means. Packages are nodes of their own: one that is new is no change of the code that uses it."""
        inner = (identity for identity in meaning.ids if identity not in self._meanings.outer)
        return ",".join((*inner, *meaning.modules, *meaning.words))

    def _pieces(self, identity: str) -> tuple[Source, str, tuple[Piece, ...]]:
        module, _, name = identity.partition(":")
        source = self._modules.find(module)
        if not isinstance(source, Source):
            raise LookupError(identity)
        if not name:
            return source, name, source.outline.effects
        return source, name, source.outline.names[name]

    def _imports(self, source: Source, targets: list[Target]) -> tuple[list[str], list[str]]:
        """The packages that it imports while it runs, whether it uses them or not, and what is not there."""
        packages: list[str] = []
        missing: list[str] = []
        for level, module, attribute in targets:
            chain = (attribute,) if attribute not in ("", "*") else ()
            meaning = self._meanings.of_member(absolute(source, level, module), chain)
            packages += (identity for identity in meaning.ids if identity in self._meanings.outer)
            if optional_key((level, module, attribute)) not in source.outline.optional:
                missing += (f"there is no {what}" for what in meaning.missing)
        return packages, missing

    def _changes(self, source: Source, pieces: tuple[Piece, ...]) -> Iterator[str]:
        """What it changes in other modules."""
        for piece in pieces:
            for chain in piece.writes:
                if chain[0] in source.outline.imports:
                    ids = self._meanings.of(source.name, chain).ids
                    yield from (identity for identity in ids if identity not in self._meanings.outer)

    def _import(self, source: Source) -> Imported:
        outer = source.name.rpartition(".")[0]
        modules = self._meanings.imported(source, source.outline.runs)
        statements = (f"{source.name}:",) if source.outline.effects else ()
        return Imported((*filter(None, [outer]), *modules), statements, tuple(self._entered(source)))

    def _entered(self, source: Source) -> Iterator[str]:
        """What definitions of the module may be noted in as it is imported: in `clean` of another module by
        `@clean.register`, and in what a decorator writes to, or a base or metaclass."""
        for chain in source.outline.enters:
            hosts = self._meanings.of(source.name, chain[:-1]).ids if len(chain) > 1 else ()
            for identity in dict.fromkeys((*hosts, *self._meanings.of(source.name, chain).ids)):
                if identity not in self._meanings.outer:
                    owner, _, pieces = self._pieces(identity)
                    if identity in hosts and _kind(pieces) != "class":
                        yield identity
                    parts = [*pieces]
                    parts += [
                        one for piece in pieces for member in piece.members for one in owner.outline.names[member]
                    ]
                    for written in dict.fromkeys(written for part in parts for written in part.writes):
                        yield from self._meanings.of(owner.name, written).ids

    def _ids(self, meaning: Meaning) -> tuple[str, ...]:
        if not meaning.modules:
            return meaning.ids
        return (*meaning.ids, *(identity for module in meaning.modules for identity in self._whole(module)))

    def _whole(self, module: str) -> tuple[str, ...]:
        """All that can be had of a module: its names, what it takes from others, and its submodules that it imports."""
        if module not in self._wholes:
            ids: dict[str, None] = {}
            waiting, seen = [module], set[str]()
            while waiting:
                name = waiting.pop()
                source = self._modules.find(name)
                if name in seen or not isinstance(source, Source):
                    continue
                seen.add(name)
                ids.update(dict.fromkeys(f"{name}:{own}" for own in source.outline.names))
                ids.update(dict.fromkeys(self.imported(name).statements))
                for meaning in self._taken(source):
                    ids.update(dict.fromkeys(meaning.ids))
                    waiting += meaning.modules
            self._wholes[module] = tuple(ids)
        return self._wholes[module]

    def _taken(self, source: Source) -> Iterator[Meaning]:
        for name, targets in source.outline.imports.items():
            if not name.isidentifier():  # an import inside a function
                continue
            for level, module, attribute in targets:
                meaning = self._meanings.of_member(absolute(source, level, module), (attribute,) if attribute else ())
                inner = tuple(part for part in meaning.modules if part.startswith(f"{source.name}."))
                if attribute or inner:
                    yield meaning._replace(modules=inner)
        for level, module, _ in source.outline.stars:
            yield self._meanings.of_member(absolute(source, level, module), ())


def site(place: str, line: int, what: str) -> str:
    """A line of the report of what can't be followed."""
    return f"{place}:{line}: {what}" if line else f"{place}: {what}"


def _digest(pieces: tuple[Piece, ...], words: list[str]) -> bytes:
    form = f"{len(pieces)}\0".encode() + b"".join([piece.digest for piece in pieces])
    meaning = "\0".join(words).encode(errors="surrogatepass")
    return blake3(form).digest(FORM_BYTES) + blake3(meaning).digest(MEANING_BYTES)


def _missing(chain: Chain, meaning: Meaning) -> Iterator[str]:
    if not any(meaning) and chain[0] not in BUILTINS:
        yield f"{chain[0]} is not defined where it can be seen"
    for what in meaning.missing:
        yield f"there is no {what}"


def _kind(pieces: tuple[Piece, ...]) -> str:
    if len(pieces) == 1:
        return pieces[0].kind
    kinds = {piece.kind for piece in pieces}
    return next((kind for kind in ("class", "function") if kind in kinds), "constant")
