"""A project's graph, kept from start to start, so that what did not change is not even looked at.

The file holds what the graph was made of: the names and places of all sources, the content of those it went through,
and what was learnt outside of the snapshot. Where a source was edited, but still has the same names, imports and the
like, what was made of the other modules holds; where anything more is different, all is made anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from blake3 import blake3

from penstock.code import graph, kept, outline
from penstock.code.graph import Graph
from penstock.code.locating import Locator
from penstock.code.meanings import Source
from penstock.code.outline import Outline, Piece
from penstock.model import wire

_Modules = dict[str, tuple[str, bytes, bytes]]
"""Of each module of the snapshot that the graph went through: its file, and the digests of source and interface."""


class GraphFile:
    """The file `graph-<module>`, of the flows of one module. `around`: what else a graph depends on."""

    def __init__(self, folder: Path, module: str, locator: Locator, around: Iterable[str]) -> None:
        self._file = folder / f"graph-{module}"
        self._locator = locator
        self._key = (graph.VERSION, outline.VERSION, sys.version_info[:2], *around, *locator.paths)
        self._modules: _Modules = {}
        self._is_edited = False

    def read(self) -> Any:
        """What `Graph.export` gave, as far as it still holds; None where it doesn't."""
        found = kept.read(self._file)
        if found is None:
            return None
        key, facts, modules, exported = found
        if key != self._key or not self._locator.agrees(facts):
            return None
        edited = {name for name, (path, source, _) in modules.items() if self._locator.digest(path) != source}
        for name in edited:
            if self._described(name)[2] != modules[name][2]:
                return None
        self._modules, self._is_edited = modules, bool(edited)
        return Graph.without(exported, edited) if edited else exported

    def write(self, made: Graph) -> None:
        """Keep what was made, if any of it is new."""
        if not made.is_new and not self._is_edited:
            return
        modules = {**self._modules, **{name: self._described(name) for name in self._locator.recorded()}}
        kept.write(self._file, (self._key, self._locator.facts(), modules, made.export()))
        self._is_edited = False

    def _described(self, name: str) -> tuple[str, bytes, bytes]:
        found = self._locator.find(name)
        path = self._locator.recorded().get(name, "")
        interface = _interface(found.outline) if isinstance(found, Source) else b""
        return path, self._locator.digest(path), interface


def _interface(found: Outline) -> bytes:
    """All that other modules' nodes can depend on."""
    names = [(name, _seen(pieces)) for name, pieces in sorted(found.names.items())]
    imports = sorted(found.imports.items())
    return blake3(wire.pack((names, imports, found.stars, bool(found.effects), found.enters, found.optional))).digest()


def _seen(pieces: tuple[Piece, ...]) -> list[Any]:
    return [
        (
            piece.kind,
            piece.writes,
            piece.keeps,
            piece.is_option,
            [(member, _seen(group)) for member, group in piece.members],
        )
        for piece in pieces
    ]
