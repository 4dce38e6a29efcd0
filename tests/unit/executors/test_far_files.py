"""A file that a step missed on another machine, and what mends it."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.executors import far_files
from penstock.model.outcomes import Error

THERE = f"/home/me/.cache/penstock/agents/p/code/{'0a' * 16}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a.csv").touch()
    (tmp_path / "outside.csv").touch()
    return folder


def mend(root: Path, path: str, kind: str = "FileNotFoundError", cwd: str = "") -> str:
    message = f"[Errno 2] No such file or directory: '{path}'"
    return far_files.mend(Error("raised", kind, message), str(root / cwd), str(root))


@pytest.mark.parametrize("path", ["data/a.csv", "./data/a.csv", f"{THERE}/data/a.csv"])
def test_one_that_lies_here_is_told_with_what_brings_it(root: Path, path: str):
    assert mend(root, path) == (
        "data/a.csv lies in the project here and does not go with a run: have it go by "
        '`include = ["data/a.csv"]` below [project] in penstock.toml'
    )


def test_its_path_may_be_this_machine_s_or_from_a_folder_below(root: Path):
    assert mend(root, str(root / "data" / "a.csv")) == mend(root, "a.csv", cwd="data") == mend(root, "data/a.csv")
    assert mend(root, "data/a.csv", cwd="data") == mend(root, "data/a.csv")


def test_a_folder_goes_with_all_that_is_below(root: Path):
    assert '`include = ["data/**/*"]`' in mend(root, "data")


@pytest.mark.parametrize("path", ["data/b.csv", "../outside.csv", "/etc/passwd", "/nowhere"])
def test_what_is_not_there_or_not_the_project_s_has_no_mend(root: Path, path: str):
    assert mend(root, path) == ""


def test_other_errors_have_none(root: Path):
    assert mend(root, "data/a.csv", "ValueError") == ""
    assert far_files.mend(Error("raised", "FileNotFoundError", "gone"), "", str(root)) == ""
