"""What `from penstock import flow, step` costs beyond a bare interpreter."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bench.finding import Finding, Must
from bench.workplace import Workplace, timed


def measure(workplace: Workplace) -> Iterator[Finding]:
    project = workplace.project()
    bare, imported = workplace.in_turn(
        *(
            lambda code=code: min(timed(lambda: project.run(sys.executable, "-c", code)) for _ in range(3))
            for code in ("pass", "from penstock import flow, step")
        )
    )
    yield Finding("from penstock import flow, step", imported, "s", bare, "python -c pass", Must(0.060, "difference"))
