"""Going on with a run from Python: its flow and its parameters are found in what was recorded."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, cast

from penstock.artifacts import names
from penstock.client.reader import Reader
from penstock.client.values import Loader
from penstock.errors import NotFoundError, UsageError
from penstock.journal import queries
from penstock.journal.views import RunDetail, RunRow
from penstock.launch import targets
from penstock.sdk.flows import Flow


def params_of(reader: Reader, row: RunRow) -> dict[str, Any]:
    """A run's parameters, unpickled. Raises what their own classes raise when they are imported."""
    loader = Loader(reader, row)
    return {
        name: loader.load(stored, f"the parameter {name}")
        for name, stored in queries.detail(reader.journal, row.id).params
    }


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
    return targets.load_flow(f"{Path(detail.file)}:{detail.qualname}")


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
