"""Runs and tasks as values, for the tests of the journal and of all that stands on it."""

from __future__ import annotations

import hashlib
import math
import sqlite3
from contextlib import closing

from penstock.journal.journal import Journal
from penstock.model.edges import Ref
from penstock.model.outcomes import Error, Log, Metric, Outcome, Stored, Usage
from penstock.model.rows import NewRun, Owner, TaskRecord
from penstock.model.specs import Input

NEW = NewRun("digits", "digits", "digits", "/src/digits.py", ())
OWNER = Owner("elsewhere", "boot-1", 4711, "99@1")


def digest(*words: object) -> bytes:
    """A digest that looks like one."""
    return b"\x02" + hashlib.sha256(repr(words).encode()).digest()


def stored(word: object, blobs: tuple[bytes, ...] = ()) -> Stored:
    """A small value as it is stored."""
    return Stored(digest(word), b"PS\x01\x00" + repr(word).encode(), f'{{"type":"int","text":"{word}"}}', blobs, 24)


def done(word: object = 1, metrics: tuple[Metric, ...] = (), blobs: tuple[bytes, ...] = ()) -> Outcome:
    """An attempt that ended well."""
    usage = Usage(1000.5, 0.25, 0.125, 4096, 512, 64)
    return Outcome("done", stored(word, blobs), None, usage, Log("w1.log", 10, 20), metrics, "w1")


def point(name: str, value: float, step: int | None = None, at: float = 1.0) -> Metric:
    """One number that was logged."""
    extremes = (math.nan if math.isnan(value) else value,) * 2
    return Metric(name, 1, value, step, at, value, step, at, *extremes, int(not math.isfinite(value)), step)


def raised(message: str = "no", blobs: tuple[bytes, ...] = ()) -> Outcome:
    """An attempt whose step raised."""
    error = Error("raised", "ValueError", message, "Traceback ...", b"PS\x01", True, blobs)
    return Outcome("failed", error=error, usage=Usage(1000.5, 0.25), worker="w1")


def task(
    id_: int,
    outcome: Outcome | None = None,
    *,
    attempt: int = 1,
    step: str = "digits.train",
    shared: tuple[Input, ...] = (),
    inputs: tuple[Input, ...] | None = None,
) -> TaskRecord:
    """Task `id_` of a run, the `id_`th of its step; without an outcome it runs."""
    if inputs is None:
        inputs = (Input("depth", digest("in", id_), b"PS\x01\x00i", (), '{"type":"int"}'), edge("split", 1))
    status = "running" if outcome is None else outcome.status
    name = step.rpartition(".")[2]
    return TaskRecord(id_, step, name, id_, digest(step, id_), status, inputs, shared, digest("c"), attempt, outcome)


def edge(name: str, producer: int) -> Input:
    """An input that is another task's result, or a part of it."""
    return Input(name, digest(name, producer), None, (Ref(producer, (("item", "x"), ("attr", "y"))),))


def dump(journal: Journal) -> str:
    """All that a journal holds, as SQL, but for revisions: they tell when something was written."""
    with closing(sqlite3.connect(journal.database.path)) as connection, closing(sqlite3.connect(":memory:")) as copy:
        connection.backup(copy)
        copy.executescript(
            "UPDATE task SET revision = NULL; UPDATE run SET revision = 0; UPDATE revision SET latest = 0, removed = 0"
        )
        return "\n".join(copy.iterdump())
