"""What the tasks of a run took, summed up: the sum, the longest, and how many took how long."""

from __future__ import annotations

import math
from bisect import bisect_right

import msgspec

from penstock.journal import run_shape, task_search
from penstock.journal.conditions import Condition
from penstock.journal.journal import Journal

_BINS = 40
_SKEWED = 30.0  # from this ratio of the longest to the median on, bins grow with what they count
_PREFERRED = (1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.4, 8.0)  # of each power of ten


class StepDurations(msgspec.Struct, frozen=True):
    """What the tasks of one step took."""

    step: str  # short name
    tasks: int
    wall_s: float
    counts: tuple[int, ...]  # of the tasks in each bin


class TaskDurations(msgspec.Struct, frozen=True):
    """What the latest attempts of some tasks took: of those that ran and have ended."""

    tasks: int
    wall_s: float  # of all of them
    median_s: float
    longest_s: float
    longest: str  # "train/2"; "": there is none
    peak_bytes: int  # the most that one of them held; 0: not measured
    edges: tuple[float, ...]  # of the bins, in seconds: one more than there are bins, or none
    steps: tuple[StepDurations, ...]  # all of the run, in the order of their first calls


def durations(journal: Journal, run: int, where: Condition) -> TaskDurations:
    """Those of the tasks for which a condition holds."""
    names = {id_: step.name for id_, step in run_shape.steps(journal, run).items()}
    took: dict[str, list[float]] = {name: [] for name in names.values()}
    longest, longest_name, peak = -1.0, "", 0
    for step, number, wall_s, peak_bytes in task_search.took_by_step(journal, run, where):
        took[names[step]].append(wall_s)
        peak = max(peak, peak_bytes)
        if wall_s > longest:
            longest, longest_name = wall_s, f"{names[step]}/{number}"
    every = sorted(wall_s for walls in took.values() for wall_s in walls)
    edges = bin_edges(every)
    steps = [StepDurations(name, len(walls), math.fsum(walls), counted(walls, edges)) for name, walls in took.items()]
    median = every[len(every) // 2] if every else 0.0
    return TaskDurations(
        len(every), math.fsum(every), median, max(longest, 0.0), longest_name, peak, edges, tuple(steps)
    )


def bin_edges(ordered: list[float]) -> tuple[float, ...]:
    """Round edges of about 40 bins that hold all values: of one width, or, where the longest is far from the median,
    each a quarter wider than the one before, but for the first, which holds all that is shorter."""
    if not ordered:
        return ()
    low, median, high = ordered[0], ordered[len(ordered) // 2], ordered[-1]
    if high <= 0:
        return (0.0, 1.0)
    if high < _SKEWED * median:
        width = _above(max((high - low) / _BINS, high / 1e6), (1.0, 2.0, 5.0))
        first = math.floor(low / width)
        return tuple(round((first + at) * width, 12) for at in range(math.floor(high / width) - first + 2))
    least = max(low, high / 10_000)
    powers = range(math.floor(math.log10(least)), math.ceil(math.log10(high)) + 1)
    every = [value * 10.0**power for power in powers for value in _PREFERRED]
    return (0.0, *every[bisect_right(every, least) : bisect_right(every, high) + 1])


def counted(values: list[float], edges: tuple[float, ...]) -> tuple[int, ...]:
    """How many values are in each bin: from an edge on, up to the next."""
    counts = [0] * max(0, len(edges) - 1)
    for value in values:
        counts[min(max(bisect_right(edges, value) - 1, 0), len(counts) - 1)] += 1
    return tuple(counts)


def _above(rough: float, steps: tuple[float, ...]) -> float:
    """The smallest of the steps, times a power of ten, that is not below `rough`."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next((step * power for step in steps if step * power >= rough * (1 - 1e-9)), 10 * power)
