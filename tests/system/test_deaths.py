"""The zygote, a worker, the driver, the terminal die at any instant: nothing finished runs again, nothing is left."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.system.flows import Project, is_alive, wait_until

SMALL = """
@step
def work(x):
    time.sleep(0.02)
    value = [x, random.random()]
    note("work", x)
    return value

@flow
def main(n: int = 200):
    note('result', sum(a * b for a, b in work.map(range(n)).result()))
"""

SLOW = """
@step
def work(x):
    note("work", x)
    time.sleep(60)

@flow
def main(n: int = 5):
    work.map(range(n)).result()
"""

BRANCHES = """
@step
def draw(round):
    time.sleep(0.005)
    value = random.randrange(1000)
    note("draw", round)
    return value

@step
def shaky(x, round):
    time.sleep(0.005)
    note("shaky", round, x)
    if x % 3 == 0:
        raise ValueError(x)
    return x + random.randrange(10)

@step
def combine(values, seed):
    note("combine", seed)
    return sum(values) % 1009 + random.random()

@flow
def inner(values, round):
    return combine.submit([draw.submit((round, value % 7)) for value in values], round).result()

@flow
def main(n: int = 40):
    found, total = [], 0.0
    for round in range(n):
        value = draw(round)
        try:
            value = shaky(value, round)
        except ValueError:
            results = shaky.map([value + 1, value + 2, value + 3], round=("again", round)).result(errors="return")
            value = sum(item for item in results if isinstance(item, int))
        while value > 500:
            value = draw(("down", round, value)) // 2 if value % 2 else value - 300
        total += inner([value, value + 1, value + 2], round)
        found.append(value)
    note('result', found, total)
"""


def finished(project: Project) -> set[str]:
    """The tasks of the run that are finished: what must not run again."""
    rows = project.rows("SELECT name, number FROM task_row WHERE status = 'done' OR delivered = 1")
    return {f"{name}/{number}" for name, number in rows}


def told(project: Project) -> list[str]:
    """The results that bodies came to."""
    return [line for line in project.trace() if line.startswith("result ")]


def by_step(project: Project) -> Counter[tuple[str, str]]:
    """How many tasks of each step have which status. (A call that was in flight may have another number now.)"""
    return Counter((name.partition("/")[0], status) for name, status in project.tasks().items())


@pytest.mark.slow
@pytest.mark.parametrize("source", [SMALL, BRANCHES], ids=["map", "branches"])
def test_fifty_kills_at_random_instants(
    tmp_path: Path, clean_project: Callable[[Path], AbstractContextManager[Project]], source: str
) -> None:
    source = source.replace('note("', 'note(current.task, "')
    chance = random.Random(7)
    with clean_project(tmp_path / "undisturbed") as undisturbed:
        undisturbed.write(source)
        undisturbed.run().value()
    expected, tasks = told(undisturbed), by_step(undisturbed)
    kills, runs = 0, 0
    while kills < 50:
        runs += 1
        with clean_project(tmp_path / f"run-{runs}") as project:
            project.write(source)
            kills += killed_again_and_again(project, chance, 50 - kills)
            assert set(told(project)) == set(expected)
            assert by_step(project) == tasks
            assert project.rows("SELECT count(*) FROM run") == [(1,)]
    assert runs < 15


def killed_again_and_again(project: Project, chance: random.Random, most: int) -> int:
    """Start a run, kill its driver and resume it at once until the run is done: how many kills there were.

    What ran to its end and was not committed before the kill was in flight: that may run again, and nothing else.
    """
    kills = 0
    while not project.rows("SELECT 1 FROM run WHERE status = 'done'"):
        before, known = finished(project), len(project.trace())
        drive = project.spawn("main/1" if project.rows("SELECT 1 FROM run") else "")
        if kills < most:
            try:
                drive.process.wait(chance.uniform(0.05, 0.6))
            except subprocess.TimeoutExpired:
                kills += 1
                drive.kill()
        if drive.process.returncode is None or drive.process.returncode >= 0:
            drive.join().value()
        ran = {line.split()[0].partition("/1/")[2] for line in project.trace()[known:]}
        assert not ran & before
    return kills


GATES = """
@step
def work(x):
    note("began", x, os.getpid(), os.getppid())
    await_file(f"go-{x}")
    note("ended", x)
    return x

@flow
def main(n: int = 2):
    first = work(0)
    return [first, *work.map(range(1, n)).result()]
