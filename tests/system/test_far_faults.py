"""What befalls agents and their tier, each for real: a machine that freezes, a tier that is gone, full or read-only, a
clock that is off, another version, an agent that is started twice, the end of an allocation."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import penstock
from penstock.model import join_codes, luggage
from penstock.model.environments import Environment
from penstock.model.events import Began, Lane
from penstock.model.join_codes import JoinCode
from penstock.model.luggage import TravellingEnvironment
from penstock.model.outcomes import Outcome
from penstock.model.states import Cause
from tests.contract.executor_bench import STUCK_S, Bench
from tests.contract.far_bench import COMMAND, LIMITS, PROJECT, FarOnThisHost

STEPS = """
import os, time

def wait_for(began, go):
    open(began, "a").write("x")
    while not os.path.exists(go):
        time.sleep(0.02)
    return "seen"

def large(size):
    return os.urandom(size)

def ok():
    return 7

def token():
    return os.environ["TOKEN"]
"""


def bench_of(folder: Path, **more: object) -> Bench:
    steps = folder / "project" / "steps.py"
    steps.parent.mkdir()
    steps.write_text(STEPS)
    executor = FarOnThisHost(folder, folder / "project" / "store", [steps], **more)
    return Bench(executor, folder / "project", "steps", str(steps))


def patched(folder: Path, code: str) -> tuple[str, ...]:
    """A command of agents with code that each of their processes begins with, and notes in `begun`."""
    (folder / "patches").mkdir()
    note = f"open({str(folder / 'begun')!r}, 'a').write('x')\n"
    (folder / "patches" / "sitecustomize.py").write_text(code + note)
    return ("env", f"PYTHONPATH={folder / 'patches'}", *COMMAND)


def agent_pid(bench: Bench) -> int:
    (handle,) = bench.executor.site.find(bench.spec.nonce).values()
    return bench.executor.site.pid(handle)


def cause_of(outcome: Outcome) -> str | None:
    return outcome.error.cause if outcome.error else None


def is_told(bench: Bench, text: str) -> bool:
    return any(text in notice for notice in bench.notices())


def test_an_agent_that_was_frozen_for_too_long_is_obeyed_by_none(tmp_path: Path):
    began, go = tmp_path / "began", tmp_path / "go"
    with bench_of(tmp_path, limits=LIMITS._replace(partition_s=6.0, max_agents=1, look_s=600.0)) as bench:
        attempt = bench.start("wait_for", str(began), str(go))
        bench.until(began.exists)
        agent = agent_pid(bench)
        os.kill(agent, signal.SIGSTOP)
        try:
            go.touch()  # its worker goes on, and ends well: nobody must hear of that any more
            lost = bench.outcome(attempt)
        finally:
            os.kill(agent, signal.SIGCONT)
        assert cause_of(lost) == Cause.LOST
        bench.until(lambda: not Path(f"/proc/{agent}").exists())
        assert bench.ended() == {attempt: lost}
        assert began.read_text() == "x"


def test_what_a_step_waits_for_there_is_none_of_its_time_and_a_late_secret_comes(tmp_path: Path):
    values: dict[str, str] = {}

    def travelling(asked: Environment | None, step: str) -> object:
        assert asked is not None
        return luggage.environment_to_plain(TravellingEnvironment(tuple(asked), ""))

    with bench_of(tmp_path, environment=travelling, private=lambda: dict(values)) as bench:
        waits = Environment(secrets=["TOKEN"])
        bench.executor.ready(waits, "token")
        attempt = bench.start("token", lane=Lane(1, environment=waits))
        assert bench.value(bench.run("ok", lane=Lane(2))) == 7  # whatever came before it was taken in before
        assert Began(attempt) not in bench.mailbox.events
        assert attempt not in bench.ended()
        values["TOKEN"] = "hidden"
        bench.executor.ready(waits._replace(env=(("A", "b"),)), "other")  # a later step names one
        assert bench.value(bench.outcome(attempt)) == "hidden"


def test_a_tier_that_is_gone_for_a_while_loses_nothing(tmp_path: Path):
    began, go = tmp_path / "began", tmp_path / "go"
    with bench_of(tmp_path) as bench:
        attempt = bench.start("wait_for", str(began), str(go))
        bench.until(began.exists)
        (tmp_path / "tier").rename(tmp_path / "unmounted")
        go.touch()
        next_one = bench.start("ok", lane=Lane(2))
        bench.until(lambda: is_told(bench, "is not there: mount what it lies in"))
        (tmp_path / "unmounted").rename(tmp_path / "tier")
        assert bench.value(bench.outcome(attempt)) == "seen"
        assert bench.value(bench.outcome(next_one)) == 7
        assert began.read_text() == "x"


def test_a_tier_that_is_full_or_read_only_is_told_and_tried_again(tmp_path: Path, mounted: Callable[[str], Path]):
    disk = mounted("size=8m")
    (tmp_path / "tier").symlink_to(disk)
    with bench_of(tmp_path) as bench:
        assert bench.value(bench.run("ok")) == 7
        filler = disk / "filler"
        space = os.statvfs(disk)
        filler.write_bytes(bytes(space.f_bavail * space.f_bsize))
        attempt = bench.start("large", 1_000_000)
        bench.until(lambda: is_told(bench, "full"))
        filler.unlink()
        assert len(bench.value(bench.outcome(attempt))) == 1_000_000
        mounted("ro")
        attempt = bench.start("ok")
        bench.until(lambda: is_told(bench, "read-only"))
        mounted("rw,size=8m")
        assert bench.value(bench.outcome(attempt)) == 7


DAY = "import time; there = time.time; time.time = lambda: there() {sign} 86_400.0\n"


def test_a_clock_that_is_off_by_a_day_changes_nothing(tmp_path: Path):
    for sign in "+-":
        folder = tmp_path / sign
        folder.mkdir()
        with bench_of(folder, command=patched(folder, DAY.format(sign=sign))) as bench:
            outcome = bench.run("ok")
            assert bench.value(outcome) == 7
            assert abs(outcome.usage.began_at - time.time()) < 3600
        assert len((folder / "begun").read_text()) >= 2  # the agent's own process, and that of its workers


def test_an_agent_of_another_version_is_told_with_what_mends_it(tmp_path: Path):
    command = patched(tmp_path, "import penstock.model.mail as mail; mail.VERSION = 99\n")
    with bench_of(tmp_path, command=command) as bench:
        outcome = bench.run("ok")
        assert cause_of(outcome) == Cause.UNPLACED
        assert outcome.error is not None
        assert "it has version 99, and this Penstock knows" in outcome.error.message
        assert "use one version at both ends" in outcome.error.message


def test_an_agent_by_a_python_that_is_too_old_says_so(interpreter: Callable[[str], Path]):
    words = [interpreter("python3.9"), "-m", "penstock.agent", "pa1_x"]
    environ = {"PYTHONPATH": os.fspath(Path(penstock.__file__).parents[1])}
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False, timeout=STUCK_S)
    assert done.returncode == 2
    assert done.stderr.startswith("penstock agent: Python 3.9.")
    assert "is too old, and an agent needs 3.11 or newer" in done.stderr
    assert "Traceback" not in done.stderr


def test_of_an_agent_that_is_started_twice_one_goes(tmp_path: Path):
    began, go = tmp_path / "began", tmp_path / "go"
    with bench_of(tmp_path, limits=LIMITS._replace(max_agents=1)) as bench:
        attempt = bench.start("wait_for", str(began), str(go))
        bench.until(began.exists)
        (name,) = bench.executor.site.find(bench.spec.nonce)
        code = join_codes.write(JoinCode((tmp_path / "tier").as_uri(), PROJECT, bench.spec.nonce, name))
        environ = {**os.environ, "PENSTOCK_AGENT_HOME": str(tmp_path / "home"), "PENSTOCK_AGENT_SIZE": "4 0 0"}
        words = [sys.executable, "-m", "penstock.agent", code]
        twin = subprocess.run(words, env=environ, capture_output=True, text=True, check=False, timeout=STUCK_S)
        assert twin.returncode == 0, twin.stderr
        assert "another agent was started with the same code before it" in twin.stdout
        go.touch()
        assert bench.value(bench.outcome(attempt)) == "seen"
        assert began.read_text() == "x"


def test_what_the_end_of_an_allocation_cuts_is_preempted_and_its_agent_goes(tmp_path: Path):
    command = ("env", "PENSTOCK_AGENT_LEFT_S=16", *COMMAND)
    with bench_of(tmp_path, command=command, limits=LIMITS._replace(max_agents=1)) as bench:
        outcome = bench.run("wait_for", str(tmp_path / "began"), str(tmp_path / "never"))
        assert cause_of(outcome) == Cause.PREEMPTED
        assert outcome.error is not None
        assert "its allocation ended" in outcome.error.message
