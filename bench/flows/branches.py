"""Branches, loops, nested flows, survived failures, results folded as they come, and random numbers that decide; each
task leaves traces: that it ran, a metric, a line of its log, and a checkpoint that a later try of it may find."""

import json
import random
import time
from concurrent.futures import as_completed
from pathlib import Path

from penstock import current, flow, log_metrics, step


def leave_trace(word: object) -> None:
    """`word` tells the task from others of its step, but for those that are called with the same."""
    checkpoint = current.checkpoint_dir / "model"
    with open("seen", "a") as seen:
        found = checkpoint.read_text() if checkpoint.exists() else word
        seen.write(f"{current.task} {word} {found} 1 {len(str(word))}\n")  # which task, of what it found, metrics
    part = checkpoint.with_name("part")
    part.write_text(f"{word}")
    part.rename(checkpoint)
    log_metrics({"number": len(str(word))}, step=0)
    print(word)
    time.sleep(0.01)
    with open("trace", "a") as trace:
        trace.write(f"{current.task}\n")


@step
def draw(number: int) -> float:
    leave_trace(number)
    return random.random()


@step
def fold(total: float, drawn: float) -> float:
    leave_trace(f"{total}+{drawn}")
    return total + drawn


@step
def fragile(drawn: float) -> float:
    leave_trace(drawn)
    if random.random() < 0.4:
        raise ValueError(f"survived {drawn:.6f} {random.random():.6f}")
    return drawn * random.random()


@step
def shuffled(values: list[float]) -> list[float]:
    leave_trace(sum(values))
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
        total = 0.0
        for value in as_completed(drawn):  # all of them have settled: a resume must walk them as they came
            total = fold(total, value)
        seen.append(round(total, 9))
        seen.append(grow(values[0]) if sum(values) > 2 else values)
        for outcome in fragile.map(values).result(errors="return"):
            seen.append(str(outcome))
        calls += 12
    Path("result").write_text(json.dumps(seen))
