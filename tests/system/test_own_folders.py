"""`current.tempdir`: each attempt's own, empty at first, stored before it is removed, and never left behind."""

from __future__ import annotations

import pytest

from tests.system.flows import Project, wait_until

STEPS = '''
from pathlib import Path
from penstock.errors import PenstockError

def empty_then_full():
    """A file below the attempt's own folder, which was empty."""
    assert os.listdir(current.tempdir) == [], "it is not empty"
    assert current.tempdir == current.tempdir
    path = current.tempdir / "plot.txt"
    path.write_text(f"of attempt {current.attempt}")
    note(current.tempdir)
    return path

def ends(how):
    if current.attempt == 1:
        if how == "raise":
            raise ValueError(how)
        if how == "kill":
            os.kill(os.getpid(), 9)
        if how == "exit":
            os._exit(3)
        if how == "slow":
            time.sleep(60)
'''


def left(project: Project) -> list[str]:
    """The folders that are there of those that the attempts had."""
    return [line for line in project.trace() if (project.folder / line).exists()]


@pytest.mark.parametrize(
    ("where", "how"),
    [
        *(("process", how) for how in ("return", "raise", "kill", "exit", "slow")),
        ("inline", "return"),
        ("inline", "raise"),
    ],
)
def test_it_is_removed_when_the_attempt_ends_however_it_ends(project: Project, where: str, how: str) -> None:
    project.write(
        STEPS
        + f"""
@step(on={where!r}, retries=1, timeout=1.0 if {how!r} == "slow" else None)
def draw():
    path = empty_then_full()
    ends({how!r})
    return {{"plots": [path, path.parent]}}

@flow
def main():
    plots = draw()["plots"]
    end = time.monotonic() + 60  # what a dead worker has left is removed by a thread
    while time.monotonic() < end and any(map(os.path.exists, open("trace").read().split())):
        time.sleep(0.005)
    left = [line for line in open("trace").read().split() if os.path.exists(line)]
    return plots[0].read_text(), [file.name for file in plots[1].iterdir()], left
"""
    )
    attempts = 1 if how == "return" else 2
    assert project.run().value() == [f"of attempt {attempts}", ["plot.txt"], []]
    assert len(set(project.trace())) == attempts


def test_after_a_crash_it_is_empty_again(project: Project) -> None:
    project.write(
        STEPS
        + """
@step
def draw():
    path = empty_then_full()
    note("is in")
    await_file("go")
    return path

@flow
def main():
    return draw().read_text()
"""
    )
    drive = project.spawn()
    project.await_note("is in")
    drive.kill()
    project.await_quiet()
    (folder,) = [line for line in project.trace() if line != "is in"]
    assert left(project) == [folder]
    project.touch("go")
    assert project.run("main/1").value().startswith("of attempt ")
    wait_until(lambda: not left(project), "for the removal of what was left")
