"""Who lists runs and tasks page by page, or follows their changes, has in the end what one listing shows."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.journal import changes, owners, queries, sql_files
from penstock.journal.handle import RunHandle
from penstock.journal.journal import Journal
from penstock.journal.views import RunRow, TaskRow
from penstock.model.rows import Batch, RunEnd, StepCount
from tests.journal_records import NEW, done, raised, task

ME = owners.owner_of_this_process()
DEAD = ME._replace(started="1@" + ME.started.partition("@")[2])
LIMITS = st.none() | st.integers(1, 4)


@contextmanager
def new_journal() -> Generator[Journal]:
    with tempfile.TemporaryDirectory() as folder, closing(Journal.open(Path(folder))) as journal:
        yield journal


class ManyRuns:
    """Runs of a project, and what may happen to them."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.handles: dict[int, RunHandle] = {}

    def begin(self, _: int) -> None:
        handle = self.journal.create(NEW, ME, 1.0, 1.0)
        self.handles[handle.id] = handle

    def renew(self, at: int) -> None:
        for handle in self._one(at):
            handle.renew((StepCount("fit", at, 0, 0, 0),))

    def tag(self, at: int) -> None:
        for handle in self._one(at):
            changes.add_tags(self.journal, handle.id, [f"t{at}"])

    def untag(self, at: int) -> None:
        for handle in self._one(at):
            changes.remove_tags(self.journal, handle.id, ["t0", "t1", "t2", "t3"])

    def cancel(self, at: int) -> None:
        for handle in self._one(at):
            changes.request_cancel(self.journal, handle.id)

    def end(self, at: int) -> None:
        for handle in self._one(at):
            handle.end(RunEnd("failed"))
            handle.close()
            self.handles[handle.id] = self.journal.take(handle.run_id, ME, 2.0, 2.0) if at % 2 else handle
            if not at % 2:
                del self.handles[handle.id]

    def remove(self, at: int) -> None:
        for handle in self._one(at):
            handle.end(RunEnd("done"))
            handle.close()
            del self.handles[handle.id]
            changes.delete_run(self.journal, handle.id)

    def _one(self, at: int) -> list[RunHandle]:
        return list(self.handles.values())[at % len(self.handles) :][:1] if self.handles else []

    def close(self) -> None:
        for handle in self.handles.values():
            handle.close()


HAPPENINGS = [
    ManyRuns.begin,
    ManyRuns.renew,
    ManyRuns.tag,
    ManyRuns.untag,
    ManyRuns.cancel,
    ManyRuns.end,
    ManyRuns.remove,
]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 3), st.booleans()), max_size=25), LIMITS)
def test_who_follows_the_changes_of_runs_has_what_a_listing_shows(
    history: list[tuple[Callable[[ManyRuns, int], None], int, bool]], limit: int | None
):
    with new_journal() as journal, closing(ManyRuns(journal)) as runs:
        seen: dict[int, RunRow] = {}
        since = 0
        for happening, at, looks in [*history, (ManyRuns.begin, 0, True)]:
            happening(runs, at)
            while looks:
                rows, revision, removed = queries.runs_changed(journal, since, limit)
                if removed:
                    seen = {row.id: row for row in queries.runs(journal)}
                seen |= {row.id: row for row in rows}
                looks, since = revision != since, revision
        assert sorted(seen.values(), reverse=True) == queries.runs(journal)
        assert queries.runs_changed(journal, since, limit) == ([], since, False)


def test_a_run_whose_driver_died_is_among_what_has_changed():
    with new_journal() as journal:
        journal.create(NEW, DEAD, 1.0, 1.0).close()
        since = queries.runs_changed(journal).revision
        (row,) = queries.runs_changed(journal, since).rows
        assert (row.run_id, row.status) == ("digits/1", "crashed")


