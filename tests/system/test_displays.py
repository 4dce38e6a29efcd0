"""What steps and bodies display: committed with what made it, and found again by replays, caches and forks."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from penstock import HTML, current, display
from penstock.artifacts.plain_bytes import plain_bytes
from penstock.client.flow_runs import Run
from penstock.errors import NotFoundError, UsageError
from penstock.journal import needs, recorded
from penstock.model.outcomes import Recorded
from penstock.project import Project as OpenProject
from penstock.reading.reader import JournalReader
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


def opened(project: Project) -> OpenProject:
    return OpenProject(Settings.load(project.folder, {}))


def found(project: Project, run: int = 1) -> dict[int, tuple[Recorded, ...]]:
    return recorded.by_task(opened(project).reader.database, run)


def names(records: tuple[Recorded, ...]) -> list[tuple[str, int | None]]:
    return [(one.name, one.step) for one in records]


def content(project: Project, one: Recorded) -> bytes:
    (value,) = one.values
    return bytes(plain_bytes(value.record, opened(project).store))


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
    held = set(needs.blobs_of_run(opened(project).reader, 1))
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
    assert set(needs.blobs_of_run(opened(project).reader, 2)) >= {
        blob for one in found(project, 2)[2] for value in one.values for blob in value.blobs
    }


def shell(project: Project, *words: str) -> str:
    found = subprocess.run(
        [sys.executable, "-m", "penstock", *words],
        check=False,
        cwd=project.folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_they_are_named_and_saved_by_the_command_line(project: Project) -> None:
    project.write(SHOWING)
    project.touch("go")
    project.run()
    shown = shell(project, "show", "main/1/draw/1")
    assert "Displays" in shown
    assert "to look at" in shown
    assert "main/1/inner/1" in shell(project, "show", "main/1")
    assert shell(project, "get", "main/1/draw/1", "--display", "page") == "<script>alert(1)</script>\n"
    assert json.loads(shell(project, "get", "main/1", "--display", "curve", "--step", "1")) == {"epoch": 1}
    shell(project, "get", "main/1/draw/1", "--display", "page", "-o", ".")
    assert (project.folder / "main-1-draw-1-page.html").read_text() == "<script>alert(1)</script>"
    told = json.loads(shell(project, "show", "--json", "main/1/draw/1"))["displays"]
    assert [(one["name"], one["step"]) for one in told] == DRAWN
    assert told[-1]["media"] == "text/html"


def test_a_display_is_looked_at_from_python(project: Project, require: Callable[[str], None]) -> None:
    require("pandas")
    import pandas

    project.write("""
        import pandas
        from penstock import display

        @step
        def draw():
            display(pandas.DataFrame({"a": [1, 2]}), "table")
            display([1, 2], "list")

        @flow
        def main():
            draw()
            display("the end")
    """)
    project.run()
    run = Run.find(JournalReader(opened(project)), "")
    assert [(one.task, one.name) for one in run.displays] == [
        ("main/1", "1"),
        ("main/1/draw/1", "list"),
        ("main/1/draw/1", "table"),
    ]
    task = run.task("draw")
    table = task.displays.named("table")
    assert table.load().equals(pandas.DataFrame({"a": [1, 2]}))
    assert table.save(project.folder / "t.csv").read_text().splitlines() == ["a", "1", "2"]
    assert task.displays.named("list").load() == [1, 2]
    assert run.displays.named("1")._repr_mimebundle_()["text/markdown"] == "the end"
    with pytest.raises(NotFoundError, match="main/1/draw/1 displays nothing named 'lst'; it displays list, table"):
        task.displays.named("lst")


def test_runs_are_tagged_named_and_noted_from_everywhere(project: Project) -> None:
    project.write("""
        @step(retries=1)
        def train():
            current.tag("tried", f"attempt={current.attempt}")
            current.note("odd\\nindeed")
            if current.attempt == 1:
                raise ValueError

        @flow
        def main():
            current.name("first")
            train()
            current.tag("done")
    """)
    project.run()
    run = Run.find(JournalReader(opened(project)), "")
    assert (run.tags, run.name, run.note) == (("attempt=2", "done", "tried"), "first", "odd\nindeed")
    run.tag("best", "depth=4")
    run.untag("tried", "never")
    run.name, run.note = "baseline", ""
    assert (run.tags, run.name, run.note) == (("attempt=2", "best", "depth=4", "done"), "baseline", "")
    with pytest.raises(UsageError, match="is no name of a run: it has several lines, and may have one"):
        run.name = "a\nb"
    shell(project, "run", "--name", "second", "--tag", "x=1", "mine.py:main")
    assert "first" in shell(project, "ls"), "the body's own name counts, since it came later"
    assert shell(project, "note", "main/1", "no augmentation") == "main/1 (baseline): no augmentation\n"
    assert json.loads(shell(project, "note", "main/1", "--name", "b", "--json")) == {
        "run": "main/1",
        "name": "b",
        "note": "no augmentation",
    }
    listed = json.loads(shell(project, "ls", "--json", "--filter", '"augment"'))
    assert [(one["id"], one["name"]) for one in listed] == [("main/1", "b")]


def test_outside_of_a_run_it_prints_and_keeps_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    display("# text")
    display({"a": 1}, "named", caption="c")
    display(HTML("<b>"))
    current.tag("nothing")
    current.note("nothing")
    assert capsys.readouterr().out == '# text\n{"a": 1}\n<b>\n'
    for name in ("", "a\nb", "x" * 201):
        with pytest.raises(ValueError, match="it can't be recorded"):
            display("x", name)
    with pytest.raises(TypeError, match="step='a' of display is no whole number"):
        display("x", "n", step="a")  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="is no tag of a run"):
        current.tag("")
