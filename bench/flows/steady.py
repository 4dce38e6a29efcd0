"""python steady.py SECONDS RATE [WORK_S]: so many tasks end each second, as far as the machine can."""

import json
import sys
import time

from penstock import flow, step


@step
def tick(number: int) -> int:
    return number


@flow
def steady(seconds: float, rate: int) -> float:
    began, made = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds:
        due = int(spent * rate) - made
        if due > 0:
            for future in tick.map(range(due)):
                future.exception()
            made += due
        time.sleep(0.01)
    return made / (time.perf_counter() - began)


if __name__ == "__main__":
    print("RESULT " + json.dumps({"rate": steady(float(sys.argv[1]), int(sys.argv[2]))}))
