"""Runs as runs of an MLflow server: each once, and what came since the last time.

A run is found there by the tag `penstock.key`, and is whole once it has `penstock.exported`, which is written last:
what was cut off before is gone on with. Parameters can't change there, and points are sent where they are missing.
"""

from __future__ import annotations

import io
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from penstock.errors import NotFoundError, UsageError
from penstock.exchange import plain_run
from penstock.exchange.mlflow_api import MlflowApi
from penstock.exchange.mlflow_runs import KEY, NOTE, OWN_KEY, PARENT, PROGRAM
from penstock.exchange.mlflow_server import points_of
from penstock.exchange.mlflow_words import cut, key
from penstock.journal import queries
from penstock.journal.views import RunDetail, RunRow
from penstock.model.states import RunStatus
from penstock.model.tuples import NamedTuple
from penstock.reading.listing import run_info
from penstock.reading.reader import JournalReader
from penstock.reading.structs import to_json

_EXPORTED = "penstock.exported"
_SERVED = "mlflow-artifacts:"
_POINTS, _PAIRS = 1_000, 100  # in one call
_LONGEST_PARAM, _LONGEST_TAG = 6_000, 5_000
_STATUSES = {
    RunStatus.DONE: "FINISHED",
    RunStatus.CANCELLED: "KILLED",
    RunStatus.INTERRUPTED: "KILLED",
    RunStatus.RUNNING: "RUNNING",
}


class MlflowExport(NamedTuple):
    """What became of a run."""

    run: str  # "digits/3"
    mlflow: str  # its id there
    state: str  # "new", "changed", "known"
    notes: tuple[str, ...] = ()  # what was left out, and why


def export_runs(
    reader: JournalReader, api: MlflowApi, rows: Iterable[RunRow], experiment: str = ""
) -> Iterator[MlflowExport]:
    """Export runs, those that began first before the others. `experiment`: its name there, "": that of the flow.

    Raises UsageError.
    """
    export = _Export(reader, api)
    for row in sorted(rows, key=lambda row: row.id):
        yield export.one(row, experiment or row.flow)


