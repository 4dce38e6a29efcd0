"""The journal against real faults: kill -9, many processes at once, a full disk, a read-only one, damage."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.errors import JournalError, RunBusyError
from penstock.journal import faults, queries
from penstock.journal.handle import RunHandle
from penstock.journal.journal import Journal
from penstock.journal.leases import EXPIRY_S
from penstock.journal.owners import owner_of_this_process
from penstock.model.rows import Batch, RunEnd
from tests.journal_records import NEW, done, task

ME = owner_of_this_process()

WRITER = """
import sys
from pathlib import Path
from penstock.journal.journal import Journal
from penstock.journal.owners import owner_of_this_process
from penstock.model.rows import Batch
from tests.journal_records import NEW, done, task

run = Journal.open(Path(sys.argv[1])).create(NEW, owner_of_this_process(), 1.0, 1.0)
for number in range(1, 1_000_000, 2):
    run.commit(Batch(tasks=(task(number, done(number)), task(number + 1, done(number)))))
    print(number + 1, flush=True)
"""


def created(journal: Journal) -> RunHandle:
    return journal.create(NEW, ME, 1.0, 1.0)


@pytest.mark.parametrize("seed", range(8))
def test_a_kill_loses_no_commit_and_leaves_no_half(tmp_path: Path, seed: int) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    # The writer speaks after each commit; it is killed somewhere in the commit that follows the one it spoke of.
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": "."}) as writer:
        assert writer.stdout is not None
        for _ in range(random.Random(seed).randrange(1, 200)):
            spoken = writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
        spoken = ([spoken, *writer.stdout.read().splitlines()])[-1]
    journal = Journal.open(tmp_path)
    assert queries.resolve(journal).status == "crashed"
    successor = journal.take("digits/1", ME, 2.0, 2.0)
    ids = [prior.id for prior in successor.prior()]
    assert ids == list(range(1, len(ids) + 1))
    assert len(ids) in (int(spoken), int(spoken) + 2)
    successor.close()
    journal.close()


def test_many_that_begin_a_journal_at_once_get_numbers_of_their_own(tmp_path: Path) -> None:
    start = threading.Barrier(6)
    numbers: list[str] = []

    def begin(folder: Path) -> None:
        start.wait()
        journal = Journal.open(folder)
        run = created(journal)
        numbers.append(run.run_id)
        run.close()
        journal.close()

    for turn in range(5):
        numbers.clear()
        threads = [threading.Thread(target=begin, args=(tmp_path / str(turn),)) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(numbers) == [f"digits/{number}" for number in range(1, 7)]


def test_a_new_journal_is_put_in_its_place_whole_or_made_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("this file system knows no second name of a file")

    whole, in_place = tmp_path / "whole", tmp_path / "in place"
    for folder in (whole, in_place):
        folder.mkdir()
        with monkeypatch.context() as patch:
            if folder is in_place:
                patch.setattr(os, "link", refuse)
            created(Journal.open(folder)).close()
        assert [file.name for file in folder.iterdir() if file.suffix == ".tmp"] == []
    kept = [sqlite3.connect(folder / "journal.db") for folder in (whole, in_place)]
    schema, mode = "SELECT type, name, sql FROM sqlite_schema ORDER BY rowid", "PRAGMA journal_mode"
    for asked in (schema, mode, "PRAGMA user_version", "PRAGMA integrity_check"):
        assert kept[0].execute(asked).fetchall() == kept[1].execute(asked).fetchall(), asked
    assert kept[0].execute(mode).fetchone() == ("wal",)
    for connection in kept:
        connection.close()


def test_a_journal_that_was_begun_meanwhile_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def after_another(made: str, path: str) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(os, "link", link)
            created(Journal.open(tmp_path)).close()
        link(made, path)

    monkeypatch.setattr(os, "link", after_another)
    journal = Journal.open(tmp_path)
    assert queries.resolve(journal, "digits").number == 1
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".tmp"] == []
    journal.close()


def test_of_many_that_take_a_run_at_once_one_gets_it(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    run = created(journal)
    run.end(RunEnd("failed"))
    start = threading.Barrier(6)
    tokens: list[int] = []
    refused: list[Journal] = []

    def take() -> None:
        mine = Journal.open(tmp_path)
        start.wait()
        try:
            handle = mine.take("digits/1", ME, 2.0, 2.0)
            tokens.append(handle.token)
            handle.close()
        except RunBusyError:
            refused.append(mine)
        mine.close()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tokens, len(refused)) == ([2], 5)
    run.close()
    journal.close()


def test_a_full_disk_is_named_and_what_was_committed_stays(mounted: Callable[[str], Path]) -> None:
    folder = mounted("size=2m") / ".penstock"
    journal = Journal.open(folder)
    run = created(journal)
    committed = 0

    def fill() -> None:
        nonlocal committed
        while True:
            run.commit(Batch(tasks=(task(committed + 1, done("x" * 20_000)),)))
            committed += 1

    with pytest.raises(JournalError) as caught:
        fill()
    assert str(caught.value).startswith(
        f"the journal {folder / 'journal.db'} can't be used: the disk is full. Free some space, then go on with "
        "`penstock resume` ("
    )
    run.close()
    journal.close()
    reader = Journal.open(folder, read_only=True)
    assert [row.id for row in queries.tasks(reader, 1)] == list(range(1, committed + 1))
    reader.close()
    mounted("size=8m")
    journal = Journal.open(folder)
    run = journal.take("digits/1", ME, 2.0, time.monotonic() + EXPIRY_S + 1)
    run.commit(Batch(tasks=(task(committed + 1, done("x" * 20_000)),)))
    assert len(run.prior()) == committed + 1
    run.close()
    journal.close()


def test_on_a_full_disk_no_journal_is_begun(mounted: Callable[[str], Path]) -> None:
    disk = mounted("size=1m")
    with pytest.raises(OSError, match="No space"):
        (disk / "filler").write_bytes(bytes(2**21))
    with pytest.raises(JournalError, match=r"the disk is full\. Free some space"):
        Journal.open(disk / ".penstock")
    (disk / "filler").unlink()
    journal = Journal.open(disk / ".penstock")
    created(journal).close()
    journal.close()


@pytest.mark.parametrize("left_open", [False, True])
def test_a_read_only_project_can_be_read(mounted: Callable[[str], Path], tmp_path: Path, left_open: bool) -> None:
    disk = mounted("size=4m")
    journal = Journal.open(tmp_path / "made")
    run = created(journal)
    run.commit(Batch(tasks=(task(1, done()),)))
    if not left_open:
        run.close()
        journal.close()
    # With the log of writes beside it, as a driver that was killed leaves it, or without.
    shutil.copytree(tmp_path / "made", disk / ".penstock")
    run.close()
    journal.close()
    mounted("ro")
    with pytest.raises(JournalError, match=r"it is read-only\. Make its folder writable, or work on a copy"):
        Journal.open(disk / ".penstock")
    reader = Journal.open(disk / ".penstock", read_only=True)
    assert [row.id for row in queries.tasks(reader, queries.resolve(reader, "digits").id)] == [1]
    reader.close()


def test_in_a_read_only_folder_no_journal_is_begun(mounted: Callable[[str], Path]) -> None:
    mounted("size=1m")
    disk = mounted("ro")
    with pytest.raises(JournalError, match=r"it is read-only\. Make its folder writable"):
        Journal.open(disk / ".penstock")
    reader = Journal.open(disk / ".penstock", read_only=True)
    assert queries.runs(reader) == []
    reader.close()


@pytest.mark.parametrize("read_only", [False, True])
def test_what_is_no_journal_is_named(tmp_path: Path, read_only: bool) -> None:
    (tmp_path / "journal.db").write_bytes(b"something else " * 1000)
    with pytest.raises(JournalError, match=r"journal.db can't be used: it is not a journal\. Put a copy of it back"):
        Journal.open(tmp_path, read_only=read_only)


def test_a_damaged_journal_is_named(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    run = created(journal)
    run.commit(Batch(tasks=tuple(task(i, done()) for i in range(1, 500))))
    run.close()
    journal.close()
    file = tmp_path / "journal.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))
    journal = Journal.open(tmp_path, read_only=True)
    with pytest.raises(JournalError, match=r"it is damaged\. Put a copy of it back, or move it away"):
        queries.tasks(journal, 1)
    journal.close()


def test_a_writer_that_keeps_the_journal_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "BUSY_S", 0.05)
    journal = Journal.open(tmp_path)
    other = sqlite3.connect(tmp_path / "journal.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(JournalError, match=r"another process has kept it locked for 10 s\. End that process"):
        created(journal)
    other.execute("ROLLBACK")
    created(journal).close()
    other.close()
    journal.close()
