"""python look.py RUN: how long the client takes to look at a journal."""

import json
import statistics
import sys
import time
from collections.abc import Callable

import penstock


def seconds(look: Callable[[], object]) -> float:
    look()
    samples: list[float] = []
    for _ in range(9):
        began = time.perf_counter()
        assert look()
        samples.append(time.perf_counter() - began)
    return statistics.median(samples)


if __name__ == "__main__":
    run = sys.argv[1]
    looks = {
        "runs": lambda: penstock.runs(limit=20),
        "show": lambda: penstock.run(run).info(),
        "tasks": lambda: penstock.run(run).tasks(step="train"),
    }
    print("RESULT " + json.dumps({name: seconds(look) for name, look in looks.items()}))
