"""New runs from old ones, resumes after an edit, and what `--dry-run` says of both before they run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

import pytest

from tests.system.flows import Project

SHAPES = "SCALE = 2\n\ndef area(n):\n    return SCALE * n\n"
FLOW = """
import shapes

@step
def load(rows):
    note("load", rows)
    return list(range(rows))

@step(retries=RETRIES)
def train(depth, values):
    note("train", depth)
    log_metrics({"depth": depth})
    return depth * shapes.area(len(values))

@step
def report(scores):
    note("report")
    return max(scores)

@flow
def main(rows: int = 3, depths: list = [1, 2]):
    values = load.submit(rows)
    return report(train.map(depths, values=values))
"""
Ask = Callable[..., str]


@pytest.fixture
def ask(project: Project) -> Ask:
    """The command line's output; what it is asked works."""
    project.write(SHAPES, "shapes.py")
    project.write(FLOW.replace("RETRIES", "0"))

    def call(*words: str, code: int = 0) -> str:
        came, output = project.penstock(*words)
        assert came == code, output
        return output

    call("run", "mine.py")
    (project.folder / "trace").unlink()
    return call


def steps(forecast: str) -> dict[str, tuple[int, int]]:
    return {
        step["step"]: (step["reused"], step["run"]) for step in json.loads(forecast[forecast.index("{") :])["steps"]
    }


def test_a_fork_of_the_same_reuses_everything_and_says_where_it_came_from(project: Project, ask: Ask) -> None:
    assert "main/2 done" in ask("fork", "main/1")
    assert project.trace() == []
    run = json.loads(ask("show", "--json", "main/2"))
    assert run["origin"] == {"run": "main/1", "from_step": "", "keep_code": False, "only": ""}
    assert [metric["tasks"] for metric in run["metrics"]] == [2]
    assert "forked from  main/1" in ask("show", "main/2")
    assert "main/2/train/1 was reused from main/1/train/1" in ask("why", "main/2/train/1")
    # A fork of a fork names who made it.
    ask("fork", "main/2")
    assert "main/3/train/1 was reused from main/1/train/1" in ask("why", "main/3/train/1")


def test_resources_never_count(project: Project, ask: Ask) -> None:
    project.write(FLOW.replace("RETRIES", "3, memory='1GiB', timeout='1h', cpu=0.5"))
    ask("fork", "main/1")
    assert project.trace() == []


def test_other_parameters_run_what_they_change(project: Project, ask: Ask) -> None:
    assert steps(ask("fork", "--dry-run", "--json", "main/1", "--depths", "[2, 4]")) == {
        "load": (1, 0),
        "train": (1, 1),
        "report": (0, 1),
    }
    assert project.trace() == []
    ask("fork", "main/1", "--depths", "[2, 4]")
    assert project.trace() == ["train 4", "report"]
    assert "input depth is 4, was 2" in ask("why", "main/2/train/2")
    assert json.loads(ask("show", "--json", "main/2"))["params"][0]["value"]["text"] == "3"


def test_edited_helpers_run_again_and_all_tell_the_same(project: Project, ask: Ask) -> None:
    project.write(SHAPES.replace("SCALE = 2", "SCALE = 3"), "shapes.py")
    said = ask("fork", "--dry-run", "main/1")
    assert [line.split() for line in said.splitlines()[1:4]] == [
        ["load", "1"],
        ["train", "2", "SCALE", "in", "shapes.py", "changed"],
        ["report", "1", "input", "scores", "comes", "from", "train,", "which", "would", "run"],
    ]
    ask("fork", "main/1")
    assert sorted(project.trace()) == ["report", "train 1", "train 2"]
    assert "main/2/train/2 ran because SCALE in shapes.py changed" in ask("why", "main/2/train/2")


def test_keep_code_reuses_what_other_code_made(project: Project, ask: Ask) -> None:
    project.write(SHAPES.replace("SCALE = 2", "SCALE = 3"), "shapes.py")
    ask("fork", "--keep-code", "main/1")
    assert project.trace() == []


