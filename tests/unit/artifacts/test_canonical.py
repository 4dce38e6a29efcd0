"""What counts in an identity, and what does not."""

from __future__ import annotations

import copy
import dataclasses
import functools
import os
import pathlib
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.artifacts.canonical import identify
from penstock.artifacts.walk import Identity
from penstock.model.edges import Edge, Ref
from tests.unit.artifacts import samples

SAMPLES = {**samples.make(), **samples.make_arrays()}

atoms = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary()
keys = st.text(max_size=5) | st.integers() | st.booleans()
values = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(keys, inner)
        | st.sets(keys)
        | st.frozensets(keys)
        | st.builds(samples.Point, st.integers(), inner)
    ),
    max_leaves=20,
)


def digest(value: Any) -> bytes:
    identity = identify(value)
    assert identity.culprit == ""
    return identity.digest


@given(values)
def test_a_copy_is_the_same(value: Any):
    assert digest(value) == digest(copy.deepcopy(value)) == digest(pickle.loads(pickle.dumps(value)))


@given(values, values)
def test_different_values_differ(one: Any, other: Any):
    assert (digest(one) == digest(other)) == (described(one) == described(other))


def described(value: Any) -> Any:
    """What counts of a value, as a text."""
    if isinstance(value, dict):
        return f"dict {[(described(key), described(item)) for key, item in value.items()]}"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__} {[described(item) for item in value]}"
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__name__} {sorted(described(item) for item in value)}"
    if isinstance(value, samples.Point):
        return f"Point {described(value.x)} {described(value.y)}"
    return f"{type(value).__name__} {value!r}"


@pytest.mark.parametrize("name", SAMPLES)
def test_every_kind_is_stable(name: str):
    again = {**samples.make(), **samples.make_arrays()}[name]
    assert digest(SAMPLES[name]) == digest(again)


def test_all_kinds_differ():
    same_by_rule = {"fortran"}  # as "array"
    digests = {name: digest(value) for name, value in SAMPLES.items() if name not in same_by_rule}
    assert len(set(digests.values())) == len(digests)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (1, 1.0),
        (0.0, -0.0),
        ([1], (1,)),
        ({1}, frozenset({1})),
        (b"a", "a"),
        (b"a", bytearray(b"a")),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([1, [2]], [[1], 2]),
        (["ab"], ["a", "b"]),
        (np.zeros(3), np.zeros((3, 1))),
        (np.zeros(3, "f4"), np.zeros(3, "f8")),
        (np.float64(1), 1.0),
        (np.array(1.0), np.float64(1.0)),
        (samples.Point(1, 2), samples.Point(1, 3)),
        (samples.Color.RED, samples.Color.BLUE),
        (samples.Names(["a"]), ["a"]),
        (samples.beside(samples.Names(["a"]), fitted=1), samples.Names(["a"])),
        (samples.beside(samples.Point(1), fitted=1), samples.Point(1)),
        (pathlib.PurePosixPath("a"), pathlib.PosixPath("a")),
        (samples.beside(functools.partial(int), fitted=1), functools.partial(int)),
    ],
)
def test_what_counts(one: Any, other: Any):
    assert digest(one) != digest(other)


def test_sharing_and_interning_do_not_count():
    text = "".join(["long", " text"])
    shared = [text, text, (inner := [1]), inner]
    assert digest(shared) == digest(["long text", "".join(("long", " ", "text")), [1], [1]])


def test_memory_layout_and_writability_do_not_count():
    array = np.arange(60_000.0).reshape(200, 300)
    frozen = array.copy()
    frozen.flags.writeable = False
    spread = np.zeros((400, 600))
    spread[::2, ::2] = array
    others = [np.asfortranarray(array), frozen, spread[::2, ::2], array[::-1][::-1]]
    assert {digest(other) for other in others} == {digest(array)}


