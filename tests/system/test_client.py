"""Looking at real runs: while they go, when they are over, and after a crash."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.system.flows import Project, wait_until

FLOW = """
    import logging
    from dataclasses import dataclass
    from pathlib import Path

    @dataclass
    class Trained:
        depth: int
        weights: list

    @step
    def load(rows):
        print("loading", rows)
        return {"x": list(range(rows))}

    @step(retries=1)
    def train(depth, split):
        logging.basicConfig()
        logging.warning("at depth %d", depth)
        if depth == 4 and current.attempt == 1:
            raise ValueError("too deep")
        log_metrics({"accuracy": depth / 10})
        return Trained(depth, split)

    @step
    def picture():
        path = current.tempdir / "picture.svg"
        path.write_text("<svg/>")
        return path

    @flow
    def digits(rows: int = 3):
        split = load.submit(rows)
        picture()
        return train.map([2, 4], split=split["x"]).result()
"""

LOOK = """
import penstock

run = penstock.run("digits")
train = run.task("train/2")
print(run.result()[1].weights, train.inputs["split"], dict(run.params))
print(len(train.attempts), run.metrics.by_task("accuracy"), train.logs()[0].level)
print(run.task("picture").result().read_text(), run.duration.total_seconds() > 0)
"""


def test_everything_of_a_run_can_be_looked_at(project: Project):
    project.write(FLOW)
    project.run(target="mine.py").value()
    (project.folder / "look.py").write_text(LOOK)
    assert project.python("look.py").splitlines() == [
        "[0, 1, 2] [0, 1, 2] {'rows': 3}",
        "2 {'digits/1/train/1': 0.2, 'digits/1/train/2': 0.4} warning",
        "<svg/> True",
    ]
    code, shown = project.penstock("show", "digits/1/train/2")
    assert code == 0
    assert "ValueError too deep" in shown
    code, saved = project.penstock("get", "digits/1/picture", "-o", ".")
    assert (code, (project.folder / "picture.svg").read_text()) == (0, "<svg/>"), saved


def test_values_are_found_from_another_folder(project: Project):
    """The classes of the flow's module are imported from where it lies, though nothing else there is on the path."""
    flows = project.folder / "flows"
    flows.mkdir()
    (project.folder / "penstock.toml").touch()
    project.write(FLOW, "flows/far.py")
    project.run(target="flows/far.py").value()
    code, found = project.penstock("get", "digits/1[0].depth", "--json")
    assert (code, json.loads(found)["content"]) == (0, 2)


def test_a_run_is_followed_line_by_line_with_its_tasks(project: Project):
    project.write("""
        @step
        def slow(number):
            print("begins", number, flush=True)
            await_file(f"go-{number}")
            print("ends", number)

        @flow
        def work():
            for number in (1, 2):
                slow(number)
    """)
    drive = project.spawn(target="mine.py")
    wait_until(lambda: project.rows("SELECT id FROM run"))
    follower = project.popen([sys.executable, "-m", "penstock", "logs", "-f", "work"])
    assert follower.stdout is not None
    lines: list[str] = []
    for expected in ("begins 1", "ends 1", "begins 2", "ends 2"):
        lines.append(next(line for line in follower.stdout if "Next:" not in line))
        assert lines[-1].rstrip().endswith(expected)
        if expected.startswith("begins"):
            project.touch(f"go-{expected[-1]}")
    drive.join().value()
    assert "Next: penstock show work/1" in follower.stdout.read()
    follower.stdout.close()
    assert follower.wait() == 0
    assert [line.split()[1] for line in lines] == ["slow/1", "slow/1", "slow/2", "slow/2"]


def test_a_crashed_run_is_listed_as_such_and_resumed_from_python(project: Project):
    project.write("""
        @step
        def first():
            note("first")
            return 1

        @step
        def second(x):
            note("second")
            await_file("go")
            return x + 1

        @flow
        def work(start: int):
            return start + second(first())
    """)
    drive = project.spawn(target="mine.py", start=40)
    project.await_note("second")
    code, listed = project.penstock("ls", "--json")
    assert (code, json.loads(listed)[0]["status"]) == (0, "running")
    drive.kill()
    code, listed = project.penstock("ls", "--json", "--status", "crashed")
    assert (code, [run["id"] for run in json.loads(listed)]) == (0, ["work/1"])
    project.touch("go")
    resumed = project.python("-c", "import penstock; print(penstock.resume('work'))")
    assert "42" in resumed.splitlines()
    assert project.trace().count("first") == 1
    assert project.status() == "done"


def test_a_resume_from_python_tells_what_a_call_of_the_flow_would(project: Project):
    text = """
        from pathlib import Path
        from penstock import flow, step
        @step
        def part(n): return n
        @flow
        def main():
            part(1)
            if not Path("mended").exists():
                raise ValueError("not mended")
            return part(2)
    """
    project.write(text)
    assert project.penstock("run", "mine.py")[0] == 1
    program = """
        import sys, traceback, penstock
        try:
            penstock.resume("main/1")
        except ValueError as error:
            print(*(frame.filename.rpartition("/")[2] for frame in traceback.extract_tb(error.__traceback__)))
    """
    project.write(program, "again.py")
    said = project.python("again.py").splitlines()
    assert said[:2] == ["main/1 resumed", "main/1 part: 1 done, 1 reused"]
    assert said[2].endswith("; go on with: penstock resume main/1")
    assert said[3] == "again.py __init__.py mine.py"
    project.touch("mended")
    project.write(text.replace("return n", "return n + 1"))
    said = project.python("-c", "import penstock; penstock.resume('main/1'); penstock.fork('main/1')").splitlines()
    assert said[0].startswith("part: part() in mine.py changed since 1 result of this run was made: it is kept")
    assert [line.partition(" in ")[0] for line in said[1:] if "part" not in line] == [
        "main/1 resumed",
        "main/1 done",
        "main/2 started",
        "main/2 done",
    ]


def test_reading_changes_nothing(project: Project):
    project.write(FLOW)
    project.run(target="mine.py").value()
    before = written(project)
    for words in (("ls",), ("show",), ("show", "digits/1/train/2"), ("logs",), ("get",), ("get", "digits/1/picture")):
        code, output = project.penstock(*words)
        assert code == 0, output
    assert written(project) == before


def written(project: Project) -> dict[Path, int]:
    """When each file of the project was written last, but for what SQLite keeps beside a journal that is open."""
    files = (path for path in (project.folder / ".penstock").rglob("*") if path.is_file())
    return {path: path.stat().st_mtime_ns for path in files if not path.name.endswith(("-shm", "-wal"))}
