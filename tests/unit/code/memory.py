"""Projects in memory: the pure part of the fingerprint, with no file and no snapshot."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import lru_cache

from penstock.code.fingerprint import Fingerprint, ProjectCode
from penstock.code.graph import CodeGraph
from penstock.code.meanings import Found, Outside, Source, Value
from penstock.code.outline import Outline
from penstock.code.outlining import outline

outline_of = lru_cache(outline)


class Memory:
    """Modules by their sources; all others are outside."""

    def __init__(self, files: Mapping[str, str], values: Mapping[str, bytes] | None = None) -> None:
        self.sources: dict[str, Source] = {}
        self.values = values or {}
        for place, text in files.items():
            name = place.removesuffix(".py").replace("/", ".")
            found = outline_of(text.encode(errors="surrogatepass"))
            inside = name.removesuffix(".__init__")
            self.sources[inside] = Source(inside, place, found, inside != name)

    def find(self, name: str) -> Found:
        """The module; what is of no project's package is Python's own."""
        return self.sources.get(name) or (None if name.partition(".")[0] in self.sources else Outside())

    def value(self, module: str, name: str, is_chosen: bool, keeps: Collection[str]) -> Value | None:
        """As it was given."""
        given = self.values.get(f"{module}:{name}")
        return None if given is None else Value(given)


def fingerprint(
    files: Mapping[str, str], *roots: str, python: str = "3.11 CPython", values: Mapping[str, bytes] | None = None
) -> Fingerprint:
    """Of the roots, else of the step `train` of flow.py."""
    return ProjectCode(CodeGraph(Memory(files, values)), "flow", python).fingerprint(roots or ("flow:train",), {})


def without_lines(found: Outline) -> object:
    """An outline as far as it is digested or followed."""
    return _plain(found.names), _plain(found[1:])


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if not isinstance(value, tuple):
        return value
    if hasattr(value, "line"):
        value = value._replace(line=0, unfollowed=tuple(what for what, _ in value.unfollowed))
    return tuple(_plain(part) for part in value)
