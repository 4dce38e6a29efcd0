"""A chain of durable steps, each in another process than the flow."""

from __future__ import annotations

from collections.abc import Iterator

from bench.finding import Finding, Must
from bench.workplace import Workplace


def measure(workplace: Workplace) -> Iterator[Finding]:
    steps = workplace.scale.chain
    floor, chain = workplace.in_turn(
        lambda: workplace.floor("durable_step.py", 5 * steps)["seconds"],
        lambda: workplace.fresh("chain.py", steps)["seconds"],
    )
    yield Finding("a step of a chain", chain, "s", floor, "pipe round trip + SQLite commit", Must(10))
