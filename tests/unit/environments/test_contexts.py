"""What a Dockerfile sees: as docker leaves files out, and by content."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from penstock.environments import contexts
from penstock.errors import UsageError


@pytest.mark.parametrize(
    ("lines", "left_out", "kept"),
    [
        (["*.csv"], ["a.csv"], ["b/a.csv", "a.csvx"]),
        (["**/*.csv"], ["a.csv", "b/a.csv", "b/c/a.csv"], ["a.txt"]),
        (["data"], ["data", "data/a", "data/b/c"], ["mydata", "b/data"]),
        (["/data/"], ["data", "data/a"], ["b/data"]),
        (["*", "!src"], ["a", "b/c"], ["src", "src/a.py"]),
        (["data", "!data/keep.csv"], ["data/a"], ["data/keep.csv"]),
        (["!a", "a"], ["a"], []),
        (["# a", "", "  b  "], ["b"], ["a", "# a"]),
        (["a?c", "[xy].txt"], ["abc", "x.txt"], ["ac", "a/c", "z.txt"]),
        (["a.b"], ["a.b"], ["axb"]),
        (["x/**/y"], ["x/y", "x/a/b/y"], ["x/z"]),
    ],
)
def test_files_are_left_out_as_docker_does(lines: list[str], left_out: list[str], kept: list[str]) -> None:
    known = contexts.rules("\n".join(lines))
    assert [path for path in left_out if not contexts.is_left_out(path, known)] == []
    assert [path for path in kept if contexts.is_left_out(path, known)] == []


def _context(folder: Path) -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.py").write_text("a")
    (folder / "big.csv").write_text("1,2")
    (folder / ".penstock").mkdir()
    (folder / ".penstock" / "journal.db").write_text("x")
    (folder / ".dockerignore").write_text("*.csv\n")
    os.symlink("src/a.py", folder / "link")
    return folder


def test_content_counts_wherever_it_lies_and_what_is_left_out_does_not(tmp_path: Path) -> None:
    one, other = _context(tmp_path / "one"), _context(tmp_path / "other")
    before = contexts.digest(str(one))
    assert contexts.files(str(one)) == [".dockerignore", "link", "src", "src/a.py"]
    assert contexts.digest(str(other)) == before
    (one / "big.csv").write_text("changed")
    (one / ".penstock" / "journal.db").write_text("changed")
    os.utime(one / "src" / "a.py", (1, 1))
    assert contexts.digest(str(one)) == before
    (one / "src" / "a.py").chmod(0o755)
    assert contexts.digest(str(one)) != before
    (other / "src" / "a.py").write_text("b")
    assert contexts.digest(str(other)) != before


def test_what_is_staged_is_what_counted(tmp_path: Path) -> None:
    context = _context(tmp_path / "one")
    os.mkfifo(context / "pipe")
    paths = contexts.stage(str(context), tmp_path / "staged")
    assert contexts.digest(str(tmp_path / "staged"), paths) == contexts.digest(str(context))
    (context / "src" / "a.py").write_text("edited")
    assert contexts.digest(str(tmp_path / "staged"), paths) != contexts.digest(str(context))
    assert not (tmp_path / "staged" / "big.csv").exists()
    assert os.readlink(tmp_path / "staged" / "link") == "src/a.py"


def test_a_context_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"gone, of which an image is built, is not there: bring it back"):
        contexts.digest(str(tmp_path / "gone"))


@pytest.mark.parametrize("line", ["[z-a]", "a[]"])
def test_a_line_that_is_no_pattern_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / ".dockerignore").write_text(f"# ours\n{line}\n")
    with pytest.raises(UsageError, match=r"^line 2 of .dockerignore, `\S+`, is no pattern: "):
        contexts.files(str(tmp_path))
