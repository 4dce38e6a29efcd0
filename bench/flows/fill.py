"""python fill.py RUNS TASKS [RUNS TASKS ...]: fills a journal with runs, as drivers would have written them."""

import json
import sys
import time
from pathlib import Path

from penstock.artifacts.digests import digest
from penstock.journal.journal import Journal
from penstock.journal.owners import owner_of_this_process
from penstock.model.outcomes import Metric, Outcome, Stored, Usage
from penstock.model.rows import Batch, NewRun, RunEnd, StepRecord, Surroundings, TaskRecord
from penstock.model.specs import Input

STEPS = ("load", "train", "score", "report")


def outcome(number: int) -> Outcome:
    record = b"record of a small value, as long as most are " + number.to_bytes(4, "little")
    stored = Stored(digest(record), record, '{"type": "float", "text": "0.97", "size": 24}', (), len(record))
    return Outcome("done", stored, None, Usage(time.time(), 0.02, 0.02, 10**7, 0, 0), worker="1234")


def scalar(value: int) -> Stored:
    """A parameter."""
    record = b"record of a parameter " + value.to_bytes(4, "little")
    return Stored(digest(record), record, f'{{"type":"int","text":"{value}"}}', (), len(record))


def logged(value: float) -> Metric:
    """A number that a body has logged."""
    return Metric("accuracy", 1, value, None, time.time(), value, None, time.time(), value, value)


def task(number: int, count: int) -> TaskRecord:
    """One of `count`: the steps have equal shares."""
    name = STEPS[number * len(STEPS) // count]
    given = Input("number", digest(number.to_bytes(4, "little")), b"record of an argument", preview='{"type": "int"}')
    key = digest(f"{name} {number}".encode())
    return TaskRecord(
        number + 1, f"filled.{name}", name, number + 1, key, "done", (given,), (), b"", 1, outcome(number)
    )


def main(runs: int, tasks: int) -> None:
    journal = Journal.open(Path(".penstock"))
    batch = Batch(
        tasks=tuple(task(number, tasks) for number in range(tasks)),
        steps=tuple(StepRecord(f"filled.{name}", name, "") for name in STEPS),
    )
    surroundings = Surroundings("b3-0", "3.11", tuple((f"package-{number}", "1.0") for number in range(50)))
    for number in range(runs):
        tags = ("nightly",) if number % 10 == 0 else ()
        new = NewRun("filled", "filled", "filled", "/filled.py", (("depth", scalar(number % 8)),), tags, surroundings)
        handle = journal.create(new, owner_of_this_process(), time.time(), time.monotonic())
        handle.commit(batch._replace(logged=(logged(number / runs),)))
        handle.end(RunEnd("done"))
        handle.close()


if __name__ == "__main__":
    for runs, tasks in zip(sys.argv[1::2], sys.argv[2::2], strict=True):
        main(int(runs), int(tasks))
    print("RESULT " + json.dumps({}))
