"""What stands for `typing.NamedTuple` makes the same classes."""

from __future__ import annotations

import ast
import copy
import inspect
import pickle
import typing
from pathlib import Path
from typing import Any

import pytest

import penstock
from penstock.model import tuples


class Plain(tuples.NamedTuple):
    """A point."""

    x: int
    y: int = 0
    name: Unknown = ""  # type: ignore[name-defined]  # noqa: F821  nobody asks what it is

    def moved(self, by: int) -> Plain:
        """A method."""
        return self._replace(x=self.x + by)

    @property
    def both(self) -> int:
        return self.x + self.y


class Typing(typing.NamedTuple):
    """A point."""

    x: int
    y: int = 0
    name: Unknown = ""  # type: ignore[name-defined]  # noqa: F821

    def moved(self, by: int) -> Typing:
        """A method."""
        return self._replace(x=self.x + by)

    @property
    def both(self) -> int:
        return self.x + self.y


class Empty(tuples.NamedTuple):
    """No field."""


class Below(Plain):
    __slots__ = ()


BOTH = pytest.mark.parametrize("made", [Plain, Typing])


@BOTH
def test_values_are_those_of_a_named_tuple(made: Any):
    value = made(1, name="a")
    assert value == (1, 0, "a") == (value.x, value.y, value.name)
    assert repr(value) == f"{made.__name__}(x=1, y=0, name='a')"
    assert (value.moved(2).x, value.both, value._asdict()) == (3, 1, {"x": 1, "y": 0, "name": "a"})
    assert made._make([1, 2, "b"]) == (1, 2, "b")
    assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value
    assert type(pickle.loads(pickle.dumps(value))) is made
    assert not hasattr(value, "__dict__")
    with pytest.raises(TypeError, match=f"{made.__name__}.__new__.. got an unexpected keyword argument 'z'"):
        made(1, z=2)
    with pytest.raises(TypeError, match=f"{made.__name__}.__new__.. missing 1 required positional argument: 'x'"):
        made()
    with pytest.raises(ValueError, match="Got unexpected field names: \\['z'\\]"):
        value._replace(z=2)
    with pytest.raises(TypeError, match="Expected 3 arguments, got 1"):
        made._make([1])
    with pytest.raises(AttributeError):
        value.x = 2


@BOTH
def test_classes_are_those_of_a_named_tuple(made: Any):
    assert (made._fields, made._field_defaults) == (("x", "y", "name"), {"y": 0, "name": ""})
    assert (made.__match_args__, made.__doc__, made.__module__) == (made._fields, "A point.", __name__)
    assert (made.__qualname__, made.__bases__, type(made)) == (made.__name__, (tuple,), type)
    assert made.moved.__qualname__ == f"{made.__name__}.moved"
    assert tuple(inspect.signature(made).parameters) == made._fields


def test_the_other_forms():
    assert (Empty(), Empty._fields) == ((), ())
    assert isinstance(Below(1), Plain)
    assert Below(1).both == 1


def test_a_class_has_the_fields_that_it_says_or_none():
    fields = [f"number_{at}" for at in range(40)]
    wide: Any = tuples._Declaration("Wide", (Empty,), _declared(fields))
    assert wide(*range(40)).number_39 == 39
    with pytest.raises(IndexError):
        tuples._Declaration("Wider", (Empty,), _declared([*fields, "more"]))


def _declared(fields: list[str]) -> dict[str, Any]:
    return {"__module__": __name__, "__qualname__": "Wide", "__annotations__": dict.fromkeys(fields, "int")}


def test_there_is_no_other_way():
    package = Path(penstock.__file__).parent
    others = [file for file in package.rglob("*.py") if file.name != "tuples.py" and _asks_typing(file)]
    assert others == []


def _asks_typing(file: Path) -> bool:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return any(
        isinstance(node, ast.ImportFrom) and node.module == "typing" and any(a.name == "NamedTuple" for a in node.names)
        for node in ast.walk(tree)
    )
