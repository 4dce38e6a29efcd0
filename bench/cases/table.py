"""A table of mixed columns from step to step, against Feather."""

from __future__ import annotations

from collections.abc import Iterator

from bench.finding import Finding, Must
from bench.workplace import Workplace


def measure(workplace: Workplace) -> Iterator[Finding]:
    rows = workplace.scale.rows
    used: list[list[float]] = []

    def kept(figures: dict[str, object]) -> float:
        used.append(figures["used"])  # type: ignore[arg-type]
        return figures["seconds"]  # type: ignore[return-value]

    floor, handed_over = workplace.in_turn(
        lambda: kept(workplace.floor("feather.py", rows)), lambda: kept(workplace.fresh("hand_over_table.py", rows))
    )
    assert all(one == used[0] for one in used), "the step was given another table"
    yield Finding(
        f"a table of {rows:,} rows, made to used", handed_over, "s", floor, "Feather, write and read", Must(1.4)
    )