def test_from_a_step_on_nothing_is_reused(project: Project, ask: Ask) -> None:
    assert steps(ask("fork", "--dry-run", "--json", "--from", "train", "main/1")) == {
        "load": (1, 0),
        "train": (0, 2),
        "report": (0, 1),
    }
    ask("fork", "--from", "train", "main/1")
    assert sorted(project.trace()) == ["report", "train 1", "train 2"]
    assert "main/2/train/1 ran because of --from train" in ask("why", "main/2/train/1")


def test_from_a_step_on_not_even_cached_results_are_reused(project: Project, ask: Ask) -> None:
    project.write(FLOW.replace("retries=RETRIES", "cache=True"))
    ask("run", "mine.py")
    ask("fork", "--from", "train", "main/2")
    assert project.trace().count("train 1") == 2


def test_one_step_alone_on_the_inputs_that_it_had(project: Project, ask: Ask) -> None:
    project.write(SHAPES.replace("SCALE = 2", "SCALE = 3"), "shapes.py")
    assert "main-train/1 done" in ask("fork", "--only", "train", "main/1")
    assert sorted(project.trace()) == ["train 1", "train 2"]
    assert ask("get", "main-train/1").split()[:4] == ["[", "9,", "18", "]"]
    ask("fork", "--only", "train/2", "main/1")
    assert ask("get", "main-train/2").startswith("18")
    assert json.loads(ask("show", "--json", "main/1"))["result"]["text"] == "12"  # kept apart
    assert ask("fork", "--only", "train", "main/1", "--rows", "4", code=2).startswith("penstock: --only runs train on")


def test_a_trial_neither_reads_nor_fills_the_cache_and_can_be_resumed(project: Project, ask: Ask) -> None:
    project.write(
        FLOW.replace("retries=RETRIES", "cache=True").replace('note("train", depth)', 'note("t"); 1 / DIVISOR')
    )
    (project.folder / "mine.py").write_text((project.folder / "mine.py").read_text() + "\nDIVISOR = 1\n")
    ask("run", "mine.py")
    source = (project.folder / "mine.py").read_text()
    (project.folder / "mine.py").write_text(source.replace("DIVISOR = 1", "DIVISOR = 0"))
    ask("fork", "--only", "train", "main/2", code=1)
    (project.folder / "mine.py").write_text(source)
    before = len(project.trace())
    assert "main-train/1 done" in ask("resume", "main-train/1")
    assert len(project.trace()) == before + 2
    assert project.rows("SELECT count(*) FROM cache WHERE task LIKE 'main-train/%'") == [(0,)]


def test_a_fork_that_was_killed_goes_on_with_what_its_origin_had(project: Project, ask: Ask) -> None:
    project.write(FLOW.replace("RETRIES", "0").replace('note("report")', 'note("report"); await_file("go")'))
    drive = project.popen(["/bin/sh", "-c", "exec penstock fork main/1"], {"PATH": _path()})
    project.await_note("report")
    drive.kill()
    drive.communicate()
    (project.folder / "trace").unlink()
    project.touch("go")
    ask("resume", "main/2")
    assert project.trace() == ["report"]


def _path() -> str:
    import os
    import sys

    return f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"


def test_the_origin_may_be_removed(project: Project, ask: Ask) -> None:
    ask("fork", "main/1")
    ask("rm", "--yes", "main/1")
    ask("gc", "--yes")
    assert ask("get", "main/2").startswith("12")
    ask("fork", "main/2")
    assert project.trace() == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fork", "main/9"), "there is no run main/9"),
        (("fork", "nothing"), "no run is named 'nothing'"),
        (("fork", "--from", "trian", "main/1"), "did you mean train?"),
        (("fork", "--only", "trian", "main/1"), "did you mean train?"),
        (("fork", "--only", "train/7", "main/1"), "there is no task main/1/train/7"),
        (("fork", "--only", "train/x", "main/1"), "'train/x' names no task"),
        (("fork", "--from", "train", "--only", "train", "main/1"), "--from and --only can't go together"),
        (("fork", "main/1", "--row", "3"), "did you mean --rows?"),
        (("fork", "main/1", "--rows", "many"), "--rows"),
        (("why", "main/1"), "name a task of main/1"),
        (("why", "main/1/train/9"), "there is no task main/1/train/9"),
        (("why", "main/1/trian"), "did you mean train?"),
    ],
)
def test_wrong_words_are_told_and_start_nothing(project: Project, ask: Ask, words: tuple[str, ...], said: str) -> None:
    output = ask(*words, code=2)
    assert said in output
    assert "Traceback" not in output
    assert project.rows("SELECT count(*) FROM run") == [(1,)]


