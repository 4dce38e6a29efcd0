"""What waits for a site and why, and what its agents do, by what runs have noted and the site has said."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.journal.views import RunRow, StepRow
from penstock.model.agents import AgentSight
from penstock.model.mail import Heart, Hello, pack_heart, read_heart
from penstock.model.rows import Granted, InFlight, StepCount
from penstock.reading.site_facts import NotedRun, SeenAgent, SiteAnswer, told
from penstock.reading.site_structs import SiteInfo
from penstock.settings import ExecutorSettings

DECLARED = ExecutorSettings("ssh", max_agents=2)
NONCE = "5f0c9a1e"
HEART = Heart(3, Hello(4.0, 1 << 33, 1, "0.1.0", "gpu1"), 0.5)


def flight(number: int, status: str, handle: str = "", executor: str = "gpus") -> InFlight:
    return InFlight(
        number, f"train/{number}", status, 100.0, 1, executor, handle=handle, granted=Granted(executor, 1.5, 1 << 30, 1)
    )


def run(*flights: InFlight, waiting: int = 0, status: str = "running") -> NotedRun:
    given: dict[str, Any] = dict.fromkeys(RunRow._fields)
    given |= {"flow": "digits", "number": 3, "nonce": NONCE, "status": status, "id": 1, "started_at": 100.0}
    row = RunRow(**{**given, "counts": (StepCount("train", waiting=waiting),)})
    return NotedRun(row, flights, [StepRow("mine.train", "train", "", granted=Granted("gpus"))])


def seen(*agents: tuple[int, str, str], heart: Heart | None = HEART) -> SiteAnswer:
    """Agents by number, state and why."""
    return SiteAnswer(
        {
            f"{NONCE}-gpus-1-{number}": SeenAgent("digits/3", AgentSight(state, why), heart)
            for number, state, why in agents
        },
        "",
        200.0,
    )


def site(answer: SiteAnswer, *runs: NotedRun) -> SiteInfo:
    return told("gpus", DECLARED, "file:///shared", answer, runs)


def why(answer: SiteAnswer, *flights: InFlight) -> str:
    (waits,) = site(answer, run(*flights)).waiting
    return waits.why


def test_an_agent_has_the_tasks_whose_seats_it_is() -> None:
    there = flight(1, "running", f"{NONCE}-gpus-1-2.0000-aa")
    elsewhere = flight(2, "running", f"{NONCE}-others-1-2.0000-aa", "others")
    found = site(seen((10, "running", ""), (2, "running", "")), run(there, elsewhere))
    first, second = found.agents
    assert [agent.name for agent in found.agents] == [f"{NONCE}-gpus-1-2", f"{NONCE}-gpus-1-10"]
    assert [(task.task, task.cpu, task.memory_bytes, task.gpu) for task in first.tasks] == [
        ("digits/3/train/1", 1.5, 1 << 30, 1)
    ]
    assert second.tasks == ()
    assert (first.host, first.cpu, first.memory_bytes, first.gpus, first.load) == ("gpu1", 4.0, 1 << 33, 1, 0.5)
    assert found.asked_at is not None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (SiteAnswer({}, "gpu1 does not answer", 200.0), "its site can't be asked"),
        (SiteAnswer(), "its site was not asked yet"),
        (SiteAnswer(asked_at=50.0), "its site was not asked yet"),  # of this run
        (SiteAnswer(asked_at=200.0), "its site does not show it"),
    ],
)
def test_an_agent_with_a_task_is_shown_though_its_site_says_nothing(answer: SiteAnswer, words: str) -> None:
    (agent,) = site(answer, run(flight(1, "running", f"{NONCE}-gpus-1-2.a"))).agents
    assert (agent.state, agent.why, agent.run, len(agent.tasks)) == ("unknown", words, "digits/3", 1)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (seen(), "no agent is there yet"),
        (SiteAnswer(), "`penstock doctor --on gpus` says what is wrong"),
        (seen((1, "pending", "it waits for free nodes")), "1 agent pending: it waits for free nodes"),
        (SiteAnswer({}, "gpu1: Connection refused", 1.0), "gpu1: Connection refused"),
        (seen((1, "running", ""), heart=None), "an agent is being started"),
        (seen((1, "running", ""), (2, "running", "")), "max_agents is 2"),
        (seen((1, "running", "")), "more are being placed"),
        (seen((1, "ended", "exit status 1")), "no agent is there yet"),
    ],
)
def test_why_what_was_sent_has_no_seat(answer: SiteAnswer, words: str) -> None:
    assert words in why(answer, flight(1, "placed"))


def test_what_comes_before_waits_for_results_or_its_turn() -> None:
    behind, sent = site(seen(), run(flight(1, "placed"), waiting=5)).waiting
    assert (behind.tasks, behind.step) == (4, "train")
    assert "results" in behind.why
    assert (sent.run, sent.step, sent.tasks) == ("digits/3", "train", 1)


def test_nothing_waits_for_a_driver_that_is_gone() -> None:
    assert site(seen(), run(flight(1, "placed"), waiting=5, status="crashed")).waiting == ()


def test_a_heart_says_whose_it_is_and_is_another_one_with_each_beat() -> None:
    assert read_heart(pack_heart(HEART)) == HEART
    assert pack_heart(HEART) != pack_heart(HEART._replace(beats=4))


@pytest.mark.parametrize("data", [b"", b"17", b"\x00\xff", pack_heart(HEART)[:-3]])
def test_a_heart_of_another_version_or_a_damaged_one_says_nothing(data: bytes) -> None:
    assert read_heart(data) is None
