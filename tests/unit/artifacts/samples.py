"""Values of every kind that the canonical form has a rule for, made afresh at each call."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import functools
import pathlib
from typing import Any


@dataclasses.dataclass
class Point:
    x: int
    y: Any = None

    def shifted(self) -> Point:
        return Point(self.x + 1, self.y)


@dataclasses.dataclass(frozen=True)
class Line:
    start: Point
    end: Point


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Said:
    """Says what it is by code of its own."""

    def __init__(self, word: str) -> None:
        self.word = word

    def __repr__(self) -> str:
        return f"<said {self.word}>"


class Plain:
    def __init__(self, **attributes: Any) -> None:
        self.__dict__.update(attributes)


class Mark:
    """Has no attributes; tells values apart by `is`."""


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a: Any, b: Any) -> None:
        self.a, self.b = a, b


class Names(list[str]):
    pass


class Outer:
    class Inner:
        pass


def beside(value: Any, **attributes: Any) -> Any:
    """The value, with attributes that its class says nothing of."""
    value.__dict__.update(attributes)
    return value


def add(a: int, b: int) -> int:
    return a + b


class TwoArgumentsError(Exception):
    def __init__(self, path: str, line: int) -> None:
        super().__init__(f"{path}:{line}")
        self.path, self.line = path, line


def make() -> dict[str, Any]:
    """Name -> value. The names stand in the golden file."""
    return {
        "none": None,
        "true": True,
        "false": False,
        "zero": 0,
        "int": 255,
        "negative": -128,
        "huge": 1 << 100,
        "float": 0.1,
        "minus zero": -0.0,
        "nan": float("nan"),
        "complex": 1 - 2j,
        "str": "žluť 🎉",
        "surrogate": "\ud800",
        "long str": "x" * 2000,
        "bytes": b"\x00\xff",
        "bytearray": bytearray(b"\x00\xff"),
        "large bytes": bytes(70_000),
        "list": [1, [2, []]],
        "tuple": (1, (2, ())),
        "dict": {"a": 1, 2: [3]},
        "set": {1, "two", (3,)},
        "frozenset": frozenset({1, 2}),
        "long list": list(range(1000)),
        "spilled list": ["spill"] * 100_000,
        "enum": Color.BLUE,
        "dataclass": Point(1, Point(2)),
        "frozen dataclass": Line(Point(0), Point(1)),
        "more than its fields": beside(Point(1), fitted=2),
        "class": Point,
        "nested class": Outer.Inner,
        "function": add,
        "builtin": len,
        "module": collections,
        "object": Plain(a=1, b=[2]),
        "slots": Slotted(1, 2),
        "subclass of list": Names(["a"]),
        "ordered": collections.OrderedDict(a=1),
        "deque": collections.deque([1, 2], maxlen=3),
        "partial": functools.partial(add, 1),
        "bound method": Point(1).shifted,
        "constant": dataclasses.MISSING,
        "error": ValueError("no", 1),
        "range": range(3),
        "ellipsis": ...,
        "date": datetime.date(2026, 1, 2),
        "decimal": decimal.Decimal("1.10"),
        "path": pathlib.PurePosixPath("a/b"),
    }


def make_arrays() -> dict[str, Any]:
    """The same for numpy."""
    import numpy as np

    grid = np.arange(12.0).reshape(3, 4)
    return {
        "array": grid,
        "large array": np.arange(20_000, dtype="<i4"),
        "fortran": np.asfortranarray(grid),
        "strided": grid[::2, ::-1],
        "large strided": np.arange(100_000.0).reshape(100, 1000)[:, ::3],
        "large fortran": np.asfortranarray(np.arange(100_000.0).reshape(400, 250)),
        "empty": np.zeros((0, 3)),
        "scalar array": np.array(5),
        "scalar": np.float32(1.5),
        "bool array": np.array([True, False]),
        "big endian": np.arange(3, dtype=">i4"),
        "text array": np.array(["a", "bcd"]),
        "bytes array": np.array([b"a", b"bcd"]),
        "datetime": np.array(["2026-01-01", "NaT"], dtype="M8[D]"),
        "timedelta": np.array([1, 2], dtype="m8[ns]"),
        "complex array": np.array([1j]),
        "structured": np.array([(1, 2.0)], dtype=[("a", "i1"), ("b", "f8")]),
        "padded": np.zeros(2, dtype=np.dtype([("a", "i1"), ("b", "f8")], align=True)),
        "objects": np.array([1, None, [2]], dtype=object),
        "object strings": np.array(["a", "žluť", ""], dtype=object),
        "words and None": np.array(["a", None, "žluť"] * 1_000, dtype=object),
        "few texts": np.array(["a", "žluť", ""] * 25_000, dtype=object),
        "masked": np.ma.array([1, 2], mask=[False, True]),
    }


def make_stored() -> dict[str, Any]:
    """The same, whose buffer and whose skeleton are small blobs."""
    import numpy as np

    return {
        "blob": np.zeros(8192),
        "skeleton blob": [str(number) for number in range(3000)],
        "fortran blob": np.asfortranarray(np.ones((64, 128))),
    }
