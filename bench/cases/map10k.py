"""A map of 10,000 empty tasks and a join, durable, against warm pools that keep nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.finding import Finding, Must
from bench.workplace import Workplace


def measure(workplace: Workplace) -> Iterator[Finding]:
    tasks = workplace.scale.map_small
    floors: list[dict[str, Any]] = []
    runs: list[dict[str, Any]] = []

    def one_floor() -> float:
        floors.append(workplace.floor("fork_pool.py", tasks))
        return tasks / floors[-1]["seconds"]

    def one_run() -> float:
        runs.append(workplace.fresh("wide.py", tasks))
        return tasks / runs[-1]["seconds"]

    pool, mapped = workplace.in_turn(one_floor, one_run)
    counted = len(pool)
    bare = [tasks / one["bare_seconds"] for one in floors[-counted:]]
    must = Must(0.4, at_least=True)
    yield Finding(f"a map of {tasks:,} tasks", mapped, "/s", pool, "ProcessPoolExecutor, fork", must)
    yield Finding("  the same, against a leaner pool", mapped, "/s", bare, "multiprocessing.Pool.imap, fork", must)
    yield Finding("  of it, submitting", [one["submit"] for one in runs[-counted:]], "s")
    yield Finding("  joined by a step that is given all futures", [one["join_step"] for one in runs[-counted:]], "s")
