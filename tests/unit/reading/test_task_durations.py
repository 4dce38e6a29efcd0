"""What tasks took, told by what Python counts over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.journal import conditions, queries, run_shape, task_search
from penstock.model.outcomes import Outcome, Usage
from penstock.model.rows import Batch, RunEnd
from penstock.reading import finding_tasks
from penstock.reading.filter_completion import complete_tasks
from penstock.reading.task_durations import bin_edges, counted, durations
from penstock.reading.task_waits import times_waited
from tests.recorded import BEGAN, Recorded, edge, error, outcome, task


@given(st.lists(st.integers(0, 10**11).map(lambda n: n / 1e6), min_size=1, max_size=60))
def test_each_duration_is_in_one_bin_between_round_edges(values: list[float]):
    edges = bin_edges(sorted(values))
    assert all(low < high for low, high in pairwise(edges))
    assert edges[0] <= min(values) * (1 + 1e-9)
    assert edges[-1] >= max(values) * (1 - 1e-9)
    assert len(edges) < 100
    assert sum(counted(values, edges)) == len(values)


def test_bins_are_of_one_width_unless_some_take_far_longer():
    assert bin_edges([1.0, 1.5, 2.0, 4.9])[:3] == (1.0, 1.1, 1.2)
    skewed = bin_edges([0.01, 0.01, 0.02, 60.0])
    assert (skewed[0], skewed[-3:]) == (0.0, (40.0, 50.0, 64.0))
    assert bin_edges([]) == ()
    assert bin_edges([0.0, 0.0]) == (0.0, 1.0)


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[Recorded]:
    """`digits/1`: load takes a second; two trainings wait for it, one of them for its worker as well; one is reused."""
    recorded = Recorded(tmp_path)
    run = recorded.begin("digits")

    def ended(begin: float, took: float, peak: int) -> Outcome:
        return outcome(recorded.stored(begin))._replace(usage=Usage(BEGAN + begin, took, 0.1, peak, 0, 0))

    failed = outcome(error=error())._replace(usage=Usage(BEGAN + 4, 2.0, 0.1, 10, 0, 0), worker="w2")
    copied = outcome(recorded.stored(7))._replace(usage=Usage(0.0, 0.0, 0.0, 0, 0, 0))
    run.commit(
        Batch(
            (
                task(1, "mine.load", 1, ended(0, 1.0, 100)),
                task(2, "mine.train", 1, ended(1.5, 2.5, 700), edge("data", 1)),
                task(3, "mine.train", 2, failed, edge("data", 1)),
                task(4, "mine.train", 3, copied, edge("data", 1))._replace(origin="digits/9/train/3"),
                task(5, "mine.score", 1, ended(6, 0.5, 0), edge("model", 4)),
            )
        )
    )
    run.end(RunEnd("done"))
    run.close()
    with closing(recorded.journal):
        yield recorded


def test_what_they_took(recorded: Recorded):
    row = queries.resolve(recorded.journal, "digits")
    found = durations(recorded.journal, row.id, conditions.ALL)
    assert (found.tasks, found.wall_s, found.median_s) == (4, 6.0, 2.0)
    assert (found.longest, found.longest_s, found.peak_bytes) == ("train/1", 2.5, 700)
    assert {step.step: (step.tasks, step.wall_s) for step in found.steps} == {
        "load": (1, 1.0), "train": (2, 4.5), "score": (1, 0.5),
    }  # fmt: skip
    assert all(sum(step.counts) == step.tasks for step in found.steps)
    failed = durations(recorded.journal, row.id, finding_tasks.meant(recorded.journal, row, "status:failed"))
    assert (failed.tasks, failed.longest) == (1, "train/2")
    none = durations(recorded.journal, row.id, finding_tasks.meant(recorded.journal, row, "step:none"))
    assert (none.tasks, none.edges, none.longest) == (0, (), "")
    assert [(step.step, step.tasks, step.counts) for step in none.steps] == [
        ("load", 0, ()), ("train", 0, ()), ("score", 0, ()),
    ]  # fmt: skip


def test_how_long_they_waited_since_they_were_called(recorded: Recorded):
    row = queries.resolve(recorded.journal, "digits")
    rows = task_search.rows(recorded.journal, row.id, [1, 2, 3, 4, 5])
    noted = [one._replace(waited_s=1.0) if one.id in (1, 2, 3) else one for one in rows]
    # The first was given nothing, the second half a second before it began, the third long before it was called.
    assert times_waited(recorded.journal, row.id, noted) == {1: 1.0, 2: pytest.approx(0.5), 3: 1.0}


def test_how_long_they_waited_for_anything_but_their_inputs(recorded: Recorded):
    row = queries.resolve(recorded.journal, "digits")
    rows = task_search.rows(recorded.journal, row.id, [1, 2, 3, 4, 5])
    assert times_waited(recorded.journal, row.id, rows) == {2: pytest.approx(0.5), 3: pytest.approx(3.0)}
    assert run_shape.given_to(recorded.journal, row.id, [2, 5]) == {2: {1}, 5: {4}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("st", ["step:", "status:"]),
        ("step:", ["load", "train", "score"]),
        ("step:t", ["train"]),
        ("-status:f", ["failed"]),
        ("cause:out", ['"out of memory"']),
        ("worker:", ["w1", "w2"]),
        ("took>", ["1s", "10s", "1m", "10m"]),
        ("took:1", ["1s", "10s", "1m", "10m"]),
        ("step>", []),
        ("nothing:", []),
        ("tr", ["train"]),
    ],
)
def test_what_may_stand_in_a_filter(recorded: Recorded, text: str, words: list[str]):
    run = queries.resolve(recorded.journal, "digits").id
    assert [word.text for word in complete_tasks(recorded.journal, run, text, len(text)).words] == words
