"""Functions and classes that are made at run time: no import by their name gives them, so they travel by value.

Each says that it is from a module that is gone: where a function says nothing, cloudpickle looks for it in all modules
that are loaded, which takes longer than all the rest. `module of a function` has one that says nothing.
"""

from __future__ import annotations

import abc
import collections
import dataclasses
import enum
import functools
import inspect
import types
from typing import Any

from tests.unit.artifacts import samples
from tests.unit.artifacts.zoo import Species


def written(text: str, name: str, **names: Any) -> Any:
    """What a text defines under a name; `names` are its globals."""
    names = {"__name__": "gone", **names}
    exec(compile(text, "<made>", "exec", dont_inherit=True), names)
    return names[name]


def rule(factor: int, rate: Any, unread: Any) -> Any:
    return eval(f"lambda x: x * {factor} * rate", {"__name__": "gone", "rate": rate, "unread": unread})


def with_unread(made: Any) -> Any:
    made.__globals__["unread"] = 1
    return made


def function(name: str, qualname: str, doc: Any, default: Any, keyword: Any, annotation: Any, attributes: Any) -> Any:
    made = written("def f(x, y=1, *, z=2):\n    return (x, y, z)\n", "f")
    made.__name__, made.__qualname__, made.__doc__ = name, qualname, doc
    made.__defaults__, made.__kwdefaults__ = default, keyword
    made.__annotations__ = annotation
    vars(made).update(attributes)
    return made


def module_of(module: str) -> Any:
    made = written("def f(x):\n    return x\n", "f")
    made.__module__ = module
    return made


def through_helpers(rate: Any) -> Any:
    """A function that calls one that reads the rate."""
    text = (
        "def inner(x):\n    return x * rate\ndef middle(x):\n    return inner(x)\ndef outer(x):\n    return middle(x)\n"
    )
    return written(text, "outer", rate=rate)


def in_nested(rate: Any) -> Any:
    """A function in whose nested function the rate is read."""
    return written("def outer():\n    def inner(x):\n        return x * rate\n    return inner\n", "outer", rate=rate)


def recursive(base: int) -> Any:
    return written(f"def f(n):\n    return f(n - 1) if n else {base}\n", "f")


def mutually(base: int) -> Any:
    text = f"def f(n):\n    return g(n - 1) if n else {base}\ndef g(n):\n    return f(n - 1) if n else -{base}\n"
    return written(text, "f")


def closing(value: Any, depth: int) -> Any:
    def inner() -> Any:
        return value

    made: Any = inner
    for _ in range(depth):
        made = functools.partial(made)
    return made


def closing_empty(filled: bool) -> Any:
    def inner() -> Any:
        return late

    if filled:
        late = None
    return inner


def wrapping(rate: int, name: str) -> Any:
    wrapped = rule(1, rate, 0)
    wrapped.__name__ = name

    @functools.wraps(wrapped)
    def outer(x: int) -> Any:
        return x

    return outer


def coroutine(number: int, kind: str) -> Any:
    body = {"async": "async def f():\n    return", "generator": "def f():\n    yield", "plain": "def f():\n    return"}
    return written(f"{body[kind]} {number}\n", "f")


def local_class(
    name: str, base: Any, attribute: Any, doc: Any, annotation: Any, method: int, default: int, rate: int, doc_of: Any
) -> Any:
    text = f"""
class Made(base):
    held: annotation
    attribute = attribute

    def method(self, x={default}):
        return x * {method} * rate

    @property
    def half(self):
        {doc_of!r}
        return {method}

    @classmethod
    def of(cls):
        return cls, {method}

    @staticmethod
    def plain():
        return {method}
"""
    made = written(text, "Made", base=base, annotation=annotation, attribute=attribute, rate=rate)
    made.__name__ = made.__qualname__ = name
    made.__doc__ = doc
    return made


def instance(method: int, held: Any) -> Any:
    class Local:
        factor = method

        def __init__(self) -> None:
            self.held = held

        def double(self) -> int:
            return 2 * self.factor

    return Local()


def bound(method: int, held: Any) -> Any:
    return instance(method, held).double


def local_dataclass(frozen: bool, default: Any, metadata: Any, compare: bool, keyword: bool) -> Any:
    field: Any = dataclasses.field(default=default, metadata=metadata, compare=compare, kw_only=keyword)
    made = dataclasses.make_dataclass("Local", [("x", int, field)], frozen=frozen, namespace={"__module__": "gone"})
    for method in vars(made).values():
        if isinstance(method, types.FunctionType):
            method.__module__ = inspect.unwrap(method).__module__ = "gone"
    return made


def of_local_dataclass(default: int, x: int, attributes: Any) -> Any:
    @dataclasses.dataclass
    class Local:
        x: int
        y: int = default

    made = Local(x)
    vars(made).update(attributes)
    return made


def local_enum(values: Any, kind: Any) -> Any:
    return kind("Local", dict(values), module="gone")


def of_local_enum(values: Any, name: str) -> Any:
    return local_enum(values, enum.Enum)[name]


