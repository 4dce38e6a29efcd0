"""Where the flow of a recorded run is now: in this process, in the file that it came from, or where that was moved."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import Any, cast

from penstock.artifacts import names
from penstock.errors import NotFoundError, UsageError
from penstock.journal.views import RunDetail, RunRow
from penstock.launch.flow_modules import load_flow
from penstock.sdk.flows import Flow


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
    return load_flow(f"{detail.file}:{detail.qualname}")


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


def target_of(root: Path, row: RunRow, detail: RunDetail, moved_to: str | None, verb: str) -> str:
    """`FILE:FLOW`, as the run was started from; `moved_to` None: the file is where it was. `root`: the
    project's; `verb`: what is typed."""
    file = moved_to or detail.file
    if not file:
        raise UsageError(
            f"{row.run_id} came from a notebook or an interactive session: go on with it there, by "
            f"penstock.{verb}({row.run_id!r}), or write its flow to a file and give it as --file"
        )
    here = "" if moved_to else _in_project(file, root)
    mend = f"penstock {verb} --file {shlex.quote(here or 'NEW')} {row.run_id}"
    if not os.path.isfile(file):
        raise UsageError(f"{row.run_id} came from {file}, which is gone. If it was moved: {mend}")
    if here:  # a copy of a project would else run the original's code, and its own edits would count for nothing
        raise UsageError(
            f"{row.run_id} came from {file}, which is not in this project, and {here} is. Say which is meant: "
            f"{mend}, or --file {shlex.quote(file)}"
        )
    return f"{file}:{detail.qualname}"


def _in_project(file: str, root: Path) -> str:
    """The file of the project that has a run's place by its path, where that lies elsewhere; empty: there is none."""
    path = Path(file)
    if path.resolve().is_relative_to(root.resolve()):
        return ""
    for at in range(1, len(path.parts)):
        found = root.joinpath(*path.parts[at:])
        if found.is_file():
            return os.path.relpath(found)
    return ""
