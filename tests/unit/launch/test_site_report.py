"""What a trial of a site says of it."""

from __future__ import annotations

import pytest

from penstock.launch import site_report
from penstock.launch.site_mends import mend_of
from penstock.launch.site_sight import Sightings
from penstock.model.agents import AgentSight, AgentSize
from penstock.model.mail import Hello


def seen(**facts: object) -> Sightings:
    found = Sightings()
    for name, value in facts.items():
        setattr(found, name, value)
    return found


def test_the_time_until_an_agent_takes_attempts_has_its_parts() -> None:
    came = seen(ordered_at=10.0, placed_at=10.5, running_at=13.5, hello_at=14.0, seat_at=14.25)
    stages = {stage.stage: stage.took_s for stage in site_report.coming(came)}
    assert stages == {"order": 0.5, "queue": 3.0, "start": 0.75}


def test_an_agent_that_writes_before_its_site_knows_that_it_runs_has_left_the_queue() -> None:
    came = seen(ordered_at=1.0, placed_at=2.0, running_at=9.0, hello_at=4.0, seat_at=5.0)
    assert [stage.took_s for stage in site_report.coming(came)] == [1.0, 2.0, 1.0]


def test_of_an_agent_that_never_began_the_order_alone_is_told() -> None:
    assert [stage.stage for stage in site_report.coming(seen(ordered_at=1.0, placed_at=2.0))] == ["order"]
    assert list(site_report.coming(Sightings())) == []


def test_what_the_first_task_alone_took_is_its_environment() -> None:
    environment, task = site_report.running(3.0, 0.5, 0.125)
    assert (environment.took_s, task.took_s) == (2.5, 0.5)
    assert "125 ms" in task.note
    assert next(site_report.running(0.4, 0.5, 0.1)).took_s == 0.0


@pytest.mark.parametrize(
    ("came", "what", "words"),
    [
        (seen(ordered_at=1.0, refused="gpu1: Permission denied"), "place", "gpu1: Permission denied"),
        (seen(placed_at=1.0, end=AgentSight("ended", "exit status 127", "sh: no")), "agent", "exit status 127\nsh: no"),
        (seen(placed_at=1.0, hello_at=2.0, bye="a letter can't be read here"), "agent", "a letter can't be read here"),
        (seen(placed_at=1.0, pending="it waits for free nodes"), "queue", "it waits for free nodes"),
        (seen(placed_at=1.0, running_at=2.0), "agent", "took no attempt within 1 min 30 s"),
        (Sightings(), "place", "did not answer within 1 min 30 s"),
    ],
)
def test_why_no_agent_takes_attempts_is_named(came: Sightings, what: str, words: str) -> None:
    finding = site_report.failure_to_come(came, 90.0)
    assert (finding.what, finding.level) == (what, "problem")
    assert words in finding.found


def test_the_end_of_the_bound_says_how_to_wait_longer() -> None:
    assert "--wait" in site_report.failure_to_come(seen(placed_at=1.0, pending="others are before it"), 1.0).mend


@pytest.mark.parametrize(
    ("said", "mend"),
    [
        ("exit status 1\nModuleNotFoundError: No module named 'penstock'", "install Penstock"),
        ('exit status 1\n  File "x.py", line 3\nSyntaxError: invalid syntax', "too old"),
        ("exit status 127\nsh: penstock: not found", "`agent` names a program"),
        ("exit status 126", "by `home`"),
        ("the store /s can't be written: Read-only file system", "mount it for writing"),
        ("the store /s can't be written: Permission denied", "have its owner"),
        ("it has version 2, and this Penstock knows 1: use one version at both ends", "version"),
        ("killed by SIGKILL", "raise `memory`"),
        ("no run waits for this agent: this machine has another folder under that name", "mount it there"),
    ],
)
def test_what_others_say_gets_a_mend(said: str, mend: str) -> None:
    assert mend in mend_of(said)


@pytest.mark.parametrize("said", ["can't write to /x: name another folder by HOME: No space left on device", "fine"])
def test_what_says_its_mend_gets_no_other(said: str) -> None:
    assert mend_of(said) == ""


def test_gpus_that_lack_and_another_version_are_found() -> None:
    came = seen(hello=Hello(2.0, None, 0, "0.9", "gpu1"))
    gpus, version = site_report.of_agent(came, AgentSize(1.0, None, 2), "0.1")
    assert (gpus.what, gpus.level, gpus.found) == ("GPUs", "problem", "0 of 2 on gpu1")
    assert (version.what, version.level) == ("version", "note")
    assert list(site_report.of_agent(came, AgentSize(1.0, None), "0.9")) == []
    assert list(site_report.of_agent(Sightings(), AgentSize(1.0, None, 2), "0.1")) == []


MACHINE = {"host": "gpu1", "machine": "Linux x86_64", "python": "3.11.7", "time": 1000.0, "free_bytes": 1 << 40}


@pytest.mark.parametrize(("at", "side"), [(1000.0 - 86_400, "behind"), (1000.0 + 86_400, "ahead")])
def test_a_clock_that_is_off_by_a_day_is_noted(at: float, side: str) -> None:
    _, clock = site_report.of_machine({**MACHINE, "time": at}, 999.0, 1001.0)
    assert (clock.what, clock.level) == ("clock", "note")
    assert clock.found.startswith("23 h 59 min")
    assert side in clock.found


def test_of_a_sound_machine_nothing_is_noted_but_what_it_is() -> None:
    (machine,) = site_report.of_machine(MACHINE, 999.0, 1001.0)
    assert (machine.level, machine.found) == ("ok", "gpu1, Linux x86_64, Python 3.11.7")


def test_little_space_is_noted() -> None:
    _, space = site_report.of_machine({**MACHINE, "free_bytes": 1 << 20}, 999.0, 1001.0)
    assert (space.what, space.level) == ("disk space", "note")
