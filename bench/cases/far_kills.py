"""Runs at agents of this host, on a folder tier, whose driver, agents, zygotes, workers and machine are killed, fifty
of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from bench.finding import Finding, Must
from bench.workplace import Workplace
from tests.system.flows import Project
from tests.system.rounds import SOON_LOST, WIRED, Rounds, tear_down

_OF_A_RUN = 10
KINDS: dict[str, Callable[[Rounds], list[int]]] = {
    "agents": Rounds.agents,
    "zygotes": Rounds.zygotes,
    "workers": Rounds.workers,
}


def measure(workplace: Workplace) -> Iterator[Finding]:
    for kind in ("drivers", *KINDS, "machines"):
        kills = again = wrong = 0
        while kills < workplace.scale.kills:
            rounds = min(_OF_A_RUN, workplace.scale.kills - kills)
            seen, is_right = _run(workplace.project().folder, kind, rounds, seed=kills)
            kills, again, wrong = kills + rounds, again + seen, wrong + (not is_right)
        yield Finding(f"{kind} that were killed while their attempts ran", [kills], "")
        yield Finding("  finished tasks that ran again", [again], "", must=Must(0, "value"))
        yield Finding("  results other than the undisturbed one", [wrong], "", must=Must(0, "value"))


def _run(folder: Path, kind: str, kills: int, seed: int) -> tuple[int, bool]:
    """How many finished tasks of a run have run again, and whether its result is right."""
    project = Project(folder)
    (folder / "far").mkdir()
    tier = f"[store]\nurl = '{(folder / 'far').as_uri()}'\n"
    project.settings(f"platform_retries = 50\n{tier}[executors.cluster]\nkind = 'process'\n")
    wired = SOON_LOST if kind == "machines" else WIRED
    rounds = Rounds(project, seed, kills)
    drive = project.spawn(before=wired, rounds=kills)
    try:
        for turn in range(kills):
            rounds.await_some(turn)
            if kind == "drivers":
                drive.kill()
                rounds.note_finished()
                drive = project.spawn("main/1", before=wired)
            elif kind == "machines":
                tear_down(folder / "home")
            else:
                rounds.kill(lambda: KINDS[kind](rounds))
            rounds.go(turn)
        is_right = drive.join().value() == rounds.expected
        return len(rounds.again()), is_right
    finally:
        project.end()
        tear_down(folder / "home")
