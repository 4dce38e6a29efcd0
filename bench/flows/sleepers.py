"""python sleepers.py WORKERS TASKS SECONDS: a map over tasks that sleep, once all the workers are there."""

import json
import sys
import time

from penstock import flow, step


@step
def rest(number: int, seconds: float) -> int:
    time.sleep(seconds)
    return number


@flow
def sleepers(workers: int, tasks: int, seconds: float) -> float:
    rest.map(range(-workers, 0), seconds=1.0).result()  # long enough for each to need a worker of its own
    began = time.perf_counter()
    assert sum(rest.map(range(tasks), seconds=seconds).result()) == tasks * (tasks - 1) // 2
    return time.perf_counter() - began


if __name__ == "__main__":
    workers, tasks, seconds = sys.argv[1:]
    print("RESULT " + json.dumps({"seconds": sleepers(int(workers), int(tasks), float(seconds))}))
