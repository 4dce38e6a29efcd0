"""Packages of R and Node, built by their own tools, found by the programs that steps start, listed and given back."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.agent.agent_interpreters import AgentInterpreters
from penstock.artifacts.folder import FolderStore
from penstock.environments import built_environments, library_builds
from penstock.errors import UsageError
from penstock.launch.run_environments import RunEnvironments
from penstock.launch.secrets import Secrets
from penstock.model.environments import Environment
from tests.foreign_packages import npm_lock, r_archive
from tests.system.flows import Project

TWICE = "exports.twice = (n) => 2 * n;"
MODULE = """
import { twice } from "dep";
console.log(twice(21));
await import("no-such").catch((error) => console.log(error.message));
"""
PAGE = """
import { twice } from "dep";
const { default: penstock } = await import(process.env.PENSTOCK_HELPERS + "/penstock.cjs");
penstock.write("m.json", twice(penstock.read("n.json")));
penstock.metrics({ written: 1 });
"""
FLOW = """
import subprocess
from penstock import script

page = script("page.mjs", inputs={"n": "json"}, outputs={"m": "json"}, libraries=["package-lock.json"])

@step(libraries=["package-lock.json"], cache=True)
def asked(n):
    note("asked")
    words = (["node", "-p", f"require('dep').twice({n})"], ["node", "ask.mjs"], ["dep-says"])
    return [subprocess.run(one, capture_output=True, text=True, check=True).stdout.strip() for one in words]

@flow
def main(n: int = 4):
    return [*asked(n), page(n)["m"]]
"""


@pytest.fixture
def node(project: Project, tool: Callable[[str], str]) -> Project:
    """A project with a package of Node that lies beside its lock."""
    tool("npm")
    npm_lock(project.folder, "dep", "1.2.3", TWICE)
    (project.folder / "ask.mjs").write_text(MODULE)
    (project.folder / "page.mjs").write_text(PAGE)
    project.write(FLOW)
    return project


def test_a_step_s_programs_find_packages_of_node(node: Project) -> None:
    required, imported, program, written = node.run().value()
    assert (required, program, written) == ("8", "dep 1.2.3", 8)
    assert node.rows("SELECT name FROM metric") == [("written",)]
    answer, missing = imported.splitlines()
    assert answer == "42"
    assert missing.endswith(f"imported from {node.folder}/ask.mjs")  # and not from a file of ours
    (entry,) = built_environments.listed(node.folder / ".penstock" / "environments")
    assert (entry.packages, entry.is_whole, entry.in_use) == ((("dep", "1.2.3"),), True, False)
    assert entry.python.startswith("node")
    # Nothing is built again, and a result is taken until a package is another one.
    built_at = entry.built_at
    node.run().value()
    assert node.trace() == ["asked"]
    npm_lock(node.folder, "dep", "1.2.4", TWICE)
    assert node.run(how={"inline": True}).value()[2] == "dep 1.2.4"
    assert "dep 1.2.3 of node became 1.2.4" in node.penstock("why", "main/3/asked/1")[1]
    compared = json.loads(node.penstock("compare", "main/1", "main/3", "--json")[1])["differences"]
    assert ["node:dep of asked", "1.2.3", "1.2.4"] in [[one["name"], *one["values"]] for one in compared]
    code, listed = node.penstock("env", "ls")
    assert code == 0
    assert "dep 1.2.3" in listed
    assert "dep 1.2.4" in listed
    # What a kept run has stays, what none has goes.
    code, told = node.penstock("gc", "--keep-last", "1", "--yes")
    assert code == 0, told
    left = built_environments.listed(node.folder / ".penstock" / "environments")
    assert [one.packages for one in left] == [(("dep", "1.2.4"),)]
    assert left[0].built_at > built_at
    # One that is damaged is built anew, with a word.
    (Path(left[0].folder) / "node_modules" / "dep" / "package.json").unlink()
    (Path(left[0].folder) / "node_modules" / "dep").rename(node.folder / "gone")
    code, output = node.penstock("env", "build", "mine.py:main")
    assert "dep is gone: builds it anew" in output


def test_what_can_not_be_had_is_told_before_there_is_a_run(node: Project) -> None:
    lock = node.folder / "package-lock.json"
    lock.write_text(lock.read_text().replace("sha512-", "sha512-AAAA"))
    code, told = node.penstock("run", "mine.py:main")
    assert code == 2
    assert " can't run: can't build the node library" in told
    assert "EINTEGRITY" in told
    assert node.rows("SELECT 1 FROM run") == []
    assert built_environments.listed(node.folder / ".penstock" / "environments") == []
    lock.unlink()
    code, told = node.penstock("env", "build", "mine.py:main")
    assert code == 2
    assert "package-lock.json: No such file" in told


def test_a_tool_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (library, _), *_ = library_builds.read((str(npm_lock(tmp_path, "dep", "1.2.3", TWICE)),))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"package-lock.json asks for is installed by npm, which is not on PATH: inst"):
        library_builds.build(library, tmp_path / "environments", lambda _: None)
    environment = Environment(libraries=[tmp_path / "package-lock.json"])
    store = FolderStore(tmp_path / "tier")
    here = RunEnvironments(tmp_path / "here", {}, Secrets(tmp_path, {}), lambda _: None)
    there = AgentInterpreters(tmp_path / "there", store, dict, lambda _: None, {})
    there.learn([here.travelling(environment, "fit", lambda: store)])
    with pytest.raises(UsageError, match=r"step fit can't run on .* installed by npm, .*nodejs and npm\)$"):
        there.ready(environment, "fit")


def test_packages_of_r_are_built_elsewhere_too(tmp_path: Path, tool: Callable[[str], str]) -> None:
    tool("R")
    first = r_archive(tmp_path, "twice", "1.0", "twice <- function(n) 2 * n", "twice")
    second = r_archive(tmp_path, "four", "2.0", "four <- function(n) twice::twice(twice::twice(n))", "four", "twice")
    environment = Environment(libraries=[first, second])
    told: list[str] = []
    here = RunEnvironments(tmp_path / "here", {}, Secrets(tmp_path, {}), told.append)
    store = FolderStore(tmp_path / "tier")
    described = here.travelling(environment, "fit", lambda: store)
    first.unlink()  # what the other machine needs is in the store
    there = AgentInterpreters(tmp_path / "there", store, dict, told.append, {})
    there.learn([described])
    there.ready(environment, "fit")
    environ = there.of(environment).surroundings(os.environ)
    done = subprocess.run(
        ["Rscript", "-e", "cat(four::four(10))"], env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout == "40"
    (entry,) = built_environments.listed(tmp_path / "there" / "environments")
    assert (entry.packages, entry.in_use) == ((("four", "2.0"), ("twice", "1.0")), True)
    assert entry.python.startswith("R")
    there.close()
