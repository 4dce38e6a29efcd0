"""Attempts that outlive their driver, in real runs: nothing of them is lost, started twice or left behind."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from penstock.model.rows import InFlight
from penstock.worker import posix
from tests.system.flows import ROOT, Drive, Project, wait_until

DETACHED = f"""
import sys
from pathlib import Path
sys.path.append({os.fspath(ROOT)!r})
from penstock.launch import preparing
from tests.contract.detached import DetachedExecutor

wire_executors = preparing.wire_executors
preparing.wire_executors = lambda *args, **kwargs: wire_executors(*args, **kwargs) | {{
    "cluster": DetachedExecutor(Path("cluster").absolute())
}}
"""
FAR = f"""
import os, sys
os.environ["HERE"] = os.getcwd()  # agents, which are of this host, inherit it
from pathlib import Path
sys.path.append({os.fspath(ROOT)!r})
from penstock.launch import preparing
from tests.contract.far_bench import far_of

wire_executors = preparing.wire_executors
preparing.wire_executors = lambda *args, tiers, **kwargs: wire_executors(*args, tiers=tiers, **kwargs) | {{
    "cluster": far_of(tiers, Path("far").absolute().as_uri(), Path("home").absolute(), "cluster")
}}
"""
WIRED = DETACHED  # as the fixture `cluster` says
FLOW = """
@step(on="cluster")
def work(x):
    os.chdir(os.environ.get("HERE", "."))
    note("began", x, os.getpid(), current.attempt)
    await_file(f"go-{x}")
    note("ended", x)
    return x

@flow
def main():
    return [future.result() for future in work.map(range(2))]
"""


def cluster_of(project: Project, monkeypatch: pytest.MonkeyPatch, kind: str) -> Project:
    store = ""
    if kind == "far":
        (project.folder / "far").mkdir()
        store = f"[store]\nurl = '{(project.folder / 'far').as_uri()}'\n"
    monkeypatch.setattr(sys.modules[__name__], "WIRED", FAR if kind == "far" else DETACHED)
    project.settings(f"{store}[executors.cluster]\nkind = 'process'\n")
    project.write(FLOW)
    return project


@pytest.fixture(params=["detached", "far"])
def cluster(project: Project, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with a cluster, on which two attempts of a run go on when the driver is dead."""
    return cluster_of(project, monkeypatch, request.param)


@pytest.fixture
def detached(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """One whose attempts say on the disk what they do."""
    return cluster_of(project, monkeypatch, "detached")


def begun(project: Project) -> list[list[str]]:
    return [line.split()[1:] for line in project.trace() if line.startswith("began")]


def await_both(project: Project) -> Drive:
    drive = project.spawn(before=WIRED)
    wait_until(lambda: len(begun(project)) == 2, "for both attempts")
    return drive


def let_go(project: Project) -> None:
    for x in range(2):
        project.touch(f"go-{x}")


def once(project: Project) -> bool:
    return sorted(x for x, *_ in begun(project)) == ["0", "1"]


def test_what_still_runs_is_adopted_and_what_ended_meanwhile_is_taken(cluster: Project) -> None:
    await_both(cluster).kill()
    cluster.touch("go-0")
    cluster.await_note("ended 0")
    executors = cluster.rows("SELECT attempt, executor, handle IS NOT NULL FROM intent")
    assert executors == [(1, "cluster", 1), (1, "cluster", 1)]
    again = cluster.spawn("main/1", before=WIRED)
    cluster.touch("go-1")
    assert again.join().value() == [0, 1]
    assert once(cluster)


def test_what_leaves_the_machine_is_named_by_the_run_s_nonce(detached: Project) -> None:
    await_both(detached)
    let_go(detached)
    folders = [(folder.name,) for folder in (detached.folder / "cluster").iterdir()]
    assert folders == detached.rows("SELECT nonce FROM run")


def test_what_waits_for_its_turn_is_shown_as_placed_and_is_found_too(detached: Project) -> None:
    (detached.folder / "cluster").mkdir()
    detached.touch("cluster/hold")
    drive = detached.spawn(before=WIRED)

    def placed() -> list[str]:
        rows = [
            InFlight(*task) for (text,) in detached.rows("SELECT tasks FROM in_flight") for task in json.loads(text)
        ]
        return [task.handle for task in rows if task.status == "placed"]

    handles = wait_until(lambda: len(found := placed()) == 2 and found, "for both places")
    assert [(handle,) for handle in handles] == detached.rows("SELECT handle FROM intent")
    drive.kill()
    again = detached.spawn("main/1", before=WIRED)
    (detached.folder / "cluster" / "hold").unlink()
    let_go(detached)
    assert again.join().value() == [0, 1]
    assert once(detached)


def test_where_everything_is_killed_it_runs_again_as_another_attempt(cluster: Project) -> None:
    drive = await_both(cluster)
    hosts = [posix.parent_of(posix.parent_of(int(pid)) or 0) or 0 for _, pid, _ in begun(cluster)]
    drive.kill()
    posix.kill(hosts)
    let_go(cluster)
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for _, pid, _ in begun(cluster)), "for their end")
    assert cluster.run("main/1", before=WIRED).value() == [0, 1]
    assert sorted(attempt for _, _, attempt in begun(cluster)) == ["1", "1", "2", "2"]


def test_what_starts_after_an_edit_runs_the_new_code_beside_what_still_runs_the_old(cluster: Project) -> None:
    await_both(cluster).kill()
    cluster.write(FLOW.replace("range(2)", "range(3)").replace('note("ended"', 'note("ended-anew"'))
    cluster.touch("go-2")
    again = cluster.spawn("main/1", before=WIRED)
    cluster.await_note("ended-anew 2")
    let_go(cluster)
    assert again.join().value() == [0, 1, 2]
    assert {"ended 0", "ended 1"} <= set(cluster.trace())


