"""What is logged is counted, reported while it goes on, and kept: from any thread, and by nobody else."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.artifacts import point_files
from penstock.artifacts.folder import FolderStore
from penstock.model.outcomes import Metric
from penstock.sdk import recording
from penstock.sdk.recording import Recording


class Reports:
    """What was reported, by name."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self.latest: dict[str, Metric] = {}

    def __call__(self, metrics: tuple[Metric, ...]) -> None:
        with self._news:
            self.latest.update((metric.name, metric) for metric in metrics)
            self._news.notify_all()

    def wait(self, seen: Callable[[dict[str, Metric]], bool]) -> None:
        with self._news:
            assert self._news.wait_for(lambda: seen(self.latest), 30)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def begun(folder: Path, report: Callable[[tuple[Metric, ...]], None] | None = None) -> Recording:
    return Recording(os.fspath(folder / "points"), "3", "digits/1/train/2#1", report)


def steps_of(store: FolderStore, metric: Metric) -> list[int]:
    segments = point_files.read(store.get(metric.blob, metric.size))[metric.name]
    return [step for segment in segments for step in segment.steps]


def test_the_last_point_is_reported_though_nothing_comes_after_it(tmp_path: Path) -> None:
    reports = Reports()
    here = begun(tmp_path, reports)
    for step in range(5):
        here.log({"loss": 1.0 - step}, step)
        reports.wait(lambda latest, step=step: "loss" in latest and latest["loss"].last_step == step)
    here.log({"rate": 0.1}, None)
    reports.wait(lambda latest: "rate" in latest)
    loss = reports.latest["loss"]
    assert (loss.points, loss.first, loss.smallest, loss.driver, loss.file) == (5, 1.0, -3.0, 3, "points")
    assert reports.latest["rate"].file == "points", "a try that is killed now has all of them there"
    here.end()


def test_what_is_written_at_once_is_reported_too(tmp_path: Path) -> None:
    reports = Reports()
    here = begun(tmp_path, reports)
    here.write_through()
    here.log({"loss": 1.0}, 0)
    assert len(point_files.metrics_of((tmp_path / "points").read_bytes(), 3, point_files.NOWHERE)) == 1
    reports.wait(lambda latest: "loss" in latest)
    here.end()


def test_what_two_numbers_tell_is_kept_nowhere_else(tmp_path: Path, store: FolderStore) -> None:
    here = begun(tmp_path)
    for step in (1, 2):
        here.log({"loss": step, "rate": 0.5}, step)
    loss, rate = here.end(store)
    assert (loss.first_step, loss.last_step, loss.last, loss.blob, loss.file) == (1, 2, 2.0, b"", "")
    assert rate.points == 2
    assert sorted(os.listdir(tmp_path)) == []


def test_the_points_become_a_blob(tmp_path: Path, store: FolderStore) -> None:
    here, short = begun(tmp_path, Reports()), begun(tmp_path / "nowhere")
    for step in range(3000):
        here.log({"loss": 0.5}, step)
    for step in range(3):  # it ends before anything of it was written
        short.log({"loss": 0.5}, step)
    (loss,), (other,) = here.end(store), short.end(store)
    here.log({"loss": 0.5}, 9)
    assert steps_of(store, loss) == [*range(3000)]
    assert steps_of(store, other) == [0, 1, 2]
    assert not (tmp_path / "points").exists()


def test_what_the_store_can_t_take_stays_in_the_file(
    tmp_path: Path, store: FolderStore, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "store").write_text("in the way")
    here = begun(tmp_path)
    for step in range(3):
        here.log({"loss": 0.5}, step)
    (loss,) = here.end(store)
    assert (loss.file, loss.blob) == ("points", b"")
    assert [*point_files.read((tmp_path / "points").read_bytes())["loss"][0].steps] == [0, 1, 2]
    assert capsys.readouterr().err.startswith("Penstock: points that digits/1/train/2#1 logs can't all be written: ")


class Series:
    """As pandas' is: it has items, and gives its numbers where it is walked."""

    def __init__(self, **items: float) -> None:
        self._items = items
        self.values = list(items.values())

    def items(self) -> object:
        return self._items.items()

    def __iter__(self) -> object:
        return iter(self.values)


def test_what_has_items_is_logged_by_its_names(tmp_path: Path) -> None:
    here = begun(tmp_path)
    for step in range(2):
        here.log(Series(loss=0.5, rate=1.0), step)  # type: ignore[arg-type]
    assert [(metric.name, metric.last) for metric in here.end()] == [("loss", 0.5), ("rate", 1.0)]


def test_threads_log_at_once(tmp_path: Path, store: FolderStore) -> None:
    here = begun(tmp_path, Reports())
    start = threading.Barrier(8)

    def log(thread: int) -> None:
        start.wait()
        for step in range(2000):
            here.log({"shared": step, f"own {thread}": step}, step)

    threads = [threading.Thread(target=log, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    metrics = {metric.name: metric for metric in here.end(store)}
    assert metrics["shared"].points == 16_000
    assert sorted(steps_of(store, metrics["shared"])) == sorted([*range(2000)] * 8)
    for number in range(8):
        assert steps_of(store, metrics[f"own {number}"]) == [*range(2000)]


def test_more_names_than_there_can_be_curves_are_refused(tmp_path: Path, store: FolderStore) -> None:
    here = begun(tmp_path)
    here.log({f"layer {number}": 0.5 for number in range(recording.MOST_NAMES)}, 1)
    with pytest.raises(
        ValueError, match=r"digits/1/train/2#1 logs metrics under more than 10,000 names, 'one more' am"
    ):
        here.log({"one more": 1.0}, 1)
    here.log({"layer 7": 0.25}, 2)
    metrics = here.end(store)
    assert (len(metrics), metrics[7].points) == (recording.MOST_NAMES, 2)


def test_any_other_names_each_time_are_the_same_curves(tmp_path: Path, store: FolderStore) -> None:
    here = begun(tmp_path)
    for step in range(1500):
        names = [name for bit, name in enumerate("abcdefghijk") if (step + 1) >> bit & 1]
        here.log(dict.fromkeys(names, 0.5), step)
    metrics = {metric.name: metric for metric in here.end(store)}
    for bit, name in enumerate("abcdefghijk"):
        expected = [step for step in range(1500) if (step + 1) >> bit & 1]
        assert sorted(steps_of(store, metrics[name])) == expected


def test_a_fork_is_of_one_thread_and_keeps_nothing(tmp_path: Path, store: FolderStore) -> None:
    reports = Reports()
    here = begun(tmp_path, reports)
    here.log({"loss": 1.0}, 0)  # the thread is there
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        child = os.fork()
        if child == 0:
            here.log({"of the child": 1.0}, 0)
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    others = threading.active_count() > 1
    assert others or not [one for one in warned if "fork" in str(one.message)]
    reports.wait(lambda latest: "loss" in latest)
    here.log({"loss": 2.0}, 1)
    reports.wait(lambda latest: latest["loss"].points == 2)
    (loss,) = here.end(store)
    assert loss.points == 2
