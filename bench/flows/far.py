"""python far.py TASKS STEPS ITEMS IDLE_S: a map of tasks that sleep 10 ms, and a chain of empty ones, here and at two
warm agents; an empty one there after some seconds of nothing, and an array of ITEMS float64 that goes there next and is
summed; what is asked of the tier meanwhile, and while nothing happens for IDLE_S.

Agents are processes of this host, and the far tier is a folder of it.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import agents_at
import numpy as np
import tier_requests

from penstock import flow, step
from penstock.sites.process_site import ProcessSite

AGENTS = 2
HERE = Path.cwd()


@step
def sleeps(number: int) -> int:
    time.sleep(0.01)
    return number


@step
def empty(number: int) -> int:
    return number + 1


@step
def make(items: int) -> np.ndarray:
    return np.random.default_rng(0).random(items)


@step
def total(array: np.ndarray) -> float:
    return float(array.sum())


def mapped(work: Any, tasks: int) -> float:
    began = time.perf_counter()
    assert sum(future.result() for future in work.map(range(tasks))) == sum(range(tasks))
    return time.perf_counter() - began


def chained(work: Any, steps: int) -> float:
    number, began = 0, time.perf_counter()
    for _ in range(steps):
        number = work(number)
    assert number == steps
    return (time.perf_counter() - began) / steps


def summed(items: int) -> tuple[float, float]:
    """Seconds that an empty task takes at an agent that has had nothing to do while an array was made here, and those
    from the array to its sum there."""
    array = make.submit(items)
    expected = float(array.result().sum())
    began = time.perf_counter()
    assert empty.options(on="agents")(0) == 1
    woken = time.perf_counter()
    assert total.options(on="agents")(array) == expected
    return woken - began, time.perf_counter() - woken


@flow
def far(tasks: int, steps: int, items: int, idle_s: float) -> dict[str, float]:
    figures: dict[str, float] = {}
    for place in ("process", "agents"):
        mapped(sleeps.options(on=place), 8 * AGENTS)  # warm
        before = tier_requests.so_far()
        figures[f"{place}_map"] = mapped(sleeps.options(on=place), tasks)
        figures[f"{place}_requests"] = (tier_requests.so_far() - before) / tasks
        figures[f"{place}_chain"] = chained(empty.options(on=place), steps)
    figures["idle_start"], figures["array"] = summed(items)
    if idle_s:
        before = tier_requests.so_far()
        time.sleep(idle_s)
        figures["idle_requests"] = (tier_requests.so_far() - before) / idle_s
    return figures


if __name__ == "__main__":
    (HERE / "far").mkdir(exist_ok=True)
    Path("penstock.toml").write_text(f"max_workers = {AGENTS}\n[store]\nurl = '{(HERE / 'far').as_uri()}'\n")
    agents_at.site(ProcessSite((sys.executable, str(HERE / "tier_requests.py")), HERE / "home"), AGENTS)
    tier_requests.count()
    asked = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
    print("RESULT " + json.dumps(far(*asked)))
