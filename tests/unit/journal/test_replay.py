"""Laws of the journal: the order in which a driver's batches are cut, and what is written again, does not matter."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.journal import columns
from penstock.journal.clock import Clock
from penstock.journal.journal import Journal
from penstock.model.outcomes import Error, Log, Outcome, Usage
from penstock.model.rows import AttemptRecord, Batch, Granted, MetricRecord, StepRecord, TaskRecord
from penstock.model.specs import Input
from tests.journal_records import NEW, OWNER, digest, done, dump, point, raised, stored, task

SHARED = (Input("split", digest("s"), b"PS", (), "", (digest("blob"),)),)
UNCALLED = Error("cancelled", "", "ended")
METRICS = st.lists(st.builds(point, st.sampled_from("ab"), st.floats(), st.none() | st.integers(0, 2)))


@st.composite
def endings(draw: st.DrawFn) -> Batch:
    """Everything that is written of one task, as a driver writes it at once."""
    id_ = draw(st.integers(1, 4))
    number = draw(st.integers(1, 3))
    seen = tuple({metric.name: metric for metric in draw(METRICS)}.values())
    outcome: Outcome | None = draw(st.sampled_from([None, done(id_, metrics=seen), raised()]))
    record: TaskRecord = task(id_, outcome, attempt=number, shared=draw(st.sampled_from([(), SHARED])))
    return Batch(
        tasks=(record,),
        attempts=tuple(AttemptRecord(id_, earlier, raised(str(earlier))) for earlier in range(1, number)),
        metrics=tuple(MetricRecord(id_, number, metric) for metric in seen),
        delivered=(id_,) if outcome is not None and outcome.status == "failed" and draw(st.booleans()) else (),
        uncalled=((id_, UNCALLED),) if outcome is None and draw(st.booleans()) else (),
        steps=(StepRecord(record.step, record.name, "s2-1"),),
    )


HISTORIES = st.lists(endings(), max_size=6)


def written(history: list[Batch]) -> str:
    """What a journal holds when a driver has committed these batches."""
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.open(Path(folder), clock=Clock(lambda: 1.0, lambda: 1.0))
        run = journal.create(NEW, OWNER, 1.0, 1.0)
        for batch in history:
            run.commit(batch)
        run.close()
        text = dump(journal)
        journal.close()
        return text.replace(run.nonce, "nonce")


def joined(batches: list[Batch]) -> Batch:
    """One batch of many, without what a later one of them replaces."""
    columns = [tuple(itertools.chain(*column)) for column in zip(*batches, strict=True)]
    return Batch(*columns)


@settings(max_examples=40, deadline=None)
@given(HISTORIES, st.integers(0, 5), st.integers(0, 5))
def test_batches_that_are_written_again_change_nothing(history: list[Batch], end: int, back: int) -> None:
    """A driver that does not know whether its last commits arrived writes the latest of each task again."""
    latest = {batch.tasks[0].id: batch for batch in history[:end]}
    again = list(latest.values())[-back:] if back else []
    assert written(history[:end] + again) == written(history[:end])


@settings(max_examples=40, deadline=None)
@given(st.lists(endings(), max_size=6, unique_by=lambda batch: batch.tasks[0].id), st.integers(0, 6))
def test_how_tasks_are_cut_into_batches_does_not_matter(history: list[Batch], cut: int) -> None:
    cut_up = [joined(part) for part in (history[:cut], history[cut:]) if part]
    assert written(cut_up) == written(history)


ENDED = Outcome("done", stored(2), usage=Usage(1000.5, 0.25), worker="w1")
MOST = task(2, ENDED)._replace(inputs_digest=b"")
USED = ((0.1, 4096, 0, 0), (0.0, 0, 512, 0), (0.0, 0, 0, 64))
MORE: list[dict[str, Any]] = [
    *({"outcome": ENDED._replace(usage=Usage(1000.5, 0.25, *used))} for used in USED),
    *({"outcome": ENDED._replace(result=stored(2)._replace(**part))} for part in (
        {"digest": b"", "culprit": "result[0] has no stable form"}, {"digest": b""}, {"blobs": (digest("blob"),)},
        {"symbols": ("digits:Trained",)}, {"layout": "{}"},
    )),
    {"outcome": ENDED._replace(log=Log("w1.log", 10, 20))},
    {"outcome": ENDED._replace(metrics=(point("loss", 1.0),))},
    {"outcome": ENDED._replace(worker="")},
    {"outcome": raised(), "status": "failed"},
    {"outcome": None, "status": "running"},
    {"attempt": 2},
    {"shared": SHARED},
    {"inputs": ()},
    {"inputs_digest": digest("c")},
    {"origin": "digits/2/train/2"},
    {"why": "--no-cache"},
    {"settled": 7},
    {"scope": 1},
    {"map": 1},
    {"granted": Granted("process")},
    {"waited_s": 0.0123},
]  # fmt: skip


def test_of_most_new_tasks_there_is_no_more_to_say() -> None:
    assert columns.plain_columns(0, MOST._replace(is_new=True), 1, None, None, 1) is not None


@pytest.mark.parametrize("more", [{}, *MORE])
def test_a_row_that_is_known_to_be_new_holds_the_same(more: dict[str, Any]) -> None:
    record = MOST._replace(**more)
    assert written([Batch((record._replace(is_new=True),))]) == written([Batch((record,))])
