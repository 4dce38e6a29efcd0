"""What tries of one attempt leave one another: the points that they logged, and nothing of other tasks."""

from __future__ import annotations

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

    def kept(self, number: int, key: bytes = b"k", driver: str = "1") -> list[tuple[str, int, float]]:
        return told(metrics_of(*self._run(driver), self._attempt(number, key)))

    def files(self) -> list[Path]:
        return sorted(self.folder.glob("*.points"))

    def _attempt(self, number: int, key: bytes) -> Attempt:
        return Attempt(f"digits/3/train/1#{number}", key, Function("m", "f"), (), None, False, b"basis")

    def _run(self, driver: str) -> tuple[RunSpec, Places]:
        folder = str(self.folder)
        return RunSpec("digits/3", driver=driver), Places(folder, folder, folder, folder, folder)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return Task(tmp_path)


def told(metrics: tuple[Metric, ...]) -> list[tuple[str, int, float]]:
    return [(metric.name, metric.points, metric.last) for metric in metrics]


def test_what_is_logged_before_the_folder_is_asked_for_is_kept_with_the_rest(task: Task) -> None:
    here = task.try_(1)
    here.log({"before": 1}, None)
    assert not task.files()
    here.checkpoint_dir()
    here.log({"loss": 0.5}, 0)
    assert task.kept(1) == [("before", 1, 1.0), ("loss", 1, 0.5)]
    assert (task.kept(2), task.kept(1, b"another")) == ([], [])


def test_a_try_under_the_same_number_has_what_those_before_it_have_logged(task: Task) -> None:
    first = task.try_(1)
    first.checkpoint_dir()
    for step in range(3):
        first.log({"loss": step}, step)
    first.logged()  # its outcome is lost with its driver
    second = task.try_(1, "2")
    second.log({"loss": 20}, 2)
    assert task.kept(1, driver="2") == [("loss", 3, 2.0)], "a killed one, which had not asked for its folder yet"
    second.checkpoint_dir()
    assert task.kept(1, driver="2") == [("loss", 3, 2.0), ("loss", 1, 20.0)]
    metrics = second.logged()
    assert [(metric.driver, metric.least_step) for metric in metrics] == [(1, 0), (2, 2)]
    assert all(metric.blob for metric in metrics), "their points are in the store"
    retry = task.try_(2, "3")
    retry.checkpoint_dir()
    assert retry.logged() == ()


def test_a_process_that_the_step_forked_keeps_nothing(task: Task) -> None:
    here = task.try_(1)
    here.checkpoint_dir()
    child = os.fork()
    if child == 0:
        here.log({"of the child": 1}, 0)
        os._exit(0)
    os.waitpid(child, 0)
    here.log({"own": 1}, 0)
    assert task.kept(1) == [("own", 1, 1.0)]
