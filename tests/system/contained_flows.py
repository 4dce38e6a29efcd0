"""The command line of a project whose flows run in containers, and what runs there for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from penstock.environments import image_words
from tests.containers import Engine
from tests.system.flows import Project


def containers_of(engine: Engine, project: Project) -> list[str]:
    """The names of its containers."""
    ((label, value),) = image_words.labels_of(os.fspath(project.folder))
    return engine.containers(f"{label}={value}")


def said_by_verb(folder: Path, *words: str, code: int = 0) -> str:
    """What a verb prints in a folder, on both streams, where it exits with this code."""
    done = subprocess.run(
        [sys.executable, "-m", "penstock", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "NO_COLOR": "1"},
    )
    assert done.returncode == code, (words, done.stdout, done.stderr)
    return done.stdout + done.stderr
