"""What belongs to a task and lies outside of its row is found by that task alone: after kills, edits, new journals."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections import Counter

import pytest

from penstock.client.flow_runs import Run
from penstock.project import Project as OpenProject
from penstock.reading.reader import JournalReader
from penstock.settings import Settings
from tests.system.flows import Project, wait_until

TWO = {"max_workers": 2}


def opened(project: Project) -> Run:
    """The latest run, as one looks at it from Python."""
    return Run.find(JournalReader(OpenProject(Settings.load(project.folder, {}))), "")


TRAIN = """
@step
def train(n):
    file = current.checkpoint_dir / "model"
    if not file.exists():
        file.write_text(f"model of {n}")
    log_metrics({"loss": 100 * n}, step=0)
    print(f"I am {n}", flush=True)
    note("began", n, current.task, current.attempt)
    if n != 1:
        await_file("go")
    log_metrics({"loss": 100 * n + 1}, step=1)
    note("ended", n)
    return file.read_text()

@flow
def main(k: int = 4):
    return train.map(range(k)).result()
"""


def killed_in_flight(project: Project, source: str = TRAIN) -> None:
    """Task 1 has finished, 0 and 2 are in flight when the driver is killed."""
    project.write(source)
    drive = project.spawn(how=TWO)
    project.await_note("ended 1")
    project.await_note("began 2 main/1/train/3 1")
    project.await_note("began 0 main/1/train/1 1")
    wait_until(lambda: "done" in project.tasks().values(), "for the row of task 1")
    wait_until(lambda: len(project.rows("SELECT DISTINCT task_id FROM metric")) == 3, "for the metrics of all")
    drive.kill()


def test_tasks_in_flight_keep_their_numbers_and_find_their_own(project: Project) -> None:
    killed_in_flight(project)
    crashed = opened(project)
    assert crashed.metrics.by_task("loss") == {"main/1/train/1": 0, "main/1/train/2": 101, "main/1/train/3": 200}
    project.touch("go")
    assert project.run("main/1", how=TWO).value() == [f"model of {n}" for n in range(4)]
    began = [line.split()[1:] for line in project.trace() if line.startswith("began")]
    assert {(n, task, attempt) for n, task, attempt in began} == {
        (f"{n}", f"main/1/train/{n + 1}", "1") for n in range(4)
    }
    assert project.rows("SELECT number, id & 4294967295 FROM task ORDER BY id") == [(n, n) for n in (1, 2, 3, 4)]
    run = opened(project)
    points = [(point.task, point.step, point.value) for point in run.metrics.points]
    assert points == [(f"main/1/train/{n + 1}", step, 100 * n + step) for n in range(4) for step in (0, 1)]
    assert run.info().metrics[0].points == 8
    assert run.info().metrics[0].tasks == 4
    for task in run.tasks():
        assert [line.text for line in task.logs()] == [f"I am {task.number - 1}"]
    assert Counter((line.task, line.text) for line in run.logs()) == {
        ("main/1/train/1", "I am 0"): 2,  # of the attempt that was killed, too
        ("main/1/train/2", "I am 1"): 1,
        ("main/1/train/3", "I am 2"): 2,
        ("main/1/train/4", "I am 3"): 1,
    }


def test_a_number_that_was_seen_is_given_to_no_other_task(project: Project) -> None:
    killed_in_flight(project)
    project.write(TRAIN.replace("range(k)", "[7, 0, 8, 1, 9]"))
    project.touch("go")
    assert project.run("main/1").value() == [f"model of {n}" for n in (7, 0, 8, 1, 9)]
    tasks = {line.split()[2]: line.split()[1] for line in project.trace() if line.startswith("began")}
    assert tasks.pop("main/1/train/1") == "0"
    assert tasks.pop("main/1/train/2") == "1"
    assert tasks.pop("main/1/train/3") == "2", "it was in flight, and is called no more"
    assert tasks == {"main/1/train/5": "7", "main/1/train/6": "8", "main/1/train/7": "9"}, "4 was waiting"
    assert {point.task for point in opened(project).metrics.points} == {f"main/1/train/{n}" for n in (1, 2, 3, 5, 6, 7)}


STEPS = """
WIDTH = 3

