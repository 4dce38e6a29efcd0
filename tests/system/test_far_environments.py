"""Environments of steps on another machine: built there from locks, with an index or with wheels that came along."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from penstock.agent.agent_interpreters import AgentInterpreters
from penstock.artifacts.folder import FolderStore
from penstock.errors import UsageError
from penstock.executors.interpreters import Interpreter
from penstock.launch import own_packages
from penstock.launch.own_packages import OwnPackages
from penstock.launch.run_environments import RunEnvironments
from penstock.launch.secrets import Secrets
from penstock.model import luggage
from penstock.model.environments import Environment
from tests.wheels import wheel


class Machines:
    """A run's environments here, a store that both reach, and an agent's there."""

    def __init__(self, folder: Path) -> None:
        self.wheels = folder / "index"
        wheel(self.wheels, "lib", "1.0", body="def main(): print('lib', VERSION)\n", program="lib-says")
        wheel(self.wheels, "app", "2.0", requires="lib")
        secrets = Secrets(folder, {})
        self.here = RunEnvironments(folder / "here" / "environments", {}, secrets, lambda _: None)
        self.store = FolderStore(folder / "tier")
        self.there = AgentInterpreters(folder / "there", self.store, dict, lambda _: None, {})

    def arrives(self, environment: Environment | None, *, wheels: bool = False) -> Interpreter:
        told = self.here.travelling(environment, "train", lambda: self.store, wheels=wheels)
        self.there.learn([told])
        self.there.ready(environment, "train")
        return self.there.of(environment)


@pytest.fixture
def machines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machines:
    monkeypatch.setenv("UV_OFFLINE", "1")
    return Machines(tmp_path)


def said(interpreter: Interpreter, *command: str) -> str:
    environ = interpreter.surroundings(os.environ)
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout.strip()


def test_an_environment_is_built_there_from_the_lock_that_was_made_here(machines: Machines):
    environment = Environment(packages=["app"], find_links=[machines.wheels], env={"MODE": "fast"})
    there = machines.arrives(environment)
    assert said(
        there, there.python, "-c", "import app, lib, os; print(app.VERSION, lib.VERSION, os.environ['MODE'])"
    ) == ("2.0 1.0 fast")
    assert Path(there.kit, "penstock", "worker").is_dir()
    assert not (Path(machines.here._folder) / "kits").exists()  # here nothing is built


def test_without_an_index_its_wheels_come_along(machines: Machines):
    environment = Environment(packages=["app"], find_links=[machines.wheels])
    told = machines.here.travelling(environment, "train", lambda: machines.store, wheels=True)
    for file in machines.wheels.iterdir():
        file.unlink()
    machines.there.learn([told])
    machines.there.ready(environment, "train")
    there = machines.there.of(environment)
    assert said(there, there.python, "-c", "import app, lib; print(app.VERSION, lib.VERSION)") == "2.0 1.0"
    assert said(there, "lib-says") == "lib 1.0"


def test_without_an_index_and_without_wheels_it_says_what_it_lacks(machines: Machines):
    environment = Environment(packages=["app"], find_links=[machines.wheels])
    told = machines.here.travelling(environment, "train", lambda: machines.store)
    for file in machines.wheels.iterdir():
        file.unlink()
    machines.there.learn([told])
    with pytest.raises(
        UsageError, match=r"(?s)step train can't run on .*Because app was not found.*set `wheels = true` for its"
    ):
        machines.there.ready(environment, "train")


@pytest.mark.parametrize("wheels", [True, False])
def test_the_flow_s_own_packages_are_had_under_the_same_python(
    machines: Machines, monkeypatch: pytest.MonkeyPatch, wheels: bool
):
    if not wheels:
        monkeypatch.setenv("UV_FIND_LINKS", str(machines.wheels))
    known = Environment(packages=["app"], find_links=[machines.wheels])
    site = machines.here.site_of(known, "train")
    monkeypatch.syspath_prepend(str(site))
    packages = (("app", "2.0"), ("lib", "1.0"))
    monkeypatch.setattr(own_packages, "own_packages", lambda: OwnPackages("3.0.0", packages, ()))
    there = machines.arrives(None, wheels=wheels)
    assert said(there, there.python, "-c", "import app, lib; print(app.VERSION, lib.VERSION)") == "2.0 1.0"


def test_own_packages_that_no_index_has_are_told_where_they_are_missed(
    machines: Machines, monkeypatch: pytest.MonkeyPatch
):
    own = OwnPackages(
        "3.0.0", (("lib", "9.0"),), ("tool 1.0: it was installed from file:///tool, and no index has it",)
    )
    monkeypatch.setattr(own_packages, "own_packages", lambda: own)
    with pytest.raises(
        UsageError, match=r"(?s)be had there: tool 1\.0: it was installed from file:///tool.*; .*lib==9"
    ):
        machines.arrives(None)


def test_what_is_described_can_go_in_a_letter(machines: Machines):
    told = machines.here.travelling(None, "train", lambda: machines.store)
    assert luggage.environment_from_plain(told).python == ".".join(map(str, __import__("sys").version_info[:3]))
