"""What runs are looked for by equals what can be derived from the rows that it stands for, whatever has happened."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.artifacts.preview import preview
from penstock.journal import changes, owners, run_facts, sql_files
from penstock.journal.handle import RunHandle
from penstock.journal.journal import Journal
from penstock.journal.run_facts import Scalar, Summary, scalar_of, summed
from penstock.model.outcomes import Metric, Stored
from penstock.model.rows import AttemptRecord, Batch, MetricRecord, RunEnd
from tests.journal_records import NEW, done, raised, task

ME = owners.owner_of_this_process()
NUMBERS = st.sampled_from([-1.0, 0.0, 0.5, 0.5, 2.0, math.nan, math.inf])


@contextmanager
def new_journal() -> Generator[Journal]:
    with tempfile.TemporaryDirectory() as folder, closing(Journal.open(Path(folder))) as journal:
        yield journal


def metric(name: str, values: list[float], at: float, step: int | None, driver: int = 1) -> Metric:
    known = [value for value in values if not math.isnan(value)] or [math.nan]
    ends = (values[-1], step, at + len(values), values[0], step, at)
    return Metric(name, len(values), *ends, min(known), max(known), 0, step, driver)


def facts(journal: Journal) -> list[tuple[Any, ...]]:
    return journal.database.rows("SELECT * FROM metric_fact ORDER BY run_id, name, step")


def derived(journal: Journal) -> list[tuple[Any, ...]]:
    """The same, made anew of all rows."""
    found: list[tuple[Any, ...]] = []
    for run, name, step in journal.database.rows(sql_files.load("facts")["names_logged"]):
        fact = run_facts.derived(journal.database.rows, run, name, step)
        assert fact is not None
        found.append((run, name, step, *fact))
    return sorted(found, key=lambda row: row[:3])


LOGGED = st.lists(NUMBERS, min_size=1, max_size=3)
NAMES = st.sampled_from(["loss", "accuracy"])
METRIC = st.builds(metric, NAMES, LOGGED, st.floats(0, 9), st.none() | st.integers(0, 3), st.integers(1, 2))


class Logging:
    """Two runs, and what may become of what they log."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.runs: list[RunHandle] = [journal.create(NEW, ME, 1.0, 1.0) for _ in range(2)]

    def settle(self, run: RunHandle, id_: int, attempt: int, logged: list[Metric]) -> None:
        step = "digits.train" if id_ % 2 else "other.test"
        ended = done(metrics=tuple({one.name: one for one in logged}.values()))
        run.commit(Batch(tasks=(task(id_, ended, attempt=attempt, step=step),)))

    def hint(self, run: RunHandle, id_: int, attempt: int, logged: list[Metric]) -> None:
        step = "digits.train" if id_ % 2 else "other.test"
        records = tuple(MetricRecord(id_, attempt, one) for one in logged)
        run.commit(Batch(tasks=(task(id_, attempt=attempt, step=step),), metrics=records))

    def retry(self, run: RunHandle, id_: int, attempt: int, logged: list[Metric]) -> None:
        step = "digits.train" if id_ % 2 else "other.test"
        failed = raised()._replace(metrics=tuple({one.name: one for one in logged}.values()))
        record = AttemptRecord(id_, attempt, failed)
        run.commit(Batch(tasks=(task(id_, attempt=attempt + 1, step=step),), attempts=(record,)))

    def forget(self, run: RunHandle, id_: int, attempt: int, logged: list[Metric]) -> None:
        run.commit(Batch(forgotten=(id_,)))

    def body(self, run: RunHandle, id_: int, attempt: int, logged: list[Metric]) -> None:
        run.commit(Batch(logged=tuple(logged)))

    def resume(self, run: RunHandle, id_: int, attempt: int, logged: list[Metric]) -> None:
        run.end(RunEnd("failed"))
        run.close()
        self.runs[self.runs.index(run)] = self.journal.take(run.run_id, ME, 2.0, 2.0)

    def remove(self, run: RunHandle, id_: int, attempt: int, logged: list[Metric]) -> None:
        run.end(RunEnd("done"))
        run.close()
        changes.delete_run(self.journal, run.id)
        self.runs[self.runs.index(run)] = self.journal.create(NEW, ME, 1.0, 1.0)

    def close(self) -> None:
        for run in self.runs:
            run.close()


