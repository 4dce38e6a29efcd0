"""A value of 5 GiB passes. Once: it is told whether it does, and at what price."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bench.finding import Finding, Must
from bench.processes import peaks
from bench.workplace import Workplace, figures


def measure(workplace: Workplace) -> Iterator[Finding]:
    items = workplace.scale.large_array
    floor = workplace.floor("save_and_load.py", items)
    project = workplace.project("hand_over_array.py")
    output, found = peaks([sys.executable, "hand_over_array.py", str(items), "1"], project.folder)
    project.remove()
    said = figures(output)
    assert said["sum"] == floor["sum"], "the step summed another array"
    floor_is = "np.save, np.load with a map, sum"
    yield Finding(
        f"{items * 8 / 2**30:.3g} GiB, made to summed, once", [said["seconds"]], "s", [floor["seconds"]], floor_is
    )
    yield Finding("  blobs written when it is passed on", [said["written"]], "bytes", must=Must(0, "value"))
    yield Finding("  the largest process's own memory", [found[0]], "bytes", [items * 8], "array", Must(1.2))
