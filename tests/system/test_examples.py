"""The examples, run as a newcomer runs them: what they print, what they keep, and that a kill changes neither."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import uv_settings
from tests.containers import Engine
from tests.system.flows import wait_until

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

    def killed_or_done(self, *args: object, after: int) -> bool:
        """The same for what may be over before it is killed; whether it was."""
        driver = subprocess.Popen(self._command(args), cwd=self.folder, env=self.env, stderr=subprocess.DEVNULL)
        while self.tasks() < after and driver.poll() is None:
            time.sleep(0.002)
        driver.kill()
        return driver.wait() == 0

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


@pytest.fixture(scope="module")
def generations(tmp_path_factory: pytest.TempPathFactory, interpreter: Callable[[str], Path]) -> Project:
    """A project with a copy of versions.py, which has run."""
    for python in ("python3.10", "python3.12"):
        interpreter(python)
    project = Project(tmp_path_factory.mktemp("versions") / "project")
    project.env |= uv_settings.of_pip()
    shutil.copy(EXAMPLES / "versions.py", project.folder)
    printed = project.penstock("run", "versions.py", "--trees", 3)
    assert "scikit-learn 1.2.2, Python 3.10: " in printed
    assert "scikit-learn 1.6.1, Python 3.12: " in printed
    return project


def test_versions_that_was_killed_goes_on(generations: Project):
    before = generations.tasks()
    generations.killed("run", "versions.py", "--trees", 4, after=before + 1)
    assert "They disagree on" in generations.penstock("resume")
    assert generations.penstock("get", "versions/2", "-o", "versions.png") is not None
    assert (generations.folder / "versions.png").read_bytes().startswith(b"\x89PNG")


def test_versions_forks_with_another_version_and_why_names_it(generations: Project):
    file = generations.folder / "versions.py"
    file.write_text(file.read_text().replace("scikit-learn==1.6.1", "scikit-learn==1.5.2"))
    assert "scikit-learn 1.5.2, Python 3.12" in generations.penstock("fork", "versions/1")
    assert "reused" in generations.penstock("why", "versions/3/older")
    assert "scikit-learn 1.6.1 became 1.5.2" in generations.penstock("why", "versions/3/newer")


@pytest.fixture(scope="module")
def languages(tmp_path_factory: pytest.TempPathFactory, tool: Callable[[str], str]) -> tuple[Project, str]:
    for name in ("Rscript", "node", "cc"):
        tool(name)
    project = Project(tmp_path_factory.mktemp("languages") / "project")
    return project, project.penstock("run", EXAMPLES / "languages.py")


def test_languages_agree(languages: tuple[Project, str]):
    project, printed = languages
    assert re.fullmatch(
        r"R's model explains 48\.0%; numpy's is the same to \de-1\d\n"
        r"C counts 2 underweight, 186 normal, 155 overweight, 99 obese: so does pandas\n",
        printed,
    )
    assert re.search(r"r_squared\s+0\.48", project.penstock("show", "languages/1/fit/1"))
    page = project.penstock("get", "languages/1/report/1", "--display", "report")
    assert "<th>bmi</th>" in page
    assert "data:image/png;base64,iVBOR" in page


def test_languages_that_is_killed_in_each_of_its_steps_ends_as_if_it_had_not_been(
    languages: tuple[Project, str], tmp_path: Path
):
    project = Project(tmp_path / "project")
    project.killed("run", EXAMPLES / "languages.py", after=1)
    if not any(project.killed_or_done("resume", after=tasks) for tasks in range(2, 6)):
        assert project.penstock("resume") == languages[1]
    assert project.tasks() == 6
    for part in ("r_squared", "counts", "largest_difference"):
        assert project.penstock("get", f"languages/1.{part}") == languages[0].penstock("get", f"languages/1.{part}")


@pytest.fixture(scope="module")
def polyglot(podman_engine: Engine) -> dict[str, str]:
    """The variables of a process that runs it with images of the tests', since no registry is reached."""
    images = {"R": "r", "NODE": "node", "BOOKWORM": "bare", "TRIXIE": "trixie-bare"}
    return {
        **podman_engine.environ,
        **{f"POLYGLOT_{name}": podman_engine.image(image) for name, image in images.items()},
    }


def test_polyglot_that_is_killed_agrees_when_it_is_resumed(polyglot: dict[str, str], tmp_path: Path):
    project = Project(tmp_path / "project")
    project.env.update(polyglot)
    project.killed("run", EXAMPLES / "polyglot.py", after=2)
    printed = project.penstock("resume")
    assert re.fullmatch(
        r"R's model explains 48\.0%; numpy's is the same to \de-1\d\n"
        r"Perl 5\.36\.\d on bookworm and 5\.40\.\d on trixie counts 2 underweight, 186 normal, 155 overweight, "
        r"99 obese: so does pandas\nthey reached no network\n",
        printed,
    )
    assert project.tasks() == 6
    page = project.penstock("get", "polyglot/1/report/1", "--display", "report")
    assert "data:image/png;base64,iVBOR" in page
    wait_until(
        lambda: not list((project.folder / ".penstock" / "containers").iterdir()), "for all containers to be gone"
    )