@step
def other():
    return 1

@step
def load():
    return "data"

@step
def train(data):
    file = current.checkpoint_dir / "model"
    found = file.read_text() if file.exists() else "nothing"
    file.write_text("half a model")
    note("found", found)
    await_file("go")
    return found, WIDTH

@flow
def main():
    other()
    return train(load())
"""


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("return 1", "return 2", "half a model"),
        ("    found = ", "    # what is there\n    found = ", "half a model"),
        ("WIDTH = 3", "WIDTH = 4", "nothing"),
        ("return found, WIDTH", "return found, WIDTH, 1", "nothing"),
    ],
    ids=["unrelated code", "a comment", "a constant that it reads", "its own code"],
)
def test_an_edit_of_its_code_hides_a_checkpoint(project: Project, old: str, new: str, found: str) -> None:
    project.write(STEPS)
    drive = project.spawn()
    project.await_note("found nothing")
    drive.kill()
    project.write(STEPS.replace(old, new))
    project.touch("go")
    assert project.run("main/1").value()[0] == found


def test_a_checkpoint_of_other_inputs_is_not_found(project: Project) -> None:
    """The task is the same, and its code; but what it is given was made anew by other code, under `--changed`."""
    project.write(STEPS.replace("train(load())", "train(load.submit())"))
    drive = project.spawn()
    project.await_note("found nothing")
    drive.kill()
    project.write(STEPS.replace("train(load())", "train(load.submit())").replace('"data"', '"other data"'))
    project.touch("go")
    code, output = project.penstock("resume", "--changed")
    assert code == 0, output
    assert project.trace() == ["found nothing", "found nothing"]


@pytest.mark.parametrize("put_back", [False, True], ids=["a new journal", "an older one that was put back"])
def test_another_journals_run_finds_nothing_of_this_one(project: Project, put_back: bool) -> None:
    home = project.folder / ".penstock"
    aside = project.folder / "aside"
    project.write(TRAIN)
    if put_back:
        assert project.run(k=0).value() == []
        shutil.copytree(home, aside, ignore=lambda _, names: [name for name in names if "journal.db" not in name])
    run = "main/2" if put_back else "main/1"
    drive = project.spawn(k=1)
    project.await_note(f"began 0 {run}/train/1 1")
    drive.kill()
    for file in home.glob("journal.db*"):
        file.unlink()
    for file in aside.glob("journal.db*"):
        shutil.copy(file, home)
    project.write(TRAIN.replace("model of {n}", "another model of {n}"))
    project.touch("go")
    assert project.run(k=1).value() == ["another model of 0"]
    assert opened(project).id == run
    assert [(line.task, line.text) for line in opened(project).logs()] == [(f"{run}/train/1", "I am 0")]


def test_what_was_tried_before_a_kill_is_told_under_its_task(project: Project) -> None:
    project.write(
        """
        @step(retries=1)
        def work(n):
            print(f"{n} tries {current.attempt}", flush=True)
            note("began", n, current.attempt)
            if current.attempt == 1 and n == 2:
                raise ConnectionError("no")
            await_file(f"go-{n}" if not os.path.exists("go") else "go")
            return n

        @flow
        def main():
            return work.map([1, 2, 3]).result()
        """
    )
    drive = project.spawn(how=TWO)
    project.await_note("began 2 2")
    wait_until(project.tasks, "for its row")
    drive.kill()
    crashed = opened(project)
    assert [(task.id, task.status, len(task.attempts)) for task in crashed.tasks()] == [("main/1/work/2", "waiting", 1)]
    assert "2 tries 1" in [line.text for line in crashed.task("work/2").logs()]
    project.touch("go")
    assert project.run("main/1").value() == [1, 2, 3]
    run = opened(project)
    assert [(task.number, [attempt.status for attempt in task.attempts]) for task in run.tasks()] == [
        (1, ["done"]),
        (2, ["failed", "done"]),
        (3, ["done"]),
    ]
    assert project.trace().count("began 2 1") == 1
    assert project.trace().count("began 2 2") == 2


def test_what_is_cancelled_while_it_waits_for_its_next_try_is_told_so(project: Project) -> None:
    project.write(
        """
        @step(retries=1, retry_delay=600)
        def work():
            raise ConnectionError("no")

        @flow
        def main():
            future = work.submit()
            await_file("go")
            future.cancel()
            return type(future.exception()).__name__
        """
    )
    drive = project.spawn()
    wait_until(lambda: project.tasks() == {"work/1": "waiting"}, "for its row")
    project.touch("go")
    assert drive.join().value() == "TaskCancelledError"
    assert project.tasks() == {"work/1": "cancelled"}
    (task,) = opened(project).tasks()
    assert [attempt.status for attempt in task.attempts] == ["failed", "cancelled"]


def test_the_temporary_folder_of_an_attempt_is_empty_after_a_kill(project: Project) -> None:
    project.write(
        """
        @step
        def work():
            left = os.listdir(current.tempdir)
            (current.tempdir / "x").touch()
            note("there is", *left)
            await_file("go")
            return left

        @flow
        def main():
            return work()
        """
    )
    drive = project.spawn()
    project.await_note("there is")
    drive.kill()
    project.touch("go")
    assert project.run("main/1").value() == []
    assert not list((project.folder / ".penstock" / "scratch").rglob("x")), "what was left goes with the run"


@pytest.mark.parametrize("victims", ["worker", "driver", "worker driver", "inline"])
def test_each_point_of_tries_that_went_on_from_checkpoints_is_there_once(project: Project, victims: str) -> None:
    """What was logged before a checkpoint is as safe as that, with whatever dies in the same instant."""
    project.write(
        """
        import math

        VICTIMS = __VICTIMS__

        @step
        def train():
            log_metrics({"before": 1})
            file = current.checkpoint_dir / "epoch"
            first = int(file.read_text()) if file.exists() else 0
            note("from", first)
            for epoch in range(first, 7):
                log_metrics({"loss": 1.0 / (epoch + 1), "odd": math.inf if epoch % 2 else math.nan}, step=epoch)
                if epoch in (1, 3, 5):
                    file.write_text(f"{epoch}")  # it is logged again
                if (first, epoch) in ((0, 2), (1, 4)):
                    if "driver" in VICTIMS:
                        os.kill(int(open("driver").read()), 9)
                    if "driver" != VICTIMS:
                        os.kill(os.getpid(), 9)
                    time.sleep(60)
            return first

        @flow
        def main():
            with open("driver", "w") as file:
                file.write(str(os.getpid()))
            return train.options(on="inline" if VICTIMS == "inline" else "process")()
        """.replace("__VICTIMS__", repr(victims))
    )
    if victims == "worker":
        assert project.run().value() == 3
    else:
        for _ in range(2):
            assert project.spawn(run="main/1" if project.trace() else "").join().code == -9
        assert project.run("main/1").value() == 3
    assert project.trace() == ["from 0", "from 1", "from 3"]
    task = opened(project).task("train/1")
    assert task.metrics.history("loss") == [(epoch, 1.0 / (epoch + 1)) for epoch in range(7)]
    assert [step for step, _ in task.metrics.history("odd")] == list(range(7))
    assert len(task.attempts) == (3 if victims == "worker" else 1)
    logged = {point.step for point in task.metrics.points if point.attempt == 1}
    assert logged == ({None, 0, 1, 2} if victims == "worker" else {None, *range(7)})


def test_metrics_of_older_code_go_with_what_it_made(project: Project) -> None:
    source = """
        @step
        def work():
            log_metrics({"of the first code": 1.0}, step=0)
            note("logged")
            await_file("go")
            return 1

        @flow
        def main():
            return work()
        """
    project.write(source)
    drive = project.spawn()
    project.await_note("logged")
    wait_until(lambda: project.rows("SELECT 1 FROM metric"), "for the metrics")
    drive.kill()
    project.write(source.replace("of the first code", "of the second code"))
    project.touch("go")
    assert project.run("main/1").value() == 1
    assert list(opened(project).metrics) == ["of the second code"]


FOLD = """
from concurrent.futures import FIRST_COMPLETED, as_completed, wait

