from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from penstock.errors import JournalVersionError
from penstock.journal import cache, pins, queries, recorded, recorded_locks
from penstock.journal.changes import finish_removals
from penstock.journal.journal import Journal
from penstock.journal.migrate import MIGRATIONS, migrate, newest, version
from penstock.journal.priors import prior_scopes, prior_tasks
from penstock.model.edges import Ref
from penstock.model.outcomes import Recorded
from penstock.model.rows import (
    AttemptRecord,
    Granted,
    InFlight,
    Intent,
    MetricRecord,
    Origin,
    ScopeRecord,
    StepCount,
    WantedResult,
)
from tests.journal_records import OWNER, digest, done, edge, point, raised, stored

GIB = 1 << 30
OLD = sorted((Path(__file__).parent / "old").glob("*.sql"))


@pytest.fixture
def connection() -> Generator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    yield connection
    connection.close()


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001_first.sql").write_text("-- One; two.\nCREATE TABLE a (x); -- a\nINSERT INTO a VALUES ('1;\n2');\n")
    return folder


def test_a_journal_of_each_version_is_kept() -> None:
    assert [int(file.stem) for file in OLD] == list(range(1, newest() + 1))


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("file", OLD, ids=lambda file: file.stem)
def test_a_journal_of_each_version_reads_as_it_was_written(tmp_path: Path, file: Path, read_only: bool) -> None:
    connection = sqlite3.connect(tmp_path / "journal.db")
    connection.executescript(file.read_text(encoding="utf-8"))
    connection.close()
    journal = Journal.open(tmp_path, read_only=read_only)
    (run,) = queries.runs(journal)
    assert (run.run_id, run.status, run.tags, run.owner) == ("digits/1", "failed", ("first", "paper"), OWNER)
    assert (run.created_at, run.ended_at, run.counts) == (1000.0, 1002.0, (StepCount("train", 0, 1, 1, 1),))
    detail = queries.detail(journal, run.id)
    assert (detail.params, detail.result, detail.error) == ((("rows", stored(500)),), None, raised().error)
    assert detail.form == (2 if file.stem >= "0005" else 1)
    assert detail.drivers[0].packages == (("numpy", "2.0"),)
    first, second, third = queries.tasks(journal, run.id)
    metric = point("loss", 0.5, 3, 7.0)
    result = stored("a", (digest("b1"), digest("b2")))
    assert first.outcome == done("a")._replace(result=first.result)
    assert first.result is not None
    assert first.result._replace(symbols=(), layout="") == result
    assert queries.metrics(journal, run.id) == [MetricRecord(1, 1, metric)]
    assert (second.outcome, second.delivered, second.attempt) == (raised(), True, 2)
    is_noted = file.stem >= "0017"
    given, more = (Granted("process", 2.0, 2 * GIB, 0, 60.0), Granted("process", 2.0, 4 * GIB, 0, 60.0))
    earlier = AttemptRecord(2, 1, raised("first"), given if is_noted else None)
    latest = AttemptRecord(2, 2, raised(), more if is_noted else None)
    assert queries.attempts(journal, second) == [earlier, latest]
    assert (second.granted, second.waited_s) == ((more, 1.5) if is_noted else (None, None))
    assert (first.granted, first.waited_s) == (None, None)
    assert [step.granted for step in queries.steps(journal, run.id)] == [given if is_noted else None]
    own, edged, shared = queries.inputs(journal, run.id, 3)
    assert (own.name, own.preview, edged) == ("depth", '{"type":"int"}', edge("split", 1))
    assert (shared.record, shared.refs) == (None, (Ref(1, (("item", "x"),)),))
    assert (third.status, third.result) == ("running", None)
    if file.stem >= "0002":
        assert first.result.symbols == ("models:Model",)
        assert (first.code, first.origin, first.why) == (digest("code"), "digits/0/train/7", "--refresh train")
        assert queries.code_tree(journal, digest("code")) == b"tree"
        assert detail.origin == Origin("digits/0", 9, "train", True)
        assert queries.is_cached(journal, run.id, first.step)
        wanted = WantedResult(digest("k"), digest("content"), "digits/2/train/1")
        (sought,) = cache.look_up(journal.database, [wanted], 1000.0)
        assert sought.entry is not None
        assert (sought.entry.result, sought.entry.metrics) == (stored("a", (digest("b1"),)), (metric,))
    if file.stem >= "0003":
        assert recorded_locks.locks_of_run(journal, run.id) == {"w" * 64: "# penstock lock 1\n"}
    new = file.stem >= "0004"
    assert (run.nonce, run.folder) == (("00112233aabbccdd", "digits/1-00112233aabbccdd") if new else ("", "digits/1"))
    assert [prior.settled for prior in prior_tasks(journal.database, run.id)] == [1, 2, 0]
    assert (detail.seed, queries.seed(journal, run.id)) == (("7", "7") if file.stem >= "0005" else ("", ""))
    intent = Intent(3, 1, "cluster", "job 7") if file.stem >= "0009" else None
    assert [prior.intent for prior in prior_tasks(journal.database, run.id)] == [None, None, intent]
    flight = (InFlight(3, "train/3", "running", 1001.5, 1, "process"),) if file.stem >= "0006" else ()
    assert queries.in_flight(journal, run.id) == flight
    assert run.earlier_s == 0.0
    kept = [pins.PinnedValue("model/wide/1", 1003.0, stored("a", (digest("b1"),)))] if file.stem >= "0007" else []
    assert pins.pins(journal) == kept
    found, inner = stored("a", (digest("b1"),)), digest("inner")
    assert journal.database.rows("SELECT name, type, value FROM param") == [("rows", "int", 500)]
    facts = journal.database.rows("SELECT name, step, first, last, last_at, last_task, smallest FROM metric_fact")
    assert facts == [("loss", "train", 0.5, 0.5, 7.0, 1, 0.5)]
    is_newest = file.stem >= "0012"
    assert (bool(detail.schema), bool(first.result.layout)) == (is_newest, is_newest)
    has_records = file.stem >= "0013"
    shown = Recorded("display", "loss", 3, 1001.0, '{"media":"image/png"}', (stored("figure", (digest("b3"),)),))
    told = Recorded("note", "", None, 1001.5, '{"text":"odd"}')
    assert recorded.by_task(journal.database, run.id) == ({0: (told,), 1: (shown,)} if has_records else {})
    assert (run.name, run.note) == (("baseline", "odd") if has_records else ("", ""))
    if file.stem >= "0002":
        assert sought.entry.records == ((shown,) if has_records else ())
    scope = ScopeRecord(
        4, 0, "digits.inner", "inner", 1, inner, "done", (edge("split", 1),), 1001.0, 1002.0, found, None, 3
    )
    assert prior_scopes(journal.database, run.id) == ([scope] if file.stem >= "0010" else [])
    journal.close()


