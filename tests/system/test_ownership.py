"""One owner: two processes never drive one run, whatever is stopped, woken or set back."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys

import pytest

from tests.system.flows import PATIENCE_S, Project, Report, is_alive, wait_until

GATES = """
@step
def work(x):
    note("began", x, os.getpid())
    await_file(f"go-{x}")
    note("ended", x)
    return x

@flow
def main(n: int = 3):
    return [work(x) for x in range(n)]
"""


def worker_of(project: Project, x: int, times: int = 1) -> int:
    """The worker that runs `work(x)`, the so-manieth time."""
    project_lines = wait_until(
        lambda: [line for line in project.trace() if line.startswith(f"began {x} ")][times - 1 :], f"for work({x})"
    )
    return int(project_lines[0].split()[2])


def ended(project: Project) -> list[str]:
    return [line for line in project.trace() if line.startswith("ended")]


def test_of_two_resumes_at_once_one_is_told_who_has_the_run(project: Project) -> None:
    project.write(GATES)
    drive = project.spawn()
    project.touch("go-0")
    worker_of(project, 1)
    drive.kill()
    drives = [project.spawn("main/1") for _ in range(2)]
    wait_until(lambda: any(drive.process.poll() is not None for drive in drives))
    for x in (1, 2):
        project.touch(f"go-{x}")
    reports = sorted((drive.join() for drive in drives), key=lambda report: bool(report.error))
    assert reports[0].value() == [0, 1, 2]
    assert reports[1].error["type"] == "RunBusyError"
    busy, done = (drive.pid for drive in sorted(drives, key=lambda one: not _is_busy(one.join())))
    assert str(done) in reports[1].error["text"]
    assert str(busy) not in reports[1].error["text"]
    assert ended(project) == ["ended 0", "ended 1", "ended 2"]


def _is_busy(report: Report) -> bool:
    return report.error.get("type") == "RunBusyError"


def test_resume_of_a_run_that_goes_on_exits_2_and_names_its_owner(project: Project) -> None:
    project.write(GATES)
    drive = project.spawn()
    worker_of(project, 0)
    code, output = project.penstock("resume", "main/1")
    assert code == 2
    assert f"process {drive.pid}" in output
    for x in range(3):
        project.touch(f"go-{x}")
    assert drive.join().value() == [0, 1, 2]
    assert project.rows("SELECT token FROM lease") == [(1,)]


@pytest.mark.parametrize("asleep_in", ["a step", "the body"])
def test_a_driver_that_slept_while_another_took_its_run_is_refused(project: Project, asleep_in: str) -> None:
    project.write(GATES.replace("    return [work", "    await_file('body')\n    return [work"))
    if asleep_in == "a step":
        project.touch("body")
    sleeper = project.spawn()
    if asleep_in == "a step":
        project.touch("go-0")
        lost = worker_of(project, 1)
        wait_until(lambda: project.tasks() == {"work/1": "done"})
    else:
        wait_until(lambda: project.rows("SELECT 1 FROM run"))
    project.freeze(sleeper)
    taker = project.take_over()
    project.touch("body")
    first = 1 if asleep_in == "a step" else 0
    worker_of(project, first, times=2 if asleep_in == "a step" else 1)
    sleeper.send(signal.SIGCONT)
    report = sleeper.join()
    assert report.error["type"] == "FencedError"
    assert "main/1" in report.error["text"]
    scratch = (project.folder / ".penstock" / "scratch" / "main").glob("*/*")
    assert [folder.name for folder in scratch] == ["2"], "each driver removes its own alone"
    if asleep_in == "a step":
        assert not is_alive(lost)
    assert taker.process.poll() is None
    for x in range(3):
        project.touch(f"go-{x}")
    assert taker.join().value() == [0, 1, 2]
    assert ended(project) == ["ended 0", "ended 1", "ended 2"]
    assert project.status() == "done"
    assert project.rows("SELECT token FROM lease") == [(2,)]


def test_what_a_sleeper_finished_meanwhile_is_not_written(project: Project) -> None:
    """Its worker ends the attempt while it sleeps: the outcome lies in its socket when it wakes."""
    project.write(GATES)
    sleeper = project.spawn()
    worker_of(project, 0)
    project.freeze(sleeper)
    taker = project.take_over()
    worker_of(project, 0, times=2)
    project.touch("go-0")
    project.await_note("ended 0", count=2)
    worker_of(project, 1)
    sleeper.send(signal.SIGCONT)
    assert sleeper.join().error["type"] == "FencedError"
    for x in range(3):
        project.touch(f"go-{x}")
    assert taker.join().value() == [0, 1, 2]
    assert project.rows("SELECT number, attempt FROM task_row ORDER BY number") == [(1, None), (2, None), (3, None)]


@pytest.mark.parametrize("jump_s", [-86_400, -40, 40, 86_400])
def test_a_clock_that_jumps_neither_loses_nor_frees_a_run(project: Project, jump_s: int) -> None:
    project.write(GATES)
    jumping = f"""
