"""Environments with what is apart from the checkout's: peers that hold back the versions of what others need, or take
some hundred megabytes. One is built once for each set of requirements, in the user's cache."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import uv_settings

_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
_REQUIRE_ALL = os.environ.get("PENSTOCK_REQUIRE_ALL") == "1"  # now: tests take such variables away


@functools.cache
def python(name: str, requirements: Sequence[str], base: str = sys.executable, version: str = _VERSION) -> Path:
    """The interpreter of one, made of the interpreter `base`, of this version. Skips the test where it is not built,
    and is not to be: in CI it is built, or fails."""
    digest = hashlib.sha256("\n".join((version, *requirements)).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "penstock-tests")
    folder = cache / f"{name}-{digest}"
    if not folder.exists():
        if not _REQUIRE_ALL:
            pytest.skip(f"no environment with {name}: PENSTOCK_REQUIRE_ALL=1 builds it")
        cache.mkdir(parents=True, exist_ok=True)
        _build(folder, requirements, base)
    return folder / "bin" / "python"


def _build(folder: Path, requirements: Sequence[str], base: str) -> None:
    own = Path(tempfile.mkdtemp(prefix="new-", dir=folder.parent))
    uv = [sys.executable, "-m", "uv"]
    environ = {**os.environ, **uv_settings.of_pip()}
    try:
        _run([*uv, "venv", "--quiet", "--relocatable", "--python", base, str(own / "made")], environ)
        target = ["--python", str(own / "made" / "bin" / "python")]
        _run([*uv, "pip", "install", "--quiet", *target, *requirements], environ)
        try:
            (own / "made").rename(folder)
        except OSError:
            assert folder.exists(), folder  # another process was faster
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _run(command: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
