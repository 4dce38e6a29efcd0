"""What a dotted name of a module means: definitions of the project, its modules, and what comes from outside.

Python's rules of import, followed through aliases, re-exports, stars, packages and relative imports, on outlines alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from penstock.code.outline import Chain, Outline, Target, optional_key
from penstock.model.tuples import NamedTuple


class Source(NamedTuple):
    """A module whose source can be read. A package without `__init__.py` is one without names."""

    name: str
    place: str  # its file as a user would name it
    outline: Outline
    is_package: bool


class ImportedPackage(NamedTuple):
    """An installed distribution."""

    name: str
    version: str


class Compiled(NamedTuple):
    """A module of the project without a source that could be read, such as a built extension."""

    place: str
    digest: bytes  # of the file


class Outside(NamedTuple):
    """A module that doesn't count on its own: of Python, or of Penstock."""


Found = Source | ImportedPackage | Compiled | Outside | None


class Value(NamedTuple):
    """What a name of a loaded module is at the moment."""

    digest: bytes
    is_stable: bool = True  # all of it has a stable form
    notes: tuple[str, ...] = ()  # what of it can't be seen, as in "holds `seen`, which is changed while the code runs"


class Modules(Protocol):
    """Where modules are found."""

    def find(self, name: str) -> Found:
        """The module of an absolute name; None where there is none. Never imports anything."""

    def value(self, module: str, name: str, is_chosen: bool, keeps: tuple[str, ...]) -> Value | None:
        """What a name is, "Model" or "Model.fit"; None where its module is not loaded.

        `is_chosen`: it has several definitions, and which of them it is counts. `keeps`: variables that functions
        hold and change while they run, so that their values don't count.
        """


class Meaning(NamedTuple):
    """What a name leads to."""

    ids: tuple[str, ...] = ()  # definitions ("features:clean"), packages, compiled modules
    modules: tuple[str, ...] = ()  # modules of the project that are meant as a whole
    words: tuple[str, ...] = ()  # what it is called where it comes from outside: "operator:add"
    missing: tuple[str, ...] = ()  # "helper in features.py": what should be there and isn't


class Meanings:
    """Finds what names mean, each once."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._known: dict[tuple[str, Chain], Meaning] = {}
        self.outer: dict[str, ImportedPackage | Compiled] = {}
        """The packages and compiled modules that names led to, by their ids."""

    def of(self, module: str, chain: Chain) -> Meaning:
        """What a dotted name means inside a module of the project."""
        known = self._known.get((module, chain))
        if known is None:
            source = self._modules.find(module)
            found = self._in_scope(source, chain, frozenset()) if isinstance(source, Source) else Meaning()
            known = self._known[module, chain] = found
        return known

    def of_member(self, module: str, chain: Chain) -> Meaning:
        """What `chain` of the module with this absolute name means; () is the module itself."""
        return self._member(module, chain, frozenset())

    def imported(self, source: Source, targets: Iterable[Target]) -> list[str]:
        """The modules of the project that imports in this module import."""
        found: list[str] = []
        for level, module, attribute in targets:
            name = absolute(source, level, module)
            inside = f"{name}.{attribute}"
            outer = self._modules.find(name)
            if isinstance(outer, Source):
                found.append(name)
                names = outer.outline
                if attribute in ("", "*") or attribute in names.names or attribute in names.imports:
                    continue
                if isinstance(self._modules.find(inside), Source):
                    found.append(inside)
        return found

    def _in_scope(self, source: Source, chain: Chain, seen: frozenset[tuple[str, Chain]]) -> Meaning:
        if (source.name, chain) in seen:  # a circle of re-exports
            return Meaning()
        seen |= {(source.name, chain)}
        name, outline = chain[0], source.outline
        found: list[Meaning] = []
        if name in outline.names:
            found.append(Meaning((f"{source.name}:{name}",)))
        for level, module, attribute in outline.imports.get(name, ()):
            rest = (attribute, *chain[1:]) if attribute else chain[1:]
            meaning = self._member(absolute(source, level, module), rest, seen)
            is_optional = optional_key((level, module, attribute)) in outline.optional
            found.append(meaning._replace(missing=()) if is_optional else meaning)
        for level, module, _ in outline.stars:
            found.append(self._starred(absolute(source, level, module), chain, seen))
        return _joined(found)

    def _starred(self, module: str, chain: Chain, seen: frozenset[tuple[str, Chain]]) -> Meaning:
        star = self._modules.find(module)
        if isinstance(star, Source):
            return self._in_scope(star, chain, seen)
        return self._member(module, ("*",), seen)

    def _member(self, module: str, chain: Chain, seen: frozenset[tuple[str, Chain]]) -> Meaning:
        found = self._modules.find(module)
        words = (f"{module}:{'.'.join(chain[:1])}",)
        match found:
            case ImportedPackage() | Compiled():
                identity = found.name if isinstance(found, ImportedPackage) else f"file:{found.place}"
                self.outer[identity] = found
                return Meaning((identity,), words=words)
            case Source():
                return self._member_of_source(found, chain, seen) if chain else Meaning(modules=(module,))
            case Outside():
                return Meaning(words=words)
            case None:
                return Meaning(words=words, missing=(f"module {module} on the path",))

    def _member_of_source(self, source: Source, chain: Chain, seen: frozenset[tuple[str, Chain]]) -> Meaning:
        name = chain[0]
        found = self._in_scope(source, chain, seen)
        if found == Meaning() or (found.ids == (f"{source.name}:{name}",) and len(chain) > 1):
            inside = f"{source.name}.{name}"
            if source.is_package and self._modules.find(inside) is not None:
                return _joined([found, self._member(inside, chain[1:], seen)])
        if found != Meaning():
            return found
        if name.startswith("__") and name.endswith("__"):  # of any module: `__name__`, or `__dict__`, which is all
            return Meaning(modules=(source.name,) if name == "__dict__" else (), words=(f"{source.name}:{name}",))
        if "__getattr__" in source.outline.names:
            return Meaning((f"{source.name}:__getattr__",), words=(f"{source.name}:{name}",))
        return Meaning(missing=(f"{name} in {source.place}",))


def absolute(source: Source, level: int, module: str) -> str:
    """The name of a module that is imported with so many leading dots inside another."""
    if not level:
        return module
    parts = source.name.split(".")
    package = parts[: len(parts) - level + source.is_package]
    return ".".join((*package, module) if module else package)


def _joined(found: list[Meaning]) -> Meaning:
    if len(found) == 1:
        return found[0]
    ids, modules, words, missing = (tuple(dict.fromkeys(part for one in found for part in one[i])) for i in range(4))
    return Meaning(ids, modules, words, missing)
