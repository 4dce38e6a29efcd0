"""Recorded runs that share blobs with one another and with cached results, as old as a test wants them."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from penstock.environments import built_environments, marks
from penstock.journal import pins, queries
from penstock.journal.handle import RunHandle
from penstock.journal.journal import Journal
from penstock.model.outcomes import Stored
from penstock.model.rows import Batch, CacheEntry, CodeRecord, NewRun, Origin, RunEnd, Surroundings
from tests.journal_records import digest, stored
from tests.recorded import Recorded, outcome, task

DAY_S = 86_400.0
LONG_AGO = 1_000_000_000.0  # when blobs were written, unless a test says otherwise
CODE = digest("code")


class Made(NamedTuple):
    """A run that was made, as the tests look at it."""

    id: int
    run_id: str
    blobs: frozenset[bytes]
    folder: str


class Spacious:
    """Makes runs, cached results and files of given sizes in a recorded project."""

    def __init__(self, recorded: Recorded) -> None:
        self.recorded = recorded
        self.home = recorded.home
        self._words = 0

    def blob(self, size: int, at: float = LONG_AGO) -> bytes:
        """A blob of its own content."""
        self._words += 1
        found, _ = self.recorded.store.put(self._words.to_bytes(8, "big") + bytes(max(0, size - 8)))
        os.utime(self.file_of(found), (at, at))
        return found

    def file_of(self, blob: bytes) -> Path:
        """Where the store keeps it."""
        from penstock.artifacts import digests

        name = digests.text(blob)
        return self.home / "store" / name[3:5] / name

    def run(
        self,
        blobs: Iterable[bytes] = (),
        *,
        flow: str = "digits",
        status: str = "done",  # or "crashed", or "running"
        age_s: float = 10 * DAY_S,
        tags: tuple[str, ...] = (),
        origin: int | None = None,
        snapshot: str = "",
        logs: int = 0,
        code: bytes = CODE,
    ) -> Made:
        """A run with one task, whose result has these blobs."""
        blobs = tuple(blobs)
        handle = self._begin(flow, status, tags, origin, snapshot)
        record = task(1, f"{flow}.train", 1, outcome(stored(handle.run_id, blobs)))._replace(code=code)
        handle.commit(Batch((record,), codes=(CodeRecord(code, b"tree"),)))
        if status not in ("crashed", "running"):
            handle.end(RunEnd(status))
        handle.close()
        self.recorded.log(handle.run_id, "w1.log", bytes(logs))
        self._set_age(handle.id, age_s)
        return Made(handle.id, handle.run_id, frozenset(blobs), handle.folder)

    def cached(self, by: Made, blobs: Iterable[bytes] = (), *, used_s: float = DAY_S, code: bytes = CODE) -> bytes:
        """A cached result of a task of that run, used so long ago; its key."""
        self._words += 1
        key = digest("key", self._words)
        handle = self._begin("maker", "running", (), None, "")
        result = Stored(digest(key), b"PS", "", tuple(blobs), 24)
        entry = CacheEntry(key=key, content=key, step="s", code=code, task=f"{by.run_id}/train/1", result=result)
        handle.commit(Batch(cached=(entry,), codes=(CodeRecord(code, b"tree"),)))
        handle.end(RunEnd("done"))
        handle.close()
        from penstock.journal.changes import delete_run

        delete_run(self.recorded.journal, handle.id)
        self.sql("UPDATE cache SET used_at = ? WHERE key = ?", time.time() - used_s, key)
        return key

    def pinned(self, blobs: Iterable[bytes] = ()) -> str:
        """A pinned value; the pin's name."""
        self._words += 1
        name = f"model/{self._words}"
        pins.pin(self.recorded.journal, name, stored(name, tuple(blobs)))
        return name

    def snapshot(self, word: str, size: int) -> str:
        """A code snapshot; its digest."""
        from penstock.artifacts import digests

        name = digests.text(digest("snapshot", word))
        self.source(name, size)
        return name

    def source(self, name: str, size: int, at: float = LONG_AGO) -> Path:
        """A file among the code snapshots."""
        file = self.home / "sources" / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(bytes(size))
        os.utime(file, (at, at))
        return file

    def environment(
        self,
        word: str,
        size: int = 1_000,
        *,
        used_s: float = 0.0,
        whole: bool = True,
        runs: Iterable[Made] = (),  # that have it
    ) -> str:
        """An environment, as if uv had built it, used so long ago; its lock's digest."""
        from penstock.journal import recorded_locks

        lock = f"b3-{digest('lock', word)[1:].hex()}"
        place = self.home / "environments" / f"{lock[3:15]}-py3.11-Linux-x86_64"
        (place / "lib").mkdir(parents=True)
        (place / "lib" / "lib.py").write_bytes(bytes(size))
        if whole:
            base = ("/usr/bin/python3", 1, 1)
            marks.write(place, marks.Mark(lock, "3.11", "3.11.7", base, "lib", (), (("lib", "1.0"),), LONG_AGO))
        at = time.time() - used_s
        os.utime(place / marks.NAME if whole else place, (at, at))
        for run in runs:
            recorded_locks.keep(self.recorded.journal, run.id, f"wish-{word}", lock, f"text of {word}")
        return lock

    def kept_lock(self, word: str, *, asked_s: float) -> Path:
        """A lock that is kept for an environment's wish, asked for so long ago."""
        file = self.home / "environments" / "locks" / f"wish-{word}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"text of {word}")
        os.utime(file, (time.time() - asked_s, time.time() - asked_s))
        return file

    def environments(self) -> set[str]:
        """The locks of those that are whole."""
        return {entry.digest for entry in built_environments.listed(self.home / "environments") if entry.is_whole}

    def sql(self, statement: str, *values: object) -> None:
        """Change a row."""
        with self.recorded.journal.database.transaction():
            self.recorded.journal.database.run(statement, values)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """What a query finds."""
        return self.recorded.journal.database.rows(statement)

    def _begin(self, flow: str, status: str, tags: tuple[str, ...], origin: int | None, snapshot: str) -> RunHandle:
        from penstock.journal import owners
        from penstock.model.rows import Owner

        owner = owners.owner_of_this_process()
        if status == "crashed":
            owner = Owner(owner.host, owner.boot_id, 1, "0@" + owner.started.partition("@")[2])
        wanted = None if origin is None else Origin("digits/1", origin)
        new = NewRun(flow, flow, flow, f"/src/{flow}.py", (), tags, Surroundings(snapshot), origin=wanted)
        return self.recorded.journal.create(new, owner, time.time(), time.monotonic())

    def _set_age(self, run: int, age_s: float) -> None:
        at = time.time() - age_s
        self.sql("UPDATE run SET ended_at = CASE WHEN ended_at IS NULL THEN NULL ELSE ? END WHERE id = ?", at, run)
        self.sql("UPDATE lease SET renewed_at = ? WHERE run_id = ?", at, run)


