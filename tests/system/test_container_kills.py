"""A run in containers whose driver, workers, zygote, keeper and containers are killed at random instants: it comes to
its end all the same, nothing that was finished runs again, and nothing stays."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.containers import Engine
from tests.system.contained_flows import containers_of
from tests.system.flows import Project, wait_until

_TASKS = 24
_FLOW = """
@step(image={image!r}, retries=100)
def square(x):
    note("began", x)
    time.sleep(0.15)
    return x * x

@flow
def main():
    return square.map(range({tasks}))
"""


class Kills:
    """A run, and what can be done to it."""

    def __init__(self, engine: Engine, folder: Path, seed: int) -> None:
        self.engine = engine
        self.rng = random.Random(seed)
        self.project = Project(folder)
        self.project.write(_FLOW.format(image=engine.image("python"), tasks=_TASKS))
        self.project.settings(f'[project]\ncontainers = "{engine.kind}"\n')
        self._known: list[tuple[int, set[int]]] = []  # how many had begun, and which were finished

    def containers(self) -> list[str]:
        return containers_of(self.engine, self.project)

    def inside(self) -> dict[int, bool]:
        """The processes in its containers, and whether they are the first one of one."""
        mark = f"HOME={self.project.folder}/.penstock/scratch/"
        found: dict[int, bool] = {}
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError, StopIteration):
                status = Path(f"/proc/{process.pid}/status").read_text().splitlines()
                numbers = next(line for line in status if line.startswith("NSpid:")).split()[1:]
                environ = Path(f"/proc/{process.pid}/environ").read_text(errors="replace").split("\0")
                if len(numbers) > 1 and any(line.startswith(mark) for line in environ):
                    found[process.pid] = numbers[-1] == "1"
        return found

    def keepers(self) -> list[int]:
        notes = os.fspath(self.project.folder / ".penstock" / "containers")
        found: list[int] = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if notes in process.cmdline():
                    found.append(process.pid)
        return found

    def kill(self, driver: int) -> str:
        """Kill something; gives what it was."""
        victims: dict[str, Callable[[], list[int]]] = {
            "driver": lambda: [driver],
            "worker": lambda: [pid for pid, is_first in self.inside().items() if not is_first],
            "zygote": lambda: [pid for pid, is_first in self.inside().items() if is_first],
            "keeper": self.keepers,
            "keeper and driver": lambda: [*self.keepers(), driver],
        }
        what = self.rng.choice([*victims, "container"])
        self._note_finished()
        if what == "container":
            for name in self.containers()[:1]:
                self.engine.try_to("rm", "--force", name)
            return what
        found = victims[what]()
        for pid in found if what == "keeper and driver" else found[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return what

    def _note_finished(self) -> None:
        begun = len(self.project.trace())
        done = {int(task.rpartition("/")[2]) - 1 for task, status in self.project.tasks().items() if status == "done"}
        self._known.append((begun, done))

    def again(self) -> set[int]:
        """What was finished and has begun again."""
        begun = [int(line.split()[1]) for line in self.project.trace()]
        return {x for count, done in self._known for x in done & set(begun[count:])}

    def left(self) -> list[object]:
        """What of its containers is still there."""
        notes = self.project.folder / ".penstock" / "containers"
        return [*self.containers(), *self.inside(), *self.keepers(), *(os.listdir(notes) if notes.exists() else [])]


@pytest.fixture
def kills(engine: Engine, project_folder: Path, request: pytest.FixtureRequest) -> Iterator[Kills]:
    kills = Kills(engine, project_folder, getattr(request, "param", 1))
    yield kills
    kills.project.end()
    kills.project.penstock("ls")
    wait_until(lambda: not kills.left(), "for the end of all containers")


@pytest.mark.slow
@pytest.mark.parametrize("kills", [1], indirect=True)
def test_whatever_is_killed(kills: Kills) -> None:
    project = kills.project
    drive = project.spawn()
    wait_until(kills.containers, "for a container")
    killed: list[str] = []
    while len(killed) < 8:
        process = drive.process
        wait_until(lambda process=process: kills.inside() or process.poll() is not None, "for a container")
        time.sleep(kills.rng.random() * 0.5)
        if drive.process.poll() is None:
            killed.append(kills.kill(drive.pid))
            if "driver" in killed[-1]:
                drive.process.wait(60)
        if drive.process.poll() is not None:
            if project.status() == "done":
                break
            drive = project.spawn("main/1")
    drive.process.wait(120)
    if project.status() != "done":
        assert "driver" in killed[-1], (killed, drive.join())
        assert project.run("main/1").code == 0
    _, text = project.penstock("get", "main/1")
    result, _ = json.JSONDecoder().raw_decode(text[text.index("[") :])
    assert result == [x * x for x in range(_TASKS)], killed
    assert kills.again() == set(), killed
    wait_until(lambda: kills.project.penstock("ls") and not kills.left(), f"for the end of {kills.left()} ({killed})")
