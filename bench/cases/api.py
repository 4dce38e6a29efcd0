"""The HTTP API over a journal of 10,000 runs and 1,000,000 tasks, of which one run has 100,000, while others write."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench import large_journal
from bench.finding import Finding, Must
from bench.serving import Server, serving
from bench.workplace import Project, Workplace, environment, figures, timed

_RATE = 2000  # tasks that end each second meanwhile
_RUNS = ("/runs:index", "/runs?limit=50")
_MIB = 1 << 20


def measure(workplace: Workplace) -> Iterator[Finding]:
    scale = workplace.scale
    project = large_journal.filled(workplace, "steady.py", "slow_chain.py")
    tasks = scale.many_runs * scale.tasks_per_run
    wide = f"/runs/filled/{scale.many_runs + 1}"
    views = {
        f"first page of {scale.many_runs:,} runs": (_RUNS, Must(0.3, "value")),
        f"a run of {scale.of_one_run:,} tasks": (
            (wide, f"{wide}/graph", f"{wide}/tasks?ids=1,2,3"),
            Must(0.5, "value"),
        ),
        "  its index of tasks": ((f"{wide}/tasks:index",), None),
        "  its timeline": ((f"{wide}/timeline",), None),
    }
    with serving(project) as server:
        for words, busy in (("", False), (f", {_RATE:,} tasks/s", True)):
            with _busy(project, scale.busy_s) if busy else _idle() as rates:
                found = workplace.in_turn(*(lambda paths=paths: server.seconds(*paths) for paths, _ in views.values()))
                used = _share(server, scale.busy_s / 2)
            for (what, (_, must)), seconds in zip(views.items(), found, strict=True):
                yield Finding(f"{what}, of {tasks:,} tasks{words}", seconds, "s", must=must)
            yield Finding(f"the server's CPU, nobody looking{words}, percent", [used], "", must=Must(1, "value"))
            if busy:
                yield Finding("  tasks that ended meanwhile", rates, "/s")
        yield from _listened(workplace, project, server)
        yield Finding("the server's memory at most", [server.peak_bytes()], "bytes", must=Must(200 * _MIB, "value"))
    project.remove()
    yield from _long_log(workplace)


def _share(server: Server, seconds: float) -> float:
    """Percent of a core that the server uses while nobody asks."""
    before = server.cpu_s()
    time.sleep(seconds)
    return 100 * (server.cpu_s() - before) / seconds


@contextmanager
def _busy(project: Project, seconds: float) -> Iterator[list[float]]:
    """A flow whose tasks end at a rate; how many did in a second, once it is over."""
    rates: list[float] = []
    command = [sys.executable, "steady.py", str(seconds), str(_RATE)]
    driver = subprocess.Popen(
        command, cwd=project.folder, env=environment(), stdout=subprocess.PIPE, text=True, stderr=subprocess.PIPE
    )
    time.sleep(seconds / 10)  # it has begun
    yield rates
    output, errors = driver.communicate()
    assert driver.returncode == 0, errors
    rates.append(figures(output)["rate"])


@contextmanager
def _idle() -> Iterator[list[float]]:
    yield []


def _listened(workplace: Workplace, project: Project, server: Server) -> Iterator[Finding]:
    """A flow of steps of a millisecond, with nobody looking, one reader, and 20, in turn."""
    number = 0

    def run(readers: int) -> float:
        nonlocal number
        number += 1
        ready, go = project.folder / "ready", project.folder / "go"
        driver = subprocess.Popen(
            [sys.executable, "slow_chain.py", str(5 * workplace.scale.chain)],
            cwd=project.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        while not ready.exists():
            time.sleep(0.01)
        with server.listeners(readers, f"runs,run:slow_chain/{number}"):
            go.touch()
            output, _ = driver.communicate()
        ready.unlink()
        go.unlink()
        return figures(output)["seconds"]

    alone, one, many = workplace.in_turn(lambda: run(0), lambda: run(1), lambda: run(20))
    yield Finding("a step of 1 ms, one reader", one, "s", alone, "nobody looking", Must(1.05))
    yield Finding("  20 readers", many, "s", alone, "nobody looking")


def _long_log(workplace: Workplace) -> Iterator[Finding]:
    project = workplace.project("talker.py")
    size = workplace.scale.log_bytes
    (project.folder / "penstock.toml").write_text(f'log_limit = "{size >> 9}KiB"\n')
    project.run(sys.executable, "talker.py", str(size))
    path = "/runs/talker/1/tasks/talk/1/attempts/1/log"
    with serving(project) as server:
        opened = server.seconds(path)
        found = server.get(path)
        assert found["lines"][-1]["text"] == "the end", "another log"
        yield Finding(f"the end of a log of {size / 2**30:.3g} GiB, at first", [opened], "s", must=Must(0.3, "value"))
        counted = timed(lambda: _await_number(server, path))
        yield Finding("  until its lines are counted", [counted], "s")
        again, middle = workplace.in_turn(
            lambda: server.seconds(path), lambda: server.seconds(f"{path}?line={size // 90}")
        )
        yield Finding("  its end again", again, "s")
        yield Finding("  a line in its middle", middle, "s")
        yield Finding("  the server's memory at most", [server.peak_bytes()], "bytes", must=Must(200 * _MIB, "value"))
    project.remove()


def _await_number(server: Server, path: str) -> None:
    while server.get(path)["lines"][-1]["number"] is None:
        time.sleep(0.01)
