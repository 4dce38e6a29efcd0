"""Runs of a project whose values lie in a far tier, too: what is needed comes down, and nothing runs again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.system.flows import Project
from tests.tiers import KINDS, TierKind

FLOW = """
    @step(cache=True)
    def load(n: int):
        note("loads")
        return b"x" * n

    @step
    def count(data):
        if not os.path.exists("mended"):
            raise ValueError("not yet")
        note("counts")
        return len(data)

    @flow
    def main(n: int = 500_000):
        return count(load.submit(n))
"""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> TierKind:
    return KINDS[request.param](request, tmp_path)


@pytest.fixture
def penstock(project: Project, kind: TierKind) -> Callable[..., str]:
    project.settings(f'[store]\nurl = "{kind.url}"\nmirror = true\n')
    project.write(FLOW)

    def run(*words: str, code: int = 0) -> str:
        environ = {"PENSTOCK_SSH": os.environ.get("PENSTOCK_SSH", "ssh")}
        process = project.popen([sys.executable, "-m", "penstock", *words], environ)
        output, _ = process.communicate(timeout=120)
        assert process.returncode == code, output
        return output

    return run


def blobs_in(folder: Path) -> set[str]:
    return {file.name for file in folder.rglob("b3-*")} | {file.name for file in folder.rglob("s2-*")}


@pytest.mark.parametrize("how", [(), ("--inline",)])
def test_values_outlive_the_folder_that_they_were_made_in(
    project: Project, kind: TierKind, penstock: Callable[..., str], how: tuple[str, ...]
):
    store = project.folder / ".penstock" / "store"
    penstock("run", *how, "mine.py", code=1)
    made = blobs_in(store)
    assert len(made) == 1
    assert blobs_in(kind.folder) == made
    shutil.rmtree(store)
    project.touch("mended")
    assert "1 reused" in penstock("resume", *how)
    assert penstock("get", "main/1").startswith("500000\n")
    assert blobs_in(store) == made
    shutil.rmtree(store)
    penstock("run", *how, "mine.py")
    assert sorted(project.trace()) == ["counts", "counts", "loads"]
    shutil.rmtree(store)
    penstock("get", "main/1/load/1", "-o", "loaded.bin")
    assert blobs_in(store) == made


def test_a_copied_project_says_what_mends_it_and_runs_all_the_same(
    project: Project, kind: TierKind, penstock: Callable[..., str]
):
    project.touch("mended")
    penstock("run", "mine.py")
    shutil.copytree(project.folder, project.folder.with_name("copy"))
    penstock("run", "mine.py", "--n", "200_000")
    words = [sys.executable, "-m", "penstock", "run", "mine.py", "--n", "300_000"]
    done = subprocess.run(words, cwd=project.folder.with_name("copy"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "belongs to another journal" in done.stderr
    assert "`penstock push --as-new`" in done.stderr
