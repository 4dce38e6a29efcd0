"""Finds other Python interpreters: on PATH, and in the versions folder of pyenv."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path

_EMPTY_ENVIRONMENT = {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"}


@functools.cache
def find(name: str) -> Path | None:
    """The interpreter called "python3.9" or "pypy3", or None. Each candidate is asked for its version."""
    return next((path for path in _candidates(name) if _is(name, path)), None)


def run(interpreter: Path, code: str, path: str, *, timeout_s: float = 120) -> str:
    """Run code with `path` as all that stands beside the standard library; its stdout. A failure shows its stderr."""
    done = subprocess.run(
        [str(interpreter), "-S", "-"],
        input=code,
        env={**_EMPTY_ENVIRONMENT, "PYTHONPATH": path},
        capture_output=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )
    assert done.returncode == 0, f"{interpreter} exited with {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def _candidates(name: str) -> list[Path]:
    found = [Path(on_path)] if (on_path := shutil.which(name)) else []
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    return found + sorted(root.glob(f"versions/*/bin/{name}"), reverse=True)


def _is(name: str, path: Path) -> bool:
    """pyenv's shims exist for versions that are not active, and then fail."""
    question = "import platform, sys; print(platform.python_implementation().lower(), '%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([str(path), "-S", "-c", question], capture_output=True, text=True, check=False)
    implementation, _, version = answer.stdout.strip().partition(" ")
    if name.startswith("pypy"):
        return implementation == "pypy"
    return implementation == "cpython" and name == f"python{version}"