class _Export:
    def __init__(self, reader: JournalReader, api: MlflowApi) -> None:
        self._reader, self._api = reader, api
        self._experiments: dict[str, str] = {}

    def one(self, row: RunRow, experiment: str) -> MlflowExport:
        origin = self._came_from(row)
        if origin:
            return MlflowExport(row.run_id, origin, "known")
        id_ = self._experiment(experiment)
        detail = queries.detail(self._reader.journal, row.id)
        found = self._found(_key_of(row), id_)
        tags = {} if found is None else _pairs(found, "tags")
        if found is not None and tags.get(_EXPORTED) == str(row.revision):
            return MlflowExport(row.run_id, found["info"]["run_id"], "known")
        there = found or self._create(row, detail, id_)
        run = there["info"]["run_id"]
        self._send_params(run, detail, _pairs(there, "params"))
        self._send_points(run, row, {metric["key"] for metric in there.get("data", {}).get("metrics", [])})
        notes = self._send_files(row, there["info"])
        self._send(run, "tags", self._tags(row, detail, id_))
        ended = {} if row.ended_at is None else {"end_time": _ms(row.ended_at)}
        status = _STATUSES.get(RunStatus(row.status), "FAILED")
        self._api.post("runs/update", run_id=run, status=status, run_name=row.name or row.run_id, **ended)
        self._send(run, "tags", {_EXPORTED: str(row.revision)})
        return MlflowExport(row.run_id, run, "new" if found is None else "changed", notes)

    def _came_from(self, row: RunRow) -> str:
        """The run there that this one was imported from; "": it was not, or from elsewhere."""
        for id_ in (tag.removeprefix(KEY) for tag in row.tags if tag.startswith(KEY)):
            try:
                return self._api.get("runs/get", run_id=id_)["run"]["info"]["run_id"]
            except NotFoundError:
                continue
        return ""

    def _experiment(self, name: str) -> str:
        known = self._experiments.get(name)
        if known is not None:
            return known
        try:
            found = self._api.get("experiments/get-by-name", experiment_name=name)["experiment"]
        except NotFoundError:
            found = {"experiment_id": self._api.post("experiments/create", name=name)["experiment_id"]}
        if found.get("lifecycle_stage") == "deleted":
            raise UsageError(
                f"the experiment {name} was deleted at {self._api.address}: bring it back with `mlflow experiments "
                f"restore -x {found['experiment_id']}`, or name another with --experiment"
            )
        return self._experiments.setdefault(name, found["experiment_id"])

    def _found(self, named: str, experiment: str) -> dict[str, Any] | None:
        asked = {"experiment_ids": [experiment], "filter": f"tags.`{OWN_KEY}` = '{named}'", "max_results": 1}
        return next(iter(self._api.post("runs/search", **asked).get("runs", [])), None)

    def _create(self, row: RunRow, detail: RunDetail, experiment: str) -> dict[str, Any]:
        tags = {OWN_KEY: _key_of(row), "penstock.run": row.run_id, "mlflow.source.type": "LOCAL"}
        tags[PROGRAM] = detail.file or row.flow
        return self._api.post(
            "runs/create",
            experiment_id=experiment,
            start_time=_ms(row.created_at),
            run_name=row.name or row.run_id,
            tags=_listed(tags),
        )["run"]

    def _send_params(self, run: str, detail: RunDetail, there: dict[str, str]) -> None:
        found = {key(name): cut(text, _LONGEST_PARAM) for name, text in plain_run.params(detail.params)}
        self._send(run, "params", {name: text for name, text in found.items() if name not in there})

    def _send(self, run: str, what: str, pairs: dict[str, str]) -> None:
        left = iter(_listed(pairs))
        while some := list(islice(left, _PAIRS)):
            self._api.post("runs/log-batch", run_id=run, **{what: some})

    def _send_points(self, run: str, row: RunRow, there: set[str]) -> None:
        left = self._points(run, row, there)
        while some := list(islice(left, _POINTS)):
            self._api.post("runs/log-batch", run_id=run, metrics=some)

    def _points(self, run: str, row: RunRow, there: set[str]) -> Iterator[dict[str, Any]]:
        """Those that are not there. What one task alone logged, or the body, has its own name, all else its task's
        before it."""
        found = plain_run.curves(self._reader, row)
        counts = Counter(curve.name for curve in found)
        for curve in found:
            is_alone = counts[curve.name] == 1 or not curve.task
            name = key(curve.name if is_alone else f"{curve.task}/{curve.name}")
            points = points_of(self._api, run, name) if name in there else ()
            known = {(at, step) for at, step, _ in points}
            for step, at, value in curve.points(self._reader, row):
                if (_ms(at), step) not in known:
                    yield {"key": name, "value": _number(value), "timestamp": _ms(at), "step": step}

    def _send_files(self, row: RunRow, info: dict[str, Any]) -> tuple[str, ...]:
        place = str(info["artifact_uri"])
        if not place.startswith(_SERVED):
            return (f"its files were not exported: the server has them at {place}, and takes none itself",)
        place = place.removeprefix(_SERVED)
        if place.startswith("//"):
            place = f"/{place[2:].partition('/')[2]}"
        about = to_json(run_info(self._reader, row))
        for file in chain([plain_run.PlainFile("penstock.json", about)], plain_run.files(self._reader, row)):
            self._upload(f"{place}/{file.name}", file.content)
        return ()

    def _upload(self, place: str, content: bytes | memoryview | Path) -> None:
        if isinstance(content, Path):
            with open(content, "rb") as file:
                self._api.upload(place, file, os.fstat(file.fileno()).st_size)
        else:
            self._api.upload(place, io.BytesIO(content), len(content))

    def _tags(self, row: RunRow, detail: RunDetail, experiment: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for tag in row.tags:
            name, _, text = tag.partition("=")
            if not name.startswith(("mlflow.", "penstock.")):
                found[key(name)] = cut(text, _LONGEST_TAG)
        if row.note:
            found[NOTE] = cut(row.note, _LONGEST_TAG)
        if detail.origin is not None:
            parent = self._parent(detail.origin.id, experiment)
            found |= {PARENT: parent} if parent else {}
        return found

    def _parent(self, id_: int, experiment: str) -> str:
        """The id there of the run that a fork came from; "": it is not there."""
        try:
            origin = queries.run_by_id(self._reader.journal, id_)
        except NotFoundError:
            return ""
        found = self._found(_key_of(origin), experiment)
        return "" if found is None else found["info"]["run_id"]


def _key_of(row: RunRow) -> str:
    """What tells it from every other run; a run of an older Penstock has its name alone."""
    return row.nonce or row.run_id


def _pairs(run: dict[str, Any], what: str) -> dict[str, str]:
    return {pair["key"]: pair.get("value", "") for pair in run.get("data", {}).get(what, [])}


def _listed(pairs: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": name, "value": text} for name, text in pairs.items()]


def _ms(at: float) -> int:
    return round(at * 1000)


def _number(value: float) -> float | str:
    """As the JSON of protocol buffers has it."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
