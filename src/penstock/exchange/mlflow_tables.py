"""MLflow's store in an SQLite file. It is MLflow's: opened for reading alone, and nothing of it is the journal's."""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from penstock.errors import UsageError
from penstock.exchange.mlflow_runs import RunContent, RunHead, number, point_columns
from penstock.exchange.run_import import PointColumns
from penstock.exchange.staging import Staging
from penstock.journal import sql_files

_BUSY_S = 30.0
_SERVED = "mlflow-artifacts:"


class TableTracking:
    """Implements `Tracking`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.unreadable: list[str] = []
        self._sql = sql_files.read(Path(__file__).with_suffix(".sql"))

    @cached_property
    def _connection(self) -> sqlite3.Connection:
        uri = f"{self._file.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_S)
        connection.text_factory = _text
        return connection

    def _rows(self, name: str, *values: Any) -> Iterator[Any]:
        try:
            yield from self._connection.execute(self._sql[name], values)
        except sqlite3.OperationalError as error:
            raise UsageError(self._why_not(error)) from error
        except sqlite3.DatabaseError as error:
            raise UsageError(f"{self._file} can't be read as a store of MLflow's: {error}") from error

    def _why_not(self, error: sqlite3.OperationalError) -> str:
        said = str(error)
        if "no such table: runs" in said:
            return f"{self._file} is no store of MLflow's: it has no table of runs"
        if "no such" in said:
            return (
                f"{self._file} is of a version of MLflow whose tables are others ({said}): bring it to the newest with "
                f"`mlflow db upgrade sqlite:///{self._file}`, or run `mlflow server --backend-store-uri "
                f"sqlite:///{self._file}` and import from its address"
            )
        return f"{self._file} can't be read: {said}"

    def heads(self) -> list[RunHead]:
        return [
            RunHead(id_, experiment, status or "", start or 0, end or 0, place or "", name or "")
            for id_, experiment, status, start, end, place, name in self._rows("runs")
        ]

    def content(self, run: RunHead) -> RunContent:
        params, tags = ({key: value or "" for key, value in self._rows(kind, run.id)} for kind in ("params", "tags"))
        return RunContent(params, tags)

    def curves(self, run: RunHead) -> Iterator[tuple[str, PointColumns]]:
        for (name,) in list(self._rows("metric_names", run.id)):
            rows = self._rows("points", run.id, name)
            yield (
                name,
                point_columns((at, step, math.nan if is_nan else number(value)) for at, step, value, is_nan in rows),
            )

    def stage(self, run: RunHead, staging: Staging) -> str:
        place = run.place
        if place.startswith(_SERVED):  # a server that has no other order keeps them beside its tables
            place = f"mlartifacts/{urlsplit(place).path.lstrip('/')}"
        elif place.startswith("file:"):
            place = unquote(urlsplit(place).path)
        # The tables are somebody's word: any other folder would be one that the run has no business with.
        if "://" in place or Path(place).parts[-2:] != (run.id, "artifacts") or ".." in Path(place).parts:
            return f"they lie at {run.place}"
        folder = next(filter(os.path.isdir, self._candidates(Path(place))), None)
        if folder is not None:
            staging.link_all(folder)
        return ""

    def _candidates(self, place: Path) -> Iterator[str]:
        """Where a folder is: seen from the tables, and beside them if both were moved."""
        yield os.fspath(self._file.parent / place)
        for name in ("mlruns", "mlartifacts"):
            if name in place.parts:
                yield os.fspath(self._file.parent.joinpath(*place.parts[place.parts.index(name) :]))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
