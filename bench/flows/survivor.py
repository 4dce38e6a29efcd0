"""Tasks of 20 ms, each of which leaves traces: that it ran, metrics, a line of its log, and a checkpoint that a later
try of it may find."""

import json
import time
from pathlib import Path

from penstock import current, flow, log_metrics, step


@step
def work(number: int) -> int:
    checkpoint = current.checkpoint_dir / "model"
    with open("seen", "a") as seen:
        found = checkpoint.read_text() if checkpoint.exists() else number
        seen.write(f"{current.task} {number} {found} 2 {number}\n")  # which task, of what it found, metrics
    part = checkpoint.with_name("part")
    part.write_text(f"{number}")
    part.rename(checkpoint)
    log_metrics({"number": number}, step=0)
    time.sleep(0.01)
    print(number)
    log_metrics({"number": number}, step=1)
    time.sleep(0.01)
    with open("trace", "a") as trace:
        trace.write(f"{current.task}\n")
    return number * number


@flow
def survivor(tasks: int) -> None:
    Path("result").write_text(json.dumps(sum(work.map(range(tasks)).result())))
