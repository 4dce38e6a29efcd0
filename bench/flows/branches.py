"""Branches, loops, nested flows, survived failures, and random numbers that decide; each task leaves a trace."""

import json
import random
import time
from pathlib import Path

from penstock import current, flow, step


def leave_trace() -> None:
    time.sleep(0.01)
    with open("trace", "a") as trace:
        trace.write(f"{current.task}\n")


@step
def draw(number: int) -> float:
    leave_trace()
    return random.random()


@step
def fragile(drawn: float) -> float:
    leave_trace()
    if random.random() < 0.4:
        raise ValueError(f"survived {drawn:.6f} {random.random():.6f}")
    return drawn * random.random()


@step
def shuffled(values: list[float]) -> list[float]:
    leave_trace()
    return random.sample(values, len(values))


@flow
def grow(start: float) -> float:
    size = start
    while size < 1.5:
        size += draw(int(size * 10)) / 2
    return size


@flow
def branches(tasks: int) -> None:
    seen: list[object] = []
    calls = 0
    while calls < tasks:
        drawn = draw.map(range(4))  # the same calls in each round: told apart by their occurrence
        values = shuffled(list(drawn))  # a list of futures
        for value in values[:2]:
            try:
                seen.append(fragile(value))
            except ValueError as error:
                seen.append(str(error))
        seen.append(grow(values[0]) if sum(values) > 2 else values)
        for outcome in fragile.map(values).result(errors="return"):
            seen.append(str(outcome))
        calls += 12
    Path("result").write_text(json.dumps(seen))
