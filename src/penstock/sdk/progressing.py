"""`progress`: how far a loop of a step is, while it goes on."""

from __future__ import annotations

import math
import sys
from time import monotonic
from typing import TYPE_CHECKING, Iterable, Iterator, Optional, TypeVar

from penstock.model.words import count_of, duration
from penstock.sdk.attempts import attempt_here
from penstock.sdk.session import place_of_flow

if TYPE_CHECKING:
    from penstock.sdk.open_loops import OpenLoops

T = TypeVar("T")
_DRAW_EVERY_S = 0.2
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
        return _in_step(iterable, here.loops(), name, whole)
    in_body = place_of_flow() is not None
    return _elsewhere(iterable, name, whole, is_drawn=not in_body and _is_terminal(), is_told=in_body)


def _in_step(iterable: Iterable[T], loops: OpenLoops, label: str, total: Optional[int]) -> Iterator[T]:
    from penstock.sdk.open_loops import OpenLoop

    loop = OpenLoop(label, total)
    began_s = monotonic()
    loops.begin(loop, loop)
    try:
        for item in iterable:
            yield item
            loop.done += 1
            if loops.is_quiet:
                loops.changed()
    finally:
        if not loops.end(loop):
            sys.stderr.write(_line(label, loop.done, total, monotonic() - began_s))


def _elsewhere(
    iterable: Iterable[T], label: str, total: Optional[int], *, is_drawn: bool, is_told: bool
) -> Iterator[T]:
    done, began_s = 0, monotonic()
    due_s = began_s if is_drawn else math.inf
    try:
        for item in iterable:
            if monotonic() >= due_s:
                due_s = monotonic() + _DRAW_EVERY_S
                sys.stderr.write(f"\r{label}: {count_of(done, total)}\x1b[K")
                sys.stderr.flush()
            yield item
            done += 1
    finally:
        if is_drawn or is_told:
            sys.stderr.write(("\r\x1b[K" if is_drawn else "") + _line(label, done, total, monotonic() - began_s))


def _line(label: str, done: int, total: Optional[int], took_s: float) -> str:
    return f"{label}: {count_of(done, total)} in {duration(took_s)}\n"


def _is_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()
