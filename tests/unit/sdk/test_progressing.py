from __future__ import annotations

import io
import math
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import progress
from penstock.model.rows import LoopProgress
from penstock.sdk import open_loops
from penstock.sdk.open_loops import OpenLoops


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(st.lists(st.integers()))
def test_the_items_are_the_same(items: list[int]):
    assert list(progress(items)) == items
    assert list(progress(iter(items))) == items


def test_a_terminal_outside_of_a_run_shows_a_line_that_moves(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert list(progress("abc", label="two\nlines")) == ["a", "b", "c"]
    shown = sys.stderr.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
    assert shown.startswith("\rtwo lines: 0 of 3\x1b[K")
    assert shown.rpartition("\r")[2].startswith("two lines: 3 of 3 in ")
    assert shown.endswith("\x1b[K\n")


def test_elsewhere_nothing_is_written(capsys: pytest.CaptureFixture[str]):
    assert list(progress("abc")) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_a_loop_that_fails_fails_as_it_did():
    def items() -> Iterator[int]:
        yield 1
        raise KeyError("own")

    with pytest.raises(KeyError, match="own"):
        list(progress(items()))


@pytest.mark.parametrize("total", [-1, math.nan, math.inf, "9"])
def test_a_total_that_is_none_is_refused(total: Any):
    with pytest.raises(ValueError, match="is no number from 0 on; None: not known"):
        progress([], total)


def test_loops_are_told_together_and_not_too_often(monkeypatch: pytest.MonkeyPatch):
    now = 100.0
    monkeypatch.setattr(open_loops, "monotonic", lambda: now)
    told: list[tuple[LoopProgress, ...]] = []
    loops = OpenLoops(told.append)
    loops.at("outer", "epochs", 0, 3)
    loops.at("inner", "batches", 0, None)
    now += open_loops.TELL_EVERY_S
    loops.at("inner", "batches", 7, None)
    assert told == [(("epochs", 0, 3),), (("epochs", 0, 3), ("batches", 7, None))]
    assert loops.end("inner")
    assert not loops.end("outer")
    assert not loops.end("never begun")
    now += open_loops.TELL_EVERY_S
    loops.at("next", "n", 1, 2)
    assert told[2:] == [(("n", 1, 2),)]
