"""Which connections a journal has, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.errors import FencedError
from penstock.journal.journal import Journal
from penstock.model.rows import RunEnd
from tests.journal_records import NEW, OWNER


def test_a_run_goes_on_with_the_connection_that_began_it_and_leaves_one_file(tmp_path: Path):
    journal = Journal.open(tmp_path / ".penstock")
    handle = journal.create(NEW, OWNER, 1000.0, 5.0)
    handle.end(RunEnd("done"))
    handle.close()
    assert [file.name for file in (tmp_path / ".penstock").glob("journal.db*")] == ["journal.db"]
    journal.close()
    journal.close()


def test_a_journal_that_is_asked_again_has_a_connection_like_the_one_before(tmp_path: Path):
    journal = Journal.open(tmp_path / ".penstock")
    asked = [f"PRAGMA {name}" for name in ("synchronous", "foreign_keys", "journal_mode")]
    before = [journal.database.row(statement) for statement in asked]
    first = journal.create(NEW, OWNER, 1000.0, 5.0)
    assert [journal.database.row(statement) for statement in asked] == before == [(1,), (1,), ("wal",)]
    second = journal.create(NEW, OWNER, 1000.0, 5.0)
    for handle in (first, second):
        handle.end(RunEnd("failed"))
    taken = journal.take(first.run_id, OWNER, 1001.0, 6.0)
    journal.close()
    taken.end(RunEnd("done"))
    with pytest.raises(FencedError):
        first.end(RunEnd("done"))
    for handle in (first, second, taken):
        handle.close()