def test_rows_that_refer_to_nothing_are_left_behind(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "journal.db")
    connection.executescript((Path(__file__).parent / "old" / "0003.sql").read_text(encoding="utf-8"))
    lost = (1 << 32) + 77
    connection.execute("INSERT INTO metric VALUES (?, 1, 'loss', 0, 1.0, 0.5)", (lost,))
    connection.execute("INSERT INTO attempt VALUES (?, 1, x'00')", (lost,))
    connection.execute("INSERT INTO step (id, run_id, step, name, source) VALUES (99, 77, 's', 's', '')")
    connection.execute(
        "INSERT INTO task (id, step_id, number, status, key) VALUES (?, 99, 1, 'done', x'00')", (77 << 32 | 1,)
    )
    for table, values in {"tag": "'t'", "run_blob": "x'00'", "shared_inputs": "x'00', x'00'"}.items():
        connection.execute(f"INSERT INTO {table} VALUES (77, {values})")
    connection.commit()
    connection.close()
    with closing(Journal.open(tmp_path)) as journal:
        assert journal.database.rows("PRAGMA foreign_key_check") == []
        (run,) = queries.runs(journal)
        assert len(queries.metrics(journal, run.id)) == 1
        assert [row.id for row in queries.tasks(journal, run.id)] == [1, 2, 3]
        finish_removals(journal)
        assert journal.database.rows("SELECT count(*) FROM step") == [(1,)]