def test_padding_does_not_count():
    dtype = np.dtype([("a", "i1"), ("b", "f8")], align=True)
    clean, dirty = np.zeros(3, dtype), np.frombuffer(bytearray(b"\xff" * 48), dtype).copy()
    dirty["a"], dirty["b"] = 0, 0.0
    assert digest(clean) == digest(dirty)


def test_a_nan_counts_by_its_bits():
    other = np.frombuffer(bytes.fromhex("010000000000f87f"), "<f8")[0].item()
    found = [float("nan"), -float("nan"), other]
    assert len({digest(nan) for nan in found} | {digest(complex(nan, 0.0)) for nan in found}) == 6
    assert digest(float("nan")) == digest(np.nan)


def test_long_parts_that_are_shared_cost_once():
    value: Any = ["x" * 100]
    for _ in range(200 - 5):
        value = [value, value]
    assert digest(value) == digest(copy.deepcopy(value))


def test_a_value_inside_itself():
    one: list[Any] = [1]
    one.append(one)
    other: list[Any] = [1]
    other.append(other)
    assert digest(one) == digest(other) != digest([1, [1]])
    parent = samples.Plain(name="parent")
    parent.child = samples.Plain(parent=parent)
    assert digest(parent) == digest(copy.deepcopy(parent))


def test_a_dense_web_has_no_stable_form():
    nodes = [samples.Plain(name="n" * 400, number=number) for number in range(12)]
    for node in nodes:
        node.others = [other for other in nodes if other is not node]
    assert "is part of a web of references to itself" in identify(nodes).culprit


@pytest.mark.parametrize("levels", [201, 10_000])
def test_deep_nesting_has_no_stable_form(levels: int):
    value: Any = 1
    for _ in range(levels):
        value = [value]
    identity = identify(value)
    assert identity.digest == b""
    assert identity.culprit.endswith("[0] is nested more than 200 levels deep")


def test_depth_counts_from_the_value_not_from_the_caller():
    value: Any = samples.Plain(inner=1)
    for _ in range(60):
        value = samples.Plain(inner=value)
    here = digest(value)

    def deeper(levels: int) -> bytes:
        return deeper(levels - 1) if levels else digest(value)

    assert deeper(sys.getrecursionlimit() - 250) == here


def generator() -> Any:
    yield 1


@pytest.mark.parametrize(
    ("value", "culprit"),
    [
        (threading.Lock(), "v is a _thread.lock, which has no stable form"),
        ([0, {"a": threading.Lock()}], "v[1]['a'] is a _thread.lock, which has no stable form"),
        (samples.Point(1, threading.Lock()), "v.y is a _thread.lock, which has no stable form"),
        (samples.Plain(lock=threading.Lock()), "v.lock is a _thread.lock, which has no stable form"),
        (samples.Slotted(1, [threading.Lock()]), "v.b[0] is a _thread.lock, which has no stable form"),
        (np.array([threading.Lock()], dtype=object), "v.flat[0] is a _thread.lock, which has no stable form"),
        ([generator()], "v[0] is a generator, which has no stable form"),
        ({samples.Color: generator()}, "v[EnumType] is a generator, which has no stable form"),
        (object(), "v is an object(), which nothing but itself is equal to: give it a name in a module"),
        (eval("lambda: held", {"held": threading.Lock()}), "v.held is a _thread.lock, which has no stable form"),
    ],
)
def test_the_culprit_is_named(value: Any, culprit: str):
    assert identify(value, "v") == Identity(b"", culprit)


def test_code_that_cannot_be_imported_counts_by_what_it_does():
    def scaled(factor: int, name: str = "f", default: int = 1) -> Any:
        names: dict[str, Any] = {}
        exec(f"def {name}(x, y={default}):\n    return x * {factor} + y\n", {"__name__": "__main__"}, names)
        return names[name]

    assert digest(scaled(2)) == digest(scaled(2))
    assert len({digest(scaled(2)), digest(scaled(3)), digest(scaled(2, "g")), digest(scaled(2, default=2))}) == 4


