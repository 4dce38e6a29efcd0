"""Classes of attrs: with slots and without, frozen, with private and left-out fields, with converters."""

from __future__ import annotations

from typing import Any

import attr
import attrs

from tests.unit.artifacts.zoo import Species
from tests.unit.artifacts.zoo_classes import ATTRIBUTES, reordered, with_attributes


@attrs.define
class Slotted:
    x: Any
    _hidden: int = 0
    cached: Any = attrs.field(default=None, init=False, eq=False, repr=False)


@attrs.frozen
class Frozen:
    x: Any


@attrs.define(slots=False)
class Loose:
    x: Any = attrs.field(converter=lambda x: x)


@attrs.frozen(cache_hash=True)
class Hashed:
    """Keeps its hash, which another process would have otherwise."""

    x: Any


@attr.s(auto_attribs=True, getstate_setstate=True)
class Older:
    x: Any


def hashed(value: Any) -> Any:
    hash(value)
    return value


def slotted(x: Any, hidden: int, cached: Any) -> Any:
    made = Slotted(x, hidden)
    made.cached = cached
    return made


def local(default: int, x: Any) -> Any:
    return attrs.make_class("Local", {"x": attrs.field(), "y": attrs.field(default=default)})(x)


SPECIES = [
    Species("slots", slotted, {"x": (1, [1]), "hidden": (0, 1), "cached": (None, 1)}),
    Species("kind", lambda kind, x: kind(x), {"kind": (Slotted, Frozen, Loose, Older, Hashed), "x": (1, 2)}),
    Species(
        "loose",
        lambda x, attributes: with_attributes(Loose(x), attributes),
        {"x": (1, 2), "attributes": ATTRIBUTES},
        {"reordered": reordered},
    ),
    Species("hashed", lambda x: Hashed(x), {"x": ("a", "b")}, {"hashed": hashed}),
    Species("nothing", lambda value: value, {"value": (attrs.NOTHING, None)}),
    Species("made", local, {"default": (1, 2), "x": (1, 2)}),
]
