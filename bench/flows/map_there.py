"""python map_there.py TASKS SLEEP_S: a map of tasks that sleep, in local workers and at the warm agents of the executor
`there`, which penstock.toml names."""

import json
import sys
import time
from typing import Any

from penstock import flow, step

WARM = 64


@step
def sleeps(number: int, seconds: float) -> int:
    time.sleep(seconds)
    return number


def mapped(work: Any, tasks: int, seconds: float) -> float:
    began = time.perf_counter()
    assert sum(future.result() for future in work.map(range(tasks), seconds=seconds)) == sum(range(tasks))
    return time.perf_counter() - began


@flow
def map_there(tasks: int, seconds: float) -> dict[str, float]:
    figures: dict[str, float] = {}
    for place in ("process", "there"):
        work = sleeps.options(on=place)
        mapped(work, WARM, seconds)
        figures[place] = mapped(work, tasks, seconds)
    return figures


if __name__ == "__main__":
    print("RESULT " + json.dumps(map_there(int(sys.argv[1]), float(sys.argv[2]))))
