"""`progress`: how far a loop of a step is, while it goes on."""

from __future__ import annotations

import math
import sys
from time import monotonic
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Optional, TypeVar

from penstock.model.words import count_of, duration
from penstock.sdk.attempts import attempt_here
from penstock.sdk.session import place_of_flow

if TYPE_CHECKING:
    from penstock.sdk.open_loops import OpenLoops

T = TypeVar("T")
_SHOW_EVERY_S = 0.2
_LONGEST_LABEL = 100


def progress(iterable: Iterable[T], total: Optional[int] = None, label: Optional[str] = None) -> Iterator[T]:
    """The same items, counted: `for batch in progress(batches, label="epoch 3")`.

    In a step the terminal that shows the run has a bar for it, and `run.in_flight` tells how far it is; the log gets
    one line when the outermost loop is over. So is a loop of tqdm shown, with nothing changed. In a flow's body there
    is that line alone; outside of a run a terminal shows a line that moves. `total`: how many there will be; None: its
    `len`, where it has one. An item costs some 0.1 us more. Raises ValueError for a total that is no number from 0 on.
    """
    if total is None:
        size = getattr(iterable, "__len__", None)
        total = None if size is None else size()
    elif not (isinstance(total, (int, float)) and math.isfinite(total) and total >= 0):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"total={total!r} of progress is no number from 0 on; None: not known")
    name = " ".join(str(label or "progress").split())[:_LONGEST_LABEL]
    here = attempt_here()
    whole = None if total is None else int(total)
    if here is not None:
        return _counted(iterable, _InStep(here.loops(), name, whole))
    in_body = place_of_flow() is not None
    return _counted(iterable, _Elsewhere(name, whole, is_shown=not in_body and _is_terminal(), ends=in_body))


def _counted(iterable: Iterable[T], shown: Any) -> Iterator[T]:
    done, due_s = 0, 0.0
    began_s = monotonic()
    try:
        for item in iterable:
            now_s = monotonic()
            if now_s >= due_s:
                due_s = now_s + _SHOW_EVERY_S
                shown.at(done)
            yield item
            done += 1
    finally:
        shown.end(done, monotonic() - began_s)


class _InStep:
    def __init__(self, loops: OpenLoops, label: str, total: Optional[int]) -> None:
        self._loops, self._label, self._total = loops, label, total

    def at(self, done: int) -> None:
        self._loops.at(id(self), self._label, done, self._total)

    def end(self, done: int, took_s: float) -> None:
        if not self._loops.end(id(self)):
            sys.stderr.write(f"{self._label}: {count_of(done, self._total)} in {duration(took_s)}\n")


class _Elsewhere:
    def __init__(self, label: str, total: Optional[int], *, is_shown: bool, ends: bool) -> None:
        self._label, self._total, self._is_shown, self._ends = label, total, is_shown, ends

    def at(self, done: int) -> None:
        if self._is_shown:
            sys.stderr.write(f"\r{self._label}: {count_of(done, self._total)}\x1b[K")
            sys.stderr.flush()

    def end(self, done: int, took_s: float) -> None:
        if self._is_shown or self._ends:
            begin, clear = ("\r", "\x1b[K") if self._is_shown else ("", "")
            sys.stderr.write(f"{begin}{self._label}: {count_of(done, self._total)} in {duration(took_s)}{clear}\n")


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