def test_a_parameter_that_the_flow_needs_now_is_asked_for(project: Project, ask: Ask) -> None:
    project.write(FLOW.replace("RETRIES", "0").replace("rows: int = 3", "rows: int, more: int"))
    assert "more" in ask("fork", "main/1", code=2)
    ask("fork", "main/1", "--more", "1")


def test_a_resume_keeps_or_runs_again_what_changed_code_made(project: Project, ask: Ask) -> None:
    project.write(FLOW.replace("RETRIES", "0").replace('note("report")', "raise RuntimeError"))
    ask("run", "mine.py", code=1)
    project.write(FLOW.replace("RETRIES", "0"))
    project.write(SHAPES.replace("return SCALE", "return 0 + SCALE"), "shapes.py")
    (project.folder / "trace").unlink()
    assert steps(ask("resume", "--dry-run", "--json")) == {"load": (1, 0), "train": (2, 0), "report": (0, 1)}
    assert steps(ask("resume", "--changed", "--dry-run", "--json")) == {
        "load": (1, 0),
        "train": (0, 2),
        "report": (0, 1),
    }
    said = ask("resume", "--changed")
    assert (
        "train: area() in shapes.py changed since 2 results of this run were made: they are replaced by what the new"
        in said
    )
    assert sorted(project.trace()) == ["report", "train 1", "train 2"]
    assert "main/2/train/1 ran because area() in shapes.py changed" in ask("why", "main/2/train/1")
    assert "main/2/report/1 ran because it had failed: RuntimeError" in ask("why", "main/2/report/1")


def test_a_dry_run_runs_no_step_and_writes_no_run(project: Project, ask: Ask) -> None:
    said = ask("run", "--dry-run", "mine.py", "--rows", "4")
    assert "Next: penstock run mine.py --rows 4   (do it)" in said
    assert "load is not cached; input rows is 4, was 3 since main/1" in said
    assert project.trace() == []
    assert project.rows("SELECT count(*) FROM run") == [(1,)]


def test_a_dry_run_tells_what_the_body_raises(project: Project, ask: Ask) -> None:
    project.write("@flow\ndef main():\n    raise ValueError('mine')\n")
    assert "The flow's body raised ValueError: mine" in ask("run", "--dry-run", "mine.py", code=1)


def test_the_same_from_python(project: Project, ask: Ask) -> None:
    (project.folder / "script.py").write_text(
        """
import penstock

if __name__ == "__main__":
    forecast = penstock.fork("main/1", params={"depths": [1, 5]}, dry_run=True)
    print([(step.step, step.reused, step.run) for step in forecast.steps])
    print(penstock.fork("main/1", params={"depths": [1, 5]}, tags=["mine"]))
    run = penstock.run("main/2")
    print(run.origin.run, run.tags, run.task("train/1").origin, run.task("train/2").why())
    print(penstock.fork("main/1", only="train/2"))
"""
    )
    told = ("main/2 ", "main-train/1 ")  # how the two go, on stderr
    assert [line for line in project.python("script.py").splitlines() if not line.startswith(told)] == [
        "[('load', 1, 0), ('train', 1, 1), ('report', 0, 1)]",
        "30",
        "main/1 ('mine',) main/1/train/1 main/2/train/2 ran because input depth is 5, was 2",
        "12",
    ]


