"""python contained.py STEPS IMAGE: the first task, and a chain of warm ones, in the flow's environment and an image."""

import json
import sys
import time

from penstock import flow, step


@step
def own(number: int) -> int:
    return number + 1


@step(image=sys.argv[2])
def other(number: int) -> int:
    return number + 1


def first(work) -> float:
    began = time.perf_counter()
    work(-1)
    return time.perf_counter() - began


def chained(work, steps: int) -> float:
    number, began = 0, time.perf_counter()
    for _ in range(steps):
        number = work(number)
    seconds = time.perf_counter() - began
    assert number == steps
    return seconds / steps


@flow
def contained(steps: int) -> dict[str, float]:
    figures = {"first_own": first(own), "first_other": first(other)}
    return {**figures, "own": chained(own, steps), "other": chained(other, steps)}


if __name__ == "__main__":
    print("RESULT " + json.dumps(contained(int(sys.argv[1]))))
