"""The examples, run as a newcomer runs them: what they print, what they keep, and that a kill changes neither."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
DIGITS = ("--rounds", "1")
WIDE = ("--resamples", "400")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _libraries(require):
    require("sklearn")
    require("matplotlib")


class Project:
    """An empty project in which an example runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "penstock.toml").touch()
        self.env = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}

    def penstock(self, *args: object) -> str:
        command = self._command(args)
        done = subprocess.run(command, cwd=self.folder, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def killed(self, *args: object, after: int) -> None:
        """Start, and kill when that many tasks are committed."""
        driver = subprocess.Popen(self._command(args), cwd=self.folder, env=self.env, stderr=subprocess.DEVNULL)
        while self.tasks() < after:
            assert driver.poll() is None, "the run was over before it was killed"
            time.sleep(0.002)
        driver.kill()
        assert driver.wait() == -9

    def tasks(self) -> int:
        journal = self.folder / ".penstock" / "journal.db"
        if not journal.exists():
            return 0
        database = sqlite3.connect(f"file:{journal}?mode=ro", uri=True)
        try:
            return database.execute("SELECT count(*) FROM task").fetchone()[0]
        except sqlite3.OperationalError:
            return 0  # not migrated yet
        finally:
            database.close()

    def _command(self, args: tuple[object, ...]) -> list[str]:
        return [sys.executable, "-m", "penstock", *map(str, args)]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    project = Project(tmp_path_factory.mktemp("digits") / "project")
    return project, project.penstock("run", EXAMPLES / "digits.py", *DIGITS)


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> str:
    return Project(tmp_path_factory.mktemp("wide") / "project").penstock("run", EXAMPLES / "wide.py", *WIDE)


def test_digits_are_read_well(digits: tuple[Project, str]):
    last = digits[1].splitlines()[-1]
    assert re.fullmatch(r"accuracy 0\.9\d\d", last)
    assert float(last.split()[1]) > 0.96


def test_digits_keeps_a_picture_of_its_confusion(digits: tuple[Project, str]):
    project, _ = digits
    project.penstock("get", "digits/1/draw/1", "-o", "confusion.png")
    picture = (project.folder / "confusion.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.endswith(b"IEND\xaeB`\x82")


def test_digits_keeps_its_report_and_the_model(digits: tuple[Project, str]):
    project, printed = digits
    evaluation = project.penstock("get", "digits/1/evaluate/1.report")
    assert [line.split() for line in evaluation.split("\n") if "weighted avg" in line] == [
        line.split() for line in printed.split("\n") if "weighted avg" in line
    ]
    assert "Trained(candidate=Candidate(kind=" in project.penstock("get", "digits/1")


def test_digits_logs_the_accuracy_of_each_model(digits: tuple[Project, str]):
    shown = digits[0].penstock("show", "digits/1/train/1")
    assert re.search(r"accuracy\s+0\.9", shown)


def test_digits_that_was_killed_ends_as_if_it_had_not_been(digits: tuple[Project, str], tmp_path: Path):
    project = Project(tmp_path / "project")
    project.killed("run", EXAMPLES / "digits.py", *DIGITS, after=5)
    assert project.penstock("resume") == digits[1]


def test_wide_agrees_with_the_formula(wide: str):
    _, low, high, formula_low, formula_high = map(float, re.findall(r"\d\.\d{3}", wide))
    assert low == pytest.approx(formula_low, abs=0.03)
    assert high == pytest.approx(formula_high, abs=0.03)


def test_no_two_tasks_of_wide_have_the_same_random_numbers(wide: str):
    assert wide.splitlines()[1] == "400 of 400 resamples are different"


def test_wide_that_was_killed_ends_as_if_it_had_not_been(wide: str, tmp_path: Path):
    project = Project(tmp_path / "project")
    project.killed("run", EXAMPLES / "wide.py", *WIDE, after=50)
    assert project.penstock("resume") == wide
