"""What ran after what, told by when things began and were over."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from penstock.reading.call_order import Span, precedents


@st.composite
def a_span(draw: st.DrawFn) -> Span:
    began = draw(st.integers(0, 20))
    return Span(began, began + draw(st.integers(0, 8) | st.just(math.inf)))


ALL = st.lists(a_span(), max_size=8).map(lambda spans: {f"n{at}": span for at, span in enumerate(spans)})


def before(spans: dict[str, Span], one: str, other: str) -> bool:
    return spans[one].ended <= spans[other].began > spans[one].began


def test_one_after_another_is_a_chain():
    spans = {"load": Span(0, 1), "clean": Span(1, 3), "train": Span(3.5, 9)}
    assert list(precedents(spans, spans)) == [("load", "clean"), ("clean", "train")]


def test_what_ran_at_once_is_all_waited_for():
    spans = {"load": Span(0, 1), "left": Span(2, 5), "right": Span(2.5, 4), "join": Span(6, 7)}
    found = set(precedents(spans, ["left", "right", "join"]))
    assert found == {("load", "left"), ("load", "right"), ("left", "join"), ("right", "join")}


def test_what_still_runs_is_before_nothing():
    spans = {"load": Span(0, math.inf), "other": Span(5, 6)}
    assert list(precedents(spans, spans)) == []


def test_nothing_is_asked_of_what_has_not_begun():
    assert list(precedents({"load": Span(0, 1)}, ["waiting"])) == []


@given(ALL)
def test_only_what_was_over_comes_before_and_nothing_lies_between(spans: dict[str, Span]):
    found = set(precedents(spans, spans))
    for one, other in found:
        assert before(spans, one, other)
        assert not any(before(spans, one, name) and before(spans, name, other) for name in spans)


@given(ALL)
def test_whatever_something_was_over_before_has_a_precedent(spans: dict[str, Span]):
    led_to = {after for _, after in precedents(spans, spans)}
    assert led_to == {name for name in spans if any(before(spans, other, name) for other in spans)}