"""


def begun(project: Project, x: int, times: int = 1) -> list[int]:
    """The worker that runs `work(x)`, for the so-manieth time, and its zygote; waits until it does."""
    found = wait_until(lambda: _begun(project, x)[times - 1 :], f"for the beginning of work({x})")
    return found[0]


def _begun(project: Project, x: int) -> list[list[int]]:
    return [[*map(int, line.split()[2:])] for line in project.trace() if line.startswith(f"began {x} ")]


def test_a_worker_that_is_killed_is_replaced(project: Project) -> None:
    project.write(GATES)
    drive = project.spawn(n=3)
    project.touch("go-0")
    worker, _ = begun(project, 1)
    other, _ = begun(project, 2)
    os.kill(worker, signal.SIGKILL)
    again, _ = begun(project, 1, times=2)
    assert is_alive(other)
    assert again != worker
    for x in (1, 2):
        project.touch(f"go-{x}")
    assert drive.join().value() == [0, 1, 2]
    assert project.rows("SELECT attempt FROM task_row ORDER BY id") == [(None,), (2,), (None,)]
    assert [line for line in project.trace() if line.startswith("ended")] != []


def test_an_idle_worker_that_is_killed_harms_nobody(project: Project) -> None:
    project.write(GATES.replace("    return [first", "    await_file('killed')\n    return [first"))
    drive = project.spawn(n=2, how={"max_workers": 1})
    worker, _ = begun(project, 0)
    project.touch("go-0")
    wait_until(lambda: project.tasks().get("work/1") == "done")
    os.kill(worker, signal.SIGKILL)
    wait_until(lambda: not is_alive(worker))
    project.touch("killed")
    project.touch("go-1")
    assert drive.join().value() == [0, 1]


def test_a_zygote_that_is_killed_is_replaced_and_what_it_forked_is_ended(project: Project) -> None:
    project.write(GATES)
    drive = project.spawn(n=3)
    project.touch("go-0")
    worker, zygote = begun(project, 1)
    begun(project, 2)
    os.kill(zygote, signal.SIGKILL)
    again, replacement = begun(project, 1, times=2)
    begun(project, 2, times=2)
    assert replacement != zygote
    assert again != worker
    assert not is_alive(worker)
    for x in (1, 2):
        project.touch(f"go-{x}")
    assert drive.join().value() == [0, 1, 2]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_a_zygote_that_dies_at_every_turn(project: Project, count: int) -> None:
    """It is killed again and again: the run ends well, or says what was lost; it never hangs."""
    project.settings("platform_retries = 10")
    project.write(SMALL)
    drive = project.spawn(n=60)
    for number in range(count):
        wait_until(lambda: len(project.trace()) >= 1 + 10 * number, "for work")  # noqa: B023
        zygotes = [pid for pid in project.processes() if _parent(pid) == drive.pid]
        for pid in zygotes:
            os.kill(pid, signal.SIGKILL)
    report = drive.join()
    report.value()
    assert list(project.tasks().values()) == ["done"] * 60


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return 0


def test_workers_die_with_their_driver(project: Project) -> None:
    project.write(GATES.replace('note("began"', "os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '600'); note(\"began\""))
    drive = project.spawn(n=3)
    project.touch("go-0")
    begun(project, 1)
    begun(project, 2)
    drive.kill()
    project.await_quiet()
    assert project.status() == "running"
    code, output = project.penstock("ls")
    assert code == 0
    assert "crashed" in output
    for x in (1, 2):
        project.touch(f"go-{x}")
    assert project.run("main/1").value() == [0, 1, 2]
    assert Counter(line for line in project.trace() if line.startswith("ended")) == {
        "ended 0": 1,
        "ended 1": 1,
        "ended 2": 1,
    }


@pytest.fixture
def hangups_heard() -> Generator[None]:
    """Under `nohup` the tests' processes would inherit that SIGHUP is ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hangups_heard")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "the terminal closes"])
def test_a_driver_that_is_told_to_end_leaves_a_run_that_resumes(project: Project, number: int) -> None:
    project.write(GATES)
    drive = project.spawn()
    project.touch("go-0")
    begun(project, 1)
    drive.send(number)
    drive.join()
    project.await_quiet()
    project.touch("go-1")
    assert project.run("main/1").value() == [0, 1]
    assert project.trace().count("ended 0") == 1


def test_the_terminal_vanishes_with_what_is_printed_to_it(project: Project) -> None:
    """Nobody reads the driver's output any more: its run goes on to its end, or can be resumed."""
    project.write(GATES.replace("    return [first", "    print('x' * 100_000, flush=True)\n    return [first"))
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("penstock")), "run", "mine.py", "--n", "2"],
        cwd=project.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    begun(project, 0)
    process.stdout.close()
    process.stderr.close()
    project.touch("go-0")
    project.touch("go-1")
    process.wait(60)
    project.await_quiet()
    if project.status() != "done":
        assert project.run("main/1", before="import sys; sys.stdout = sys.stderr").value() == [0, 1]
    assert project.trace().count("ended 0") == project.trace().count("ended 1") == 1


def test_what_is_in_flight_is_seen_from_elsewhere_and_after_a_crash(project: Project) -> None:
    project.write(SLOW)
    drive = project.spawn()
    project.await_note("work 0")
    project.await_note("work 1")

    def run() -> dict[str, Any]:
        return json.loads(project.penstock("show", "--json")[1])

    def states() -> list[tuple[str, str, str]]:
        flight = run()["in_flight"]
        return [(task["task"], task["status"], task["executor"]) for task in flight]

    expected = [(f"main/1/work/{n}", "running", "process") for n in (1, 2)]
    expected += [(f"main/1/work/{n}", "waiting", "") for n in (3, 4, 5)]
    wait_until(lambda: states() == expected, "what is in flight")
    (step,) = run()["steps"]
    assert (step["running"], step["waiting"]) == (2, 3)
    assert "main/1/work/5" in project.penstock("show", "main/1/work")[1]
    drive.kill()
    drive.join()
    assert run()["status"] == "crashed"
    assert states() == expected
    assert "In flight when its process died" in project.penstock("show")[1]
