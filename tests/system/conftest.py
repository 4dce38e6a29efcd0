"""Projects for tests with real processes. Whatever a test does, nothing may run on when it is over."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.system.flows import Project


@contextmanager
def _clean(folder: Path) -> Iterator[Project]:
    project = Project(folder)
    try:
        yield project
    finally:
        project.end()
    project.await_quiet()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An empty project."""
    with _clean(tmp_path / "work") as project:
        yield project


@pytest.fixture(scope="session")
def clean_project() -> Callable[[Path], AbstractContextManager[Project]]:
    """The same for fixtures that are made once for many tests: a context over a folder."""
    return _clean


@pytest.fixture
def mounted(tmp_path: Path) -> Generator[Callable[[str], Path]]:
    """`mounted("size=1m")`: a small disk; a second call mounts it anew with other options."""
    place = tmp_path / "disk"
    place.mkdir()
    mounts: list[Path] = []

    def mount(options: str) -> Path:
        options = f"remount,{options}" if mounts else f"mode=755,{options}"  # what all may write to is no project
        command = ["mount", "-t", "tmpfs", "-o", options, "penstock-test", str(place)]
        if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(command, check=False).returncode:
            pytest.skip("a disk can't be mounted here")
        mounts.append(place)
        return place

    yield mount
    if mounts:
        subprocess.run(["umount", str(place)], check=True)
