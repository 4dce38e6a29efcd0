"""Which tasks of a run a filter means, told by what Python finds among all of them."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import FilterError
from penstock.journal import queries, task_search
from penstock.journal.journal import Journal
from penstock.journal.views import RunRow, TaskRow
from penstock.model.outcomes import Usage
from penstock.model.rows import Batch, RunEnd
from penstock.reading import finding_tasks
from tests.recorded import BEGAN, Recorded, error, outcome, task

CAUSES = ("raised", "timeout", "out of memory")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Journal, RunRow]]:
    """40 tasks of two steps; each fourth failed; another run beside it."""
    recorded = Recorded(tmp_path_factory.mktemp("tasks"))
    for flow in ("digits", "other"):
        handle = recorded.begin(flow)
        tasks = []
        for number in range(40):
            fails = number % 4 == 0
            ended = outcome(
                None if fails else recorded.stored(number), error(cause=CAUSES[number % 3]) if fails else None
            )
            used = Usage(BEGAN + number if number else 0.0, 0.5 * (number % 7), 0.1, (number % 5) << 20, 0, 0)
            step = "mine.train" if number % 2 else "mine.score"
            ended = ended._replace(usage=used, worker=f"w{number % 3}")
            record = task(number + 1, step, number // 2 + 1, ended, attempt=1 + (number % 9 == 0))
            tasks.append(record._replace(origin="" if number % 11 else "digits/9/score/1"))
        handle.commit(Batch(tuple(tasks)))
        handle.end(RunEnd("done"))
        handle.close()
    yield recorded.journal, queries.resolve(recorded.journal, "digits")
    recorded.close()


def is_failed(row: TaskRow) -> bool:
    return row.status == "failed"


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", lambda row: True),
        ("status:failed", is_failed),
        ("-status:failed", lambda row: not is_failed(row)),
        ("status!=failed", lambda row: not is_failed(row)),
        ("step:train", lambda row: row.name == "train"),
        ("step:mine.score,nothing", lambda row: row.name == "score"),
        ('cause:"out of memory",timeout', lambda row: is_failed(row) and row.error.cause != "raised"),
        ("-cause:raised", lambda row: not (row.error and row.error.cause == "raised")),
        ("took>1s step:train", lambda row: row.usage.wall_s > 1 and row.name == "train"),
        ("took<=500ms", lambda row: row.usage.wall_s <= 0.5),
        ("number:3,5", lambda row: row.number in (3, 5)),
        ("number!=3", lambda row: row.number != 3),
        ("number>=10 number<12", lambda row: 10 <= row.number < 12),
        ("memory>=3MiB", lambda row: row.usage.peak_bytes >= 3 << 20),
        ("attempt>1", lambda row: row.attempt > 1),
        ("began>30s", lambda row: row.usage.began_at > BEGAN + 30),
        ("began<30s", lambda row: 0 < row.usage.began_at < BEGAN + 30),
        ("began<20s ended>19s", lambda row: BEGAN + 19 - row.usage.wall_s < row.usage.began_at < BEGAN + 20),
        ("status:reused", lambda row: bool(row.origin)),
        ("worker:w1", lambda row: row.worker == "w1"),
        ("TRAIN/1", lambda row: f"{row.name}/{row.number}".startswith("train/1")),
        ('"<b>"', lambda row: False),
        (
            "(step:score or took>2s) -status:failed",
            lambda row: not is_failed(row) and (row.name == "score" or row.usage.wall_s > 2),
        ),
    ],
)
def test_a_filter_finds_what_it_says(run: tuple[Journal, RunRow], text: str, holds: Callable[[TaskRow], bool]):
    journal, row = run
    all_tasks = queries.tasks(journal, row.id)
    wanted = [one for one in all_tasks if holds(one)]
    found = finding_tasks.index(journal, row, text, "")
    assert found.ids == [one.id for one in wanted]
    assert found.counts == Counter(one.status for one in wanted)
    assert task_search.rows(journal, row.id, found.ids) == wanted
    assert finding_tasks.index(journal, row, text, "-call").ids == found.ids[::-1]


ORDERS: dict[str, Callable[[TaskRow], float]] = {
    "took": lambda row: row.usage.wall_s,
    "memory": lambda row: row.usage.peak_bytes,
    "began": lambda row: row.usage.began_at,
    "status": lambda row: row.status != "failed",
}


@pytest.mark.parametrize("order", ORDERS)
def test_they_come_in_order_and_what_is_unknown_comes_last(run: tuple[Journal, RunRow], order: str):
    journal, row = run
    all_tasks = queries.tasks(journal, row.id)
    for sign in ("", "-"):
        ids = finding_tasks.index(journal, row, "", sign + order).ids
        found = [ORDERS[order](one) for one in task_search.rows(journal, row.id, ids)]
        known = [value for value in found if value or order not in ("memory", "began")]
        assert known == sorted(known, reverse=bool(sign))
        assert found[: len(known)] == known
        assert sorted(ids) == [one.id for one in all_tasks]


def test_rows_come_as_they_were_asked_for_and_from_this_run_alone(run: tuple[Journal, RunRow]):
    journal, row = run
    found = task_search.rows(journal, row.id, [7, 3, 1 << 32 | 7, 99, 3])
    assert [one.id for one in found] == [7, 3, 3]
    assert {one.run for one in found} == {row.id}


@pytest.mark.parametrize(
    ("text", "word"),
    [("status:odd", "odd"), ("stat:done", "stat"), ("took>soon", "soon"), ("step>train", "step"), ("number>1,2", "2")],
)
def test_what_is_wrong_is_pointed_at(run: tuple[Journal, RunRow], text: str, word: str):
    with pytest.raises(FilterError) as refused:
        finding_tasks.index(*run, text, "")
    assert text[refused.value.at : refused.value.end] == word


def test_what_they_are_not_sorted_by(run: tuple[Journal, RunRow]):
    with pytest.raises(FilterError, match="sorted by call, -call, took, -took, memory"):
        finding_tasks.index(*run, "", "name")


words = st.sampled_from(
    [
        "step",
        "status",
        "cause",
        "took",
        "number",
        "worker",
        ":",
        ">",
        "-",
        "(",
        ")",
        ",",
        " ",
        '"',
        "or",
        "train",
        "1s",
        "nan",
        "1e999",
    ]
)


@given(st.lists(words).map("".join) | st.text(max_size=40))
def test_any_text_is_a_filter_or_refused(run: tuple[Journal, RunRow], text: str):
    with contextlib.suppress(FilterError):
        found = finding_tasks.index(*run, text, "")
        assert len(found.ids) == sum(found.counts.values())
