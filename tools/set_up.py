"""Sets up a virtual environment for one of make's targets: `python tools/set_up.py VENV STAMP GROUP...`.

Runs under any Python from 3.11 on with nothing installed. The stamp holds a fingerprint of what was asked for, so that
an edit of pyproject.toml that changes no requirement costs nothing and needs no network.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = ROOT / "constraints.txt"
INDEX_SETTINGS = ("index-url", "extra-index-url", "find-links", "no-index")


def main(venv: Path, stamp: Path, groups: list[str]) -> None:
    """Bring the environment to what the groups ask for, and write the stamp."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    requirements = [line for group in groups for line in project["dependency-groups"][group]]
    fingerprint = _fingerprint(project, requirements)
    python = venv / "bin" / "python"
    if not (python.exists() and stamp.exists() and stamp.read_text() == fingerprint):
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        arguments = ["--quiet", "--constraint", str(CONSTRAINTS), "--editable", str(ROOT), *requirements]
        subprocess.run([*installer(python), *arguments], check=True)
        # A start is several times slower without these; an environment that forbids writing them would never get any.
        subprocess.run([str(python), "-m", "compileall", "-q", str(ROOT / "src")], check=True)
    stamp.write_text(fingerprint)


def _fingerprint(project: dict[str, object], requirements: list[str]) -> str:
    settings = project["project"]
    assert isinstance(settings, dict)
    shape = {
        "build": project["build-system"],
        "package": {key: settings.get(key) for key in ("version", "dependencies", "scripts", "requires-python")},
        "requirements": requirements,
        "constraints": CONSTRAINTS.read_text(),
        "root": str(ROOT),
    }
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()


def installer(python: Path) -> list[str]:
    """The command that installs: uv where it is on PATH and sees the same indexes as pip, else pip."""
    uv = shutil.which("uv")
    if uv and (any(name.startswith("UV_") and "INDEX" in name for name in os.environ) or not _pip_has_indexes(python)):
        return [uv, "pip", "install", "--compile-bytecode", "--python", str(python)]
    return [str(python), "-m", "pip", "install", "--disable-pip-version-check"]


def _pip_has_indexes(python: Path) -> bool:
    """Whether pip is configured to look elsewhere than PyPI: uv does not read pip's settings."""
    listed = subprocess.run([str(python), "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    keys = [line.partition("=")[0].rpartition(".")[2] for line in listed.stdout.splitlines()]
    return any(key in INDEX_SETTINGS for key in keys)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute(), sys.argv[3:])
    except subprocess.CalledProcessError as error:
        sys.exit(f"set-up failed: {' '.join(error.cmd[:4])} ... exited with {error.returncode}")
