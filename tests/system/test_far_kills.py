"""Driver, agent, zygote, worker and machine are killed at random instants: a run's result is the undisturbed one, and
what had finished runs no second time."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from penstock.model import wire
from penstock.model.outcomes import from_plain
from penstock.model.states import Cause
from tests.system.flows import Drive, Project, wait_until
from tests.system.rounds import SOON_LOST, TASKS, WIRED, Rounds, tear_down

ALL = os.environ.get("PENSTOCK_REQUIRE_ALL") == "1"
SEEDS, KILLS = (2, 5) if ALL else (1, 2)  # runs, and kills of each


@pytest.fixture
def far(project: Project) -> Iterator[Project]:
    (project.folder / "far").mkdir()
    url = (project.folder / "far").as_uri()
    project.settings(f"platform_retries = 20\n[store]\nurl = '{url}'\n[executors.cluster]\nkind = 'process'\n")
    yield project
    tear_down(project.folder / "home")


def agents(project: Project) -> list[int]:
    files = (project.folder / "home" / "placed").glob("*/pid")
    return [int(file.read_text().split()[0]) for file in files if not (file.parent / "status").exists()]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_driver(far: Project, seed: int) -> None:
    rounds = Rounds(far, seed, KILLS)
    drive = far.spawn(before=WIRED, rounds=KILLS)
    for turn in range(KILLS):
        rounds.await_some(turn)
        drive.kill()
        rounds.note_finished()
        if rounds.rng.random() < 0.5:  # what ran has ended before there is another one
            rounds.go(turn)
        drive = far.spawn("main/1", before=WIRED)
        rounds.go(turn)
    assert drive.join().value() == rounds.expected
    rounds.check()
    assert len(set(rounds.begun())) == len(rounds.begun()) == KILLS * TASKS


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("victims", [Rounds.agents, Rounds.zygotes, Rounds.workers])
def test_what_runs_far_away(far: Project, victims: Callable[[Rounds], list[int]], seed: int) -> None:
    rounds = Rounds(far, seed, KILLS)
    drive = far.spawn(before=WIRED, rounds=KILLS)
    for turn in range(KILLS):
        rounds.await_some(turn)
        rounds.kill(lambda: victims(rounds))
        rounds.go(turn)
    assert drive.join().value() == rounds.expected
    rounds.check()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_machine_that_is_gone_with_all_that_it_had(far: Project, seed: int) -> None:
    rounds = Rounds(far, seed, KILLS)
    drive = far.spawn(before=SOON_LOST, rounds=KILLS)
    for turn in range(KILLS):
        rounds.await_some(turn)
        tear_down(far.folder / "home")
        rounds.go(turn)
    assert drive.join().value() == rounds.expected
    rounds.check()


def quiet(project: Project) -> Rounds:
    """One round that nobody disturbs."""
    rounds = Rounds(project, 0, 1)
    rounds.go(0)
    return rounds


def test_nothing_is_left_running(far: Project) -> None:
    rounds = quiet(far)
    assert far.run(before=WIRED, rounds=1).value() == rounds.expected
    wait_until(lambda: agents(far) == [], "for the agents' end")
    assert [file for file in Path(far.folder / "far").rglob("mail/*/*/*") if file.is_file()] == []


BROKEN = WIRED.replace("profile=PROFILE", "command=('sh', '-c', 'echo no space left; exit 3'), profile=PROFILE")


def test_what_can_not_be_placed_says_what_its_agents_have_printed(far: Project) -> None:
    quiet(far)
    report = far.run(before=BROKEN, rounds=1)
    assert report.error["type"] == "PlatformError"
    words = r"could not be placed at cluster: no agent has come up, \d times in a row: exit status 3"
    assert re.search(words, str(report.error))
    assert "no space left" in str(report.error)
    assert far.tasks()["square/1"] == "failed"


def test_what_can_not_be_placed_goes_elsewhere_where_its_step_says_so(far: Project) -> None:
    rounds = quiet(far)
    source = far.folder / "mine.py"
    source.write_text(source.read_text().replace('on="cluster"', 'on=["cluster", "process"]'))
    report = far.run(before=BROKEN, rounds=1)
    assert report.value() == rounds.expected
    assert sum("nothing more can be placed" in note for note in report.notes) == 1


def test_an_agent_that_its_machine_ends_is_told_as_preempted(far: Project) -> None:
    rounds = Rounds(far, 0, 1)
    drive: Drive = far.spawn(before=WIRED, rounds=1)
    wait_until(lambda: (0, 0) in rounds.begun(), "for the one that waits")
    told = agents(far)
    for pid in told:
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not set(told) & set(agents(far)), "for them to go")
    rounds.go(0)
    assert drive.join().value() == rounds.expected
    outcomes = [from_plain(wire.unpack(packed)) for (packed,) in far.rows("SELECT outcome FROM attempt")]
    causes = {outcome.error.cause for outcome in outcomes if outcome.error is not None}
    assert causes == {Cause.PREEMPTED.value}