def test_a_step_that_was_moved_elsewhere_is_asked_for_where_it_runs(cluster: Project) -> None:
    await_both(cluster).kill()
    cluster.write(FLOW.replace('@step(on="cluster")', "@step"))
    again = cluster.spawn("main/1", before=WIRED)
    let_go(cluster)
    assert again.join().value() == [0, 1]
    assert once(cluster)


def test_a_driver_that_lost_the_run_leaves_what_the_new_one_has_adopted(cluster: Project) -> None:
    asleep = await_both(cluster)
    cluster.freeze(asleep)
    again = cluster.take_over(before=WIRED)
    asleep.send(signal.SIGCONT)
    assert asleep.join().error["type"] == "FencedError"
    let_go(cluster)
    assert again.join().value() == [0, 1]
    assert once(cluster)


def test_what_the_edited_body_never_calls_again_is_ended_when_the_run_ends(cluster: Project) -> None:
    await_both(cluster).kill()
    cluster.write(FLOW.replace("range(2)", "range(1)"))
    again = cluster.spawn("main/1", before=WIRED)
    cluster.touch("go-0")
    assert again.join().value() == [0]
    assert not any(Path(f"/proc/{pid}").exists() for _, pid, _ in begun(cluster))
    assert "ended 1" not in cluster.trace()
    assert cluster.tasks() == {"work/1": "done", "work/2": "cancelled"}
    _, shown = cluster.penstock("show", "main/1/work/2")
    assert "cancelled" in shown.splitlines()[0]
    assert "ended, since the flow had not called it again when its run ended" in shown


def test_what_was_ended_runs_again_as_another_attempt_where_it_is_called_once_more(cluster: Project) -> None:
    await_both(cluster).kill()
    cluster.write(FLOW.replace("return [", "raise ValueError  # ["))
    assert cluster.run("main/1", before=WIRED).status == "failed"
    assert cluster.tasks() == {"work/1": "cancelled", "work/2": "cancelled"}
    cluster.write(FLOW)
    let_go(cluster)
    assert cluster.run("main/1", before=WIRED).value() == [0, 1]
    assert sorted(attempt for _, _, attempt in begun(cluster)) == ["1", "1", "2", "2"]
    assert "it was cancelled" in cluster.penstock("why", "main/1/work/2")[1]


def test_what_had_ended_well_before_it_was_to_be_ended_is_taken_where_it_is_called_once_more(cluster: Project) -> None:
    await_both(cluster).kill()
    let_go(cluster)
    cluster.await_quiet()
    cluster.write(FLOW.replace("return [", "raise ValueError  # ["))
    assert cluster.run("main/1", before=WIRED).status == "failed"
    assert cluster.tasks() == {"work/1": "cancelled", "work/2": "cancelled"}
    cluster.write(FLOW)
    assert cluster.run("main/1", before=WIRED).value() == [0, 1]
    assert once(cluster)


def test_what_is_never_called_again_is_ended_by_the_next_driver_where_one_dies_before_that_is_written(cluster: Project):
    await_both(cluster).kill()
    cluster.write(FLOW.replace("range(2)", "range(1)"))
    dies = """
import os
from penstock.journal.handle import RunHandle

commit = RunHandle.commit
RunHandle.commit = lambda journal, batch: os._exit(9) if batch.uncalled else commit(journal, batch)
"""
    cluster.touch("go-0")
    assert cluster.spawn("main/1", before=f"{WIRED}\n{dies}").join().code == 9
    assert cluster.tasks() == {"work/1": "done", "work/2": "running"}
    assert cluster.run("main/1", before=WIRED).value() == [0]
    assert cluster.tasks() == {"work/1": "done", "work/2": "cancelled"}
    assert not any(Path(f"/proc/{pid}").exists() for _, pid, _ in begun(cluster))


def test_what_died_with_its_driver_and_is_never_called_again_is_cancelled(project: Project) -> None:
    project.write(
        FLOW.replace('(on="cluster")', "").replace("    await_file", '    log_metrics({"x": x})\n    await_file')
    )
    drive = project.spawn()
    wait_until(lambda: len(project.tasks()) == 2, "for the rows that metrics belong to")
    drive.kill()
    project.write(FLOW.replace('(on="cluster")', "").replace("range(2)", "range(1)"))
    project.touch("go-0")
    assert project.run("main/1").value() == [0]
    assert project.tasks() == {"work/1": "done", "work/2": "cancelled"}


def test_a_run_that_detaches_leaves_them_to_the_next_driver(cluster: Project) -> None:
    body = "    return [future"
    detached = '    futures = work.map(range(2))\n    await_file("leave")\n    LEAVE()\n' + body
    cluster.write(FLOW.replace(body, detached))
    leave = """
import builtins
from penstock.engine.driver import Driver
from penstock.errors import Suspension

submit = Driver.submit
def remembered(driver, *calls):
    builtins.LEAVE = lambda: driver.halt(Suspension("detached"), leave=True)
    return submit(driver, *calls)
Driver.submit = remembered
"""
    drive = cluster.spawn(before=f"{WIRED}\n{leave}")
    wait_until(lambda: len(begun(cluster)) == 2, "for both attempts")
    cluster.touch("leave")
    assert drive.join().status == "cancelled"
    assert all(Path(f"/proc/{pid}").exists() for _, pid, _ in begun(cluster))
    cluster.write(FLOW)
    again = cluster.spawn("main/1", before=WIRED)
    let_go(cluster)
    assert again.join().value() == [0, 1]
    assert once(cluster)