def local_named_tuple(fields: str, default: Any) -> Any:
    return collections.namedtuple("Local", fields, defaults=[default])


class Meta(type):
    def greet(cls) -> str:
        return "hello"


class OtherMeta(type):
    pass


def with_metaclass(meta: Any, attribute: int) -> Any:
    return meta("Local", (), {"attribute": attribute, "__module__": "gone"})


def local_slots(slots: Any) -> Any:
    return type("Local", (), {"__slots__": slots, "__module__": "gone"})


def abstract(method: int, is_abstract: bool) -> Any:
    def run(self: Any) -> int:
        return method

    return abc.ABCMeta("Local", (), {"run": abc.abstractmethod(run) if is_abstract else run, "__module__": "gone"})


class Step:
    """A descriptor with state."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __get__(self, owner: Any, kind: Any = None) -> int:
        return self.number


def with_descriptor(number: int) -> Any:
    return type("Local", (), {"step": Step(number), "__module__": "gone"})


def properties(getter: int, doc: Any, setter: bool) -> Any:
    made = property(rule(getter, 1, 0), rule(3, 1, 0) if setter else None, None, doc)
    return type("Local", (), {"made": made, "__module__": "gone"})


def reads_class(rate: int) -> Any:
    """A function that reads an attribute of a class made at run time."""
    return written("class C:\n    rate = %d\ndef f(x):\n    return C.rate * x\n" % rate, "f")  # noqa: UP031


_RATES: tuple[Any, ...] = (2, 3, 2.0, "2", [2], samples.Point(2), samples.add)
_TYPES = (int, str, list[int])

SPECIES = [
    Species("rule", rule, {"factor": (1, 2), "rate": _RATES, "unread": (0,)}, {"an unread global": with_unread}),
    Species(
        "function",
        function,
        {
            "name": ("f", "g"),
            "qualname": ("f", "C.f"),
            "doc": (None, "A doc.", "Another."),
            "default": (None, (1,), (2,), ([1],)),
            "keyword": (None, {"z": 1}, {"z": 2}),
            "annotation": ({}, {"x": int}, {"x": str}, {"return": int}),
            "attributes": ({}, {"unit": "m"}, {"unit": "k"}),
        },
    ),
    Species("module of a function", module_of, {"module": ("gone", "gone.too", None)}),
    Species("through helpers", through_helpers, {"rate": _RATES}),
    Species("in nested", in_nested, {"rate": _RATES}),
    Species("recursive", recursive, {"base": (1, 2)}),
    Species("mutually recursive", mutually, {"base": (1, 2)}),
    Species("closing", closing, {"value": _RATES, "depth": (0, 1)}),
    Species("empty cell", closing_empty, {"filled": (True, False)}),
    Species("wrapping", wrapping, {"rate": (1, 2), "name": ("a", "b")}),
    Species("coroutine", coroutine, {"number": (1, 2), "kind": ("async", "generator", "plain")}),
    Species("reads a class", reads_class, {"rate": (1, 2)}),
    Species(
        "class",
        local_class,
        {
            "name": ("A", "B"),
            "base": (object, samples.Plain, list, dict),
            "attribute": (1, 2, [1], None),
            "doc": (None, "Doc.", "Other."),
            "annotation": _TYPES,
            "method": (1, 2),
            "default": (1, 2),
            "rate": (1, 2),
            "doc_of": ("", "Half."),
        },
    ),
    Species("instance", instance, {"method": (1, 2), "held": (1, 2, [1])}),
    Species("bound method", bound, {"method": (1, 2), "held": (1, 2, [1])}),
    Species(
        "dataclass",
        local_dataclass,
        {
            "frozen": (True, False),
            "default": (0, 1),
            "metadata": (None, {"unit": "m"}, {"unit": "k"}),
            "compare": (True, False),
            "keyword": (True, False),
        },
    ),
    Species(
        "of a dataclass", of_local_dataclass, {"default": (1, 2), "x": (1, 2), "attributes": ({}, {"z": 1}, {"z": 2})}
    ),
    Species(
        "enum",
        local_enum,
        {
            "values": ((("A", 1),), (("A", 2),), (("A", 1), ("B", 2)), (("B", 2), ("A", 1))),
            "kind": (enum.Enum, enum.IntEnum),
        },
    ),
    Species(
        "of an enum",
        of_local_enum,
        {"values": ((("A", 1), ("B", 2)), (("A", 3), ("B", 2)), (("A", 1), ("B", 3))), "name": "AB"},
    ),
    Species("named tuple", local_named_tuple, {"fields": ("a b", "b a", "a"), "default": (1, 2)}),
    Species("metaclass", with_metaclass, {"meta": (type, Meta, OtherMeta), "attribute": (1, 2)}),
    Species("slots", local_slots, {"slots": (("a",), ("a", "b"), ("b",), ())}),
    Species("abstract", abstract, {"method": (1, 2), "is_abstract": (True, False)}),
    Species("descriptor", with_descriptor, {"number": (1, 2)}),
    Species("properties", properties, {"getter": (1, 2), "doc": (None, "Doc."), "setter": (True, False)}),
]
