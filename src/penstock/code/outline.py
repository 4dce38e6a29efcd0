"""What one module's source comes to, as far as a fingerprint asks: plain data, which can be stored and packed.

Knows nothing of the module's name, path or neighbours. Lines are kept for display and are part of no digest.
`outlining.py` makes it; this file stays light, since every start reads outlines and few make one.
"""

from __future__ import annotations

from penstock.model import wire
from penstock.model.tuples import NamedTuple

Chain = tuple[str, ...]
"""A dotted name: ("features", "clean"). Its root is a name of the module, or the `import_name` of a local import."""

Target = tuple[int, str, str]
"""What an import binds: leading dots, module, and the name taken from it; "" for the module itself, "*" for all."""


TOLD, ASKED, OPEN = 0, 1, 2
"""How far a source tells what a piece comes to: all of it; it does, but a look at the live value is better; it doesn't,
so that a value that can't be had is reported."""


class Piece(NamedTuple):
    """A definition, or a statement that binds or changes a name of its module."""

    kind: str  # "function", "class", "constant", "statements"
    digest: bytes  # of its form; b"" where only a live value is known
    own: tuple[str, ...] = ()  # names of its module that it refers to, and that can mean nothing else
    refs: tuple[Chain, ...] = ()  # all other names that it refers to
    line: int = 0
    computed: int = TOLD  # how far what it comes to is told by its form, and by what it refers to
    writes: tuple[Chain, ...] = ()  # what it changes while the code runs
    keeps: tuple[str, ...] = ()  # variables of functions that functions inside them change
    is_option: bool = False  # it makes a step, or something else of Penstock's
    runs: tuple[Target, ...] = ()  # imports inside it
    unfollowed: tuple[tuple[str, int], ...] = ()  # what it is, and its line
    decorators: tuple[Chain, ...] = ()  # those that may be of Penstock, and then don't count
    members: tuple[str, ...] = ()  # of a class: methods and inner classes, as `Outline.names` has them


class Outline(NamedTuple):
    """A module, taken apart. A name that is bound several times has all its pieces, in order."""

    names: dict[str, tuple[Piece, ...]]  # "clean", "Model", "Model.fit"
    imports: dict[str, tuple[Target, ...]]
    stars: tuple[Target, ...] = ()
    runs: tuple[Target, ...] = ()  # the modules that its import imports
    effects: tuple[Piece, ...] = ()  # one piece at most: bare statements
    changed: tuple[str, ...] = ()  # names that its own functions write to
    enters: tuple[Chain, ...] = ()  # decorators and bases of definitions, which may note these elsewhere
    optional: tuple[tuple[int, str], ...] = ()  # modules whose import may fail, as `optional_key` has them


EMPTY = Outline({}, {})


def optional_key(target: Target) -> tuple[int, str]:
    """Dots and name of the module that an import is after; of `from . import core` that is `core`."""
    level, module, attribute = target
    return level, module or attribute


def import_name(target: Target) -> str:
    """The name by which an import inside a function is entered in `Outline.imports`; no identifier equals it."""
    return f"{'.' * target[0]}{target[1]}:{target[2]}"


def pack(outline: Outline) -> bytes:
    """Bytes of an outline; plain data, as `wire` demands."""
    names = {name: tuple(map(tuple, pieces)) for name, pieces in outline.names.items()}
    return wire.pack((names, *outline[1:4], tuple(map(tuple, outline.effects)), *outline[5:]))


def unpack(data: bytes) -> Outline:
    """The outline from the bytes of `pack`; raises what a damaged one raises."""
    names, imports, stars, runs, effects, *rest = wire.unpack(data)
    pieces = {name: tuple(map(Piece._make, rows)) for name, rows in names.items()}
    return Outline(pieces, imports, stars, runs, tuple(map(Piece._make, effects)), *rest)
