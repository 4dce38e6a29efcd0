"""How runs share results: `seek` of `engine.ports.RunJournal`, on every way in which the journal keeps its file."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from penstock.errors import FencedError
from penstock.journal import cache, changes, mounts, queries
from penstock.journal.clock import Clock
from penstock.journal.handle import RunHandle
from penstock.journal.journal import Journal
from penstock.journal.owners import owner_of_this_process
from penstock.model.rows import Batch, CacheEntry, CodeRecord, Owner, RunEnd, Sought, WantedResult
from tests.journal_records import NEW, digest, done, point, stored, task

OWNER = owner_of_this_process()
CODE = CodeRecord(digest("code"), b"tree")
MISSING = Sought()


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 1000.0

    def clock(self) -> Clock:
        return Clock(lambda: self.at, lambda: self.at, lambda seconds: None)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture(params=["local disk", "network disk"])
def journal(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hands: Hands
) -> Generator[Journal]:
    monkeypatch.setattr(mounts, "is_network", lambda _folder: request.param == "network disk")
    journal = Journal.open(tmp_path / ".penstock", clock=hands.clock())
    yield journal
    journal.close()


@pytest.fixture
def run(journal: Journal) -> Generator[RunHandle]:
    handle = begin(journal)
    yield handle
    handle.close()


@pytest.fixture
def other(journal: Journal) -> Generator[RunHandle]:
    handle = begin(journal)
    yield handle
    handle.close()


def begin(journal: Journal, owner: Owner = OWNER) -> RunHandle:
    return journal.create(NEW, owner, 1000.0, 1000.0)


def wanted(task: str = "digits/1/train/1", word: str = "k", **more: object) -> WantedResult:
    return WantedResult(digest(word), digest("content"), task, **more)  # type: ignore[arg-type]


def entry(task: str = "digits/1/train/1", word: str = "k", result: object = 1) -> CacheEntry:
    kept = stored(result, (digest("blob", result),))
    return CacheEntry(
        digest(word), digest("content"), "digits.train", CODE.digest, task, kept, (point("m", 1.0, None, 2.0),)
    )


def seek(handle: RunHandle, *asked: WantedResult) -> tuple[Sought, ...]:
    return handle.seek(asked or (wanted(),))


def put(handle: RunHandle, *entries: CacheEntry) -> None:
    handle.commit(Batch(codes=(CODE,), cached=entries or (entry(),)))


def test_what_was_stored_is_found_by_every_run_with_its_time(run: RunHandle, other: RunHandle, hands: Hands) -> None:
    assert seek(run) == (MISSING,)
    put(run)
    hands.at += 5
    assert [sought.entry for sought in (*seek(run), *seek(other))] == [entry()._replace(stored_at=1000.0)] * 2


def test_answers_come_in_the_order_of_the_questions(run: RunHandle) -> None:
    put(run, entry(word="b", result=2), entry(word="d", result=4))
    found = seek(run, *(wanted(word=word) for word in "abcd"))
    assert [sought.entry and sought.entry.result for sought in found] == [None, stored_of(2), None, stored_of(4)]


def stored_of(result: object) -> object:
    return entry(result=result).result


def test_a_second_result_stands_in_the_place_of_the_first(run: RunHandle) -> None:
    put(run)
    put(run, entry(task="digits/1/train/9", result=2))
    (found,) = seek(run)
    assert found.entry is not None
    assert (found.entry.task, found.entry.result) == ("digits/1/train/9", stored_of(2))


@pytest.mark.parametrize(("age", "expires", "found"), [(9, None, True), (9, 10.0, True), (11, 10.0, False)])
def test_a_result_that_is_too_old_is_named_and_not_given(
    run: RunHandle, hands: Hands, age: float, expires: float | None, found: bool
) -> None:
    put(run)
    hands.at += age
    (sought,) = seek(run, wanted("digits/1/train/2", expires_s=expires))
    assert (sought.entry is not None) == found
    assert sought.expired == ("" if found else "digits/1/train/1")


def test_who_wants_a_result_made_anew_is_told_of_none_but_the_run_s_own(run: RunHandle, other: RunHandle) -> None:
    put(run)
    assert seek(other, wanted("digits/2/train/1", refresh=True)) == (MISSING,)
    assert seek(run, wanted("digits/1/train/2", refresh=True))[0].entry is not None


def test_the_latest_of_the_same_inputs_and_other_code_is_named(run: RunHandle, hands: Hands) -> None:
    put(run, entry("digits/1/train/1", "a"))
    hands.at += 1
    put(run, entry("digits/1/train/2", "b"))
    (sought,) = seek(run, wanted(word="c"))
    assert sought == Sought(other=("digits/1/train/2", CODE.digest))


def test_one_makes_what_two_need(run: RunHandle, other: RunHandle) -> None:
    assert seek(run) == (MISSING,)
    assert seek(other, wanted("digits/2/train/7")) == (Sought(maker="digits/1/train/1"),)
    assert seek(run, wanted("digits/1/train/2")) == (Sought(maker="digits/1/train/1"),)
    assert seek(run) == (MISSING,)  # who makes it may ask again
    put(run)
    assert seek(other, wanted("digits/2/train/7"))[0].entry is not None


def test_what_is_released_is_the_next_one_s_to_make(run: RunHandle, other: RunHandle) -> None:
    seek(run)
    run.commit(Batch(released=(digest("k"),)))
    assert seek(other, wanted("digits/2/train/1")) == (MISSING,)
    assert seek(run) == (Sought(maker="digits/2/train/1"),)
    run.commit(Batch(released=(digest("k"),)))  # not its own
    assert seek(run) == (Sought(maker="digits/2/train/1"),)


def test_a_run_that_ends_makes_nothing_more(run: RunHandle, other: RunHandle) -> None:
    seek(run)
    run.end(RunEnd("interrupted"))
    assert seek(other, wanted("digits/2/train/1")) == (MISSING,)


def test_a_run_whose_driver_is_dead_makes_nothing_more(journal: Journal, other: RunHandle) -> None:
    dead = begin(journal, OWNER._replace(pid=2**22 + 1))
    assert seek(dead, wanted("digits/2/train/1")) == (MISSING,)
    assert seek(other) == (MISSING,)
    dead.close()


def test_what_an_earlier_driver_was_to_make_its_next_one_makes(journal: Journal, run: RunHandle) -> None:
    seek(run)
    run.end(RunEnd("interrupted"))
    successor = journal.take(run.run_id, OWNER, 1001.0, 1001.0)
    assert seek(successor, wanted("digits/1/train/2")) == (MISSING,)
    successor.close()


def test_a_removed_run_makes_nothing_more_and_its_results_stay(
    journal: Journal, run: RunHandle, other: RunHandle
) -> None:
    put(run, entry(word="kept"))
    seek(run)
    run.end(RunEnd("done"))
    changes.delete_run(journal, run.id)
    assert seek(other, wanted("digits/2/train/1")) == (Sought(other=("digits/1/train/1", CODE.digest)),)
    assert seek(other, wanted(word="kept"))[0].entry is not None


def test_who_lost_the_run_claims_nothing(journal: Journal, run: RunHandle) -> None:
    put(run, entry(word="there"))
    run.end(RunEnd("interrupted"))
    successor = journal.take(run.run_id, OWNER, 2000.0, 2000.0)
    with pytest.raises(FencedError):
        seek(run)
    successor.close()


def test_the_code_of_a_task_and_where_its_result_came_from_are_kept(journal: Journal, run: RunHandle) -> None:
    record = task(1, done())._replace(code=CODE.digest, origin="digits/0/train/3", why="--refresh train")
    run.commit(Batch(tasks=(record,), codes=(CODE,)))
    (row,) = queries.tasks(journal, run.id)
    assert (row.code, row.origin, row.why) == (CODE.digest, record.origin, record.why)
    assert queries.code_tree(journal, CODE.digest) == b"tree"
    (prior,) = run.prior()
    assert (prior.code, prior.origin) == (CODE.digest, record.origin)


def test_what_is_inside_a_result_is_kept(run: RunHandle) -> None:
    outcome = done()
    assert outcome.result is not None
    result = outcome.result._replace(symbols=("models:Model", "shapes:area"))
    run.commit(Batch(tasks=(task(1, outcome._replace(result=result)),)))
    assert run.prior()[0].result == result


def test_a_look_changes_nothing(journal: Journal, run: RunHandle, other: RunHandle) -> None:
    assert cache.look_up(journal.database, [wanted()], 1000.0) == [MISSING]
    assert seek(other, wanted("digits/2/train/1")) == (MISSING,)
    assert seek(run) == (Sought(maker="digits/2/train/1"),)
