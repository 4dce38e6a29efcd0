"""Disks that are full, read-only or damaged, and journals of other versions."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.system.flows import Project

OLD = Path(__file__).parents[1] / "unit" / "journal" / "old"
SIMPLE = """
@step
def work(x):
    note("work", x)
    return x

@flow
def main(n: int = 3):
    return work.map(range(n)).result()
"""


@pytest.fixture
def on_disk(mounted: Callable[[str], Path]) -> Iterator[Callable[[str], Project]]:
    """`on_disk("size=4m")`: a project whose folder is a small disk; a second call mounts it anew."""
    projects: list[Project] = []

    def make(options: str) -> Project:
        projects.append(Project(mounted(options)))
        return projects[-1]

    yield make
    for project in projects:
        project.end()
    projects[-1].await_quiet()


def fill(project: Project, leave: int) -> None:
    """Use up the disk, but for `leave` bytes."""
    space = os.statvfs(project.folder)
    with open(project.folder / "filler", "wb") as file:
        file.write(bytes(max(0, space.f_bavail * space.f_bsize - leave)))


def listing(project: Project) -> list[str]:
    return sorted(str(path.relative_to(project.folder)) for path in project.folder.rglob("*") if path.is_file())


def test_a_project_that_can_t_be_written(on_disk: Callable[[str], Project]) -> None:
    project = on_disk("size=16m")
    project.write(SIMPLE)
    assert project.penstock("run", "mine.py")[0] == 0
    before = listing(project)
    project = on_disk("ro")
    code, output = project.penstock("run", "mine.py")
    assert code == 1
    assert "read-only" in output
    assert "Traceback" not in output
    assert listing(project) == before
    for words in (["ls"], ["show"], ["show", "main/1/work/2"], ["logs"], ["get"]):
        code, output = project.penstock(*words)
        assert code == 0, (words, output)
    assert project.penstock("get")[1].split()[:5] == ["[", "0,", "1,", "2", "]"]
    assert "read-only" in project.penstock("tag", "main/1", "x")[1]


def test_a_new_project_that_can_t_be_written(on_disk: Callable[[str], Project]) -> None:
    on_disk("size=16m").write(SIMPLE)
    project = on_disk("ro")
    code, output = project.penstock("run", "mine.py")
    assert code == 1
    assert "read-only" in output
    assert listing(project) == ["mine.py"]
    assert project.penstock("ls")[0] == 0


@pytest.mark.parametrize("leave", [0, 8_000, 40_000, 100_000])
def test_a_disk_that_is_full_before_the_run(on_disk: Callable[[str], Project], leave: int) -> None:
    project = on_disk("size=4m")
    project.write(SIMPLE)
    fill(project, leave)
    code, output = project.penstock("run", "mine.py")
    assert code == 1, output
    assert "full" in output
    assert "Traceback" not in output
    assert project.penstock("ls")[0] == 0
    (project.folder / "filler").unlink()
    assert project.penstock("run", "mine.py")[0] == 0


LARGE = """
@step
def large(x):
    note("large", x)
    return random.Random(x).randbytes(400_000)

@step
def small(x):
    note("small", x)
    return random.Random(x).randbytes(10_000).hex()

@flow
def main(n: int = 40, kind: str = "large"):
    return sum(map(len, globals()[kind].map(range(n)).result()))
"""


@pytest.mark.parametrize(("kind", "n"), [("large", 40), ("small", 400)])
def test_a_disk_that_fills_while_the_run_goes_on(on_disk: Callable[[str], Project], kind: str, n: int) -> None:
    project = on_disk("size=5m")
    project.write(LARGE)
    report = project.run(n=n, kind=kind)
    assert report.error["type"] in ("StoreError", "JournalError")
    assert "full" in report.error["text"]
    code, output = project.penstock("ls")
    assert (code, "main/1" in output) == (0, True)
    done = [name for name, status in project.tasks().items() if status == "done"]
    project = on_disk("size=60m")
    before = project.trace()
    assert project.run("main/1").value() == (400_000 * n if kind == "large" else 20_000 * n)
    assert len(project.trace()) - len(before) == n - len(done)


FULL = """
@step(retries=5, retry_delay=0)
def big():
    note("big")
    return random.Random(1).randbytes(6_000_000)

