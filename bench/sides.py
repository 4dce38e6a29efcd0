"""Two states of Penstock's source that are compared, each with the packages of this environment.

Both are copies in the folder of the benchmark, byte-compiled before anything is measured, and stand first on the path.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from bench.meter import CPU
from bench.workplace import environment

ROOT = Path(__file__).parents[1]
_METER = Path(__file__).with_name("meter.py")
_NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class Side:
    """A source tree, and what it is called."""

    name: str
    folder: Path  # has `src/`

    def cpu_s(self, folder: Path, *command: str, code: int = 0) -> float:
        """CPU time in seconds, user and system, of `python COMMAND` in a folder and of all that it starts."""
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(_METER), sys.executable, *command],
            cwd=folder, env=environment(PYTHONPATH=str(self.folder / "src")),
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        line = done.stdout.rstrip("\n").rpartition("\n")[2]
        if done.returncode != code or not line.startswith(CPU):
            said = f"{done.stdout}{done.stderr}"
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}, not {code} ({self.name}):\n{said}")
        return float(line.removeprefix(CPU))


def of_commit(commit: str, folder: Path) -> Side:
    """The source of a commit. Raises LookupError where there is none, or where it needs what is not installed here."""
    short = _git("rev-parse", "--short", "--verify", "--quiet", f"{commit}^{{commit}}").decode().strip()
    if not short:
        raise LookupError(f"there is no commit {commit}")
    with tarfile.open(fileobj=io.BytesIO(_git("archive", short, "src", "pyproject.toml"))) as archive:
        archive.extractall(folder, filter="data")
    _refuse_missing(folder, short)
    return _compiled(Side(short, folder))


def of_working_tree(folder: Path) -> Side:
    """The source as it lies here, committed or not."""
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    head = _git("rev-parse", "--short", "HEAD").decode().strip()
    return _compiled(Side(f"{head}, edited" if _git("status", "--porcelain", "src") else head, folder))


def _git(*command: str) -> bytes:
    """What git prints; b"" where it fails."""
    return subprocess.run(["git", "-C", str(ROOT), *command], capture_output=True, check=False).stdout


def _refuse_missing(folder: Path, commit: str) -> None:
    wanted = tomllib.loads((folder / "pyproject.toml").read_text())["project"]["dependencies"]
    for requirement in wanted:
        name = _NAME.match(requirement)
        try:
            metadata.version(name[0] if name else requirement)
        except metadata.PackageNotFoundError as error:
            raise LookupError(f"{commit} needs {requirement}: {sys.executable} -m pip install it") from error


def _compiled(side: Side) -> Side:
    """No side may be slower for being new on this disk."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(side.folder / "src")], check=True)
    return side