@st.composite
def writes(draw: st.DrawFn) -> Batch:
    tasks = draw(st.lists(st.integers(1, 6), max_size=3, unique=True))
    outcomes = draw(st.lists(st.sampled_from([None, done(), raised()]), min_size=3, max_size=3))
    steps = draw(st.lists(st.sampled_from(["a.fit", "b.fit"]), min_size=3, max_size=3))
    records = tuple(task(id_, outcome, step=step) for id_, outcome, step in zip(tasks, outcomes, steps, strict=False))
    return Batch(tasks=records, delivered=tuple(record.id for record in records if record.status == "failed"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(writes(), st.booleans()), max_size=12), LIMITS)
def test_who_follows_the_changes_of_tasks_has_what_a_listing_shows(
    history: list[tuple[Batch, bool]], limit: int | None
):
    with new_journal() as journal, closing(journal.create(NEW, ME, 1.0, 1.0)) as run:
        seen: dict[int, TaskRow] = {}
        since = 0
        for batch, looks in [*history, (Batch(), True)]:
            run.commit(batch)
            while looks:
                rows = queries.tasks_changed(journal, run.id, since, limit)
                seen |= {row.id: row for row in rows}
                looks, since = bool(rows), rows[-1].revision if rows else since
        assert [seen[id_] for id_ in sorted(seen)] == queries.tasks(journal, run.id)


def test_the_next_driver_of_a_run_goes_on_with_its_revisions():
    with new_journal() as journal:
        with closing(journal.create(NEW, DEAD, 1.0, 1.0)) as run:
            run.commit(Batch(tasks=tuple(task(id_) for id_ in range(1, 5))))
        since = queries.tasks_changed(journal, run.id)[-1].revision
        with closing(journal.take(run.run_id, ME, 2.0, 2.0)) as taken:
            taken.commit(Batch(tasks=(task(2, done()),)))
            taken.undeliver([1])
        assert [row.id for row in queries.tasks_changed(journal, run.id, since)] == [2, 1]


def pages(listing: Callable[..., list[Any]], limit: int, between: Callable[[], None]) -> Iterator[Any]:
    after: dict[str, int] = {}
    while page := listing(limit=limit, **after):
        yield from page
        after = {"after": page[-1].id}
        between()


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("flow", [None, "digits"])
def test_pages_of_runs_are_the_listing_though_runs_begin_meanwhile(limit: int, flow: str | None):
    with new_journal() as journal:

        def begin() -> None:
            journal.create(NEW, ME, 1.0, 1.0).close()
            journal.create(NEW._replace(flow="other"), ME, 1.0, 1.0).close()

        for _ in range(7):
            begin()
        whole = queries.runs(journal, flow)
        found = pages(lambda **page: queries.runs(journal, flow, **page), limit, begin)
        assert list(found) == whole
        assert queries.runs(journal, flow, status="running", limit=2, after=whole[1].id) == whole[2:4]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("step", [None, "fit", "a.fit"])
def test_pages_of_tasks_are_the_listing_though_tasks_settle_meanwhile(limit: int, step: str | None):
    with new_journal() as journal, closing(journal.create(NEW, ME, 1.0, 1.0)) as run:
        later = iter(range(20, 1000))
        run.commit(Batch(tasks=tuple(task(id_, step="a.fit" if id_ % 2 else "b.fit") for id_ in range(1, 8))))
        whole = [row.id for row in queries.tasks(journal, run.id, step)]

        def settle() -> None:
            id_ = next(later)
            if id_ < 40:
                run.commit(Batch(tasks=(task(id_, done(), step="a.fit"), task(1, done(), step="a.fit"))))

        found = [row.id for row in pages(lambda **page: queries.tasks(journal, run.id, step, **page), limit, settle)]
        assert found[: len(whole)] == whole
        assert found == sorted(set(found))


def test_which_tasks_have_changed_is_told_by_an_index_alone():
    with new_journal() as journal:
        plan = journal.database.rows(
            f"EXPLAIN QUERY PLAN {sql_files.load('queries')['tasks_changed']}", {"run_id": 1, "since": 1, "limit": 9}
        )
        steps = [row[-1] for row in plan]
        assert any("task USING COVERING INDEX task_by_step" in step for step in steps), steps
        assert not any(step.startswith("SCAN task") for step in steps), steps
