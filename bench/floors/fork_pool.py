"""fork_pool.py TASKS: warm pools of 2 forked workers that persist nothing, one task a message."""

import json
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor


def same(number: int) -> int:
    return number


def seconds(mapped: Callable[[Callable[[int], int], Iterable[int]], Iterable[int]], tasks: int) -> float:
    list(mapped(same, range(8)))
    began = time.perf_counter()
    assert sum(mapped(same, range(tasks))) == tasks * (tasks - 1) // 2
    return time.perf_counter() - began


if __name__ == "__main__":
    tasks = int(sys.argv[1])
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(2, mp_context=fork) as executor:
        futures = seconds(executor.map, tasks)
    with fork.Pool(2) as pool:
        bare = seconds(lambda work, items: pool.imap(work, items, chunksize=1), tasks)
    print("RESULT " + json.dumps({"seconds": futures, "bare_seconds": bare}))
