"""What steps and bodies display: committed with what made it, and found again by replays, caches and forks."""

from __future__ import annotations

import json

from penstock.artifacts.plain_bytes import plain_bytes
from penstock.journal import needs, recorded
from penstock.model.outcomes import Recorded
from penstock.project import Project as OpenProject
from penstock.settings import Settings
from tests.system.flows import Project, wait_until

SHOWING = """
from penstock import HTML, current, display
from pathlib import Path

@step(cache=True, retries=1)
def draw(text):
    display(f"# attempt {current.attempt}")
    display(HTML("<script>alert(1)</script>"), "page", caption="to look at")
    for epoch in range(3):
        display({"epoch": epoch}, "curve", step=epoch)
    display("replaced", "last")
    display("x" * 100_000, "last")
    if current.attempt == 1 and Path("fails").exists():
        raise ValueError("once")
    return text

@flow
def inner(x: int):
    display(f"inner {x}")
    return draw(str(x))

@flow
def main(x: int = 1, other: int = 0):
    display("from the body")
    display(inner(x), "result")
    await_file("go")
    return x
"""


def found(project: Project, run: int = 1) -> dict[int, tuple[Recorded, ...]]:
    opened = OpenProject(Settings.load(project.folder, {}))
    return recorded.by_task(opened.reader.database, run)


def names(records: tuple[Recorded, ...]) -> list[tuple[str, int | None]]:
    return [(one.name, one.step) for one in records]


def content(project: Project, one: Recorded) -> bytes:
    (value,) = one.values
    return bytes(plain_bytes(value.record, OpenProject(Settings.load(project.folder, {})).store))


DRAWN = [("1", None), ("curve", 0), ("curve", 1), ("curve", 2), ("last", None), ("page", None)]


def test_displays_are_committed_with_their_outcome_and_replays_add_none(project: Project) -> None:
    project.write(SHOWING)
    project.touch("go")
    project.touch("fails")
    assert project.run().value() == 1
    seen = found(project)
    assert {task: names(records) for task, records in seen.items()} == {
        0: [("1", None), ("result", None)],
        1: [("1", None)],
        2: DRAWN,
    }
    (first, *_, last, page) = seen[2]
    assert content(project, first) == b"# attempt 2", "what the failed attempt displayed is gone"
    assert content(project, last) == b"x" * 100_000
    assert json.loads(page.data) == {"media": "text/html", "caption": "to look at"}
    opened = OpenProject(Settings.load(project.folder, {}))
    held = set(needs.blobs_of_run(opened.reader, 1))
    assert held >= {blob for value in last.values for blob in value.blobs} > set()


def test_a_resume_finds_them_and_the_body_takes_the_place_of_its_own(project: Project) -> None:
    project.write(SHOWING)
    drive = project.spawn()
    wait_until(lambda: names(found(project).get(0, ())) == [("1", None), ("result", None)])
    drive.kill()
    before = found(project)[2]
    project.write(SHOWING.replace('display("from the body")', 'display("edited", "else")'))
    project.touch("go")
    assert project.run("main/1").value() == 1
    after = found(project)
    assert after[2] == before
    assert names(after[0]) == [("else", None), ("result", None)]
    assert names(after[1]) == [("1", None)]


def test_a_cached_and_a_forked_task_have_what_they_displayed(project: Project) -> None:
    project.write(SHOWING)
    project.touch("go")
    project.run()
    project.run(other=2)
    assert found(project, 2)[2] == found(project)[2]
    opened = OpenProject(Settings.load(project.folder, {}))
    assert set(needs.blobs_of_run(opened.reader, 2)) >= {
        blob for one in found(project, 2)[2] for value in one.values for blob in value.blobs
    }
