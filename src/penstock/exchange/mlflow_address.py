"""What an address of MLflow's means: a folder, a file of tables, or a server."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from penstock.errors import NotFoundError, UsageError
from penstock.exchange.mlflow_api import MlflowApi
from penstock.exchange.mlflow_files import FileTracking
from penstock.exchange.mlflow_runs import Tracking
from penstock.exchange.mlflow_server import ServerTracking
from penstock.exchange.mlflow_tables import TableTracking

_TABLES = "sqlite:///"
_KINDS = "a folder `mlruns`, sqlite:///mlflow.db, or the address of a server"


def opened(address: str) -> Tracking:
    """The store at an address as MLflow writes it. Raises UsageError and NotFoundError."""
    scheme = _parts(address).scheme
    if scheme in ("http", "https"):
        return ServerTracking(server(address))
    if address.startswith(_TABLES):
        return _tables(Path(unquote(address.removeprefix(_TABLES).partition("?")[0])))
    if scheme and "://" in address and scheme != "file":
        raise UsageError(
            f"{address} is read by MLflow alone: run `mlflow server --backend-store-uri {address}` and give the "
            "server's address, as http://127.0.0.1:5000"
        )
    path = Path(unquote(_parts(address).path) if scheme == "file" else address)
    if path.is_file():
        return _tables(path)
    if not path.is_dir():
        raise NotFoundError(f"there is no {path}: give {_KINDS}")
    return _folder(path)


def server(address: str) -> MlflowApi:
    """The server at an address. Raises UsageError for any other store: what is exported goes through a server."""
    if _parts(address).scheme not in ("http", "https"):
        raise UsageError(
            f"{address} is no address of a server: run `mlflow server --backend-store-uri {address}` and give that, as "
            "http://127.0.0.1:5000"
        )
    return MlflowApi(address, os.environ)


def _parts(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError as error:
        raise UsageError(f"{address} is no address: {error}") from None


def _tables(file: Path) -> Tracking:
    if not file.is_file():
        raise NotFoundError(f"there is no file {file}: give {_KINDS}")
    return TableTracking(file)


def _folder(path: Path) -> Tracking:
    if FileTracking.is_there(path):
        return FileTracking(path)
    inner = path / "mlruns"
    if FileTracking.is_there(inner):
        raise UsageError(f"{path} is no store of MLflow's, and {inner} is: give that")
    file = path / "mlflow.db"
    if file.is_file():
        raise UsageError(f"{path} is no store of MLflow's, and {file} is: give sqlite:///{file}")
    raise UsageError(f"{path} holds no experiments of MLflow's: give {_KINDS}")
