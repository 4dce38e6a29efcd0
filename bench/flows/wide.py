"""python wide.py TASKS: a map over empty tasks and a join, in the body and in a step of its own."""

import json
import sys
import time
from pathlib import Path

from penstock import flow, step


@step
def same(number: int) -> int:
    return number


@step
def total(numbers: list[int]) -> int:
    return sum(numbers)


@flow
def wide(tasks: int) -> dict[str, float]:
    same.map([-1, -2]).result()  # the workers are there
    expected = tasks * (tasks - 1) // 2
    began = time.perf_counter()
    futures = same.map(range(tasks))
    submitted = time.perf_counter()
    assert sum(futures.result()) == expected
    joined = time.perf_counter()
    assert total(futures) == expected
    return {"submit": submitted - began, "seconds": joined - began, "join_step": time.perf_counter() - joined}


def peak_bytes() -> int:
    """The largest resident memory that this process had."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    figures = wide(int(sys.argv[1]))
    print("RESULT " + json.dumps({**figures, "driver_peak_bytes": peak_bytes()}))
