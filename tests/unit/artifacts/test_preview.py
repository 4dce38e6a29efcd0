"""Previews are short, quick and never fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from penstock.artifacts.preview import preview
from tests.unit.artifacts import samples
from tests.unit.artifacts.test_canonical import values


def shown(value: Any, size: int = 0) -> dict[str, Any]:
    text = preview(value, size)
    assert len(text.encode()) <= 2048
    return json.loads(text)


@given(values)
def test_any_value_has_one(value: Any):
    facts = shown(value, 7)
    assert facts["size"] == 7
    assert len(facts["text"]) <= 200


@pytest.mark.parametrize("name", [*samples.make(), *samples.make_arrays()])
def test_every_kind_has_one(name: str):
    assert shown({**samples.make(), **samples.make_arrays()}[name])["type"]


@pytest.mark.parametrize(
    ("value", "facts"),
    [
        (5, {"type": "int", "text": "5"}),
        (True, {"type": "bool", "text": "True"}),
        (None, {"type": "NoneType", "text": "None"}),
        (float("nan"), {"type": "float", "text": "nan"}),
        ('a "b"\n', {"type": "str", "text": 'a "b"\n', "length": 6}),
        ([1, "a"], {"type": "list", "text": "[1, 'a']", "length": 2}),
        (list(range(99)), {"type": "list", "text": "[0, 1, 2, 3, 4, 5, 6, 7, …]", "length": 99}),
        ({"a": {1}}, {"type": "dict", "text": "{'a': {1}}", "length": 1}),
        (set(), {"type": "set", "text": "{}", "length": 0}),
        (samples.Point(1, [2]), {"type": "tests.unit.artifacts.samples.Point", "text": "Point(x=1, y=[2])"}),
        (
            samples.Plain(),
            {"type": "tests.unit.artifacts.samples.Plain", "text": "<tests.unit.artifacts.samples.Plain>"},
        ),
        (1 << 10_000, {"type": "int", "text": "an integer of 10001 bits"}),
        (
            np.arange(20.0).reshape(4, 5),
            {
                "type": "numpy.ndarray",
                "text": "array 4x5 float64: 0.0, 1.0, 2.0, 3.0, 4.0, …",
                "shape": [4, 5],
                "dtype": "float64",
            },
        ),
        (np.zeros((0, 3)), {"type": "numpy.ndarray", "text": "array 0x3 float64", "shape": [0, 3], "dtype": "float64"}),
    ],
)
def test_what_it_says(value: Any, facts: dict[str, Any]):
    assert shown(value) == facts


class Raising:
    def __repr__(self) -> str:
        raise RuntimeError


class Endless(dict[str, Any]):
    def __repr__(self) -> str:
        raise AssertionError("never asked: it may be huge")


def test_a_repr_that_fails_is_no_failure():
    assert shown(Raising())["text"] == ""
    assert shown([Raising()])["type"] == "list"


def test_containers_are_not_written_out():
    assert shown(Endless(a=1))["text"] == "Endless{'a': 1}"


def test_a_value_inside_itself_ends():
    value: list[Any] = [1]
    value.append(value)
    assert shown(value)["text"] == "[1, [1, [1, […]]]]"


def test_wide_tables_stay_short(require: Callable[[str], None]):
    require("pandas")
    import pandas as pd

    frame = pd.DataFrame(np.zeros((2, 500)), columns=[f"a long name of a column {n}" for n in range(500)])
    facts = shown(frame)
    assert facts["shape"] == [2, 500]
    assert facts["text"].startswith("2 rows x 500 columns: a long name of a column 0, ")
