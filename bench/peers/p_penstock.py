"""argv: hello | chain N | fan N | art KIND | resume    In the shape of the comparison with other tools.

Each mode is a run of its own in the working folder's journal; `resume` goes on with the latest run. The comparison's
runner puts `benchlib` beside this file. Its table of cases has, for this script:

    PS = [PY, "{peers}/p_penstock.py"]
    W = {"PENSTOCK_MAX_WORKERS": "2"}
    case("penstock/w1-import", "penstock", s("run", PY, "-c", "from penstock import flow, step"), runs=7)
    case("penstock/w1-pass", "penstock", s("run", PY, "-c", "pass"), runs=5)
    case("penstock/w1-hello", "penstock", s("first", *PS, "hello"), s("second", *PS, "hello"), env=W, runs=5)
    case("penstock/w2", "penstock", s("run", *PS, "chain", "50"), env=W, runs=5)
    for n in (100, 1000, 10000):
        case("penstock/w3-%d" % n, "penstock", s("run", *PS, "fan", str(n)), env=W, runs=5)
    for k in ("rand", "zeros", "df", "list"):
        case("penstock/w4-%s" % k, "penstock", s("run", *PS, "art", k, timeout=400), env=W, runs=3)
    case("penstock/w5", "penstock",
         s("fail", *PS, "fan", "1000", rc="fail", env={"BENCH_FAIL": "999"}), s("resume", *PS, "resume"),
         env=W, trace=True, runs=3)
    case("penstock/w7", "penstock",
         s("killed", *PS, "fan", "200", kill_at=100, linger=3), s("resume", *PS, "resume"),
         env={**W, "BENCH_SLEEP_MS": "50"}, trace=True, runs=3)
"""

from __future__ import annotations

import sys
import time
from typing import Any

import benchlib

import penstock
from penstock import flow, step


@step
def increment(number: int) -> int:
    return number + 1


@step
def one(number: int) -> int:
    return benchlib.work(number)


@step
def produce(kind: str) -> Any:
    value = benchlib.make(kind)
    benchlib.stamp("produced")
    return value


@step
def use(kind: str, value: Any) -> float:
    benchlib.stamp("consumer_start")
    benchlib.stamp("loaded")
    total = benchlib.consume(kind, value)
    benchlib.stamp("summed")
    return total


@flow
def hello() -> float:
    began = time.perf_counter()
    increment(0)
    print("hello")
    return time.perf_counter() - began


@flow
def chain(steps: int) -> float:
    number = increment(0)  # the workers are there
    began = time.perf_counter()
    for _ in range(steps):
        number = increment(number)
    assert number == steps + 1
    return time.perf_counter() - began


@flow
def fan(tasks: int) -> float:
    increment.map([0, 1]).result()  # the workers are there
    began = time.perf_counter()
    assert sum(one.map(range(tasks)).result()) == tasks * (tasks - 1) // 2
    return time.perf_counter() - began


@flow
def art(kind: str) -> float:
    began = time.perf_counter()
    use(kind, produce.submit(kind))
    return time.perf_counter() - began


def main(what: str, *args: str) -> None:
    """Run one mode, and say how long its work took."""
    if what == "resume":
        began = time.perf_counter()
        penstock.resume("fan")
        seconds = time.perf_counter() - began
    elif what in ("chain", "fan"):
        seconds = {"chain": chain, "fan": fan}[what](int(args[0]))
    else:
        seconds = hello() if what == "hello" else art(args[0])
    benchlib.result(run_s=round(seconds, 4))


if __name__ == "__main__":
    main(*sys.argv[1:])
