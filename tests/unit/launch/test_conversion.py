"""One rule for all sources: what a command line makes of words, a call in Python takes, and the other way round."""

from __future__ import annotations

import json
from typing import Any, Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as some

from penstock.launch.conversion import JSON, PYTHON, WORD, Mismatch

LEAVES: dict[Any, some.SearchStrategy[Any]] = {
    int: some.integers(),
    float: some.floats(allow_nan=False, allow_infinity=False),
    bool: some.booleans(),
    str: some.text(max_size=5),
    Literal["mean", "max"]: some.sampled_from(["mean", "max"]),
}
PLAIN = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False, allow_infinity=False) | some.text(),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@some.composite
def annotated(draw: some.DrawFn, depth: int = 2) -> tuple[Any, some.SearchStrategy[Any]]:
    """An annotation, and values that are what it asks for."""
    kind = draw(some.sampled_from(["leaf", "list", "dict", "optional"] if depth else ["leaf"]))
    if kind == "leaf":
        return draw(some.sampled_from(list(LEAVES.items())))
    inner, values = draw(annotated(depth - 1))
    if kind == "list":
        return list[inner], some.lists(values, max_size=3)
    if kind == "dict":
        return dict[str, inner], some.dictionaries(some.text(max_size=3), values, max_size=3)
    return Optional[inner], some.none() | values  # noqa: UP045  a type made at run time


@given(some.data())
def test_a_value_that_fits_comes_through_each_source(data: some.DataObject) -> None:
    annotation, values = data.draw(annotated())
    value = data.draw(values)
    assert PYTHON.fit(annotation, value, "it") is value
    assert JSON.fit(annotation, json.loads(json.dumps(value))) == value


@given(some.data())
def test_what_json_makes_python_takes(data: some.DataObject) -> None:
    """Whatever is written: it is refused as no match, or what is made of it is what the annotation asks for."""
    annotation, _ = data.draw(annotated())
    value = data.draw(PLAIN)
    try:
        made = JSON.fit(annotation, value)
    except Mismatch:
        return
    PYTHON.fit(annotation, made, "it")


@pytest.mark.parametrize("annotation", [list[int], dict[str, float], list[str] | None])
@given(text=some.text(max_size=10))
def test_what_a_word_makes_python_takes(annotation: Any, text: str) -> None:
    try:
        made = WORD.fit(annotation, text)
    except Mismatch:
        return
    PYTHON.fit(annotation, made, "it")
