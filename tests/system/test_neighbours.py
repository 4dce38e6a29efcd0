"""Runs on one machine share it: no more at once than it has, everybody comes to his turn, nobody is held up by the
dead, and nothing waits for its own ancestor.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.system.flows import Project, wait_until

Clean = Callable[[Path], AbstractContextManager[Project]]

WORK = """
@step(OPTIONS)
def work(x):
    note("in", x, time.monotonic(), os.environ.get("CUDA_VISIBLE_DEVICES"))
    time.sleep(0.05)
    note("out", x, time.monotonic(), os.environ.get("CUDA_VISIBLE_DEVICES"))
    return x

@step(OPTIONS)
def hold(x):
    note("in", x, time.monotonic(), os.environ.get("CUDA_VISIBLE_DEVICES"))
    note("held")
    await_file("go")
    note("out", x, time.monotonic(), os.environ.get("CUDA_VISIBLE_DEVICES"))
    return x

@flow
def main(n: int = 8):
    return work.map(range(n)).result()

@flow
def held(n: int = 1):
    return hold.map(range(n)).result()
"""

ONE_CPU = "import os\nos.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
"""Both runs of a test have the same one: it is what they share, whatever machine this is."""


def module(options: str = "") -> str:
    return WORK.replace("OPTIONS", options)


def most_at_once(*projects: Project) -> int:
    """How many calls that had the same GPU, or none, were between their `in` and their `out` at most."""
    words = [line.split() for project in projects for line in project.trace() if line.startswith(("in ", "out "))]
    now: dict[str, int] = {}
    most = 0
    for _, kind, gpu in sorted((float(at), kind, gpu) for kind, _, at, gpu in words):
        now[gpu] = now.get(gpu, 0) + (1 if kind == "in" else -1)
        most = max(most, now[gpu])
    return most


@pytest.fixture
def neighbour(tmp_path: Path, clean_project: Clean) -> Iterator[Project]:
    """Another project on the same machine."""
    with clean_project(tmp_path / "neighbour") as project:
        yield project


def test_two_runs_take_turns_on_one_cpu(project: Project, neighbour: Project) -> None:
    for one in (project, neighbour):
        one.write(module())
    drives = [one.spawn(before=ONE_CPU, n=30) for one in (project, neighbour)]
    assert [drive.join().value() for drive in drives] == [list(range(30))] * 2
    assert most_at_once(project, neighbour) == 1


def test_a_run_that_is_told_of_more_cpus_has_them_alone_and_no_more_than_there_are_beside_another(
    project: Project, neighbour: Project
) -> None:
    for one in (project, neighbour):
        one.write(module())
        one.settings("max_workers = 3")
    first = project.spawn(target="mine.py:held", before=ONE_CPU, n=3)
    project.await_note("held", 3)
    second = neighbour.spawn(target="mine.py:held", before=ONE_CPU, n=3)
    wait_until(lambda: any("waits for" in words for words in in_flight(neighbour)), "for a word on who has the CPU")
    assert neighbour.trace() == []
    project.touch("go")
    first.join().value()
    neighbour.await_note("held", 3)  # it is alone now
    neighbour.touch("go")
    report = second.join()
    report.value()
    assert any(note.startswith(f"waits for CPUs: run held/1 of {project.folder} holds 3") for note in report.notes)


def in_flight(project: Project) -> list[str]:
    """What `penstock show` says of what waits."""
    if not project.rows("SELECT 1 FROM run"):
        return []
    return project.penstock("show")[1].splitlines()


def test_what_a_killed_run_held_is_the_others(project: Project, neighbour: Project) -> None:
    for one in (project, neighbour):
        one.write(module())
    killed = project.spawn(target="mine.py:held", before=ONE_CPU)
    project.await_note("held")
    other = neighbour.spawn(before=ONE_CPU, n=2)
    wait_until(lambda: any("waits for" in words for words in in_flight(neighbour)))
    killed.kill()
    assert other.join().value() == [0, 1]


def test_a_gpu_is_one_runs_at_a_time(project: Project, neighbour: Project) -> None:
    for one in (project, neighbour):
        one.write(module("cpu=0, gpu=1"))
        one.settings("[executors.process]\ngpus = 2")
    drives = [one.spawn(n=6) for one in (project, neighbour)]
    assert [drive.join().value() for drive in drives] == [list(range(6))] * 2
    assert most_at_once(project, neighbour) == 1
    assert {line.split()[3] for one in (project, neighbour) for line in one.trace()} <= {"0", "1"}


def test_a_run_inside_of_a_step_has_what_the_step_was_granted(project: Project) -> None:
    project.write(
        module()
        + """
import subprocess

@step
def outer():
    command = [sys.executable, "-m", "penstock", "run", "mine.py:main", "--n", "3"]
    return subprocess.run(command, check=True, capture_output=True, text=True).returncode

@flow
def nested():
    return outer()
"""
    )
    assert project.run(target="mine.py:nested", before=ONE_CPU).value() == 0
    assert most_at_once(project) == 1


def test_a_forked_child_of_the_body_does_not_keep_what_its_run_held(project: Project, neighbour: Project) -> None:
    project.write(
        module()
        + """
@flow
def forks():
    future = hold.submit(0)
    await_file("trace")
    if os.fork() == 0:
        note("child", os.getpid())
        await_file("end")
        os._exit(0)
    return future.result()
"""
    )
    neighbour.write(module())
    killed = project.spawn(target="mine.py:forks", before=ONE_CPU)
    wait_until(lambda: any(line.startswith("child ") for line in project.trace()))
    killed.process.kill()
    killed.process.wait()
    try:
        assert neighbour.run(before=ONE_CPU, n=2).value() == [0, 1]
    finally:
        project.touch("end")


@pytest.mark.parametrize("kind", ["a folder of everybody's", "a file"])
def test_a_run_that_can_not_meet_others_says_so_once_and_goes_on(project: Project, tmp_path: Path, kind: str) -> None:
    place = tmp_path / "meet"
    place.mkdir()
    if kind == "a file":
        (place / "penstock").touch()
    else:
        (place / "penstock").mkdir()
        (place / "penstock").chmod(0o777)
    project.write(module())
    report = project.run(environ={"XDG_RUNTIME_DIR": os.fspath(place)}, n=2)
    assert report.value() == [0, 1]
    assert len([note for note in report.notes if "other runs" in note]) == 1


def test_nothing_is_left_where_runs_meet(project: Project, tmp_path: Path) -> None:
    project.write(module())
    place = tmp_path / "meet"
    place.mkdir()
    project.run(environ={"XDG_RUNTIME_DIR": os.fspath(place)}, n=2).value()
    assert [path.name for path in place.rglob("*") if path.is_file() or path.is_fifo()] == ["lock"]
