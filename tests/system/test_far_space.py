"""`push`, `pull`, `du` and `gc` of a project with a far tier."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from penstock.agent.sent_checkpoints import SentFolder
from penstock.journal import queries
from penstock.journal.journal import Journal
from penstock.model.luggage import DataFile
from penstock.model.wire import pack
from penstock.tiers.tier_opening import open_tier
from tests.system.flows import Project
from tests.tiers import KINDS, TierKind

FLOW = """
    @step
    def load(n: int):
        return os.urandom(n)

    @flow
    def main(n: int = 500_000):
        return len(load(n))
"""
DAYS = 3 * 86_400.0


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> TierKind:
    return KINDS[request.param](request, tmp_path)


@pytest.fixture
def penstock(project: Project, kind: TierKind) -> Callable[..., str]:
    project.settings(f'[store]\nurl = "{kind.url}"\n')
    project.write(FLOW)

    def run(*words: str, code: int = 0, folder: Path = project.folder) -> str:
        surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
        environ = {**surroundings, "PENSTOCK_SSH": os.environ.get("PENSTOCK_SSH", "ssh")}
        command = [sys.executable, "-m", "penstock", *words]
        done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout if "--json" in words else done.stdout + done.stderr

    return run


def told(penstock: Callable[..., str], *words: str) -> Any:
    return json.loads(penstock(*words, "--json"))


def pass_time(folder: Path, seconds: float) -> None:
    for file in folder.rglob("*"):
        at = file.stat().st_mtime - seconds
        os.utime(file, (at, at))


def test_values_are_sent_up_brought_down_and_swept(project: Project, kind: TierKind, penstock: Callable[..., str]):
    store = project.folder / ".penstock" / "store"
    for _ in range(2):
        penstock("run", "mine.py")
    assert list(kind.folder.iterdir()) == []
    pushed = told(penstock, "push", "main/1")
    assert (pushed["url"], pushed["blobs"], pushed["already"], pushed["missing"]) == (kind.url, 1, 0, 0)
    assert pushed["bytes"] >= 500_000
    assert "sent 1 value up to" in penstock("push")
    assert told(penstock, "push")["already"] == 2
    (far,) = told(penstock, "du")["far"]
    assert (far["url"], far["blobs"], far["alone_bytes"], far["error"]) == (kind.url, 2, 0, "")

    shutil.rmtree(store)
    (far,) = told(penstock, "du")["far"]
    assert far["alone_bytes"] == far["bytes"] >= 1_000_000
    assert (told(penstock, "pull", "main/2")["blobs"], told(penstock, "pull")["blobs"]) == (1, 1)
    assert "brought 0 values down" in penstock("pull")

    penstock("rm", "--yes", "main/1")
    pass_time(kind.folder, -1.0)
    assert "blobs in" not in penstock("gc", "--yes")
    pass_time(kind.folder, DAYS)
    shown = told(penstock, "gc")
    assert [pile["count"] for pile in shown["piles"] if pile["what"] == f"blobs in {kind.url}"] == [1]
    assert told(penstock, "gc", "--yes")["bytes"] >= 500_000
    (far,) = told(penstock, "du")["far"]
    assert far["blobs"] == 1
    shutil.rmtree(store)
    penstock("get", "main/2/load/1", "-o", "loaded.bin")


def test_a_copied_project_is_not_swept_until_it_has_a_place_of_its_own(
    project: Project, kind: TierKind, penstock: Callable[..., str]
):
    penstock("run", "mine.py")
    penstock("push")
    copy = project.folder.with_name("copy")
    shutil.copytree(project.folder, copy)
    penstock("push")
    for words in (["gc"], ["gc", "--yes"], ["push"]):
        assert "belongs to another journal" in penstock(*words, code=2, folder=copy)
    assert "sent 1 value up to" in penstock("push", "--as-new", folder=copy)
    penstock("gc", "--yes", folder=copy)
    penstock("gc", "--yes")
    assert len(list(kind.folder.iterdir())) == 2
    assert "exclude one another" in penstock("push", "--as-new", "--take-over", code=2)


def test_what_is_left_of_removed_runs_goes_and_checkpoints_of_others_stay(
    project: Project, kind: TierKind, penstock: Callable[..., str]
):
    penstock("run", "mine.py")
    penstock("push")
    tier = open_tier(kind.url, next(kind.folder.iterdir()).name)
    with closing(Journal.open(project.folder / ".penstock", read_only=True)) as journal:
        (run,) = queries.runs(journal)
    saved, lost = (tier.blobs.put(os.urandom(1000)) for _ in range(2))
    folder = SentFolder(1, (DataFile("model.pt", *saved),), ()).plain()
    for nonce in (run.nonce, "0123abcd"):
        for name in (f"mail/{nonce}/up/a.1/00000001", f"runs/{nonce}", f"checkpoints/{nonce}/k1"):
            tier.put(name, pack(folder))
    for name, data in (("agent", b"BUNDLE='new.tar.gz'"), ("bundles/new.tar.gz", b"new"), ("bundles/old.tar.gz", b"")):
        tier.put(name, data)
    (kind.folder / tier.project / "tmp" / "cut-off").write_bytes(b"half")
    pass_time(kind.folder, DAYS)
    swept = told(penstock, "gc", "--yes")
    counts = {pile["what"]: pile["count"] for pile in swept["piles"] if kind.url in pile["what"]}
    assert counts == {
        f"blobs in {kind.url}": 1,
        f"letters of removed runs in {kind.url}": 3,
        f"unfinished writes in {kind.url}": 1,
        f"old bundles for agents in {kind.url}": 1,
    }
    assert tier.list("bundles/") == ["bundles/new.tar.gz"]
    assert not list((kind.folder / tier.project / "tmp").iterdir())
    assert all(tier.list(f"{kept}/") for kept in ("mail", "runs", "checkpoints"))
    assert tier.list("mail/0123abcd/") == []
    assert (tier.blobs.renew(*saved), tier.blobs.renew(*lost)) == (True, False)
    tier.close()


def test_without_a_far_tier_there_is_nowhere_to_send_to(project: Project, penstock: Callable[..., str]):
    penstock("run", "mine.py")
    project.settings("")
    for verb in ("push", "pull"):
        assert "this project has no far tier: write `[store]`" in penstock(verb, code=2)


def test_a_tier_that_is_gone_keeps_nobody_from_looking(project: Project, kind: TierKind, penstock: Callable[..., str]):
    penstock("run", "mine.py")
    penstock("push")
    os.rename(kind.folder, kind.folder.with_name("unmounted"))
    words = penstock("push", code=1)
    assert "is not there" in words
    assert ": mount what it lies in" in words
    assert "mkdir -p" in words
    penstock("du")
    penstock("show", "main/1")
