"""An agent under one driver after another."""

from __future__ import annotations

import os
import shutil
import signal
from pathlib import Path

from penstock.executors.far_fleet import FleetLimits
from penstock.model.events import Adopted, Began, Lane, Placed
from penstock.model.states import Cause
from tests.contract.executor_bench import Bench
from tests.contract.far_bench import LIMITS, PROJECT, FarOnThisHost


def driver(folder: Path, number: int, code: str, limits: FleetLimits = LIMITS) -> Bench:
    steps = folder / "project" / "steps.py"
    steps.parent.mkdir(exist_ok=True)
    steps.write_text(code)
    executor = FarOnThisHost(folder, folder / "project" / "store", [steps], limits=limits)
    return Bench(executor, folder / "project", "steps", str(steps), driver=str(number))


def test_what_starts_under_a_later_driver_has_the_code_of_that_driver(tmp_path: Path):
    values: list[object] = []
    agents: set[str] = set()
    for number, code in enumerate(("def said():\n    return 'old'\n", "def said():\n    return 'new'\n"), 1):
        bench = driver(tmp_path, number, code)
        outcome = bench.run("said")
        values.append(bench.value(outcome))
        agents.add(outcome.worker.rpartition(f"-{number}-")[0])
        bench.executor.close(leave=number == 1)
    assert values == ["old", "new"]
    assert len(agents) == 1


def test_what_had_a_seat_that_was_removed_with_its_run_is_unknown_to_the_next_driver_at_once(tmp_path: Path):
    code = "import time\n\ndef waits():\n    time.sleep(600)\n"
    with driver(tmp_path, 1, code) as first:
        runs, waits = first.attempt("waits"), first.attempt("waits")
        first.executor.start([(runs, (Lane(1),))])
        first.until(lambda: Began(runs.id) in first.mailbox.events)
        (handle,) = [event.handle for event in first.mailbox.events if isinstance(event, Placed) and event.handle]
    with driver(tmp_path, 2, code) as second:
        second.executor.adopt(waits, handle)
        second.until(lambda: Adopted(waits.id, False) in second.mailbox.events)


def test_no_more_agents_are_placed_by_two_drivers_than_their_run_may_have(tmp_path: Path):
    for number in (1, 2):
        bench = driver(tmp_path, number, "def said():\n    return 1\n", LIMITS._replace(max_agents=1))
        assert bench.value(bench.run("said")) == 1
        assert len(bench.executor.site.find(bench.spec.nonce)) == 1
        bench.executor.close(leave=number == 1)


STEPS = """
import time
from penstock import current

def count(file):
    saved = current.checkpoint_dir / "count"
    before = int(saved.read_text()) if saved.exists() else 0
    saved.write_text(str(before + 1))
    while not before and not __import__("os").path.exists(file):
        time.sleep(0.05)
    return before
"""


def test_what_a_machine_that_is_gone_had_saved_is_there_for_the_next_try_elsewhere(tmp_path: Path):
    bench = driver(tmp_path, 1, STEPS)
    with bench:
        first = bench.attempt("count", str(tmp_path / "never"))._replace(basis=b"code")
        bench.executor.start([(first, (Lane(1),))])
        saved = tmp_path / "tier" / PROJECT / "checkpoints"
        bench.until(lambda: any(saved.rglob("count-*")))
        (handle,) = bench.executor.site.find(bench.spec.nonce).values()
        os.killpg(os.getpgid(bench.executor.site.pid(handle)), signal.SIGKILL)
        bench.until(lambda: first.id in bench.ended())
        lost = bench.ended()[first.id]
        assert lost.error
        assert lost.error.cause == Cause.LOST
        shutil.rmtree(tmp_path / "home" / PROJECT)  # another machine has nothing of it
        again = first._replace(id=first.id.replace("#1", "#2"))
        bench.executor.start([(again, (Lane(2),))])
        bench.until(lambda: again.id in bench.ended())
        assert bench.value(bench.ended()[again.id]) == 1


def test_an_agent_that_cant_get_ready_says_why(tmp_path: Path):
    (tmp_path / "home" / PROJECT).mkdir(parents=True)
    (tmp_path / "home" / PROJECT / "code").write_text("")
    bench = driver(tmp_path, 1, "def said():\n    return 1\n")
    with bench:
        error = bench.run("said").error
        assert error
        assert error.cause == Cause.UNPLACED
        assert "it can't get ready for the run: can't write to the agent's folder" in error.message
