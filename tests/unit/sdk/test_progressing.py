from __future__ import annotations

import io
import math
import sys
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import progress
from penstock.sdk import open_loops, progressing
from penstock.sdk.open_loops import OpenLoop, OpenLoops
from penstock.sdk.reporter import Reports


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
    assert shown.rpartition("\r\x1b[K")[2].startswith("two lines: 3 of 3 in ")
    assert shown.endswith("\n")


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


class Asked:
    """A reporter whose time comes when the test says so."""

    def __init__(self) -> None:
        self.due: list[Reports] = []

    def ask(self, one: Reports) -> None:
        self.due.append(one)

    def report(self) -> None:
        due, self.due = self.due, []
        for one in due:
            one.report()


class Watched:
    """The loops of an attempt, and what was told of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 100.0
        self.told: list[tuple[tuple[str, int, int | None], ...]] = []
        self.reporter = Asked()
        monkeypatch.setattr(open_loops, "monotonic", lambda: self.now_s)
        self.loops = OpenLoops(self.told.append)
        monkeypatch.setattr(self.loops, "_reporter", self.reporter)

    def pass_by(self) -> None:
        self.now_s += open_loops.TELL_EVERY_S
        self.reporter.report()


def test_loops_are_told_together_and_not_too_often(monkeypatch: pytest.MonkeyPatch):
    watched = Watched(monkeypatch)
    loops, outer, inner = watched.loops, OpenLoop("epochs", 3), OpenLoop(" all\nbatches ", None)
    loops.begin(outer, outer)
    watched.reporter.report()
    loops.begin(inner, inner)
    inner.done = 7
    watched.reporter.report()
    assert watched.told == [(("epochs", 0, 3),)], "it is too soon for more"
    watched.pass_by()
    assert watched.told[1:] == [(("epochs", 0, 3), ("all batches", 7, None))]
    assert loops.end(inner)
    assert not loops.end(outer)
    assert not loops.end("never begun")
    watched.pass_by()
    assert watched.told[2:] == [()], "that they are over, too"
    watched.pass_by()
    assert not watched.reporter.due, "nobody looks at what stays as it is"


def test_the_last_item_before_a_long_one_is_told(monkeypatch: pytest.MonkeyPatch):
    watched = Watched(monkeypatch)
    items = progressing._in_step(range(9), watched.loops, "n", 9)  # pyright: ignore[reportPrivateUsage]
    next(items)
    watched.pass_by()
    next(items)
    watched.reporter.report()
    next(items)
    watched.pass_by()
    assert watched.told == [(("n", 0, 9),), (("n", 2, 9),)]
    watched.pass_by()
    next(items)
    watched.pass_by()
    assert watched.told[2:] == [(("n", 3, 9),)]


def test_a_loop_is_inside_of_another_one_of_its_own_thread_alone(monkeypatch: pytest.MonkeyPatch):
    loops, main = Watched(monkeypatch).loops, OpenLoop("main", None)
    loops.begin(main, main)
    others = list[bool]()

    def beside() -> None:
        loop, inner = OpenLoop("beside", None), OpenLoop("inner", None)
        loops.begin(loop, loop)
        loops.begin(inner, inner)
        others.extend([loops.end(inner), loops.end(loop)])

    thread = Thread(target=beside)
    thread.start()
    thread.join()
    assert others == [True, False]


def test_a_process_that_a_step_forks_tells_nothing(monkeypatch: pytest.MonkeyPatch):
    watched, loop = Watched(monkeypatch), OpenLoop("child", None)
    monkeypatch.setattr(watched.loops, "_pid", -1)
    watched.loops.begin(loop, loop)
    watched.loops.changed()
    assert not watched.loops.end(loop)
    assert not watched.reporter.due
