"""An agent on a machine that has nothing of ours: no Python on its PATH, no network, another home."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock import project_far
from penstock.executors.needed_blobs import blobs_of_outcome
from penstock.launch import own_packages
from penstock.launch.own_packages import OwnPackages
from penstock.launch.run_environments import RunEnvironments
from penstock.launch.secrets import Secrets
from penstock.model.environments import Environment
from penstock.model.events import Lane
from penstock.model.outcomes import Outcome
from penstock.tiers.folder_tier import FolderTier
from tests.contract.executor_bench import Bench
from tests.contract.far_bench import PROJECT, FarOnThisHost
from tests.system.flows import PATIENCE_S, Project
from tests.wheels import wheel

TOOLS = (
    *("sh", "mkdir", "cat", "rm", "mv", "tar", "gzip", "uname", "sha256sum", "sleep", "setsid"),
    *("find", "kill", "chmod", "env"),
)
STEPS = """
import os, sys

def where():
    return sys.prefix, os.environ.get("PATH", ""), sorted(name for name in os.environ if name.startswith("PENSTOCK_A"))

def library():
    import lib
    return lib.VERSION, os.environ.get("TOKEN", "")[:2], sys.version_info[:2]

def speak(words):
    print(words, os.environ.get("TOKEN"))
    return __import__("ssl").OPENSSL_VERSION

def read(path):
    return open(path).read()
"""


class Far:
    """A driver here, and what it takes to start agents there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lanes = folder, 0
        self.steps = folder / "project" / "steps.py"
        self.steps.parent.mkdir(parents=True)
        self.steps.write_text(STEPS)
        (folder / "tier").mkdir()
        tier = FolderTier(str(folder / "tier"), PROJECT)
        project_far.deliver_bundle(tier, lambda _: None)
        secrets = Secrets(folder, {"TOKEN": "s3cr3t-value"})
        self.environments = RunEnvironments(folder / "environments", {}, secrets, lambda _: None)
        executor = FarOnThisHost(
            folder,
            folder / "project" / "store",
            [self.steps],
            command=("sh", str(self._alone(project_far.agent_script(tier)))),
            environment=lambda environment, step: self.environments.travelling(
                environment, step, lambda: tier.blobs, wheels=True
            ),
            private=self.environments.private,
        )
        self.bench = Bench(executor, folder / "project", "steps", str(self.steps))

    def _alone(self, script: str) -> Path:
        """A command that runs the script where nothing else is to be found."""
        tools = self.folder / "tools"
        tools.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found
            (tools / tool).symlink_to(found)
        kept = " ".join(f'{name}="${{{name}}}"' for name in ("PENSTOCK_AGENT_HOME", "PENSTOCK_AGENT_PRIVATE"))
        user = "" if os.geteuid() == 0 else "--map-root-user"
        file = self.folder / "alone"
        file.write_text(
            f'exec unshare --net {user} env -i PATH={tools} HOME={self.folder / "nobody"} {kept} sh {script} "$@"\n'
        )
        return file

    def run(self, function: str, *args: Any, environment: Environment | None = None) -> Outcome:
        self.bench.executor.ready(environment, function)
        self.lanes += 1
        return self.bench.run(function, *args, lane=Lane(self.lanes, environment=environment))

    def value(self, outcome: Outcome) -> Any:
        digest_and_size = blobs_of_outcome(outcome)
        for digest, size in digest_and_size:
            self.bench.executor.store.bring(digest, size)
        return self.bench.value(outcome)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def far(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Far]:
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    wheel(tmp_path / "index", "lib", "1.0")
    started = Far(tmp_path)
    with started.bench:
        yield started


@pytest.mark.slow
def test_steps_run_there_with_packages_secrets_and_logs_as_they_run_here(far: Far, monkeypatch: pytest.MonkeyPatch):
    index = far.folder / "index"
    own = Environment(packages=["lib"], find_links=[index])
    monkeypatch.syspath_prepend(str(far.environments.site_of(own, "library")))
    monkeypatch.setattr(own_packages, "own_packages", lambda: OwnPackages("3.0.0", (("lib", "1.0"),), ()))
    assert far.value(far.run("library")) == ("1.0", "", sys.version_info[:2])

    prefix, path, variables = far.value(far.run("where"))
    assert Path(prefix).is_relative_to(far.folder / "home")
    assert path == f"{prefix}/bin:{far.folder / 'tools'}"
    assert variables == []

    secret = Environment(packages=["lib"], find_links=[index], secrets=["TOKEN"])
    assert far.value(far.run("library", environment=secret))[:2] == ("1.0", "s3")
    said = far.run("speak", "hello", environment=secret)
    assert far.value(said).startswith("OpenSSL")
    log = far.bench.log(said)
    assert b"hello" in log
    assert b"s3cr3t" not in log

    (far.steps.parent / "data.csv").write_text("1,2")
    missed = far.run("read", "data.csv")
    assert missed.error
    assert missed.error.type == "FileNotFoundError"
    mend = """data.csv lies in the project here and does not go with a run: have it go by `include = ["data.csv"]`"""
    assert mend in missed.error.message
    assert any(mend in line for line in far.bench.notices())
    assert not (far.folder / "nobody").exists()


@pytest.mark.slow
def test_doctor_says_how_an_agent_is_started_by_hand_and_waits_for_it_with_a_bound(
    project: Project, tmp_path: Path, cache: Path
):
    (tmp_path / "shared").mkdir()
    url = (tmp_path / "shared").as_uri()
    project.settings(f'[store]\nurl = "{url}"\n[executors.desk]\nkind = "agent"\n')
    command = [sys.executable, "-m", "penstock", "doctor", "--on", "desk", "--json"]
    environ = {"XDG_CACHE_HOME": str(cache), "PENSTOCK_AGENT_HOME": str(tmp_path / "there")}

    printed, _ = project.popen([*command, "--wait", "200ms"], environ).communicate(timeout=2 * PATIENCE_S)
    (found,) = json.loads(printed[printed.index("{") :])["findings"]
    assert (found["what"], found["level"]) == ("queue", "problem")
    assert "start an agent, with CPUs: 1: penstock agent pa1_" in printed
    assert "somebody has to start it" in found["found"]
    assert "--wait" in found["mend"]

    doctor = project.popen(command, environ)
    assert doctor.stdout is not None
    said = next(line for line in doctor.stdout if "penstock agent pa1_" in line)
    code = said.split()[-1]
    agent = project.popen([sys.executable, "-m", "penstock", "agent", code], environ)
    try:
        printed, _ = doctor.communicate(timeout=2 * PATIENCE_S)
        assert agent.wait(timeout=PATIENCE_S) == 0
    finally:
        agent.kill()
        agent.communicate()
    report = json.loads(printed[printed.index("{") :])
    assert doctor.returncode == 0, report
    stages = [stage["stage"] for stage in report["stages"]]
    assert stages[:2] == ["tier", "bundle"]
    assert stages[-4:] == ["environment", "task", "download", "end"]
    left = {path.name for path in (tmp_path / "shared").rglob("*") if path.is_file()}
    assert {name for name in left if not name.endswith(".tar.gz")} == {"owner", "agent"}
