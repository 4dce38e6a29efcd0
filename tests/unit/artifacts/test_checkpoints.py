"""The metrics beside a task's checkpoints: whole lines of the tries of one attempt, and nothing else."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from penstock.artifacts.checkpoints import metrics_of
from penstock.artifacts.folder import FolderStore
from penstock.model.outcomes import Metric
from penstock.model.specs import Attempt, Function, Places, RunSpec
from penstock.sdk.attempts import AttemptContext


class Task:
    """A task of a run; each of its tries is one of a driver."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def try_(self, number: int, driver: str = "1", key: bytes = b"k") -> AttemptContext:
        return AttemptContext(self._attempt(number, key), *self._run(driver), FolderStore(self.folder / "store"))

    def kept(self, number: int, key: bytes = b"k") -> list[tuple[str, int | None, float]]:
        found = metrics_of(*self._run("9"), self._attempt(number, key))
        return [(metric.name, metric.step, metric.value) for metric in found]

    def file(self) -> Path:
        (found,) = self.folder.glob("*.metrics")
        return found

    def _attempt(self, number: int, key: bytes) -> Attempt:
        return Attempt(f"digits/3/train/1#{number}", key, Function("m", "f"), (), None, False, b"basis")

    def _run(self, driver: str) -> tuple[RunSpec, Places]:
        folder = str(self.folder)
        return RunSpec("digits/3", driver=driver), Places(folder, folder, folder, folder, folder)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return Task(tmp_path)


def logged(here: AttemptContext) -> list[tuple[str, int | None]]:
    return [(metric.name, metric.step) for metric in here.logged()]


def test_what_is_logged_before_the_folder_is_asked_for_is_kept_with_the_rest(task: Task) -> None:
    here = task.try_(1)
    here.log({"before": 1}, None)
    assert not list(task.folder.glob("*.metrics"))
    here.checkpoint_dir()
    here.log({"loss": 0.5}, 0)
    assert task.kept(1) == [("before", None, 1.0), ("loss", 0, 0.5)]
    assert (task.kept(2), task.kept(1, b"another")) == ([], [])


def test_a_try_under_the_same_number_has_what_it_does_not_log_again(task: Task) -> None:
    first = task.try_(1)
    first.checkpoint_dir()
    for step in range(3):
        first.log({"loss": step}, step)
    second = task.try_(1, "2")
    second.log({"loss": 20}, 2)
    second.checkpoint_dir()
    assert logged(second) == [("loss", 0), ("loss", 1), ("loss", 2)]
    third = task.try_(1, "3")
    third.checkpoint_dir()
    assert [metric.value for metric in third.logged()] == [0, 1, 20]
    retry = task.try_(2, "3")
    retry.checkpoint_dir()
    assert logged(retry) == []


def test_a_line_that_was_cut_short_costs_that_line_alone(task: Task) -> None:
    first = task.try_(1)
    first.checkpoint_dir()
    first.log({"loss": math.nan}, 0)
    first.log({"loss": math.inf, "grüße": -0.1}, 1)
    data = task.file().read_bytes()
    task.file().write_bytes(data[:-7])
    second = task.try_(1, "2")
    second.checkpoint_dir()
    second.log({"rate": 0.1}, None)
    assert [name for name, *_ in task.kept(1)] == ["loss", "loss", "rate"]
    second.clean_up()
    assert isinstance(second.logged()[0], Metric)


def test_a_process_that_the_step_forked_keeps_nothing(task: Task) -> None:
    here = task.try_(1)
    here.checkpoint_dir()
    child = os.fork()
    if child == 0:
        here.log({"of the child": 1}, 0)
        os._exit(0)
    os.waitpid(child, 0)
    here.log({"own": 1}, 0)
    assert task.kept(1) == [("own", 0, 1.0)]
