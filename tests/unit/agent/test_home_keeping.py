"""An agent's folder does not grow for ever."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from penstock.agent import home_keeping
from penstock.agent.home_keeping import DAY_S
from penstock.artifacts.folder import FolderStore
from penstock.environments import locking
from penstock.errors import StoreError

NOW = time.time()


class Home:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = FolderStore(folder / "store")
        self.asked: list[str] = []

    def put(self, path: str, age_s: float) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
        self.age(file, age_s)
        self.age(file.parent, age_s)
        return file

    def age(self, path: Path, age_s: float) -> None:
        os.utime(path, (NOW - age_s, NOW - age_s))

    def tidy(self, *goes_on: str) -> None:
        def is_over(run: str) -> bool:
            self.asked.append(run)
            if "gone" in goes_on:
                raise StoreError("the tier can't be reached")
            return run not in goes_on

        home_keeping.tidy(self.folder, self.store, NOW, is_over)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_of_runs_that_are_over_nothing_is_left_after_a_day(home: Home):
    old, living, young = (home.put(f"runs/{name}/a", age) for name, age in (("1", 2), ("2", 2), ("3", 0.5)))
    for file, days in ((old, 2), (living, 2), (young, 0.5)):
        home.age(file.parent, days * DAY_S)
    home.tidy("2")
    assert [file.exists() for file in (old, living, young)] == [False, True, True]
    assert sorted(home.asked) == ["1", "2"]


def test_where_the_tier_can_t_say_it_everything_stays(home: Home):
    file = home.put("runs/1/a", 2 * DAY_S)
    home.tidy("gone")
    assert file.exists()


def test_code_and_values_that_were_not_used_for_two_weeks_go(home: Home):
    old, new = (home.put(f"code/{name}.whole", days * DAY_S) for name, days in (("0a", 15), ("0b", 13)))
    trees = [home.put(f"code/{name}/digits.py", 15 * DAY_S) for name in ("0a", "0b")]
    kept, gone = (home.store.put(data)[0] for data in (b"kept", b"gone"))
    (blob,) = [file for file in (home.folder / "store").rglob("*") if file.name.endswith(gone[1:].hex())]
    home.age(blob, 15 * DAY_S)
    home.tidy()
    assert [path.exists() for path in (old, new, *trees)] == [False, True, False, True]
    assert [info.digest for info in home.store.list()] == [kept]


def test_what_is_used_stays(home: Home):
    mark = home.put("code/0a.whole", 15 * DAY_S)
    home_keeping.used(mark)
    home_keeping.used(home.folder / "nowhere")
    home.tidy()
    assert mark.exists()


def test_where_another_agent_does_it_this_one_goes_on(home: Home):
    file = home.put("runs/1/a", 2 * DAY_S)
    with locking.alone(home.folder / "tidy.lock", None):
        home.tidy()
    assert file.exists()
