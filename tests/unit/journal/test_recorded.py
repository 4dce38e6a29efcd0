from __future__ import annotations

import json
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.journal import cache, needs, queries, recorded
from penstock.journal.changes import delete_run
from penstock.journal.handle import RunHandle
from penstock.journal.journal import Journal
from penstock.model.outcomes import Outcome, Recorded, from_plain, to_plain
from penstock.model.rows import Batch, BodyRecord, CacheEntry, CodeRecord, RunEnd, ScopeRecord, WantedResult
from tests.journal_records import NEW, OWNER, digest, done, stored, task

SHOWN = Recorded("display", "loss", None, 1.0, '{"media":"image/png"}', (stored("a", (digest("b1"),)),))
TAG = Recorded("tag", "best", None, 2.0)


@pytest.fixture
def journal(tmp_path: Path) -> Generator[Journal]:
    with closing(Journal.open(tmp_path)) as journal:
        yield journal


def begun(journal: Journal) -> RunHandle:
    return journal.create(NEW, OWNER, 1.0, 1.0)


def outcome(*records: Recorded) -> Outcome:
    return done()._replace(records=records)


def found(journal: Journal, run: int = 1) -> dict[int, tuple[Recorded, ...]]:
    return recorded.by_task(journal.database, run)


def test_what_a_task_has_recorded_is_committed_with_its_outcome(journal: Journal):
    with closing(begun(journal)) as handle:
        handle.commit(Batch(tasks=(task(1, outcome(SHOWN, TAG)), task(2, done()))))
    assert found(journal) == {1: (SHOWN, TAG)}
    assert queries.run_by_id(journal, 1).tags == ("best",)
    assert digest("b1") in set(needs.blobs_of_run(journal, 1))


def test_what_it_records_when_it_is_made_anew_takes_the_place_of_that(journal: Journal):
    later = SHOWN._replace(name="accuracy")
    with closing(begun(journal)) as handle:
        handle.commit(Batch(tasks=(task(1, outcome(SHOWN)), task(2, outcome(SHOWN)))))
        handle.commit(Batch(tasks=(task(1, outcome(later)), task(2, done())), forgotten=(2,)))
    assert found(journal) == {1: (later,)}


def test_a_body_replaces_what_it_has_recorded_before(journal: Journal):
    series = [SHOWN._replace(step=step) for step in (1, 2)]
    with closing(begun(journal)) as handle:
        for one in (SHOWN, *series, SHOWN._replace(at=9.0)):
            handle.commit(Batch(recorded=(BodyRecord(0, one),)))
    assert found(journal) == {0: (SHOWN._replace(at=9.0), *series)}


def test_what_a_body_no_longer_records_goes_when_the_run_is_done(journal: Journal):
    scope = ScopeRecord(4, 0, "digits.inner", "inner", 1, digest("i"), "done", (), 1.0, 2.0)
    inner = SHOWN._replace(name="inner")
    with closing(begun(journal)) as handle:
        handle.commit(Batch(tasks=(task(1, outcome(SHOWN)),), scopes=(scope,), recorded=(BodyRecord(0, SHOWN),)))
        handle.commit(Batch(recorded=(BodyRecord(4, inner), BodyRecord(0, TAG))))
        handle.end(RunEnd("interrupted"))
    for status, left in (("failed", {0: (SHOWN, TAG), 1: (SHOWN,), 4: (inner,)}), ("done", {0: (TAG,), 1: (SHOWN,)})):
        with closing(journal.take("digits/1", OWNER, 2.0, 2.0, None, None)) as handle:
            handle.commit(Batch(recorded=(BodyRecord(0, TAG),)))
            handle.end(RunEnd(status))
        assert found(journal) == left


def test_a_name_and_a_note_are_the_runs_own(journal: Journal):
    revision = queries.revision(journal)
    with closing(begun(journal)) as handle:
        told = [Recorded(kind, "", None, 1.0, json.dumps({"text": kind.upper()})) for kind in ("name", "note")]
        handle.commit(Batch(tasks=(task(1, outcome(*told)),)))
    row = queries.run_by_id(journal, 1)
    assert (row.name, row.note) == ("NAME", "NOTE")
    assert row.revision > revision


def test_a_cached_result_keeps_them_and_what_they_hold(journal: Journal):
    entry = CacheEntry(digest("k"), digest("c"), "s", b"code", "digits/1/train/1", stored(1), records=(SHOWN,))
    with closing(begun(journal)) as handle:
        handle.commit(Batch(codes=(CodeRecord(b"code", b"tree"),), cached=(entry,)))
    (sought,) = cache.look_up(journal.database, [WantedResult(digest("k"), digest("c"), "digits/2/train/1")], 1.0)
    assert sought.entry is not None
    assert sought.entry.records == (SHOWN,)
    assert {blob for _, blob in needs.blobs_of_cache(journal)} == {digest("b1")}


def test_they_go_with_their_run(journal: Journal):
    with closing(begun(journal)) as handle:
        handle.commit(Batch(tasks=(task(1, outcome(SHOWN)),)))
        handle.end(RunEnd("done"))
    delete_run(journal, 1)
    assert journal.database.rows("SELECT * FROM recorded") == []


texts = st.text(max_size=20)
records = st.builds(
    Recorded,
    texts,
    texts,
    st.none() | st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(allow_nan=False),
    texts,
    st.lists(st.builds(stored, texts), max_size=2).map(tuple),
)


@given(st.lists(records, max_size=4).map(tuple))
def test_an_outcome_comes_back_from_plain_data(records: tuple[Recorded, ...]):
    sent = done()._replace(records=records)
    assert from_plain(to_plain(sent)) == sent
    assert from_plain(to_plain(sent)[:7]) == sent._replace(records=())  # of a kit that knew none
