"""A chain of durable steps, each in another process than the flow."""

from __future__ import annotations

from collections.abc import Iterator

from bench.finding import Finding, Must
from bench.workplace import Workplace

_LONGER_S = 0.005


def measure(workplace: Workplace) -> Iterator[Finding]:
    steps = workplace.scale.chain
    floor, chain, longer = workplace.in_turn(
        lambda: workplace.floor("durable_step.py", 5 * steps)["seconds"],
        lambda: workplace.fresh("chain.py", steps)["seconds"],
        lambda: workplace.fresh("chain.py", steps, _LONGER_S)["seconds"],
    )
    yield Finding("a step of a chain", chain, "s", floor, "pipe round trip + SQLite commit", Must(10))
    must = Must(0.003, "difference")
    yield Finding("  one that sleeps 5 ms", longer, "s", [_LONGER_S] * len(longer), "the sleep", must)
