"""When tasks ran, told by what a slow count over all of them finds."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.journal import queries, run_shape
from penstock.model.outcomes import Usage
from penstock.model.rows import Batch, InFlight, RunEnd, TaskRecord
from penstock.reading.critical_path import critical_path
from penstock.reading.timelines import timeline
from tests.recorded import BEGAN, Recorded, edge, outcome, task, value

SPANS = st.tuples(st.floats(0, 10), st.floats(0, 5), st.sampled_from(["w1", "w2"]))


def _recorded(root: Path, ran: list[tuple[float, float, str]], given_to: dict[int, tuple[int, ...]] | None = None):
    """A run of tasks of these begins, durations and workers; which of them were given the results of which."""
    recorded = Recorded(root)
    run = recorded.begin("digits")
    stored = recorded.stored(1)
    tasks: list[TaskRecord] = []
    for number, (begin, took, worker) in enumerate(ran, 1):
        ended = outcome(stored)._replace(usage=Usage(BEGAN + begin, took, 0.1, number << 20, 0, 0), worker=worker)
        inputs = [edge(f"i{one}", one) for one in (given_to or {}).get(number, ())]
        tasks.append(task(number, "mine.train", number, ended, value("x", stored), *inputs))
    run.commit(Batch(tuple(tasks)))
    return recorded, run


@given(st.lists(SPANS, max_size=12), st.floats(0, 8), st.floats(0.5, 9), st.integers(10, 40))
def test_how_many_ran_at_once(ran: list[tuple[float, float, str]], begin: float, long: float, pixels: int):
    with tempfile.TemporaryDirectory() as folder:
        recorded, run = _recorded(Path(folder), ran)
        with closing(recorded.journal), closing(run):
            width = long / pixels
            found = run_shape.busy(recorded.journal, run.id, BEGAN + begin, BEGAN + begin + long, width)
    assert len(found) == pixels
    for at, count in enumerate(found):
        low, high = begin + at * width, begin + (at + 1) * width
        shares = [max(0.0, min(start + took, high) - max(start, low)) / width for start, took, _ in ran]
        assert count == pytest.approx(sum(shares), abs=1e-4)  # times are of seconds since 1970: some 1e-7 apart


def test_what_runs_stands_in_the_lane_of_a_free_worker(tmp_path: Path):
    recorded, run = _recorded(tmp_path, [(1, 3, "process-1-1"), (1, 9, "process-1-2")])
    flying = [InFlight(n, f"train/{n}", "running", BEGAN + 4.5 + n / 100, 1, "process") for n in (3, 4)]
    run.renew((), tuple(flying))
    with closing(recorded.journal), closing(run):
        found = timeline(recorded.journal, queries.resolve(recorded.journal, "digits"), 0.0, 12.0, 12, True)
    lanes = {lane.name: [bar.task for bar in lane.bars] for lane in found.lanes}
    assert lanes == {"process-1-1": ["train/1", "train/3"], "process-1-2": ["train/2"], "process 1": ["train/4"]}
    assert [bar.is_running for bar in found.lanes[0].bars] == [False, True]
    assert found.busy[:4] == (0, 2, 2, 2)
    assert found.busy[6] == 3


def test_steps_say_how_much_was_reused(tmp_path: Path):
    recorded, run = _recorded(tmp_path, [(1, 2, "w1")])
    copied = task(2, "mine.load", 1, outcome(recorded.stored(2)))._replace(origin="digits/1/load/1")
    run.commit(Batch((copied,)))
    run.end(RunEnd("done"))
    with closing(recorded.journal), closing(run):
        found = timeline(recorded.journal, queries.resolve(recorded.journal, "digits"), None, None, 10, False)
    assert {step.name: step.reused for step in found.steps} == {"train": 0, "load": 1}
    assert found.lanes[0].bars[0].peak_bytes == 1 << 20


@pytest.mark.parametrize(
    ("ran", "given_to", "path"),
    [
        ([], {}, []),
        # Each was given the result of the one before; the short one beside them held nobody up.
        ([(0, 1, "w1"), (1.1, 3, "w1"), (1.1, 1, "w2"), (4.2, 1, "w2")], {2: (1,), 3: (1,), 4: (2, 3)}, [1, 2, 4]),
        # One worker: what was given to none waited for the one before.
        ([(0, 1, "w1"), (1, 1, "w1"), (2, 1, "w1")], {}, [1, 2, 3]),
        # Given the first, but it waited for its worker, which the second held.
        ([(0, 1, "w1"), (1, 4, "w1"), (5.1, 1, "w1")], {3: (1,)}, [1, 2, 3]),
        # Neither given nor on the same worker: the flow's body waited.
        ([(0, 2, "w1"), (2.1, 1, "w2")], {}, [1, 2]),
    ],
)
def test_the_critical_path(
    tmp_path: Path, ran: list[tuple[float, float, str]], given_to: dict[int, tuple[int, ...]], path: list[int]
):
    recorded, run = _recorded(tmp_path, ran, given_to)
    with closing(recorded.journal), closing(run):
        found = critical_path(recorded.journal, run.id, BEGAN)
    assert [part.task for part in found.parts] == [f"train/{number}" for number in path]
    assert not found.is_partial
