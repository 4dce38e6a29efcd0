"""A million points of a step: what one costs, how large it is, and how soon a page has what it draws of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bench.finding import Finding, Must
from bench.workplace import Workplace


def measure(workplace: Workplace) -> Iterator[Finding]:
    count = workplace.scale.points
    runs: list[dict[str, Any]] = [workplace.fresh("points.py", count) for _ in range(workplace.scale.times)]
    yield Finding("CPU time of a point", [one["alone"] for one in runs], "s", must=Must(5e-6, "value"))
    yield Finding("  of one of four in a call", [one["together"] for one in runs], "s", must=Must(5e-6, "value"))
    yield Finding(
        "bytes of a point, alone and among four", [one["bytes"] for one in runs], "bytes", must=Must(24, "value")
    )
    looks = [seconds for one in runs for seconds in one["looks"]]
    yield Finding(f"1,200 parts of {count:,} points", looks, "s", must=Must(0.05, "value"))
