"""How large the work is: as the acceptance asks for, or just large enough to see that a case runs."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Scale:
    """Sizes of all cases. `times`: measurements of each figure, or pairs, after `warm_ups` that don't count."""

    times: int
    warm_ups: int
    chain: int  # steps
    map_small: int  # tasks
    map_large: int
    workers: tuple[int, ...]  # that one driver has
    span_s: float  # how long they would take by themselves
    array: int  # float64
    large_array: int
    passes: int
    rows: int  # of a table of 80 bytes a row
    resumed: int  # tasks
    few_runs: int
    many_runs: int
    tasks_per_run: int
    kills: int
    killed_tasks: int
    modules: int  # of a project
    points: int  # of a curve
    of_one_run: int  # tasks
    busy_s: float
    idle_s: float
    agents: int
    attempt_s: float
    log_bytes: int


FULL = Scale(
    times=5, warm_ups=1, chain=300, map_small=10_000, map_large=200_000, workers=(16, 64, 200), span_s=1.5,
    array=2**27, large_array=5 * 2**27, passes=10, rows=13_421_773, resumed=1_000, few_runs=100, many_runs=10_000,
    tasks_per_run=100, kills=50, killed_tasks=200, modules=200, points=1_000_000,
    of_one_run=100_000, busy_s=12, idle_s=60, agents=200, attempt_s=10, log_bytes=2**30,
)  # fmt: skip
QUICK = Scale(
    times=1, warm_ups=0, chain=5, map_small=50, map_large=200, workers=(3, 6), span_s=0.1,
    array=2**17, large_array=2**18, passes=3, rows=2_000, resumed=20, few_runs=3, many_runs=6, tasks_per_run=5,
    kills=2, killed_tasks=20, modules=5, points=2_000,
    of_one_run=200, busy_s=0.5, idle_s=0.5, agents=5, attempt_s=0.2, log_bytes=2**16,
)  # fmt: skip
PAIRS = replace(FULL, times=15, chain=2_000, array=2**24, rows=500_000)  # a second or two each