@flow
def main():
    try:
        size = len(big())
    except Exception as error:
        note("caught", type(error).__name__)
        size = None
    assert os.path.exists("go"), "no go"
    return size
"""


def test_a_full_disk_is_the_platform_s_and_run_again_on_resume(on_disk: Callable[[str], Project]) -> None:
    project = on_disk("size=4m")
    project.settings("platform_retries = 1")
    project.write(FULL)
    assert project.run().error["type"] == "AssertionError"
    assert project.trace() == ["big", "big", "caught StoreError"]
    project = on_disk("size=60m")
    project.touch("go")
    assert project.run("main/1").value() == 6_000_000


DAMAGE = """
@step
def make(x):
    note("make", x)
    return bytearray(random.Random(x).randbytes(300_000))

@step
def total(data, more=b""):
    note("total", data[0])
    return sum(data) + sum(more)

@flow
def main():
    made = make.map(range(3))
    totals = total.map(made[:2]).result()
    made[2].exception()
    argument = random.Random(9).randbytes(300_000)
    first = total(argument)
    if not os.path.exists("go"):
        raise RuntimeError("stop here")
    note("body")
    if USE == "value":
        return totals + [sum(made[2].result()), first]
    if USE == "edge":
        return totals + [total(made[2]), first]
    return totals + [total(argument, b"other"), first]
"""


@pytest.mark.parametrize("use", ["value", "edge", "argument"])
@pytest.mark.parametrize("harm", ["truncated", "flipped", "gone"])
def test_a_damaged_blob_is_found_and_its_task_runs_again(project: Project, use: str, harm: str) -> None:
    project.write(f"USE = {use!r}\n" + DAMAGE)
    project.run()
    expected, before = _expected(use), project.trace()
    for path in blobs(project):
        hurt(path, harm)
    project.touch("go")
    report = project.run("main/1")
    assert report.value() == expected
    again = project.trace()[len(before) :]
    made = [line for line in again if line.startswith("make")]
    assert made == ([] if use == "argument" else ["make 2"])
    assert not [line for line in again if line.startswith("total")][1:]
    if use != "argument":
        assert any("damaged" in note and "make" in note for note in report.notes)


def _expected(use: str) -> list[int]:
    import random

    sums = [sum(random.Random(seed).randbytes(300_000)) for seed in (0, 1, 2, 9)]
    return [sums[0], sums[1], sums[3] + sum(b"other") if use == "argument" else sums[2], sums[3]]


def blobs(project: Project) -> list[Path]:
    return [path for path in (project.folder / ".penstock" / "store").glob("??/*") if path.stat().st_size >= 300_000]


def hurt(path: Path, harm: str) -> None:
    if harm == "gone":
        path.unlink()
    elif harm == "truncated":
        os.truncate(path, 1000)
    else:
        with path.open("r+b") as file:
            file.seek(200_000)
            byte = file.read(1)
            file.seek(200_000)
            file.write(bytes([byte[0] ^ 1]))


def journal_of(project: Project) -> Path:
    return project.folder / ".penstock" / "journal.db"


def set_version(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()


def test_a_journal_of_a_newer_version_is_refused(project: Project) -> None:
    project.write(SIMPLE)
    project.run()
    set_version(journal_of(project), 999)
    before = journal_of(project).read_bytes()
    for words in (["run", "mine.py"], ["ls"], ["resume"], ["gc"]):
        code, output = project.penstock(*words)
        assert code == 1, output
        assert "newer" in output
        assert "pip install" in output or "upgrade" in output.lower()
    assert journal_of(project).read_bytes() == before


@pytest.mark.parametrize("script", sorted(OLD.glob("*.sql")), ids=lambda path: path.stem)
def test_a_journal_of_an_older_version_goes_on(project: Project, script: Path) -> None:
    project.write(SIMPLE)
    journal_of(project).parent.mkdir()
    with closing(sqlite3.connect(journal_of(project))) as connection:
        connection.executescript(script.read_text(encoding="utf-8"))
    before = project.penstock("ls")
    assert before[0] == 0
    assert project.run().value() == [0, 1, 2]
    code, output = project.penstock("ls")
    assert code == 0
    assert len(output.splitlines()) == len(before[1].splitlines()) + 1
