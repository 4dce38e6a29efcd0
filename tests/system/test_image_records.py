"""What a run keeps of its images, by the command line: why, forks after a tag moved, and what the API and gc know."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.containers import Engine

_FLOW = """
from penstock import flow, step

@step(image="{tag}", cache=True)
def where():
    import platform
    return platform.python_version()

@flow
def f():
    return where()
"""


class Shell:
    """A project's folder, and the command line in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def penstock(self, *words: str, code: int = 0) -> str:
        """What a verb prints, on both streams."""
        done = subprocess.run(
            [sys.executable, "-m", "penstock", *words],
            cwd=self._folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env={**os.environ, "NO_COLOR": "1"},
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr


def test_a_moved_tag_is_said_and_named_and_a_run_that_goes_on_has_what_it_had(
    podman_engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in podman_engine.environ.items():
        monkeypatch.setenv(name, value)
    tag = f"localhost/penstock-test/records:{os.urandom(8).hex()}"
    podman_engine.ask("tag", podman_engine.image("python"), tag)
    (tmp_path / "moving.py").write_text(_FLOW.format(tag=tag))
    (tmp_path / "penstock.toml").write_text('[project]\ncontainers = "podman"\n')
    shell = Shell(tmp_path)
    try:
        shell.penstock("run", "moving.py")
        assert shell.penstock("get", "f/1").startswith("3.11")
        shell.penstock("run", "moving.py")
        assert "reused" in shell.penstock("why", "f/2/where/1")
        podman_engine.ask("tag", podman_engine.image("trixie"), tag)
        assert f"the name {tag} has moved to" in shell.penstock("fork", "f/1")
        assert shell.penstock("get", "f/3").startswith("3.11")
        shell.penstock("run", "moving.py")
        assert shell.penstock("get", "f/4").startswith("3.13")
        why = " ".join(shell.penstock("why", "f/4/where/1").split())
        assert f"the image {tag} (" in why
        assert f") became {tag} (" in why
        lock = shell.penstock("env", "lock", "moving.py")
        assert f"# name {tag}\n" in lock
        assert "python 3.13" in shell.penstock("env", "build", "moving.py").lower()
        compared = shell.penstock("compare", "f/1", "f/4")
        assert "image" in compared
    finally:
        podman_engine.try_to("image", "rm", tag)
