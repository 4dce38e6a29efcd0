"""python chain.py STEPS: a chain of steps, each of which waits for the one before."""

import json
import sys
import time

from penstock import flow, step


@step
def increment(number: int) -> int:
    return number + 1


@flow
def chain(steps: int) -> float:
    number = increment(0)
    began = time.perf_counter()
    for _ in range(steps):
        number = increment(number)
    seconds = time.perf_counter() - began
    assert number == steps + 1
    return seconds


if __name__ == "__main__":
    steps = int(sys.argv[1])
    print("RESULT " + json.dumps({"seconds": chain(steps) / steps}))
