"""Values of Python's own types: atoms, containers, and the objects of the standard library."""

from __future__ import annotations

import array
import collections
import copy
import dataclasses
import datetime
import decimal
import fractions
import functools
import inspect
import io
import ipaddress
import operator
import pathlib
import random
import re
import types
import uuid
import zoneinfo
from typing import Any

from tests.unit.artifacts import samples
from tests.unit.artifacts.zoo import Species


def one(value: Any) -> Any:
    """A copy of its own of a choice."""
    return copy.deepcopy(value) if isinstance(value, (list, dict, set, bytearray, tuple)) else value


_ATOMS: tuple[Any, ...] = (
    *(None, True, False, ..., NotImplemented, dataclasses.MISSING, inspect.Parameter.empty),
    *(0, 1, -1, 255, 256, 1 << 64, -(1 << 63), 0.0, -0.0, 1.0, float("nan"), float("inf"), 1j, complex(-0.0, 1)),
    *("", "a", "1", "a" * 2000, "\ud800", b"", b"a", b"a" * 2000, bytearray(b"a"), int, str, type(None), len, print),
)
_NESTED: tuple[Any, ...] = (
    *([], (), {}, set(), frozenset(), [1], [1.0], [True], (1,), {1}, frozenset({1}), {1: 1}, {True: 1}, {1: True}),
    *([[]], [()], [[], []], [[1], 2], [1, [2]], [[1, 2]], ([],), {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": {"b": 2}}),
    *({1, "1"}, {(1, 2)}, {frozenset({1})}, frozenset({frozenset()}), ["ab"], ["a", "b"], [None], [0], ["x"] * 600),
)


def inside_itself(levels: int, before: Any) -> Any:
    """A list that is its own last item's ... last item."""
    outer: list[Any] = [before]
    inner = outer
    for _ in range(levels):
        inner.append([before])
        inner = inner[-1]
    inner.append(outer)
    return outer


def partial(function: Any, args: Any, keywords: Any, attributes: Any) -> Any:
    made = functools.partial(function, *args, **keywords)
    vars(made).update(attributes)
    return made


def positioned(make: Any, steps: int) -> Any:
    """An iterator that was begun."""
    made = make()
    for _ in range(steps):
        next(made)
    return made


def memory_file(kind: Any, at: int, attributes: Any) -> Any:
    made = kind("abc" if kind is io.StringIO else b"abc")
    made.seek(at)
    vars(made).update(attributes)
    return made


def generator(seed: int, draws: int) -> random.Random:
    made = random.Random(seed)
    for _ in range(draws):
        made.gauss(0, 1)
    return made


def failure(kind: Any, args: Any, cause: Any, quiet: bool, notes: Any, attributes: Any) -> BaseException:
    made = kind(*args)
    made.__cause__ = cause() if cause else None
    made.__suppress_context__ = quiet
    for note in notes:
        made.add_note(note)
    vars(made).update(attributes)
    return made


class StateSetter:
    """Says how it is filled, by a callable: the sixth part of a reduction."""

    def __init__(self, state: Any, setter: str) -> None:
        self.state, self.setter = state, setter

    def __reduce__(self) -> Any:
        return StateSetter, (None, ""), self.state, None, None, globals()[self.setter]


def set_plainly(value: StateSetter, state: Any) -> None:
    value.state, value.setter = state, "set_plainly"


def set_doubled(value: StateSetter, state: Any) -> None:
    value.state, value.setter = state, "set_doubled"


_ZONES = (None, datetime.UTC, datetime.timezone(datetime.timedelta(hours=1)), zoneinfo.ZoneInfo("UTC"))
_NAMED = datetime.timezone(datetime.timedelta(hours=1), "one")

SPECIES = [
    Species("atom", one, {"value": _ATOMS}),
    Species("nested", one, {"value": _NESTED}),
    Species("list", lambda items, last: [*items, last], {"items": ((), (1,), (1, "a")), "last": _ATOMS[:12]}),
    Species(
        "dict",
        lambda keys, value: {key: one(value) for key in keys},
        {"keys": ("ab", "ba", (1, 2), (None, ...), (1.5, "a")), "value": _NESTED},
    ),
    Species(
        "set",
        lambda kind, members: kind(members),
        {"kind": (set, frozenset), "members": ((1,), (1, 2), ("a", 1, None), ((1, "a"),), range(50))},
        {"order": lambda value: type(value)(sorted(value, key=lambda member: hash(repr(member))))},
    ),
    Species(
        "sharing",
        lambda text, count: [text] * count + [[text]] * count,
        {"text": ("one text", "another text"), "count": (1, 2, 3)},
        {
            "copies": lambda value: [
                *("".join(list(item)) for item in value[: len(value) // 2]),
                *map(list, value[len(value) // 2 :]),
            ]
        },
    ),
    Species("inside itself", inside_itself, {"levels": (0, 1, 2), "before": (1, 2)}),
    Species(
        "ordered dict",
        lambda pairs: collections.OrderedDict(pairs),
        {"pairs": ((("a", 1), ("b", 2)), (("b", 2), ("a", 1)))},
    ),
    Species(
        "default dict",
        lambda factory, items: collections.defaultdict(factory, items),
        {"factory": (int, list, None), "items": ({}, {"a": 1})},
    ),
    Species("counter", lambda counts: collections.Counter(counts), {"counts": ({"a": 1}, {"a": 2}, {"a": 0}, {})}),
    Species("deque", lambda items, most: collections.deque(items, most), {"items": ("", "ab"), "most": (None, 2, 3)}),
    Species(
        "chain map",
        lambda maps: collections.ChainMap(*one(maps)),
        {"maps": (({"a": 1}, {}), ({}, {"a": 1}), ({"a": 1},))},
    ),
    Species("namespace", lambda held: types.SimpleNamespace(**held), {"held": ({}, {"a": 1}, {"a": 2}, {"b": 1})}),
    Species("user dict", lambda held: collections.UserDict(held), {"held": ({}, {"a": 1}, {"a": 2})}),
    Species("array", lambda code, items: array.array(code, items), {"code": "bhiqfd", "items": ((), (1,), (1, 2))}),
    Species("range", lambda a, b, c: range(a, b, c), {"a": (0, 1), "b": (3, 4), "c": (1, 2)}),
    Species("slice", lambda a, b, c: slice(a, b, c), {"a": (None, 0), "b": (3, 4), "c": (None, 1)}),
    Species(
        "datetime",
        lambda day, zone, fold: datetime.datetime(2026, 1, day, tzinfo=zone, fold=fold),
        {"day": (1, 2), "zone": (*_ZONES, _NAMED), "fold": (0, 1)},
    ),
    Species(
        "time",
        lambda hour, zone, fold: datetime.time(hour, tzinfo=zone, fold=fold),
        {"hour": (1, 2), "zone": _ZONES, "fold": (0, 1)},
    ),
    Species("timedelta", lambda days, micros: datetime.timedelta(days, 0, micros), {"days": (0, -1), "micros": (0, 1)}),
    Species("zone", one, {"value": (*_ZONES[1:], _NAMED, zoneinfo.ZoneInfo("Europe/Berlin"))}),
    Species("decimal", lambda text: decimal.Decimal(text), {"text": ("1", "1.0", "-0", "NaN", "sNaN")}),
    Species("context", lambda digits: decimal.Context(prec=digits), {"digits": (5, 6)}),
    Species("fraction", lambda top: fractions.Fraction(top, 3), {"top": (1, 2)}),
    Species(
        "uuid",
        lambda number, safe: uuid.UUID(int=number, is_safe=safe),
        {"number": (1, 2), "safe": tuple(uuid.SafeUUID)},
    ),
    Species(
        "address",
        lambda text: ipaddress.ip_interface(text),
        {"text": ("10.0.0.1/8", "10.0.0.1/9", "fe80::1", "fe80::1%1")},
    ),
    Species(
        "path",
        lambda kind, text: kind(text),
        {"kind": (pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.Path), "text": ("a/b", "a/c")},
    ),
    Species(
        "pattern", lambda text, flags: re.compile(text, flags), {"text": ("a", "b"), "flags": (0, re.I, re.I | re.S)}
    ),
    Species("byte pattern", lambda text: re.compile(text), {"text": (b"a", "a")}),
    Species(
        "partial",
        partial,
        {
            "function": (print, samples.add),
            "args": ((), (1,)),
            "keywords": ({}, {"b": 1}),
            "attributes": ({}, {"x": 1}),
        },
    ),
    Species(
        "getter",
        lambda made: made,
        {
            "made": (
                operator.itemgetter(1),
                operator.itemgetter(2),
                operator.attrgetter("a"),
                operator.methodcaller("a", 1),
            )
        },
    ),
    Species(
        "iterator",
        lambda make, steps: positioned(make, steps),
        {
            "make": (
                lambda: iter([1, 2, 3]),
                lambda: iter((1, 2, 3)),
                lambda: iter(range(3)),
                lambda: enumerate("abc"),
                lambda: reversed([1, 2, 3]),
            ),
            "steps": (0, 1),
        },
    ),
    Species(
        "memory file", memory_file, {"kind": (io.BytesIO, io.StringIO), "at": (0, 2), "attributes": ({}, {"x": 1})}
    ),
    Species("random generator", generator, {"seed": (1, 2), "draws": (0, 1, 2)}),
    Species(
        "exception",
        failure,
        {
            "kind": (ValueError, KeyError, SystemExit),
            "args": ((), ("a",), ("a", 1)),
            "cause": (None, lambda: ValueError("c"), lambda: ValueError("d")),
            "quiet": (False, True),
            "notes": ((), ("n",)),
            "attributes": ({}, {"x": 1}),
        },
    ),
    Species("os error", lambda number, file: OSError(number, "text", file), {"number": (2, 13), "file": ("a", "b")}),
    Species(
        "exceptions",
        lambda text, inner: ExceptionGroup(text, [inner(1)]),
        {"text": "ab", "inner": (ValueError, KeyError)},
    ),
    Species("two arguments", samples.TwoArgumentsError, {"path": "ab", "line": (1, 2)}),
    Species(
        "generic", one, {"value": (list[int], list[str], tuple[int, ...], int | str, int | None, dict[str, list[int]])}
    ),
    Species(
        "bound builtin",
        lambda name, items: getattr(list(items), name),
        {"name": ("append", "count"), "items": ((1,), (2,))},
    ),
    Species("state setter", StateSetter, {"state": ({"a": 1}, {"a": 2}), "setter": ("set_plainly", "set_doubled")}),
]
