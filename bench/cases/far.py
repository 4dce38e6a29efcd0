"""Agents on a folder tier, beside local processes: short tasks, and what one costs alone."""

from __future__ import annotations

from collections.abc import Iterator

from bench.finding import Finding, Must
from bench.workplace import Workplace

TASKS = 1_000


def measure(workplace: Workplace) -> Iterator[Finding]:
    steps = workplace.scale.chain
    found = [workplace.fresh("far.py", TASKS, steps) for _ in range(workplace.scale.times)]
    near, far, chain = ([figures[name] for figures in found] for name in ("process_map", "agents_map", "agents_chain"))
    yield Finding("a map of 1,000 tasks of 10 ms at 2 warm agents", far, "s", near, "at 2 local workers", Must(2.0))
    near = [figures["process_chain"] for figures in found]
    yield Finding("an empty task at a warm agent", chain, "s", near, "in a local worker", Must(0.06, "difference"))
