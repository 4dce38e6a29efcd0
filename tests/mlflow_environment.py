"""An environment with MLflow, apart from the checkout's: MLflow holds back the versions of what others need, and takes
some hundred megabytes. It is built once for each set of requirements, in the user's cache."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests import uv_settings

REQUIREMENTS = (
    # The whole package adds pandas, pyarrow, scikit-learn and matplotlib, 850 MB in all, and stores nothing otherwise.
    *(
        "mlflow-skinny>=3.10,<4",
        "aiohttp",
        "alembic",
        "cryptography",
        "flask",
        "flask-cors",
        "graphene",
        "numpy",
        "sqlalchemy",
    ),
)
_REQUIRE_ALL = os.environ.get("PENSTOCK_REQUIRE_ALL") == "1"  # now: tests take such variables away
SETTINGS = {
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # jobs need the whole package
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "PYTHONWARNINGS": "ignore",
}


@functools.cache
def python() -> Path:
    """Its interpreter. Skips the test where it is not built, and is not to be: in CI it is built, or fails."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    name = hashlib.sha256("\n".join((version, *REQUIREMENTS)).encode()).hexdigest()[:16]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "penstock-tests")
    folder = cache / f"mlflow-{name}"
    if not folder.exists():
        if not _REQUIRE_ALL:
            pytest.skip("no environment with MLflow: PENSTOCK_REQUIRE_ALL=1 builds it")
        cache.mkdir(parents=True, exist_ok=True)
        _build(folder, version)
    return folder / "bin" / "python"


def _build(folder: Path, version: str) -> None:
    own = Path(tempfile.mkdtemp(prefix="new-", dir=folder.parent))
    uv = [sys.executable, "-m", "uv"]
    settings = {**os.environ, **uv_settings.of_pip()}
    try:
        _run([*uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, str(own / "made")], settings)
        target = ["--python", str(own / "made" / "bin" / "python")]
        _run([*uv, "pip", "install", "--quiet", *target, *REQUIREMENTS], settings)
        try:
            (own / "made").rename(folder)
        except OSError:
            assert folder.exists(), version  # another process was faster
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _run(command: list[str], settings: dict[str, str]) -> None:
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def run(code: str, folder: Path, *words: str) -> str:
    """Run code there, in a folder; what it prints."""
    settings = {**{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}, **SETTINGS}
    command = [str(python()), "-c", code, *words]
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
