"""A run at a site whose rounds meet with a fault each."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

from tests.system.flows import Project, wait_until
from tests.system.rounds import TASKS, Rounds

FAULTS = 10 if os.environ.get("PENSTOCK_REQUIRE_ALL") == "1" else 3


def settle(project: Project, kind: str, more: str) -> None:
    (project.folder.parent / "shared").mkdir()
    tier = f'platform_retries = 20\n[store]\nurl = "{(project.folder.parent / "shared").as_uri()}"\n'
    agent = f'agent = ["{sys.executable}", "-m", "penstock.agent"]\nmax_agents = 2\ncpu = 2\n'
    project.settings(f'{tier}[executors.cluster]\nkind = "{kind}"\n{agent}{more}\n')


class FaultTrial:
    """A run of a project whose executor `cluster` is set."""

    def __init__(self, project: Project, environ: dict[str, str]) -> None:
        self._project, self._environ = project, environ
        self.rounds = Rounds(project, 0, FAULTS)
        self._turn = 0

    def run(self, faults: Sequence[Callable[[], None]]) -> None:
        """A fault in each round. Then the run is done, its result is the undisturbed one, and nothing that was finished
        ran again."""
        assert len(faults) == FAULTS
        self._drive = self._project.spawn(environ=self._environ, rounds=FAULTS)
        for fault in faults:
            self.rounds.await_some(self._turn)
            fault()
            self.go()
            self._turn += 1
        assert self._drive.join().value() == self.rounds.expected
        self.rounds.check()
        assert len(self.rounds.begun()) >= FAULTS * TASKS

    def go(self) -> None:
        """Let the round come to its end."""
        self.rounds.go(self._turn)

    @property
    def others(self) -> list[Callable[[], None]]:
        """Faults of any site."""
        return [
            *(self.kill_agent, self.kill_zygote, self.end_agent, self.kill_driver_late),
            *(self.kill_worker, self.kill_all_agents),
        ]

    def kill_worker(self) -> None:
        self.rounds.kill(self.rounds.workers)

    def kill_zygote(self) -> None:
        self.rounds.kill(self.rounds.zygotes)

    def kill_agent(self) -> None:
        self.rounds.kill(self.rounds.agents)

    def end_agent(self) -> None:
        self.rounds.kill(self.rounds.agents, signal.SIGTERM)

    def kill_all_agents(self) -> None:
        for pid in wait_until(self.rounds.agents, "for agents"):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_driver(self) -> None:
        self._drive.kill()
        self.rounds.note_finished()
        self._drive = self._project.spawn("main/1", environ=self._environ)

    def kill_driver_late(self) -> None:
        """What ran has ended before there is another one, or nearly."""
        self._drive.kill()
        self.go()
        self.rounds.note_finished()
        self._drive = self._project.spawn("main/1", environ=self._environ)
