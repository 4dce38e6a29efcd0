"""A journal whose rows hold what was never written there: every verb and every call of the client has a word for it."""

from __future__ import annotations

import gc
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

import penstock
from penstock.cli.main import main
from penstock.cli.verbs import VERBS
from penstock.errors import PenstockError
from penstock.journal import database
from penstock.model.wire import pack
from tests.system.flows import Project

FLOW = """
@step(cache=True)
def double(n: int) -> int:
    return 2 * n

@step(retries=1)
def again(n: int) -> int:
    log_metrics({"loss": 1 / n}, step=current.attempt)
    print("tried")
    if current.attempt == 1:
        raise ValueError("once")
    return n

@step
def refuse(n: int) -> None:
    raise KeyError(n)

@step
def total(numbers, by: int) -> list:
    return [by * n for n in numbers] + ["x" * 100]

@flow(seed=7)
def main(n: int = 2):
    log_metrics({"n": n})
    doubled = double.map(range(n))
    try:
        refuse(n)
    except KeyError:
        pass
    again.map([1, 2]).result()
    return total.map([doubled, doubled], by=n).result()

@flow
def broken(n: int = 2):
    again(n)
    raise RuntimeError("broken")
"""
READING = (
    "ls --json", "show main/1", "show main/1/double", "show main/1/again/1", "show main/1/total/1 --json",
    "show main/1/refuse/1", "compare main/1 broken/1", "show main --resources", "show broken/1", "why main/1/double/1",
    "why main/3/total/1 --json", "logs main/1", "get main/1", "get main/1/again/1 --json", "du", "gc --keep-last 1",
    "env ls", "doctor", "watch main/1", "sites",
)  # fmt: skip
DECIDING = ("run --dry-run mine.py:main", "resume --dry-run broken/1", "fork --dry-run main/1")
WRITING = {"cancel", "tag", "note", "rm", "init", "completion", "ui", "mlflow", "tensorboard", "push", "pull", "agent"}
CACHED = """INSERT INTO cache_claim VALUES (x'01', 2, 1, 'main/1/double/1')"""
IN_FLIGHT = """INSERT INTO in_flight VALUES (2, '[[1,"again/1","running",1.0,1,"process"]]')"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, clean_project: Any) -> Iterator[Path]:
    """A project with runs of all kinds: done, with a failure that it survived, failed, forked, resumed with an edit."""
    with clean_project(tmp_path_factory.mktemp("damaged") / "work") as project:
        project.write(FLOW)
        do(project, 0, "run", "--tag", "kept", "mine.py:main")
        do(project, 1, "run", "mine.py:broken")
        project.write(FLOW.replace("2 * n", "2 * n + 0"))
        do(project, 1, "resume", "broken/1")
        do(project, 0, "run", "mine.py:main")
        do(project, 0, "fork", "main/1", "--n", "3")
        with closing(sqlite3.connect(project.folder / ".penstock" / "journal.db", isolation_level=None)) as journal:
            for statement in (CACHED, IN_FLIGHT, "UPDATE run SET status = 'running' WHERE id = 2"):
                journal.execute(statement)
        yield project.folder


def do(project: Project, expected: int, *words: str) -> None:
    code, said = project.penstock(*words)
    assert code == expected, said


def looks() -> Iterator[Callable[[], object]]:
    """The client's ways of looking at all there is."""
    yield lambda: repr(penstock.runs())
    for name in ("main/1", "broken/1"):
        yield from (
            lambda name=name: penstock.run(name).info(),
            lambda name=name: penstock.run(name)._repr_html_(),
            lambda name=name: [task.info() for task in penstock.run(name).tasks()],
            lambda name=name: [task._repr_html_() for task in penstock.run(name).tasks()],
            lambda name=name: [task.why() for task in penstock.run(name).tasks()],
            lambda name=name: [list(task.logs()) for task in penstock.run(name).tasks()],
            lambda name=name: penstock.run(name).params["n"],
            lambda name=name: penstock.run(name).result(),
            lambda name=name: [task.result() for task in penstock.run(name).tasks(status="done")],
            lambda name=name: [dict(task.inputs) for task in penstock.run(name).tasks(status="done")],
            lambda name=name: penstock.run(name).metrics.history("loss"),
        )


def asks() -> Iterator[Callable[[], object]]:
    """Each verb and each look, which may refuse with a word."""
    for line in (*READING, *DECIDING):
        yield lambda line=line: by_verb(line)
    for look in looks():
        yield lambda look=look: by_look(look)


def by_verb(line: str) -> None:
    assert main(line.split()) in (0, 1, 2)


def by_look(look: Callable[[], object]) -> None:
    with suppress(PenstockError):
        look()


