"""The folders of programs that are kept for the next one: it finds nothing of the one before."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.worker.program_folders import KeptFolders, ProgramFolders


@pytest.fixture
def kept() -> KeptFolders:
    return KeptFolders()


def _run(kept: KeptFolders, scratch: Path, program: Callable[[ProgramFolders], object]) -> ProgramFolders:
    """As `program.py` does: what the program itself does stands in the middle."""
    folders = kept.take(str(scratch))
    folders.make([("script.sh", 0o644, b"true")])
    Path(folders.parameters).write_text("{}")
    program(folders)
    kept.give(folders)
    return folders


def test_they_are_kept_and_empty(kept: KeptFolders, tmp_path: Path) -> None:
    first = _run(kept, tmp_path, lambda folders: Path(folders.outputs, "a.json").write_text("1"))
    assert sorted(os.listdir(first.root)) == ["inputs", "outputs", "tmp", "work"]
    assert not [name for folder in os.listdir(first.root) for name in os.listdir(os.path.join(first.root, folder))]
    assert _run(kept, tmp_path, lambda _: None).root == first.root


def _link_parameters(folders: ProgramFolders) -> None:
    os.unlink(folders.parameters)
    os.symlink(os.path.join(folders.root, "..", "victim"), folders.parameters)


SPOILT: dict[str, Callable[[ProgramFolders], object]] = {
    "a file beside them": lambda folders: Path(folders.root, "left").write_text("mine"),
    "a folder in one": lambda folders: os.mkdir(os.path.join(folders.work, "left")),
    "one is gone": lambda folders: os.rmdir(folders.inputs),
    "a link for one": lambda folders: (os.rmdir(folders.inputs), os.symlink("/", folders.inputs)),
    "one that can't be written to": lambda folders: os.chmod(folders.outputs, 0o500),
    "no parameters": lambda folders: os.unlink(folders.parameters),
}


@pytest.mark.parametrize("name", SPOILT)
def test_spoilt_ones_are_removed_and_the_next_program_has_others(kept: KeptFolders, tmp_path: Path, name: str) -> None:
    spoilt = _run(kept, tmp_path, SPOILT[name])
    assert not os.path.exists(spoilt.root)
    assert _run(kept, tmp_path, lambda _: None).root != spoilt.root


def test_a_link_in_the_place_of_parameters_is_not_written_through(kept: KeptFolders, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("as it was")
    _run(kept, tmp_path, _link_parameters)
    _run(kept, tmp_path, lambda _: None)
    assert (tmp_path / "victim").read_text() == "as it was"
