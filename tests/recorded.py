"""A project whose runs were recorded without a process: what the client and the verbs that read are tried on."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from typing import Any

from penstock.artifacts import codec
from penstock.artifacts.folder import FolderStore
from penstock.journal import owners, queries
from penstock.journal.clock import Clock
from penstock.journal.handle import RunHandle
from penstock.journal.journal import Journal
from penstock.model.edges import Part, Ref
from penstock.model.outcomes import Error, Log, Metric, Outcome, Stored, Usage
from penstock.model.rows import AttemptRecord, Batch, NewRun, Owner, RunEnd, StepCount, Surroundings, TaskRecord
from penstock.model.specs import Input
from tests.journal_records import digest

BEGAN = 1_700_000_000.0
TOOK_S = 12.5


class Recorded:
    """Writes runs as a driver would. Times are fixed: a run begins at `BEGAN` and takes `TOOK_S`."""

    def __init__(self, root: Path) -> None:
        self.home = root / ".penstock"
        self.store = FolderStore(self.home / "store")
        self.journal = Journal.open(self.home, clock=Clock(now=lambda: BEGAN + TOOK_S))

    def stored(self, value: Any, **how: Any) -> Stored:
        """A value, put into the store."""
        return codec.encode(value, self.store, **how).stored

    def begin(self, flow: str, *, alive: bool = True, tags: tuple[str, ...] = (), **params: Any) -> RunHandle:
        """A run that is driven by this process, or by one that has died."""
        owner = owners.owner_of_this_process()
        if not alive:
            owner = Owner(socket.gethostname(), owner.boot_id, 1, "0@" + owner.started.partition("@")[2])
        given = tuple((name, self.stored(value)) for name, value in params.items())
        around = Surroundings(python="3.11.7 CPython, Linux x86_64")
        new = NewRun(flow, flow, flow, f"/src/{flow}.py", given, tags, around)
        return self.journal.create(new, owner, BEGAN, time.monotonic())

    def log(self, run_id: str, name: str, data: bytes) -> Log:
        """Append to a worker's log file; the slice."""
        file = self.home / "logs" / queries.resolve(self.journal, run_id).folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        start = file.stat().st_size if file.exists() else 0
        with open(file, "ab") as out:
            out.write(data)
        return Log(name, start, start + len(data))

    def close(self) -> None:
        self.journal.close()


def line(text: str, at: float = BEGAN, level: str = "-", stream: str = "o") -> bytes:
    """A line of a log file, as a worker writes it."""
    return f"\x1e{at:.3f} {level}{stream} {text}\n".encode()


def outcome(result: Stored | None = None, error: Error | None = None, **more: Any) -> Outcome:
    """How an attempt ended."""
    used = Usage(BEGAN + 1, 1.5, 1.25, 64 << 20, 0, 2048)
    return Outcome("failed" if error else "done", result, error, used, worker="w1", **more)


def task(id_: int, step: str, number: int, ended: Outcome, *inputs: Input, attempt: int = 1) -> TaskRecord:
    """A task that settled."""
    name = step.rpartition(".")[2]
    return TaskRecord(id_, step, name, number, digest(step, number), ended.status, inputs, (), b"", attempt, ended)


def value(name: str, stored: Stored, refs: tuple[Ref, ...] = ()) -> Input:
    """An input that was given by value."""
    return Input(name, stored.digest, stored.record, refs, stored.preview, stored.blobs)


def edge(name: str, producer: int, part: Part = ()) -> Input:
    """An input that is another task's result."""
    return Input(name, digest(name), None, (Ref(producer, part),))


def error(message: str = "no <b>", cause: str = "raised", kind: str = "ValueError") -> Error:
    """A failure, with a traceback of the user's."""
    return Error(cause, kind, message, f'Traceback (most recent call last):\n  File "digits.py"\n{kind}: {message}\n')


def record_done(recorded: Recorded) -> RunHandle:
    """`digits/N`: load, two trainings of which one was tried twice, and a result."""
    run = recorded.begin("digits", tags=("nightly",), rows=5, depths=[2, 4])
    split = recorded.stored({"x": [1, 2, 3], "y": "z"})
    hello = recorded.log(run.run_id, "w1.log", line("hello"))
    first = recorded.log(run.run_id, "w1.log", line("first try", BEGAN + 2, "W", "e") + b"raw\n")
    second = recorded.log(run.run_id, "w2.log", line("second try", BEGAN + 3))
    accuracy = (Metric("accuracy", 2, 0.75, 2, BEGAN + 4, 0.5, 1, BEGAN + 3, 0.5, 0.75, 0, 1, 1),)
    run.commit(
        Batch(
            (
                task(1, "digits.load", 1, outcome(split, log=hello), value("rows", recorded.stored(5))),
                task(
                    2,
                    "digits.train",
                    1,
                    outcome(recorded.stored(0.25)),
                    value("depth", recorded.stored(2)),
                    edge("split", 1, (("item", "x"),)),
                ),
                task(
                    3,
                    "digits.train",
                    2,
                    outcome(recorded.stored(0.75), log=second, metrics=accuracy),
                    value("depth", recorded.stored(4)),
                    edge("split", 1),
                    attempt=2,
                ),
            ),
            (AttemptRecord(3, 1, outcome(error=error("flaky"), log=first)),),
        )
    )
    run.end(RunEnd("done", recorded.stored([0.25, 0.75])))
    run.close()
    return run


def record_failed(recorded: Recorded) -> RunHandle:
    """`digits/N`: one training fails, what needed it can't run, and the flow fails with it."""
    run = recorded.begin("digits", rows=5)
    upstream = Error("upstream", "", f"the result of {run.run_id}/train/1 is not there")
    run.commit(
        Batch(
            (
                task(1, "digits.train", 1, outcome(error=error()), value("depth", recorded.stored("<i>"))),
                task(2, "digits.evaluate", 1, outcome(error=upstream), edge("model", 1)),
                task(3, "digits.probe", 1, outcome(error=error("survived")), value("depth", recorded.stored(1))),
            ),
            delivered=(1, 3),
        )
    )
    run.end(RunEnd("failed", None, error(), (1,)))
    run.close()
    return run


def record_running(recorded: Recorded) -> RunHandle:
    """`wide/N`: goes on. Its handle is open."""
    run = recorded.begin("wide")
    run.commit(Batch((task(1, "wide.draw", 1, outcome(recorded.stored(1))),)))
    run.renew((StepCount("draw", waiting=7, running=2, done=1), StepCount("join", waiting=1)))
    return run


def record_crashed(recorded: Recorded, *, renewed: bool = True) -> RunHandle:
    """`wide/N`: its process died, `TOOK_S` after its beginning; `renewed` False: before it had renewed its lease."""
    run = recorded.begin("wide", alive=False)
    if renewed:
        run.renew(())
    run.close()
    return run
