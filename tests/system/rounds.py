"""A run of rounds at agents of this host: in each round some attempts run there, one of which waits until the test has
done its harm; and what may never come of that."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from penstock.worker import posix
from tests.system.flows import ROOT, Project, wait_until

TASKS = 4  # of a round
_FLOW = """
@step(on="cluster")
def square(turn, x):
    os.chdir({folder!r})
    note("began", turn, x, os.getpid(), os.getppid())
    if x == 0:
        await_file(f"go-{{turn}}")
    time.sleep(0.05 * x)
    note("ended", turn, x)
    return turn + x * x

@step
def total(squares):
    return sum(squares)

@flow
def main(rounds: int):
    return [total(square.map([turn] * {tasks}, range({tasks}))) for turn in range(rounds)]
"""

WIRED = f"""
import sys
from pathlib import Path
sys.path.append({os.fspath(ROOT)!r})
from penstock.launch import preparing
from penstock.model.agents import AgentSize
from tests.contract.far_bench import LIMITS, PROFILE, far_of

wire_executors = preparing.wire_executors
preparing.wire_executors = lambda *args, tiers, **kwargs: wire_executors(*args, tiers=tiers, **kwargs) | {{
    "cluster": far_of(
        tiers, Path("far").absolute().as_uri(), Path("home").absolute(), "cluster",
        profile=PROFILE._replace(lanes=4), limits=LIMITS._replace(size=AgentSize(2.0, None, 0)),
    )
}}
"""
SOON_LOST = WIRED.replace("LIMITS._replace(", "LIMITS._replace(partition_s=10.0, ")


class Rounds:
    """What can be seen of a run, and done to it."""

    def __init__(self, project: Project, seed: int, rounds: int) -> None:
        self.project = project
        self.rng = random.Random(seed)
        self.rounds = rounds
        self._known: list[tuple[int, set[tuple[int, int]]]] = []  # how many had begun, and which were finished
        project.write(_FLOW.format(folder=os.fspath(project.folder), tasks=TASKS))

    @property
    def expected(self) -> list[int]:
        """What a run gives that nobody disturbs."""
        return [sum(turn + x * x for x in range(TASKS)) for turn in range(self.rounds)]

    def begun(self) -> list[tuple[int, int]]:
        """The turn and the number of each attempt that has begun, in order."""
        return [(turn, x) for turn, x, *_ in self._notes()]

    def _notes(self) -> list[list[int]]:
        lines = [line.split() for line in self.project.trace()]
        return [list(map(int, words[1:])) for words in lines if words[0] == "began"]

    def await_some(self, turn: int) -> None:
        """Until a random part of a round has begun, and a random moment longer; and note what is finished."""
        enough = self.rng.randint(1, TASKS - 1)
        wait_until(lambda: sum(one == turn for one, _ in self.begun()) >= enough, f"for round {turn}")
        time.sleep(self.rng.random() * 0.2)
        self.note_finished()

    def note_finished(self) -> None:
        """From now on what is finished here and now may not begin again."""
        begun = len(self.begun())
        numbers = [int(task.rpartition("/")[2]) - 1 for task, status in self._squares() if status == "done"]
        self._known.append((begun, {divmod(number, TASKS) for number in numbers}))

    def _squares(self) -> list[tuple[str, str]]:
        return [(task, status) for task, status in self.project.tasks().items() if task.startswith("square/")]

    def go(self, turn: int) -> None:
        """Let the round come to its end."""
        self.project.touch(f"go-{turn}")

    def again(self) -> set[tuple[int, int]]:
        """What was finished and has begun again."""
        begun = self.begun()
        return {one for count, finished in self._known for one in finished & set(begun[count:])}

    def check(self) -> None:
        """Nothing that was finished has begun again, and all is done."""
        assert not self.again()
        assert [status for _, status in self._squares()] == ["done"] * (TASKS * self.rounds)

    # Who lives.

    def workers(self) -> list[int]:
        """Those whose zygote lives."""
        return sorted({pid for *_, pid, zygote in self._notes() if posix.parent_of(pid) == zygote})

    def zygotes(self) -> list[int]:
        """Theirs."""
        return sorted({zygote for pid in self.workers() if (zygote := posix.parent_of(pid))})

    def agents(self) -> list[int]:
        """Theirs."""
        return sorted({agent for pid in self.zygotes() if (agent := posix.parent_of(pid)) and agent != 1})

    def kill(self, victims: Callable[[], list[int]], number: int = signal.SIGKILL) -> int:
        """Kill a random one, once there is one; gives which."""

        def killed() -> int | None:
            found = victims()
            if found:
                with suppress(ProcessLookupError):
                    os.kill(pid := self.rng.choice(found), number)
                    return pid
            return None

        return wait_until(killed, "for somebody to kill")


def _working_in(folder: Path) -> list[psutil.Process]:
    """Also what is about to become an agent."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cwd().startswith(os.fspath(folder)):
                found.append(process)
    return found


def tear_down(home: Path) -> None:
    """All that runs of agents below a folder ends at once, and so does what they have there: as if their machine had
    never been."""
    found: list[psutil.Process] = []
    gone = home.with_name(f"{home.name}-{time.monotonic_ns()}")
    if home.exists():
        home.rename(gone)  # at once: what is placed from now on is another machine's
    for file in (gone / "placed").glob("*/pid"):
        pid, _, session, _ = file.read_text().split()
        for one in (int(pid), int(session)):
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(one)
                found += [process, *process.children(recursive=True)]
    for process in [*found, *_working_in(gone)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(found, timeout=60)
    shutil.rmtree(gone, ignore_errors=True)
