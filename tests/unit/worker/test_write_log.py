"""Who wrote what while an attempt ran: the log that attempts keep, and how others read it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from penstock.errors import NotStorableError
from penstock.model.specs import Attempt, Function, Places, RunSpec
from penstock.sdk.attempts import AttemptContext
from penstock.sdk.this_process import this_process
from penstock.worker.write_log import WriteLog


class Driven(NamedTuple):
    """A run of a driver's."""

    spec: RunSpec
    places: Places


@contextmanager
def attempt(driven: Driven, name: str) -> Generator[AttemptContext]:
    """An attempt of this process, for as long as it runs."""
    work = Attempt(f"{driven.spec.run}/{name}", b"key", Function("m", "s"), (), None, False)
    here = AttemptContext(work, *driven, store=None)  # pyright: ignore[reportArgumentType]
    this_process.attempts.append(here)
    try:
        yield here
    finally:
        this_process.attempts.remove(here)


@pytest.fixture
def driven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Driven:
    monkeypatch.chdir(tmp_path)
    return driven_in(tmp_path, "digits/1")


def driven_in(folder: Path, run: str) -> Driven:
    home = folder / ".penstock"
    (home / "scratch" / run / "1").mkdir(parents=True)
    folders = [os.fspath(home / kind) for kind in (f"scratch/{run}/1", f"checkpoints/{run}", f"logs/{run}")]
    return Driven(RunSpec(run), Places(os.fspath(home / "store"), *folders, os.fspath(folder)))


def writes_of(driven: Driven, pid: int | None = None) -> WriteLog:
    return WriteLog(driven.spec.run, driven.places, lambda: pid or os.getpid())


def is_refused(writes: WriteLog, here: AttemptContext, *files: Any) -> bool:
    try:
        writes.check(here, [Path(file) for file in files])
    except NotStorableError:
        return True
    return False


def dead_pid() -> int:
    """Of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return process.pid


def test_what_another_one_writes_meanwhile_is_refused_and_told(driven: Driven) -> None:
    mine, its = writes_of(driven), writes_of(driven)
    Path("plot.txt").touch()
    with attempt(driven, "draw/1#1") as here, attempt(driven, "draw/2#1") as other:
        mine.note(here, "plot.txt")
        assert not is_refused(mine, here, "plot.txt")
        its.note(other, b"plot.txt")
        with pytest.raises(NotStorableError) as caught:
            mine.check(here, [Path("plot.txt")])
    for word in (
        "plot.txt is returned by digits/1/draw/1",
        "digits/1/draw/2 opened it",
        "current.tempdir / 'plot.txt'",
    ):
        assert word in str(caught.value)


@pytest.mark.parametrize("ends", ["before", "after"])
def test_who_ended_before_it_began_is_in_nobody_s_way(driven: Driven, ends: str) -> None:
    mine, its = writes_of(driven), writes_of(driven)
    with attempt(driven, "draw/2#1") as other:
        its.note(other, "plot.txt")
        if ends == "before":
            its.end(other)
        with attempt(driven, "draw/1#1") as here:
            if ends == "after":
                its.end(other)
            assert is_refused(mine, here, "plot.txt") is (ends == "after")


@pytest.mark.parametrize(("pid", "refused"), [(None, True), (dead_pid, False)])
def test_one_that_was_killed_is_in_flight_no_more(driven: Driven, pid: Any, refused: bool) -> None:
    mine, its = writes_of(driven), writes_of(driven, pid and pid())
    with attempt(driven, "draw/2#1") as other:
        its.note(other, "plot.txt")
    with attempt(driven, "draw/1#1") as here:
        assert is_refused(mine, here, "plot.txt") is refused
        its.note(other, "late.txt")  # and so it has died while this one ran
        assert is_refused(mine, here, "plot.txt")


def test_its_own_earlier_attempt_is_no_other_task(driven: Driven) -> None:
    mine, its = writes_of(driven), writes_of(driven)
    with attempt(driven, "draw/1#1") as before, attempt(driven, "draw/1#2") as here:
        its.note(before, "plot.txt")
        assert not is_refused(mine, here, "plot.txt")


def test_files_are_told_by_place_and_by_what_they_are(driven: Driven) -> None:
    mine, its = writes_of(driven), writes_of(driven)
    os.mkdir("out")
    os.symlink("out", "way")
    Path("out/a").touch()
    os.link("out/a", "hard")
    os.symlink("out/a", "soft")
    with attempt(driven, "draw/2#1") as other, attempt(driven, "draw/1#1") as here:
        its.note(other, "way/a")
        for name in ("out/a", "way/../out/a", "hard", "soft", os.path.abspath("out/a")):
            assert is_refused(mine, here, name), name
        assert not is_refused(mine, here, "out", "way")
        os.unlink("out/a")  # and written anew: what was linked is another file now
        Path("out/a").touch()
        assert is_refused(mine, here, "out/a")


def test_other_runs_count_also_those_that_begin_later(driven: Driven, tmp_path: Path) -> None:
    mine = writes_of(driven)
    Path("plot.txt").touch()
    with attempt(driven, "draw/1#1") as here:
        assert not is_refused(mine, here, "plot.txt")
        others = driven_in(tmp_path, "letters/7")
        with attempt(others, "draw/1#1") as other:
            writes_of(others).note(other, "plot.txt")
            with pytest.raises(NotStorableError, match="letters/7/draw/1 opened it"):
                mine.check(here, [Path("plot.txt")])


def test_what_is_not_shared_is_not_noted(driven: Driven) -> None:
    writes = writes_of(driven)
    with attempt(driven, "draw/1#1") as here:
        for path in (3, "/dev/null", os.path.join(driven.places.scratch, "x"), os.path.join(driven.places.logs, "y")):
            writes.note(here, path)
        assert here.written == {}
        writes.end(here)
        assert os.listdir(driven.places.scratch) == []
        for _ in range(3):
            writes.note(here, "plot.txt")
        assert Path(driven.places.scratch, "writes").read_bytes().count(b"\n") == 1


def test_a_line_that_is_half_written_is_read_later(driven: Driven) -> None:
    mine, its = writes_of(driven), writes_of(driven)
    log = Path(driven.places.scratch, "writes")
    with attempt(driven, "draw/2#1") as other, attempt(driven, "draw/1#1") as here:
        its.note(other, "plot.txt")
        line = log.read_bytes()
        log.write_bytes(b"cut off by a full disk\n" + line[:-5])
        assert not is_refused(mine, here, "plot.txt")
        log.write_bytes(b"cut off by a full disk\n" + line)
        assert is_refused(mine, here, "plot.txt")
        mine.close()
        its.close()
        assert is_refused(mine, here, "plot.txt")  # read again


def test_walking_a_value_tells_audit_hooks_nothing_of_each_object(tmp_path: Path) -> None:
    code = """
import sys
from penstock.artifacts.canonical import identify
value = [{"a": n, "b": [n]} for n in range(2000)]
told = []
sys.addaudithook(lambda event, args: told.append(event))
identify(value, "x")
print(len(told))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(found.stdout) < 200, found.stdout
