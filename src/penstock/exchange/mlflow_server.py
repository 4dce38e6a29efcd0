"""MLflow's runs as a server tells them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.errors import NotFoundError, UsageError
from penstock.exchange.mlflow_api import MlflowApi
from penstock.exchange.mlflow_runs import RunContent, RunHead, number, point_columns
from penstock.exchange.run_import import PointColumns
from penstock.exchange.staging import Staging

_PAGE = 1_000
_POINTS = 25_000
_DEEPEST, _MOST_FILES = 64, 100_000
"""Bounds of what a server may answer for the files of one run."""


class ServerTracking:
    """Implements `Tracking`."""

    def __init__(self, api: MlflowApi) -> None:
        self._api = api
        self._found: dict[str, tuple[RunContent, list[str]]] = {}  # by run: what came with the list, names of metrics
        self.unreadable: list[str] = []

    def heads(self) -> list[RunHead]:
        api = self._api
        names = {
            found["experiment_id"]: found["name"]
            for found in api.pages(api.post, "experiments/search", "experiments", max_results=_PAGE)
        }
        asked = {"max_results": _PAGE, "run_view_type": "ACTIVE_ONLY"}
        return [
            self._head(names[id_], found)
            for id_ in names
            for found in api.pages(api.post, "runs/search", "runs", experiment_ids=[id_], **asked)
        ]

    def _head(self, experiment: str, found: dict[str, Any]) -> RunHead:
        info, data = found["info"], found.get("data", {})
        params, tags = (
            {pair["key"]: pair.get("value", "") for pair in data.get(kind, [])} for kind in ("params", "tags")
        )
        self._found[info["run_id"]] = RunContent(params, tags), [metric["key"] for metric in data.get("metrics", [])]
        start, end = (int(info.get(name) or 0) for name in ("start_time", "end_time"))
        named = info.get("run_name", "")
        return RunHead(info["run_id"], experiment, info.get("status", ""), start, end, info["artifact_uri"], named)

    def content(self, run: RunHead) -> RunContent:
        return self._found[run.id][0]

    def curves(self, run: RunHead) -> Iterator[tuple[str, PointColumns]]:
        for name in self._found[run.id][1]:
            yield name, point_columns(points_of(self._api, run.id, name))

    def stage(self, run: RunHead, staging: Staging) -> str:
        try:
            self._fetch(run, staging)
        except NotFoundError:  # a run without files has no folder
            pass
        except UsageError as error:  # the server may not reach them itself
            raise UsageError(f"{error}. Leave the files where they are with --no-artifacts") from error
        return ""

    def _fetch(self, run: RunHead, staging: Staging) -> None:
        pending = [""]
        while pending:
            folder = pending.pop()
            for name, is_folder in list(self._listed(run, folder)):
                if not name.startswith(f"{folder}/" if folder else "") or name.count("/") > _DEEPEST:
                    staging.left_out += 1
                elif is_folder:
                    pending.append(name)
                elif len(staging.names) < _MOST_FILES:
                    staging.write(name, self._api.download(run.id, name))

    def _listed(self, run: RunHead, folder: str) -> Iterator[tuple[str, bool]]:
        for file in self._api.pages(self._api.get, "artifacts/list", "files", run_id=run.id, path=folder):
            yield str(file["path"]), bool(file.get("is_dir"))


def points_of(api: MlflowApi, run: str, name: str) -> Iterator[tuple[int, int, float]]:
    """Milliseconds, step and number of each point of a metric."""
    asked = {"run_id": run, "metric_key": name, "max_results": _POINTS}
    for point in api.pages(api.get, "metrics/get-history", "metrics", **asked):
        yield int(point["timestamp"]), int(point.get("step", 0)), number(float(point["value"]))
