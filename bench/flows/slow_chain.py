"""python slow_chain.py STEPS: a chain of steps that take a millisecond each, once the file `go` is there."""

import json
import sys
import time
from pathlib import Path

from penstock import flow, step


@step
def work(number: int) -> int:
    time.sleep(0.001)
    return number + 1


@flow
def slow_chain(steps: int) -> float:
    number = work(0)
    Path("ready").touch()  # whoever is going to look can do so
    while not Path("go").exists():
        time.sleep(0.005)
    began = time.perf_counter()
    for _ in range(steps):
        number = work(number)
    return (time.perf_counter() - began) / steps


if __name__ == "__main__":
    print("RESULT " + json.dumps({"seconds": slow_chain(int(sys.argv[1]))}))
