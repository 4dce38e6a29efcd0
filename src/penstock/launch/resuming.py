"""Going on with a run from Python: its flow and its parameters are found in what was recorded."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, cast

from penstock.artifacts import names
from penstock.errors import NotFoundError, UsageError
from penstock.journal import queries
from penstock.journal.views import RunDetail, RunRow
from penstock.launch import flow_modules
from penstock.launch.parameters import parameters_of
from penstock.model.states import RunStatus
from penstock.reading.reader import JournalReader
from penstock.reading.targets import find_flow, find_run
from penstock.reading.values import Loader
from penstock.sdk.flows import Flow


def params_of(reader: JournalReader, row: RunRow) -> dict[str, Any]:
    """A run's parameters, unpickled. Raises what their own classes raise when they are imported."""
    loader = Loader(reader, row)
    return {
        name: loader.load(stored, f"the parameter {name}")
        for name, stored in queries.detail(reader.journal, row.id).params
    }


def find_to_resume(reader: JournalReader, text: str) -> RunRow:
    """The run that is meant: `digits/3`, the latest of `digits` that is not done, or, by "", the latest of all."""
    if not isinstance(text, str) or "/" in text.strip("/"):  # pyright: ignore[reportUnnecessaryIsInstance]
        return find_run(reader, text)
    flow = find_flow(reader, text) if text else None
    for limit in (50, None):  # all are asked for only where the latest are all done
        for row in queries.runs(reader.journal, flow=flow, limit=limit):
            if row.status != RunStatus.DONE:
                return row
    what = f"all runs of {flow} are done" if flow else "there is no run that is not done"
    raise NotFoundError(f"{what}: nothing to resume; see `penstock ls`")


def params_to_resume(row: RunRow, flow: Flow[Any, Any], params: dict[str, Any]) -> dict[str, Any]:
    """The run's own parameters; those that its flow has got since then have their defaults.

    Raises UsageError for one that the flow no longer takes, or needs now.
    """
    parameters = parameters_of(flow)
    again = f"start a new run with `penstock run`, or give {flow.name} the signature that it had"
    if gone := [name for name in params if name not in {one.name for one in parameters.every}]:
        raise UsageError(f"{row.run_id} was started with {', '.join(gone)}, which {flow.name} no longer takes: {again}")
    if new := [one.name for one in parameters.missing(params)]:
        raise UsageError(f"{row.run_id} was started without {', '.join(new)}, which {flow.name} needs now: {again}")
    return parameters.filled(params)


def flow_of(row: RunRow, detail: RunDetail) -> Flow[Any, Any]:
    """The flow of a run: as this process has it, else from the file that it came from.

    Raises UsageError where it came from a notebook that is not this one, NotFoundError where its file is gone.
    """
    loaded = _in_this_process(detail)
    if loaded is not None:
        return loaded
    if not detail.file:
        raise UsageError(
            f"{row.run_id} came from a notebook or an interactive session: pass its flow, as "
            f"`penstock.resume({row.run_id!r}, flow={detail.qualname})`"
        )
    if not os.path.exists(detail.file):
        raise NotFoundError(
            f"the file of {row.run_id} is gone: {detail.file}. Import its flow from where it is now, and pass it, as "
            f"`penstock.resume({row.run_id!r}, flow={detail.qualname})`"
        )
    return flow_modules.load_flow(f"{Path(detail.file)}:{detail.qualname}")


def _in_this_process(detail: RunDetail) -> Flow[Any, Any] | None:
    module = names.main_name() == detail.module or not detail.file
    found: Any = sys.modules.get("__main__" if module else detail.module)
    if found is not None and detail.file and not _is_file(found, detail.file):
        return None
    for part in detail.qualname.split("."):
        found = getattr(found, part, None)
    return cast("Flow[Any, Any]", found) if isinstance(found, Flow) else None


def _is_file(module: Any, file: str) -> bool:
    own = getattr(module, "__file__", None)
    return isinstance(own, str) and os.path.abspath(own) == file
