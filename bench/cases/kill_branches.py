"""The same with branches, loops, nested flows, survived failures and random numbers."""

from __future__ import annotations

from collections.abc import Iterator

from bench.cases.kill import experiment
from bench.finding import Finding
from bench.workplace import Workplace


def measure(workplace: Workplace) -> Iterator[Finding]:
    yield from experiment(workplace, "branches.py", "branches, loops, failures, random numbers")