def test_what_is_missing_is_applied_once(connection: sqlite3.Connection, migrations: Path) -> None:
    migrate(connection, Path("j"), migrations)
    (migrations / "0002_more.sql").write_text("ALTER TABLE a ADD COLUMN y DEFAULT 7;\n")
    for _ in range(2):
        migrate(connection, Path("j"), migrations)
    assert connection.execute("SELECT x, y FROM a").fetchall() == [("1;\n2", 7)]
    assert version(connection) == 2


def test_a_migration_that_fails_changes_nothing(connection: sqlite3.Connection, migrations: Path) -> None:
    migrate(connection, Path("j"), migrations)
    (migrations / "0002_good.sql").write_text("ALTER TABLE a ADD COLUMN y;\n")
    (migrations / "0003_bad.sql").write_text("DELETE FROM a;\nDELETE FROM nowhere;\n")
    with pytest.raises(sqlite3.OperationalError, match="no such table: nowhere"):
        migrate(connection, Path("j"), migrations)
    assert connection.execute("SELECT * FROM a").fetchall() == [("1;\n2",)]
    assert version(connection) == 1
    assert not connection.in_transaction


def test_a_migration_that_ends_within_a_statement_is_refused(connection: sqlite3.Connection, migrations: Path) -> None:
    (migrations / "0001_first.sql").write_text("CREATE TABLE a (x);\nCREATE TABLE b (x")
    with pytest.raises(ValueError, match="the script ends within a statement: 'CREATE TABLE b"):
        migrate(connection, Path("j"), migrations)
    assert version(connection) == 0


@pytest.mark.parametrize("read_only", [True, False])
def test_a_journal_of_a_newer_penstock_is_refused(tmp_path: Path, read_only: bool) -> None:
    Journal.open(tmp_path).close()
    connection = sqlite3.connect(tmp_path / "journal.db")
    connection.execute(f"PRAGMA user_version = {newest() + 1}")
    connection.close()
    before = (tmp_path / "journal.db").read_bytes()
    with pytest.raises(JournalVersionError) as caught:
        Journal.open(tmp_path, read_only=read_only)
    assert str(caught.value) == (
        f"the journal {tmp_path / 'journal.db'} was written by a newer Penstock (version {newest() + 1} of its tables; "
        f"this one knows {newest()}). Upgrade with `pip install --upgrade penstock`"
    )
    assert (tmp_path / "journal.db").read_bytes() == before


def test_migrations_are_numbered_without_gaps() -> None:
    names = sorted(file.name for file in Path(MIGRATIONS).glob("*.sql") if file.name != "tables.sql")
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z_]+\.sql", name) for name in names)


def test_a_new_journal_has_what_the_migrations_make(connection: sqlite3.Connection, tmp_path: Path) -> None:
    numbered = tmp_path / "numbered"
    shutil.copytree(MIGRATIONS, numbered, ignore=shutil.ignore_patterns("tables.sql"))
    migrate(connection, Path("j"), numbered)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as new:
        new.executescript(Path(MIGRATIONS, "tables.sql").read_text(encoding="utf-8"))
        assert version(new) == newest(), "tables.sql lacks what the latest migration changes: write that into it, too"
        assert _tables(new) == _tables(connection)
    assert version(connection) == newest()


def test_a_new_journal_gets_migrations_that_are_not_in_its_tables_yet(
    connection: sqlite3.Connection, migrations: Path
) -> None:
    (migrations / "0002_more.sql").write_text("ALTER TABLE a ADD COLUMN y DEFAULT 7;\n")
    (migrations / "tables.sql").write_text("PRAGMA user_version = 1;\nCREATE TABLE a (x);\n")
    migrate(connection, Path("j"), migrations)
    assert connection.execute("SELECT x, y FROM a").fetchall() == []
    assert version(connection) == 2


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    """The statements that a journal's tables, indexes and views are made of, without comments and spaces."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: re.sub(r"--.*|\s", "", sql) for name, sql in rows}
