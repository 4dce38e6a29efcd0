"""gc and du on real runs: what they share stays, what they leave goes, and nothing disturbs a flow that runs."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts import codec
from penstock.artifacts.folder import FolderStore
from penstock.journal import pins, queries
from penstock.journal.journal import Journal
from tests.recorded import Recorded
from tests.spacious import DAY_S, Spacious, on_disk, run_ids
from tests.system.flows import Project, wait_until

SHARE = """
    @step
    def load(n):
        import numpy
        return numpy.arange(n, dtype=float)

    @step
    def train(data, depth):
        import numpy
        print("depth", depth)
        return numpy.full(50_000, data.sum() * depth)

    @flow
    def main(depth: int = 1, n: int = 500_000):
        return train(load.submit(n), depth)
"""
ARRAY = 500_000 * 8
OWN = 50_000 * 8


def told(project: Project, *words: str) -> Any:
    code, output = project.penstock(*words, "--json")
    assert code == 0, output
    return json.loads(output)


@pytest.fixture
def shared(project: Project, require: Callable[[str], None]) -> Project:
    """Two runs that made the same large array, and one small one each."""
    require("numpy")
    project.write(SHARE)
    project.run(depth=1)
    project.run(depth=2)
    return project


def test_a_large_array_of_two_runs_is_freed_with_the_last_of_them(shared: Project) -> None:
    used = told(shared, "du")
    for run in used["runs"]:
        assert ARRAY + OWN < run["bytes"] < ARRAY + OWN + 20_000
        assert OWN < run["alone_bytes"] < OWN + 20_000
    (flow,) = used["flows"]
    assert ARRAY + 2 * OWN < flow["alone_bytes"] < ARRAY + 2 * OWN + 40_000

    home = shared.folder / ".penstock"
    before = on_disk(home)
    first = told(shared, "gc", "--keep-last", "1", "--yes")
    assert [run["id"] for run in first["runs"]] == ["main/1"]
    assert before - on_disk(home) == first["bytes"] == first["runs"][0]["alone_bytes"]
    code, _ = shared.penstock("get", "main/2", "-o", "kept.npy")
    assert code == 0

    last = told(shared, "gc", "--keep-last", "0", "--yes")
    assert last["bytes"] > ARRAY
    assert list(FolderStore(home / "store").list()) == []


def test_du_adds_up_to_what_is_on_the_disk(shared: Project) -> None:
    files = (file for file in (shared.folder / ".penstock").rglob("*") if file.is_file())
    size = sum(file.stat().st_size for file in files if not file.name.endswith(("-shm", "-wal")))
    assert abs(told(shared, "du")["bytes"] - size) < 100_000


WAIT = """
    @step
    def make(n):
        return os.urandom(150_000)

    @step
    def wait(data):
        note("waits")
        await_file("go")
        return data

    @flow
    def main():
        return [len(data) for data in wait.map(make.map(range(3))).result()]

    @flow
    def other(n: int):
        return len(make(n))
"""


def test_gc_in_a_loop_beside_running_flows_takes_nothing_of_theirs(project: Project) -> None:
    project.write(WAIT)
    drive = project.spawn(how={"max_workers": 1})
    project.await_note("waits")
    for number in range(3):
        assert project.run(target="mine.py:other", n=number).value() == 150_000
        code, output = project.penstock("gc", "--keep-last", "0", "--older-than", "0s", "--cache", "--yes")
        assert code == 0, output
        assert run_ids(project.folder / ".penstock") == {"main/1"}
    project.touch("go")
    for _ in range(3):
        project.penstock("gc", "--keep-last", "1", "--yes")
    assert drive.join().value() == [150_000] * 3
    told(project, "gc", "--yes")
    code, output = project.penstock("get", "main/1/wait/2", "-o", "kept.bin")
    assert code == 0, output


def test_a_run_that_begins_while_gc_sweeps_waits_for_it(project: Project) -> None:
    project.write(WAIT)
    project.run(target="mine.py:other", n=1)
    sweeping = project.popen(["python3", "-c", HOLD])
    wait_until(lambda: (project.folder / "held").exists())
    drive = project.spawn(target="mine.py:other", n=2)
    wait_until(lambda: drive.pid in waiting(project.folder / ".penstock" / "store" / "sweep.lock"))
    assert run_ids(project.folder / ".penstock") == {"other/1"}
    project.touch("release")
    sweeping.communicate(timeout=60)
    assert drive.join().value() == 150_000


HOLD = """
import fcntl, os, time
fd = os.open(".penstock/store/sweep.lock", os.O_RDWR | os.O_CREAT)
fcntl.flock(fd, fcntl.LOCK_EX)
open("held", "w").close()
while not os.path.exists("release"):
    time.sleep(0.01)
"""


def waiting(lock: Path) -> set[int]:
    """The processes that wait for a lock on a file."""
    inode = lock.stat().st_ino
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return {int(words[5]) for words in lines if words[1] == "->" and words[6].endswith(f":{inode}")}


DYING = """
import os, sys
from penstock.cli.main import main
from penstock.journal.database import Database

left, run = int(sys.argv[1]), Database.run

def tick():
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), 9)

def run_and_tick(self, *arguments):
    done = run(self, *arguments)
    tick()
    return done

