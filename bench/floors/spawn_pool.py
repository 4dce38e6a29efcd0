"""spawn_pool.py TASKS CALLS: a warm pool of 2 processes that fork and execute /bin/true; perl, one after another."""

import json
import multiprocessing
import os
import sys
import tempfile
import time


def run(*command: str) -> int:
    pid = os.fork()
    if pid == 0:
        os.execv(command[0], command)
    return os.waitpid(pid, 0)[1]


def true(number: int) -> int:
    return run("/bin/true", str(number))


if __name__ == "__main__":
    tasks, calls = map(int, sys.argv[1:])
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(true, range(8))
        began = time.perf_counter()
        assert not any(pool.imap(true, range(tasks), chunksize=1))
        mapped = time.perf_counter() - began
    with tempfile.NamedTemporaryFile("w", suffix=".pl") as file:
        file.write("1;\n")
        file.flush()
        run("/usr/bin/perl", file.name)
        began = time.perf_counter()
        for _ in range(calls):
            run("/usr/bin/perl", file.name)
        each = (time.perf_counter() - began) / calls
    print("RESULT " + json.dumps({"seconds": mapped, "a_script": each}))