def test_a_dry_run_replays_failures_and_equal_calls_and_asks_no_future_twice(project: Project, ask: Ask) -> None:
    project.write(
        """
        import penstock

        @step
        def fails():
            note("fails")
            raise ValueError("once")

        @step(cache=True)
        def cold(n):
            note("cold", n)
            return n

        @step
        def last(n):
            note("last")
            raise RuntimeError("at the end")

        @flow
        def other(wait: bool = False):
            try:
                fails()
            except ValueError:
                futures = [cold.submit(n) for n in (1, 1, 2)]
            if wait:
                while not all(future.done() for future in futures):
                    pass
                for future in penstock.as_completed(futures):
                    future.result()
            return last(futures[0])
        """,
        "more.py",
    )
    assert steps(ask("run", "--dry-run", "--json", "more.py")) == {"fails": (0, 1)}
    ask("run", "more.py", code=1)
    (project.folder / "trace").unlink()
    assert steps(ask("resume", "--dry-run", "--json", "other/1")) == {"fails": (1, 0), "cold": (3, 0), "last": (0, 1)}
    said = steps(ask("fork", "--dry-run", "--json", "other/1", "--wait"))
    assert said["fails"] == (0, 1)
    assert project.trace() == []


def test_a_dry_run_counts_equal_cold_calls_as_one_to_run(project: Project, ask: Ask) -> None:
    project.write(
        """
        @step(cache=True)
        def cold(n):
            return n

        @flow
        def other():
            futures = [cold.submit(n) for n in (1, 1, 2)]
            while not futures[0].done():
                pass
        """,
        "more.py",
    )
    assert steps(ask("run", "--dry-run", "--json", "more.py")) == {"cold": (1, 2)}


def test_a_dry_run_tells_that_the_body_leaves(project: Project, ask: Ask) -> None:
    project.write("@flow\ndef main():\n    raise SystemExit(3)\n")
    assert "SystemExit" in ask("run", "--dry-run", "mine.py", code=1)


def test_a_dry_run_of_a_run_that_is_done_is_refused(project: Project, ask: Ask) -> None:
    assert "main/1" in ask("resume", "--dry-run", "main/1", code=2)


def test_attempts_of_a_task_are_numbered_on_when_changed_code_runs_it_again(project: Project, ask: Ask) -> None:
    project.write(FLOW.replace("RETRIES", "0").replace('note("report")', "raise RuntimeError"))
    ask("run", "mine.py", code=1)
    project.write(FLOW.replace("RETRIES", "0"))
    project.write(SHAPES.replace("return SCALE", "return 1 + SCALE"), "shapes.py")
    ask("resume", "--changed")
    for number in (1, 2):
        task = json.loads(ask("show", "--json", f"main/2/train/{number}"))
        assert task["attempt"]["number"] == 2
    run = json.loads(ask("show", "--json", "main/2"))
    assert [(metric["name"], metric["tasks"]) for metric in run["metrics"]] == [("depth", 2)]


def test_a_trial_says_at_once_which_input_it_lacks(project: Project, ask: Ask) -> None:
    project.write(FLOW.replace("RETRIES", "0").replace("def train(depth, values):", "def train(depth, values, more):"))
    said = ask("fork", "--only", "train/1", "main/1", code=2)
    assert "more" in said
    assert project.rows("SELECT count(*) FROM run") == [(1,)]


def test_a_run_whose_tasks_were_told_apart_in_another_way_is_not_run_again_unseen(project: Project, ask: Ask) -> None:
    with sqlite3.connect(project.folder / ".penstock" / "journal.db") as journal:
        journal.execute("UPDATE run_detail SET form = 1")
        journal.execute("UPDATE run SET status = 'crashed'")
    journal.close()
    for verb, what in (("resume", "resumed"), ("fork", "forked")):
        for dry in ((), ("--dry-run",)):
            said = ask(verb, *dry, "main/1", code=2)
            assert f"main/1 can't be {what}: another version of Penstock began it" in said
            assert "`penstock run`" in said
    assert project.trace() == []
    assert "12" in ask("get", "main/1/train/2")
    ask("fork", "--only", "report", "main/1")
    # It is compared with nothing: all its values count in another way.
    ask("run", "mine.py")
    assert "no earlier task of it is recorded" in ask("why", "main/2/train/1")