@step
def draw(n, seconds):
    time.sleep(seconds)
    return n

@step
def fold(total, n):
    note("fold", *total, n)
    return [*total, n]

@flow
def main(seconds: list, dies_at: int, first: bool):
    total = []
    futures = draw.map(range(len(seconds)), seconds)
    for future in one_by_one(futures) if first else as_completed(futures):
        total = fold(total, future)
        if len(total) == dies_at and not os.path.exists("go"):
            os.kill(os.getpid(), 9)
    return total

def one_by_one(futures):
    pending = set(futures)
    while pending:
        done, pending = wait(pending, return_when=FIRST_COMPLETED)
        yield from done
"""


@pytest.mark.parametrize("seed", range(4))
def test_what_was_called_as_results_came_is_called_again(project: Project, seed: int) -> None:
    """A body that folds results as they come: each call depends on the order of all that came before."""
    chance = random.Random(seed)
    seconds = [chance.choice([0.0, 0.0, 0.05, 0.1]) for _ in range(8)]
    dies_at = chance.randrange(1, 8)
    project.write(FOLD)
    project.run(seconds=seconds, dies_at=dies_at, first=seed % 2 == 0)
    before = project.trace()
    assert len(before) == dies_at
    finished = {name for name, status in project.tasks().items() if status == "done"}
    project.touch("go")
    report = project.run("main/1", seconds=seconds, dies_at=dies_at, first=seed % 2 == 0)
    assert sorted(report.value()) == list(range(8))
    assert project.trace()[:dies_at] == before
    assert len(project.trace()) == len(set(project.trace())) == 8, "nothing is called twice, and nothing else"
    assert report.unused == ()
    assert finished <= project.tasks().keys()
    assert len(project.tasks()) == 16


def test_a_run_of_an_older_penstock_keeps_its_logs_when_it_is_resumed(project: Project) -> None:
    killed_in_flight(project)
    home = project.folder / ".penstock"
    connection = sqlite3.connect(home / "journal.db")
    ((nonce,),) = connection.execute("SELECT nonce FROM run").fetchall()
    connection.execute("UPDATE run SET nonce = NULL")
    connection.commit()
    connection.close()
    shutil.rmtree(home / "calls")
    for kind in ("logs", "checkpoints"):
        os.rename(home / kind / "main" / f"1-{nonce}", home / kind / "main" / "1")
    assert len(opened(project).logs()) == 3
    project.touch("go")
    assert project.run("main/1").value() == [f"model of {n}" for n in range(4)]
    run = opened(project)
    assert [line.text for line in run.task("train/2").logs()] == ["I am 1"]
    assert len(run.logs()) == 6


@pytest.mark.parametrize("verb", ["rm main/1 --yes", "gc --keep-last 0 --yes"])
def test_a_removed_run_leaves_nothing(project: Project, verb: str) -> None:
    killed_in_flight(project)
    home = project.folder / ".penstock"
    if verb.startswith("gc"):  # which keeps what crashed
        project.touch("go")
        project.run("main/1").value()
    code, output = project.penstock(*verb.split())
    assert code == 0, output
    assert [path for kind in ("logs", "checkpoints", "calls") for path in (home / kind).glob("*/*")] == []
    for table in ("task", "step", "metric", "attempt", "run_blob", "tag", "run"):
        assert project.rows(f"SELECT count(*) FROM {table}") == [(0,)]
