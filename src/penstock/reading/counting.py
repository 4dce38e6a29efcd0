"""Which of the numbers that a task's attempts logged count: an attempt takes the place of what the one before it logged
from the same step on. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
Of = tuple[object, str, int, int | None]
"""Task, name, attempt and step of a number."""


def counted(logged: Iterable[T], of: Callable[[T], Of]) -> list[T]:
    """What counts of numbers that stand in the order of their attempts, in that order.

    A try from the beginning begins a curve anew, and one from a checkpoint goes on with it. Numbers without a step are
    those of the last attempt that logged any.
    """
    found: list[T] = []
    begins: dict[tuple[object, str], tuple[int, float]] = {}  # where the curve's later attempts begin
    for one in reversed(list(logged)):
        task, name, attempt, step = of(one)
        at = -math.inf if step is None else step
        latest, first = begins.get((task, name), (attempt, math.inf))
        if attempt == latest:
            begins[task, name] = attempt, min(first, at)
        elif at >= first:
            continue
        else:
            begins[task, name] = attempt, at
        found.append(one)
    return found[::-1]
