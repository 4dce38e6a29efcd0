"""Objects of a program's own classes: dataclasses with more than their fields, slots, subclasses, enums, tuples."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import enum
from typing import Any, ClassVar, NamedTuple

from tests.unit.artifacts import samples
from tests.unit.artifacts.zoo import Species

ATTRIBUTES = ({}, {"mean_": 1.0}, {"mean_": 2.0}, {"mean_": 1.0, "seen": [1]}, {"std_": 1.0})


@dataclasses.dataclass
class Scaler:
    centre: bool = True
    words: list[str] = dataclasses.field(default_factory=list, compare=False, repr=False)
    kinds: ClassVar[int] = 1


@dataclasses.dataclass
class Wider(Scaler):
    width: int = 1


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: Any
    cached: dict[str, Any] = dataclasses.field(default_factory=dict, init=False, hash=False, compare=False)


@dataclasses.dataclass(slots=True)
class Slots:
    x: Any
    y: Any = 0


class LooseBase:
    pass


@dataclasses.dataclass(slots=True)
class LooseSlots(LooseBase):
    """Has a `__dict__` beside its slots."""

    x: Any


@dataclasses.dataclass
class Initial:
    given: dataclasses.InitVar[int]
    x: int = 0

    def __post_init__(self, given: int) -> None:
        self.hidden = given


@dataclasses.dataclass
class Forgetful:
    """Leaves a cache out of its state, and keeps something that is no field."""

    x: int
    cache: Any = None

    def __getstate__(self) -> Any:
        return {"x": self.x, "extra": self.__dict__.get("extra")}


@dataclasses.dataclass
class Made:
    """Says itself how it is made again: from what no field says."""

    x: int

    def __reduce__(self) -> Any:
        return made, (self.x, self.__dict__.get("extra"))


def made(x: int, extra: Any) -> Made:
    value = Made(x)
    value.__dict__["extra"] = extra
    return value


@dataclasses.dataclass
class Items(list[int]):
    """A dataclass that is a list."""

    unit: str = "m"


class Words(list[str]):
    unit: str


class Lookup(dict[str, Any]):
    pass


class Members(set[int]):
    pass


class FrozenMembers(frozenset[int]):
    pass


class Row(tuple[int, ...]):
    pass


class Text(str):
    pass


class Number(int):
    pass


class Real(float):
    pass


class Both(complex):
    pass


class Data(bytes):
    pass


class Buffer(bytearray):
    pass


class Queue(collections.deque[int]):
    pass


class Ordered(collections.OrderedDict[str, Any]):
    pass


class Default(collections.defaultdict[str, Any]):
    pass


class Count(collections.Counter[str]):
    pass


class Day(datetime.date):
    pass


class SlottedList(list[int]):
    __slots__ = ("unit",)


class SlottedDict(dict[str, int]):
    __slots__ = ("__private", "unit")

    def keep(self, private: Any) -> None:
        self.__private = private


class Half:
    """A slot that may be empty."""

    __slots__ = ("a", "b")


class HalfAndMore(Half):
    pass


class Pair(NamedTuple):
    a: Any
    b: Any = 0


class OtherPair(NamedTuple):
    a: Any
    b: Any = 0


class RichPair(Pair):
    """Has a `__dict__`."""


class Color(enum.Enum):
    RED = 1
    BLUE = 2
    AZURE = 2  # noqa: PIE796 - an alias


class Texts(enum.StrEnum):
    RED = "red"
    BLUE = "blue"


class Numbers(enum.IntEnum):
    ONE = 1
    TWO = 2


class Rights(enum.Flag):
    READ = 1
    WRITE = 2
    ALL = 3


class Loose(enum.IntFlag, boundary=enum.KEEP):
    A = 1
    B = 2


class WithState:
    """Has both a getstate of its own and a class that is met by name."""

    def __init__(self, x: Any) -> None:
        self.x, self.derived = x, [x]

    def __getstate__(self) -> Any:
        return {"x": self.x}

    def __setstate__(self, state: Any) -> None:
        self.__init__(state["x"])


class NewArgs:
    def __new__(cls, *, unit: str) -> NewArgs:
        value = super().__new__(cls)
        value.unit = unit
        return value

    unit: str

    def __getnewargs_ex__(self) -> Any:
        return (), {"unit": self.unit}


def with_attributes(value: Any, attributes: Any) -> Any:
    for name, item in attributes.items():
        object.__setattr__(value, name, list(item) if isinstance(item, list) else item)
    return value


def reordered(value: Any) -> Any:
    """The same attributes, set in another order."""
    attributes = dict(reversed(vars(value).items()))
    vars(value).clear()
    vars(value).update(attributes)
    return value


def child_and_parent(name: str, child: str) -> Any:
    parent = samples.Plain(name=name)
    parent.child = samples.Plain(name=child, parent=parent)
    return parent


def slotted(kind: Any, given: Any) -> Any:
    value = kind()
    for name, item in given.items():
        setattr(value, name, item)
    return value


def slotted_dict(items: Any, unit: str, private: Any) -> Any:
    value = SlottedDict(items)
    value.unit = unit
    value.keep(private)
    return value


def cached_forgetful(x: int, extra: int) -> Any:
    return with_attributes(Forgetful(x), {"extra": extra})


def dropping(value: Any) -> Any:
    value.cache = ["computed"]
    return value


def subclass(name: str, kind: Any, contents: Any) -> Species:
    return Species(
        f"subclass {name}",
        lambda content, attributes: with_attributes(kind(content), attributes),
        {"content": contents, "attributes": ATTRIBUTES},
        {"reordered": reordered},
    )


SPECIES = [
    Species(
        "dataclass",
        lambda kind, centre, words, attributes: with_attributes(kind(centre, list(words)), attributes),
        {"kind": (Scaler, Wider), "centre": (True, False), "words": ((), ("a",)), "attributes": ATTRIBUTES},
        {"reordered": reordered},
    ),
    Species(
        "frozen dataclass",
        lambda x, cached, attributes: with_attributes(Frozen(x), {"cached": dict(cached), **attributes}),
        {"x": (1, 2), "cached": ({}, {"a": 1}), "attributes": ATTRIBUTES},
    ),
    Species("dataclass with slots", lambda x, y: Slots(x, y), {"x": (1, 2), "y": (0, [1])}),
    Species(
        "loose slots",
        lambda x, attributes: with_attributes(LooseSlots(x), attributes),
        {"x": (1, 2), "attributes": ATTRIBUTES},
    ),
    Species("initial", lambda given, x: Initial(given, x), {"given": (1, 2), "x": (0, 1)}),
    Species("forgetful", cached_forgetful, {"x": (1, 2), "extra": (1, 2)}, {"a cache": dropping}),
    Species("made", made, {"x": (1, 2), "extra": (None, 1, 2)}),
    Species(
        "dataclass of a list",
        lambda items, unit: slotted_items(items, unit),
        {"items": ((), (1,), (1, 2)), "unit": "mk"},
    ),
    Species(
        "object", lambda attributes: samples.Plain(**attributes), {"attributes": ATTRIBUTES}, {"reordered": reordered}
    ),
    Species("class", lambda kind: kind(), {"kind": (LooseBase, Half, HalfAndMore)}),
    Species(
        "empty slots",
        slotted,
        {"kind": (Half, HalfAndMore), "given": ({}, {"a": 1}, {"b": 1}, {"a": 1, "b": 2}, {"b": 2, "a": 2})},
    ),
    Species(
        "slots and more",
        slotted,
        {"kind": (HalfAndMore,), "given": ({}, {"a": 1}, {"c": 1}, {"a": 1, "c": 1}, {"a": 1, "c": 2})},
    ),
    Species(
        "slotted list",
        lambda items, unit: slotted(lambda: SlottedList(items), {"unit": unit}),
        {"items": ((), (1,)), "unit": "ab"},
    ),
    Species("slotted dict", slotted_dict, {"items": ({}, {"a": 1}), "unit": "ab", "private": (1, 2)}),
    subclass("list", Words, ((), ("a",), ("a", "b"))),
    subclass("dict", Lookup, ((), (("a", 1),), (("a", 2),))),
    subclass("set", Members, ((), (1,), (1, 2))),
    subclass("frozenset", FrozenMembers, ((), (1,), (1, 2))),
    subclass("tuple", Row, ((), (1,), (1, 2))),
    subclass("str", Text, ("", "a")),
    subclass("int", Number, (0, 1)),
    subclass("float", Real, (0.0, -0.0, 1.0)),
    subclass("complex", Both, (0, 1j)),
    subclass("bytes", Data, (b"", b"a")),
    subclass("bytearray", Buffer, (b"", b"a")),
    subclass("deque", Queue, ((), (1,))),
    subclass("ordered dict", Ordered, ((), (("a", 1),))),
    Species("subclass counter", lambda counts: Count(counts), {"counts": ("", "a", "aa")}),
    Species("subclass date", lambda day: Day(2026, 1, day), {"day": (1, 2)}),
    Species(
        "subclass default dict",
        lambda factory, items: Default(factory, items),
        {"factory": (int, list), "items": ({}, {"a": 1})},
    ),
    Species("named tuple", lambda kind, a, b: kind(a, b), {"kind": (Pair, OtherPair), "a": (1, [1]), "b": (0, 2)}),
    Species(
        "rich named tuple",
        lambda a, attributes: with_attributes(RichPair(a), attributes),
        {"a": (1, 2), "attributes": ATTRIBUTES},
    ),
    Species("enum", lambda value: value, {"value": (*Color, *Texts, *Numbers, 1, "red")}),
    Species(
        "flag", lambda value: value, {"value": (*Rights, Rights(0), *Loose, Loose(8), Loose(9), Loose(0), Loose(3))}
    ),
    Species(
        "class by name",
        lambda value: value,
        {"value": (Scaler, Wider, Color, samples.Outer, samples.Outer.Inner, int, type, enum.Enum)},
    ),
    Species("with state", WithState, {"x": (1, 2)}),
    Species("new arguments", lambda unit: NewArgs(unit=unit), {"unit": "ab"}),
    Species("child and parent", child_and_parent, {"name": "ab", "child": "cd"}),
]


def slotted_items(items: Any, unit: str) -> Any:
    value = Items(unit)
    value.extend(items)
    return value
