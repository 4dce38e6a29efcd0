"""Projects for tests with real processes. Whatever a test does, nothing may run on when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
