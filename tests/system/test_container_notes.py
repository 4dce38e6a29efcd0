"""Notes of containers, which steps in them may have written: what a sweep makes of them, and never does."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from penstock.executors import container_notes
from penstock.executors.container_notes import ContainerNote
from penstock.model.containers import ContainerEngine
from penstock.project import Project


class Notes:
    """A folder of them, and an engine's client that writes down what it is asked, and answers for it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._asked = folder / ".penstock" / "containers", folder / "asked"
        self.folder.mkdir(parents=True)
        (folder / "bin").mkdir()
        self.client = folder / "bin" / "podman"
        self.answer("echo $5")
        self.environ = {"PATH": os.fspath(folder / "bin"), "HOME": "/root"}

    def answer(self, line: str) -> None:
        self.client.write_text(f'#!/bin/sh\necho "$*" "$LD_PRELOAD$DOCKER_HOST" >> {self._asked}\n{line}\n')
        self.client.chmod(0o755)

    def write(self, name: str, content: object) -> Path:
        path = self.folder / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        os.utime(path, (0, 0))
        return path

    def sweep(self) -> list[str]:
        return container_notes.sweep(os.fspath(self.folder), self.environ)

    def asked(self) -> list[str]:
        return self._asked.read_text().splitlines() if self._asked.exists() else []


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


def test_a_container_is_removed_by_the_engine_that_is_here(notes: Notes) -> None:
    note = ContainerNote(os.fspath(notes.folder), ContainerEngine("podman", "/elsewhere"), "penstock-1", notes.environ)
    assert notes.sweep() == []
    assert notes.asked() == []
    note.is_made()
    os.close(note.fd)
    assert notes.sweep() == []
    assert notes.asked() == ["rm --force --volumes --time=0 penstock-1 "]
    assert list(notes.folder.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [
        {"engine": ["podman", "/usr/bin/touch", False], "environ": {}, "where": {}},
        {"engine": "/usr/bin/touch", "where": {}},
        {"engine": "podman"},
        "{",
        "[" * 60_000,
        "",
    ],
)
def test_what_is_said_by_no_whole_note_is_removed_by_its_name_alone(notes: Notes, content: object) -> None:
    notes.write("penstock-1", content)
    assert notes.sweep() == []
    assert notes.asked() == ["rm --force --volumes --time=0 penstock-1 "]
    assert list(notes.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["--all", "other", "penstock-a b", "penstock-ä"])
def test_what_is_no_container_of_ours_is_not_removed(notes: Notes, name: str) -> None:
    notes.write(name, {"engine": "podman", "where": {}})
    assert notes.sweep() == []
    assert notes.asked() == []
    assert list(notes.folder.iterdir()) == []


def test_no_variable_of_a_note_counts(notes: Notes) -> None:
    notes.write("penstock-1", {"engine": "podman", "where": {}, "environ": {"LD_PRELOAD": "/evil.so"}})
    assert notes.sweep() == []
    assert notes.asked() == ["rm --force --volumes --time=0 penstock-1 "]


def test_what_is_reached_by_other_settings_stays_and_is_said(
    notes: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = notes.write("penstock-1", {"engine": "podman", "where": {"CONTAINERS_STORAGE_CONF": "/evil.conf"}})
    assert notes.sweep() == ["penstock-1"]
    assert notes.asked() == []
    monkeypatch.setenv("PATH", notes.environ["PATH"])
    Project.find(tmp_path)
    said = capsys.readouterr().err
    assert said.startswith("penstock: the container penstock-1 of a run that was killed is still there: its engine ")
    assert said.endswith(f"once `podman rm --force penstock-1`, or docker's, has removed it, remove {path}\n")
    os.utime(path)
    Project.find(tmp_path)
    assert capsys.readouterr().err == ""  # it may be made just now


def test_an_engine_that_does_not_remove_it(notes: Notes) -> None:
    notes.answer("exit 1")
    notes.write("penstock-1", {"engine": "podman", "where": {}})
    assert notes.sweep() == ["penstock-1"]
    notes.client.unlink()
    assert notes.sweep() == ["penstock-1"]


def test_all_share_the_time_that_a_verb_waits(notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container_notes, "_SWEEP_S", 0.0)
    notes.write("penstock-1", {"engine": "podman", "where": {}})
    assert notes.sweep() == ["penstock-1"]
    assert notes.asked() == []


def test_a_note_of_a_keeper_removes_nothing_of_the_user_s(notes: Notes, tmp_path: Path) -> None:
    kept = tmp_path / "penstock-1" / "results"
    kept.parent.mkdir()
    kept.write_text("mine")
    other = tmp_path / "mine" / "keeper"
    other.parent.mkdir()
    other.write_text("mine")
    for name, path in (("penstock-1.keeper", kept), ("mine.keeper", other), ("penstock-2.keeper", other)):
        notes.write(name, os.fspath(path))
    assert notes.sweep() == []
    assert (kept.read_text(), other.read_text()) == ("mine", "mine")
    assert list(notes.folder.iterdir()) == []


def test_what_is_no_file_is_left_alone(notes: Notes, tmp_path: Path) -> None:
    os.mkfifo(notes.folder / "penstock-1")
    (notes.folder / "penstock-2").mkdir()
    (tmp_path / "note").write_text(json.dumps({"engine": "podman", "where": {}}))
    (notes.folder / "penstock-3").symlink_to(tmp_path / "note")
    assert notes.sweep() == []
    assert notes.asked() == []
