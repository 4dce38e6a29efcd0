"""python elsewhere.py STEPS: the first task, and a chain of warm ones, in the flow's environment and in another one.

The other one has the flow's Python and no package: what it costs is the environment's own.
"""

import json
import sys
import time

from penstock import flow, step


@step
def own(number: int) -> int:
    return number + 1


@step(find_links=["."])
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
def elsewhere(steps: int) -> dict[str, float]:
    figures = {"first_own": first(own), "first_other": first(other)}
    return {**figures, "own": chained(own, steps), "other": chained(other, steps)}


if __name__ == "__main__":
    print("RESULT " + json.dumps(elsewhere(int(sys.argv[1]))))
