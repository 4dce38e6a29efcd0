"""Programs as steps: a map of the smallest, a script that does nothing, and a large table to a script and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.finding import Finding, Must
from bench.workplace import Workplace


def measure(workplace: Workplace) -> Iterator[Finding]:
    tasks, calls = workplace.scale.resumed, workplace.scale.few_runs
    floors: list[dict[str, Any]] = []
    runs: list[dict[str, Any]] = []

    def one_floor() -> float:
        floors.append(workplace.floor("spawn_pool.py", tasks, calls))
        return floors[-1]["seconds"]

    def one_run() -> float:
        runs.append(workplace.fresh("programs.py", tasks, calls))
        return runs[-1]["seconds"]

    floor, mapped = workplace.in_turn(one_floor, one_run)
    yield Finding(f"a map of {tasks:,} /bin/true", mapped, "s", floor, "a pool that forks and executes it", Must(1.5))
    counted = len(mapped)
    yield Finding(
        "a script of Perl that does nothing, called",
        [one["a_script"] for one in runs[-counted:]],
        "s",
        [one["a_script"] for one in floors[-counted:]],
        "perl itself",
        Must(0.010, "difference"),
    )
    yield from _table(workplace)


def _table(workplace: Workplace) -> Iterator[Finding]:
    items = workplace.scale.array
    sums: list[float] = []

    def kept(figures: dict[str, Any]) -> float:
        sums.append(figures["sum"])
        return figures["seconds"]

    floor, there_and_back = workplace.in_turn(
        lambda: kept(workplace.floor("arrow_files.py", items)), lambda: kept(workplace.fresh("arrow_back.py", items))
    )
    assert all(one == sums[0] for one in sums), "the script gave another table"
    size = f"{items * 8 / 2**30:.3g} GiB"
    yield Finding(
        f"{size} of Arrow to a script and back", there_and_back, "s", floor, "pyarrow: both files, written and read",
        Must(2.5),
    )  # fmt: skip
