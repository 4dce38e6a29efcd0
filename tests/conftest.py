"""What all tests share: components that may be missing, other interpreters, empty projects."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests import containers, interpreters, leftovers, watchdog

settings.register_profile("tests", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("tests")

REQUIRE_ALL = os.environ.get("PENSTOCK_REQUIRE_ALL") == "1"

_WATCHDOG = pytest.StashKey[subprocess.Popen[bytes]]()


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_WATCHDOG] = watchdog.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    with _watched(item):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    with _watched(item):
        yield


@contextmanager
def _watched(item: pytest.Item) -> Generator[None]:
    """What hangs fails, and those after it have their turn."""
    told = item.config.stash[_WATCHDOG].stdin
    assert told is not None
    told.write(b"\n")
    began = time.monotonic()
    try:
        yield
    except KeyboardInterrupt as error:
        if time.monotonic() - began < watchdog.LIMIT_S:
            raise
        raise TimeoutError(f"it has hung for {watchdog.LIMIT_S} s") from error


def pytest_unconfigure(config: pytest.Config) -> None:
    if _WATCHDOG in config.stash:
        config.stash[_WATCHDOG].communicate()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a skipped test has failed: a skip that nobody sees is a defect."""
    report = yield
    return _refuse_skip(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that is skipped at its import."""
    report = yield
    return _refuse_skip(report)


def _refuse_skip(report: Any) -> Any:
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped, but PENSTOCK_REQUIRE_ALL=1 allows no skip: {reason}"
    return report


@pytest.fixture(scope="session")
def require() -> Callable[[str], None]:
    """`require("torch")`: skips the test where the importable module is missing; in CI that is a failure."""

    def check(module: str) -> None:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")

    return check


@pytest.fixture(scope="session")
def interpreter() -> Callable[[str], Path]:
    """`interpreter("python3.9")`, or "pypy3": its path; skips the test where it is missing, in CI a failure."""

    def find(name: str) -> Path:
        path = interpreters.find(name)
        if path is None:
            pytest.skip(f"no {name} on PATH or in pyenv's versions")
        return path

    return find


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """`tool("Rscript")`: the path of a program; skips the test where it is not on PATH, in CI a failure."""

    def find(name: str) -> str:
        path = shutil.which(name)
        if path is None:
            pytest.skip(f"no {name} on PATH")
        return path

    return find


@pytest.fixture(scope="session")
def podman_engine() -> containers.Engine:
    """Podman; skips the test where it is missing, in CI a failure."""
    return containers.podman()


@pytest.fixture(scope="session")
def docker_engine() -> Generator[containers.Engine]:
    """Docker, with a daemon of these tests' own; skips the test where it is missing, in CI a failure."""
    with containers.docker() as engine:
        yield engine


@pytest.fixture(params=["podman", "docker"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> containers.Engine:
    """Each of both; its variables are set, so that what the test starts asks this one."""
    found: containers.Engine = request.getfixturevalue(f"{request.param}_engine")
    for name, value in found.environ.items():
        monkeypatch.setenv(name, value)
    return found


@pytest.fixture(scope="module", autouse=True)
def host_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """Runs share a machine with those that meet in this folder: with no others than those of this file's tests, and
    none of these outlives them, to hold a share of the machine for good."""
    folder = tmp_path_factory.mktemp("host")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", os.fspath(folder))
        yield
    left = leftovers.end_those_of(folder)
    assert not left, f"these runs or agents were left behind: {left}"


@pytest.fixture
def project_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, as the current folder. Nothing of the surrounding environment's settings reaches it."""
    for name in [name for name in os.environ if name.startswith("PENSTOCK_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "penstock.toml").touch()
    monkeypatch.chdir(folder)
    return folder
