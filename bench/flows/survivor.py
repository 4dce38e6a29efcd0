"""Tasks of 20 ms, each of which leaves a trace when it has run."""

import json
import time
from pathlib import Path

from penstock import current, flow, step


@step
def work(number: int) -> int:
    time.sleep(0.02)
    with open("trace", "a") as trace:
        trace.write(f"{current.task}\n")
    return number * number


@flow
def survivor(tasks: int) -> None:
    Path("result").write_text(json.dumps(sum(work.map(range(tasks)).result())))
