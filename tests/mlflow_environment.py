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
from collections.abc import Iterator
from contextlib import contextmanager
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
    environ = {**os.environ, **uv_settings.of_pip()}
    try:
        _run([*uv, "venv", "--quiet", "--relocatable", "--python", sys.executable, str(own / "made")], environ)
        target = ["--python", str(own / "made" / "bin" / "python")]
        _run([*uv, "pip", "install", "--quiet", *target, *REQUIREMENTS], environ)
        try:
            (own / "made").rename(folder)
        except OSError:
            assert folder.exists(), version  # another process was faster
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _run(command: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def settings() -> dict[str, str]:
    """The environment variables of a process there."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}, **SETTINGS}


def run(code: str, folder: Path, *words: str) -> str:
    """Run code there, in a folder; what it prints."""
    command = [str(python()), "-c", code, *words]
    done = subprocess.run(command, cwd=folder, env=settings(), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# What `mlflow server` runs beside a gateway to language models, which needs the whole package.
_SERVE = """
import os
os.environ.update({
    "_MLFLOW_SERVER_FILE_STORE": "sqlite:///mlflow.db",
    "_MLFLOW_SERVER_REGISTRY_STORE": "sqlite:///mlflow.db",
    "_MLFLOW_SERVER_ARTIFACT_ROOT": "mlflow-artifacts:/",
    "_MLFLOW_SERVER_ARTIFACT_DESTINATION": "./mlartifacts",
    "_MLFLOW_SERVER_SERVE_ARTIFACTS": "true",
})
from mlflow.server import app
from werkzeug.serving import make_server
server = make_server("127.0.0.1", 0, app, threaded=True)
print(server.port, flush=True)
server.serve_forever()
"""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a server of MLflow's, which keeps what it is told in a folder."""
    command = [str(python()), "-c", _SERVE]
    log = folder / "server.log"
    with (
        open(log, "w", encoding="utf-8") as errors,
        subprocess.Popen(command, cwd=folder, env=settings(), stdout=subprocess.PIPE, stderr=errors) as process,
    ):
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, log.read_text(encoding="utf-8")
            yield f"http://127.0.0.1:{int(port)}"
        finally:
            process.kill()
