"""A map of 200,000: the same rate as one of 10,000, little memory, few bytes, few files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.finding import Finding, Must
from bench.workplace import Workplace


def measure(workplace: Workplace) -> Iterator[Finding]:
    small, large = workplace.scale.map_small, workplace.scale.map_large
    runs: list[dict[str, Any]] = []

    def one_small() -> float:
        return small / workplace.fresh("wide.py", small)["seconds"]

    def one_large() -> float:
        runs.append(_run(workplace, large))
        return large / runs[-1]["seconds"]

    few, many = workplace.in_turn(one_small, one_large)
    runs = runs[-len(many) :]
    yield Finding(f"a map of {large:,} tasks", many, "/s", few, f"of {small:,}", Must(0.8, at_least=True))
    yield Finding("  the driver's peak", [one["driver_peak_bytes"] for one in runs], "bytes", must=Must(250e6, "value"))
    bytes_a_task = [one["bytes"] / large for one in runs]
    yield Finding("  on disk, a task", bytes_a_task, "bytes", must=Must(700, "value"))
    yield Finding("  files", [one["files"] for one in runs], "", must=Must(30, "value"))
    yield Finding("  joined by a step that is given all futures", [one["join_step"] for one in runs], "s")


def _run(workplace: Workplace, tasks: int) -> dict[str, Any]:
    project = workplace.project("wide.py")
    figures = project.script("wide.py", tasks)
    sizes = [size for _, size in files_in(project.home)]
    project.remove()
    return {**figures, "bytes": sum(sizes), "files": len(sizes)}


def files_in(folder: Path) -> list[tuple[Path, int]]:
    """Each file below, and the bytes it takes on disk."""
    found = [Path(parent, name) for parent, _, names in os.walk(folder) for name in names]
    return [(file, file.stat().st_blocks * 512) for file in found]
