"""python chain.py STEPS [SECONDS]: a chain of steps that take so long, each of which waits for the one before."""

import json
import sys
import time

from penstock import flow, step


@step
def increment(number: int, seconds: float) -> int:
    if seconds:
        time.sleep(seconds)
    return number + 1


@flow
def chain(steps: int, seconds: float) -> float:
    number = increment(0, seconds)
    began = time.perf_counter()
    for _ in range(steps):
        number = increment(number, seconds)
    seconds = time.perf_counter() - began
    assert number == steps + 1
    return seconds


if __name__ == "__main__":
    steps = int(sys.argv[1])
    print("RESULT " + json.dumps({"seconds": chain(steps, float(*sys.argv[2:])) / steps}))
