"""An environment with MLflow, apart from the checkout's: MLflow holds back the versions of what others need, and takes
some hundred megabytes. It is built once for each set of requirements, in the user's cache."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import built_environments

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
SETTINGS = {
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",  # jobs need the whole package
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "PYTHONWARNINGS": "ignore",
}


def python() -> Path:
    """Its interpreter. Skips the test where it is not built, and is not to be: in CI it is built, or fails."""
    return built_environments.python("mlflow", REQUIREMENTS)


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
