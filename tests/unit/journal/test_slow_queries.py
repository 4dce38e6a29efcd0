"""A query may be given a time, after which it is ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.errors import SlowQueryError
from penstock.journal.database import Database, open_database

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT {} FROM n"


@pytest.fixture
def database(tmp_path: Path):
    database = open_database(tmp_path / "journal.db")
    yield database
    database.close()


@pytest.mark.parametrize("what", ["count(*)", "x"])
def test_a_query_without_end_is_ended(database: Database, what: str):
    with database.limited(lambda: True), pytest.raises(SlowQueryError, match="ask for less"):
        for _ in database.stream(ENDLESS.format(what)):
            pass
    assert database.row("SELECT 1") == (1,)


def test_what_is_quick_is_answered_and_the_time_is_over_with_it(database: Database):
    with database.limited(lambda: False):
        assert database.row("SELECT 1") == (1,)
    found = database.stream(ENDLESS.format("x"))
    assert [next(found)[0] for _ in range(3)] == [1, 2, 3]
    found.close()
