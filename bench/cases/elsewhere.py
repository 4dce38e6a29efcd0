"""Another environment: what a warm task costs there, and what a cached environment adds to the first task."""

from __future__ import annotations

from collections.abc import Iterator

from bench.finding import Finding, Must
from bench.workplace import Workplace


def measure(workplace: Workplace) -> Iterator[Finding]:
    project, steps = workplace.project("elsewhere.py"), workplace.scale.chain
    project.script("elsewhere.py", 1)  # builds it
    found = [project.script("elsewhere.py", steps) for _ in range(workplace.scale.times)]
    project.remove()
    own, other, first_own, first_other = (
        [figures[name] for figures in found] for name in ("own", "other", "first_own", "first_other")
    )
    yield Finding("a warm task in another environment", other, "s", own, "one in the flow's own", Must(1.5))
    what = "the first task in a cached environment"
    yield Finding(what, first_other, "s", first_own, "one in the flow's own", Must(0.1, "difference"))