HAPPENINGS = [
    *(Logging.settle, Logging.hint, Logging.retry) * 2,
    *(Logging.forget, Logging.body, Logging.resume, Logging.remove),
]
Happening = Callable[[Logging, RunHandle, int, int, list[Metric]], None]


HISTORY = st.tuples(
    st.sampled_from(HAPPENINGS), st.integers(0, 1), st.integers(1, 4), st.integers(1, 2), st.lists(METRIC, max_size=3)
)


@settings(max_examples=100, deadline=None)
@given(st.lists(HISTORY, max_size=20))
def test_facts_are_what_can_be_derived_from_the_rows(
    history: list[tuple[Happening, int, int, int, list[Metric]]],
) -> None:
    with new_journal() as journal, closing(Logging(journal)) as runs:
        for happening, run, id_, attempt, logged in history:
            happening(runs, runs.runs[run], id_, attempt, logged)
            assert facts(journal) == derived(journal)


def test_a_retry_takes_the_place_of_what_was_logged_from_its_first_step_on() -> None:
    first = (7, 0, 3.0, 2.0, 10.0, 2.0, 3.0)  # task, smallest step, first, last, when, smallest, largest
    assert list(summed([first])) == [Summary(7, 3.0, 2.0, 10.0, 2.0, 3.0)]
    goes_on = (7, 5, 1.0, 0.5, 20.0, 0.5, 1.0)
    assert list(summed([first, goes_on])) == [Summary(7, 3.0, 0.5, 20.0, 0.5, 3.0)]
    for step in (0, None):
        anew = (7, step, 9.0, 8.0, 20.0, 8.0, 9.0)
        assert list(summed([first, anew])) == [Summary(7, 9.0, 8.0, 20.0, 8.0, 9.0)]
    assert [one.task for one in summed([first, (8, *first[1:])])] == [7, 8]


@pytest.mark.parametrize(
    ("value", "scalar"),
    [
        (3, Scalar("int", 3)),
        (-(1 << 62), Scalar("int", -(1 << 62))),
        (1 << 70, Scalar("int", float(1 << 70))),
        (1 << 5000, None),
        (0.1, Scalar("float", 0.1)),
        (math.inf, Scalar("float", math.inf)),
        (math.nan, Scalar("float", None)),
        (True, Scalar("bool", 1)),
        (None, Scalar("NoneType", None)),
        ("adam", Scalar("str", "adam")),
        ("x" * 300, None),
        (Path("data.csv"), Scalar("path", "data.csv")),
        ([1], None),
        ({"a": 1}, None),
        (object(), None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_scalar_is_read_off_its_preview(value: Any, scalar: Scalar | None) -> None:
    assert scalar_of(preview(value)) == scalar


@given(
    st.text()
    | st.dictionaries(st.sampled_from(["type", "text", "length", "shape", "dtype"]), st.text() | st.integers()).map(str)
)
def test_a_damaged_preview_shows_no_scalar(text: str) -> None:
    scalar_of(text)
    assert scalar_of('{"type":"int"}') is scalar_of("[]") is scalar_of("") is None


def test_numbers_of_numpy_are_scalars() -> None:
    import numpy as np

    assert scalar_of(preview(np.float32(0.5))) == Scalar("float", 0.5)
    assert scalar_of(preview(np.uint8(7))) == Scalar("int", 7)
    assert scalar_of(preview(np.bool_(True))) == Scalar("bool", 1)
    assert scalar_of(preview(np.arange(3))) is None


def test_parameters_are_facts_that_go_with_their_run() -> None:
    with new_journal() as journal:
        params = tuple((name, Stored(b"", b"PS", preview(value))) for name, value in (("depth", 4), ("rows", [1])))
        run = journal.create(NEW._replace(params=params), ME, 1.0, 1.0)
        assert journal.database.rows("SELECT * FROM param") == [(run.id, "depth", "int", 4)]
        run.end(RunEnd("done"))
        run.close()
        changes.delete_run(journal, run.id)
        assert journal.database.rows("SELECT * FROM param") == []
