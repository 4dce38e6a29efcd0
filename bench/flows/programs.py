"""python programs.py TASKS CALLS: a map of the smallest program, and calls of a script, one after another."""

import json
import sys
import time
from pathlib import Path

from penstock import command, flow, script

true = command(["/bin/true", "{number}"], name="true")
nothing = script("nothing.pl")


@flow
def programs(tasks: int, calls: int) -> dict[str, float]:
    true.map([-1, -2]).result()  # the workers are there
    nothing()
    began = time.perf_counter()
    true.map(range(tasks)).result()
    mapped = time.perf_counter()
    for _ in range(calls):
        nothing()
    return {"seconds": mapped - began, "a_script": (time.perf_counter() - mapped) / calls}


if __name__ == "__main__":
    Path("nothing.pl").write_text("1;\n")
    print("RESULT " + json.dumps(programs(*map(int, sys.argv[1:]))))