import time
real, asked = time.time, [0]
def jumped():
    asked[0] += 1
    return real() + ({jump_s} if asked[0] > 20 else 0)
time.time = jumped
"""
    drive = project.spawn(before=jumping)
    worker_of(project, 0)
    other = project.run("main/1", before=f"import time; real = time.time; time.time = lambda: real() + {jump_s}")
    assert other.error["type"] == "RunBusyError"
    assert "running" in project.penstock("ls")[1]
    for x in range(3):
        project.touch(f"go-{x}")
    assert drive.join().value() == [0, 1, 2]


def test_a_run_whose_driver_died_is_listed_as_crashed(project: Project) -> None:
    project.write(GATES)
    drive = project.spawn()
    worker_of(project, 0)
    assert "crashed" not in project.penstock("ls")[1]
    drive.kill()
    assert "crashed" in project.penstock("ls")[1]
    assert "running" not in project.penstock("ls")[1]
    assert "crashed" in project.penstock("show", "main/1")[1]
    for x in range(3):
        project.touch(f"go-{x}")
    code, output = project.penstock("resume")
    assert code == 0, output
    assert "crashed" not in project.penstock("ls")[1]


def test_a_process_with_the_number_of_a_dead_owner_is_not_the_owner(project: Project) -> None:
    """Process numbers are given again."""
    project.write(GATES)
    drive = project.spawn()
    worker_of(project, 0)
    drive.kill()
    for x in range(3):
        project.touch(f"go-{x}")
    # The lease is given the number of a process that lives: this one.
    import sqlite3

    connection = sqlite3.connect(project.folder / ".penstock" / "journal.db")
    connection.execute("UPDATE lease SET pid = ?", (os.getpid(),))
    connection.commit()
    connection.close()
    assert project.run("main/1").value() == [0, 1, 2]


def test_a_host_that_is_renamed_meanwhile_is_the_same(project: Project) -> None:
    if subprocess.run(["unshare", "--uts", "true"], check=False).returncode:
        pytest.skip("a host can't be renamed here")

    def renamed(*words: str) -> tuple[int, str]:
        command = shlex.join([sys.executable, "-m", "penstock", *words])
        asked = project.popen(["unshare", "--uts", "sh", "-c", f"hostname renamed && exec {command}"])
        said = asked.communicate(timeout=PATIENCE_S)[0]
        return asked.returncode, said

    project.write(GATES)
    drive = project.spawn()
    worker_of(project, 0)
    assert "running" in renamed("ls")[1]
    code, said = renamed("resume", "main/1")
    assert (code, "is driven by process" in said) == (2, True), said
    drive.kill()
    assert "crashed" in renamed("ls")[1]
    for x in range(3):
        project.touch(f"go-{x}")
    code, said = renamed("resume", "main/1")
    assert (code, "main/1 done" in said) == (0, True), said
