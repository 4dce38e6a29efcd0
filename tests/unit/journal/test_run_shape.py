"""What is counted by indexes is what the rows say."""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.journal import owners, queries, run_shape, sql_files
from penstock.journal.journal import Journal
from penstock.model.rows import Batch
from tests.journal_records import NEW, done, edge, raised, task

ME = owners.owner_of_this_process()
OUTCOMES = {"done": done(), "failed": raised(), "running": None}
CALLS = st.tuples(
    st.sampled_from(["a.load", "a.train", "b.train"]),
    st.sampled_from(sorted(OUTCOMES)),
    st.integers(0, 2),  # scope
    st.sampled_from(["", "digits/9/train/1"]),  # origin
)


@given(
    st.lists(CALLS, max_size=20), st.lists(st.tuples(st.integers(0, 19), st.sampled_from(sorted(OUTCOMES))), max_size=5)
)
def test_groups_and_counts_are_those_of_the_rows(calls: list[tuple[str, str, int, str]], later: list[tuple[int, str]]):
    with tempfile.TemporaryDirectory() as folder, closing(Journal.open(Path(folder))) as journal:
        run = journal.create(NEW, ME, 1000.0, 5.0)
        records = [
            task(id_, OUTCOMES[status], step=step)._replace(scope=scope, origin=origin)
            for id_, (step, status, scope, origin) in enumerate(calls, 1)
        ]
        run.commit(Batch(tasks=tuple(records)))
        for place, status in later:
            if place < len(records):
                old = records[place]
                records[place] = task(old.id, OUTCOMES[status], step=old.step)._replace(scope=old.scope)
                run.commit(Batch(tasks=(records[place],)))
        run.close()
        names = {id_: step.step for id_, step in run_shape.steps(journal, run.id).items()}
        groups = run_shape.groups(journal, run.id)
        counted = {(names[group.step], group.scope, group.status): group.tasks for group in groups}
        assert counted == Counter((one.step, one.scope, one.status) for one in records)
        for step in queries.steps(journal, run.id):
            mine = [one for one in records if one.step == step.step]
            statuses = Counter(one.status for one in mine)
            assert (step.done, step.failed, step.running) == (
                statuses["done"], statuses["failed"], statuses["running"],
            )  # fmt: skip
            assert step.copied == sum(bool(one.origin) for one in mine)


def test_edges_are_told_by_the_first_tasks_and_the_first_of_each_map(tmp_path: Path):
    with closing(Journal.open(tmp_path)) as journal:
        run = journal.create(NEW, ME, 1000.0, 5.0)
        alone = [task(id_, done(), step="a.load") for id_ in (1, 2, 3)]
        maps = [
            task(id_, done(), step="a.train", inputs=(edge("x", source),))._replace(map=first)
            for first, source in ((4, 1), (14, 2), (24, 3))
            for id_ in range(first, first + 10)
        ]
        run.commit(Batch(tasks=(*alone, *maps)))
        run.close()
        found, partial = run_shape.given(journal, run.id, 8)
        trained = [one for one in found if one.inputs and one.id >= 4]
        assert {ref.task for one in trained for item in one.inputs for ref in item.refs} == {1, 2, 3}
        assert len(trained) <= 8
        assert not partial
        assert run_shape.given(journal, run.id, 2)[1], "there are more that were called alone"


@pytest.mark.parametrize(
    ("file", "name"), [("run_shape", "groups"), ("queries", "step_counts")], ids=["groups", "step_counts"]
)
def test_no_rows_are_looked_at_to_count_them(tmp_path: Path, file: str, name: str):
    with closing(Journal.open(tmp_path)) as journal:
        plan = journal.database.rows(f"EXPLAIN QUERY PLAN {sql_files.load(file)[name]}", {"run_id": 1})
        looks = [row[-1] for row in plan if " task" in row[-1]]
        assert looks
        assert all("COVERING INDEX" in look or "task_copied" in look for look in looks), looks