def test_what_a_function_reads_counts_as_far_as_it_reads():
    def reading(**names: Any) -> Any:
        return eval("lambda: [rate for _ in range(2)]", names)

    assert digest(reading(rate=1)) == digest(reading(rate=1, unread=2)) != digest(reading(rate=2))


def test_functions_that_call_one_another():
    def both(limit: int) -> Any:
        names: dict[str, Any] = {"__name__": "gone", "limit": limit}
        exec("def one(n): return n if n > limit else two(n)\ndef two(n): return one(n + 1)", names)
        return names["one"]

    assert digest(both(1)) == digest(both(1)) != digest(both(2))


def test_where_an_error_is_caught_counts():
    def guarded(body: str) -> Any:
        names: dict[str, Any] = {}
        exec(f"def f(x):\n try:\n  y = 1\n{body}", names)
        return names["f"]

    inside = guarded("  x()\n except ValueError: return 1")
    outside = guarded(" except ValueError: return 1\n x()")
    assert digest(inside) != digest(outside)


def test_the_order_in_which_attributes_were_set_does_not_count():
    assert digest(samples.Plain(a=1, b=2)) == digest(samples.Plain(b=2, a=1)) != digest(samples.Plain(a=2, b=1))


def test_what_was_looked_at_is_what_it_was():
    """Python makes some things when they are asked for: a `__dict__`, annotations, the names of slots."""

    class Local:
        pass

    partial = functools.partial(int, "1")
    before = digest(Local), digest(partial)
    copy.copy(Local())
    assert (Local.__annotations__, vars(partial)) == ({}, {})
    assert (digest(Local), digest(partial)) == before


def test_closed_over_values_count():
    def adder(n: Any) -> Any:
        return lambda x: x + n

    assert digest(adder(1)) == digest(adder(1)) != digest(adder(2))
    assert identify(adder(threading.Lock()), "f").culprit == "f.n is a _thread.lock, which has no stable form"


def test_a_local_class_counts_by_its_attributes():
    def local(factor: int) -> Any:
        @dataclasses.dataclass
        class Model:
            n: int = factor

            def double(self) -> int:
                return self.n * 2

            @property
            def half(self) -> float:
                return self.n / 2

            def __repr__(self) -> str:
                return super().__repr__()

        return Model

    assert digest(local(1)) == digest(local(1)) != digest(local(2))
    assert digest(local(1)(5)) == digest(local(1)(5)) != digest(local(1)(6))


class Producer(Edge):
    def __init__(self, key: bytes) -> None:
        self.key = key

    def edge_identity(self) -> bytes:
        return self.key

    def edge_ref(self) -> Ref:
        raise AssertionError("an identity never looks inside")


def test_an_edge_counts_by_its_producer():
    identity = identify([1, Producer(b"a")])
    assert identity.edges
    assert identity.digest == identify([1, Producer(b"a")]).digest != identify([1, Producer(b"b")]).digest
    assert not identify([1]).edges


def test_the_hash_seed_does_not_count():
    code = """
from penstock.artifacts.canonical import identify
from tests.unit.artifacts import samples
print([identify(value).digest.hex() for value in [*samples.make().values(), *samples.make_arrays().values()]])
print(identify({"a", "bb", "ccc", ("d", frozenset({"e", "f"}))}).digest.hex())
print(identify(lambda x: x in {"a", "bb", "ccc"}).digest.hex())
"""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize(
    "change", [lambda folder: (folder / "a").write_text("2"), lambda folder: (folder / "b").touch()]
)
def test_a_path_in_a_result_counts_by_its_content(tmp_path: Path, change: Callable[[Path], Any]):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "a").write_text("1")
    as_path, as_content = identify(folder), identify(folder, files=True)
    change(folder)
    assert identify(folder) == as_path
    assert identify(folder, files=True) != as_content
