"""How one driver scales: maps over tasks that sleep, with few and with many workers.

The floor is arithmetic: what the workers would do with a driver that takes no time. On a machine of few processors the
workers' own time counts too.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.finding import Finding
from bench.workplace import Workplace

_SLEEPS_S = (0.005, 0.05)


def measure(workplace: Workplace) -> Iterator[Finding]:
    for workers in workplace.scale.workers:
        for sleep_s in _SLEEPS_S:
            at_most = workers / sleep_s
            tasks = int(workplace.scale.span_s * at_most)

            def rate(workers: int = workers, tasks: int = tasks, sleep_s: float = sleep_s) -> float:
                return tasks / workplace.fresh("sleepers.py", workers, tasks, sleep_s, workers=workers)["seconds"]

            (found,) = workplace.in_turn(rate)
            what = f"{workers} workers, tasks that sleep {sleep_s * 1e3:.0f} ms"
            yield Finding(what, found, "/s", [at_most], "workers / sleep")