@contextmanager
def columns_read(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[tuple[str, str]]]:
    """The (table, column) that are named by what is asked of SQLite meanwhile."""
    read = set[tuple[str, str]]()
    connect = database._connect

    def note(action: int, table: str | None, column: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_READ:
            read.add((table or "", column or ""))
        return sqlite3.SQLITE_OK

    def noted(*words: Any, **how: Any) -> sqlite3.Connection:
        connection = connect(*words, **how)
        connection.set_authorizer(note)
        return connection

    with monkeypatch.context() as patch:
        patch.setattr(database, "_connect", noted)
        yield read


def contents(path: Path) -> Iterator[tuple[str, str, str | bytes]]:
    """A value of each column of text and of bytes of all tables."""
    with closing(sqlite3.connect(path)) as journal:
        tables = [name for (name,) in journal.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in sorted(set(tables) - {"sqlite_sequence"}):
            for _, column, kind, *_ in journal.execute(f"PRAGMA table_info({table})").fetchall():
                row = journal.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL LIMIT 1").fetchone()
                if kind in ("TEXT", "BLOB") and row is not None:
                    yield table, column, row[0]


def damages(value: str | bytes, chance: random.Random) -> list[str | bytes]:
    """The same kind of value with a bit that flipped, cut off, and something else."""
    at = chance.randrange(len(value)) if value else 0
    if isinstance(value, str):
        flipped = value[:at] + chr(ord(value[at : at + 1] or "a") ^ 1 << chance.randrange(5)) + value[at + 1 :]
        return [flipped, value[: len(value) // 2], chance.choice(('[["a"]]', "..", "/\0\n/../9", "7" * 5000))]
    flipped = value[:at] + bytes([value[at] ^ 1 << chance.randrange(8)]) + value[at + 1 :]
    return [flipped, value[: len(value) // 2], chance.choice((b"", pack({"a": 1}), pack((1,) * 7)))]


def test_every_verb_is_tried() -> None:
    assert {line.split()[0] for line in (*READING, *DECIDING)} | WRITING == set(VERBS)


def test_no_damaged_row_is_a_traceback(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(made)
    monkeypatch.setattr(gc, "freeze", lambda: None)  # a command's process ends behind it, and this one goes on
    journal, whole = made / ".penstock" / "journal.db", tmp_path / "whole.db"
    shutil.copy(journal, whole)
    chance = random.Random(7)
    readers: list[tuple[Callable[[], object], set[tuple[str, str]]]] = []
    for ask in asks():
        put_back(whole, journal)
        with columns_read(monkeypatch) as read:
            ask()
        readers.append((ask, read))
    for table, column, value in contents(whole):
        asked = [ask for ask, read in readers if (table, column) in read]  # the others can't tell that it is damaged
        for damaged in damages(value, chance):
            put_back(whole, journal)
            if not damage(journal, table, column, value, damaged):
                continue
            try:
                for ask in asked:
                    ask()
            except Exception as error:
                error.add_note(f"{table}.{column}: {damaged!r:.100} in the place of {value!r:.100}")
                raise
            capsys.readouterr()
    put_back(whole, journal)


def put_back(whole: Path, journal: Path) -> None:
    for name in ("", "-wal", "-shm"):  # who has them open still goes on with the old ones
        journal.with_name(journal.name + name).unlink(missing_ok=True)
    shutil.copy(whole, journal)


def damage(path: Path, table: str, column: str, value: str | bytes, damaged: str | bytes) -> bool:
    """Whether the value could be replaced wherever it stands."""
    with closing(sqlite3.connect(path, isolation_level=None)) as journal, suppress(sqlite3.IntegrityError):
        journal.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (damaged, value))
        return True
    return False


def every(path: Path, table: str, column: str, sql: str = "x'00'") -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as journal:
        journal.execute(f"UPDATE {table} SET {column} = {sql} WHERE {column} IS NOT NULL")


def test_what_is_damaged_is_named_and_the_mend_works(
    made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(made)
    journal, whole = made / ".penstock" / "journal.db", tmp_path / "whole.db"
    shutil.copy(journal, whole)
    every(journal, "task", "inputs")
    assert main(["show", "main/1/double/2"]) == 1
    assert f"the journal {journal} is damaged where it keeps main/1/double/2 (" in capsys.readouterr().err
    put_back(whole, journal)
    every(journal, "run_detail", "params")
    assert main(["show", "main/2"]) == 1
    assert "go on without the run: `penstock rm main/2`" in capsys.readouterr().err
    assert main(["rm", "--yes", "main/2"]) == 0
    assert main(["show", "main/2"]) == 2
    put_back(whole, journal)
    every(journal, "cache", "result")
    every(journal, "code", "tree")
    assert main(["why", "main/2/double/1"]) == 1
    assert "keeps the code of main/2/double/1 (" in capsys.readouterr().err
    do(Project(made), 0, "run", "mine.py:main")  # makes anew what is damaged
    assert main(["why", "main/4/total/1"]) == 0
    assert main(["why", "main/2/double/1"]) == 1
    assert "keeps the code of main/1/double/1 (" in capsys.readouterr().err
    assert main(["rm", "--yes", "main/1"]) == 0
    assert main(["why", "main/2/double/1"]) == 0