Database.run = run_and_tick
sys.addaudithook(lambda event, _: tick() if event in ("os.remove", "os.rmdir") else None)
sys.exit(main(sys.argv[2:]))
"""


def test_gc_that_is_killed_anywhere_leaves_what_is_kept_whole_and_the_next_finishes(project: Project) -> None:
    home = project.folder / ".penstock"
    chance = random.Random(3)
    recorded = Recorded(project.folder)
    spacious = Spacious(recorded)
    blobs = [spacious.blob(chance.randrange(8, 3_000)) for _ in range(2_000)]
    kept: set[bytes] = set()
    for number in range(60):
        tags = ("best",) if number % 10 == 0 else ()
        run = spacious.run(chance.sample(blobs, 60), tags=tags, logs=100, status=chance.choice(["done", "failed"]))
        spacious.cached(run, run.blobs, used_s=chance.choice([1.0, 50.0]) * DAY_S)
        if tags:
            kept |= run.blobs
    recorded.close()
    command = ["gc", "--keep-last", "3", "--older-than", "5d", "--keep-tag", "best", "--yes"]
    best = {f"digits/{number + 1}" for number in range(0, 60, 10)}

    sizes: list[tuple[int, int]] = []  # how many runs and blobs were left by each
    for _ in range(100):
        dying = project.popen([sys.executable, "-c", DYING, str(chance.randrange(1, 180)), *command])
        output, _ = dying.communicate(timeout=60)
        if dying.returncode == 0:
            break
        assert dying.returncode == -signal.SIGKILL, output
        present = {blob.digest for blob in FolderStore(home / "store").list()}
        with contextlib.closing(sqlite3.connect(home / "journal.db")) as journal:
            assert journal.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            rows = journal.execute("SELECT digest FROM run_blob UNION SELECT digest FROM cache_blob")
            assert {digest for (digest,) in rows} <= present
        assert kept <= present
        assert best <= run_ids(home)
        sizes.append((len(run_ids(home)), len(present)))
    else:
        raise AssertionError("it never comes to an end")
    assert len({runs for runs, _ in sizes}) > 3  # they died among the runs, and among the blobs
    assert len({blobs for _, blobs in sizes}) > 3
    assert run_ids(home) == best | {"digits/58", "digits/59", "digits/60"}
    assert told(project, *command)["bytes"] == 0
    with contextlib.closing(sqlite3.connect(home / "journal.db")) as journal:
        assert len(journal.execute("SELECT id FROM task").fetchall()) == 9


CACHED = """
    @step(cache=True)
    def make(n):
        note("made", n)
        return b"%d" % n * 150_000

    @flow
    def main(first: int = 0):
        return sum(len(data) for data in make.map(range(first, first + 3)).result())
"""


def test_a_cached_result_serves_after_its_run_is_gone_until_the_cache_is_dropped(project: Project) -> None:
    project.write(CACHED)
    assert project.run().value() == 450_000
    gone = told(project, "gc", "--keep-last", "0", "--yes")
    assert ([run["id"] for run in gone["runs"]], run_ids(project.folder / ".penstock")) == (["main/1"], set())
    assert told(project, "du")["cache"]["alone_bytes"] > 450_000
    assert project.run().value() == 450_000
    assert len(project.trace()) == 3
    project.penstock("gc", "--keep-last", "0", "--cache", "--yes")
    assert list(FolderStore(project.folder / ".penstock" / "store").list()) == []
    assert project.run().value() == 450_000
    assert len(project.trace()) == 6


def test_a_pinned_value_is_read_after_its_run_is_gone(shared: Project) -> None:
    home = shared.folder / ".penstock"
    store = FolderStore(home / "store")

    def pinned(change: Callable[[Journal], object]) -> list[pins.PinnedValue]:
        with contextlib.closing(Journal.open(home)) as journal:
            change(journal)
            return pins.pins(journal)

    def keep(journal: Journal) -> None:
        row = queries.task(journal, queries.resolve(journal, "main/2").id, "train", 1)
        assert row.result is not None
        assert all(store.renew(blob, size) for blob, size in codec.inspect_record(row.result.record))
        pins.pin(journal, "model/wide/1", row.result)

    pinned(keep)
    assert [run["id"] for run in told(shared, "gc", "--keep-last", "0", "--yes")["runs"]] == ["main/2", "main/1"]
    parts = {part["what"]: (part["count"], part["bytes"]) for part in told(shared, "du")["parts"]}
    assert parts["blobs of pinned values"][0] == 1
    (pin,) = pinned(lambda _: None)
    assert (pin.name, codec.decode(pin.value.record, store, verify=True).shape) == ("model/wide/1", (50_000,))
    assert pinned(lambda journal: pins.unpin(journal, pin.name)) == []
    assert told(shared, "gc", "--yes")["bytes"] == OWN
    assert list(store.list()) == []


def test_the_cache_is_dropped_again_and_again_while_flows_take_from_it(project: Project) -> None:
    project.write(CACHED)
    drives = []
    for number in range(6):
        drives.append(project.spawn(first=number % 2))
        code, output = project.penstock("gc", "--cache", "--yes")
        assert code == 0, output
    assert [drive.join().value() for drive in drives] == [450_000] * 6
    for number in range(1, 7):
        code, output = project.penstock("get", f"main/{number}/make/3", "-o", f"{number}.bin")
        assert code == 0, output