def on_disk(home: Path) -> int:
    """Bytes of all files but the journal's."""
    files = (file for file in home.rglob("*") if file.is_file() and not file.name.startswith("journal.db"))
    return sum(file.stat().st_size for file in files)


def run_ids(home: Path) -> set[str]:
    """The runs that the journal has."""
    journal = Journal.open(home, read_only=True)
    try:
        return {run.run_id for run in queries.runs(journal)}
    finally:
        journal.close()


def anything(spacious: Spacious, random: random.Random, *, live: bool = False) -> list[Made]:
    """A project at random: runs of several flows and ages, forks among them, that share blobs; cached results; logs and
    other folders, also of runs that are gone; snapshots; rubbish."""
    blobs = [spacious.blob(random.randrange(8, 5_000)) for _ in range(random.randrange(1, 30))]
    snapshots = [spacious.snapshot(f"{number}", random.randrange(100)) for number in range(random.randrange(1, 4))]
    runs: list[Made] = []
    for _ in range(random.randrange(1, 9)):
        runs.append(
            spacious.run(
                random.sample(blobs, random.randrange(len(blobs))),
                flow=random.choice(["digits", "wide"]),
                status=random.choice(["done", "done", "failed", "interrupted", "crashed"]),
                age_s=random.choice([60.0, 0.5 * DAY_S, 5 * DAY_S, 50 * DAY_S]),
                tags=random.choice([(), (), ("best",), ("old", "best")]),
                origin=random.choice(runs).id if runs and random.random() < 0.4 else None,
                snapshot=random.choice(snapshots),
                logs=random.randrange(2_000),
                code=digest("code", random.randrange(3)),
            )
        )
    for _ in range(random.randrange(5)):
        by, some = random.choice(runs), random.sample(blobs, random.randrange(len(blobs)))
        spacious.cached(by, some, used_s=random.choice([60.0, 5 * DAY_S, 50 * DAY_S]), code=digest("code", 4))
    for _ in range(random.randrange(3)):
        spacious.pinned(random.sample(blobs, random.randrange(len(blobs))))
    for kind in ("checkpoints", "files", "scratch", "logs", "calls"):
        some = random.choice(runs)
        name = random.choice([some.folder, "gone/7", f"{some.run_id}-of another journal"])
        folder = spacious.home / kind / name / "deep"
        folder.mkdir(parents=True)
        (folder / "state").write_bytes(bytes(random.randrange(3_000)))
    for number in range(random.randrange(4)):
        spacious.environment(
            f"{number}",
            random.randrange(5_000),
            used_s=random.choice([60.0, 5 * DAY_S, 50 * DAY_S]),
            whole=random.random() < 0.8,
            runs=random.sample(runs, random.randrange(len(runs) + 1)),
        )
        spacious.kept_lock(f"{number}", asked_s=random.choice([60.0, 50 * DAY_S]))
    spacious.source("last", 50)
    spacious.source("outlines", 60)
    spacious.source("outlines.7.tmp", 70)
    if live:
        runs.append(spacious.run([spacious.blob(500)], flow="goes-on", status="running", age_s=0.0))
        spacious.blob(700, at=time.time())  # it may be about to refer to it
    return runs
