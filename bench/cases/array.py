"""A random array of 1 GiB from step to step, and passed on unchanged."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from bench.finding import Finding, Must
from bench.processes import peaks
from bench.workplace import Workplace, figures


def measure(workplace: Workplace) -> Iterator[Finding]:
    items, passes = workplace.scale.array, workplace.scale.passes
    floors: list[dict[str, Any]] = []
    runs: list[dict[str, Any]] = []

    def one_floor() -> float:
        floors.append(workplace.floor("save_and_load.py", items))
        return floors[-1]["seconds"]

    def one_run() -> float:
        runs.append(workplace.fresh("hand_over_array.py", items, passes))
        assert runs[-1]["sum"] == floors[-1]["sum"], "the step summed another array"
        return runs[-1]["seconds"]

    floor, handed_over = workplace.in_turn(one_floor, one_run)
    runs = runs[-len(handed_over) :]
    size = f"{items * 8 / 2**30:.3g} GiB"
    yield Finding(f"{size}, made to summed", handed_over, "s", floor, "np.save, np.load with a map, sum", Must(2))
    yield Finding(f"  {passes} more steps pass it on", [one["passes"] for one in runs], "s")
    yield Finding("  blobs written by them", [one["written"] for one in runs], "bytes", must=Must(0, "value"))
    yield Finding("  the largest process's own memory", [_peak(workplace)], "bytes", [items * 8], "array", Must(1.2))


def _peak(workplace: Workplace) -> int:
    """In a run of its own: looking at memory all the time costs what would be measured otherwise."""
    project = workplace.project("hand_over_array.py")
    scale = workplace.scale
    output, found = peaks([sys.executable, "hand_over_array.py", str(scale.array), str(scale.passes)], project.folder)
    assert figures(output)["sum"]
    project.remove()
    return found[0]
