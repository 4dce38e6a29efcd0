"""Goes on with a run: finds it, its file and its parameters."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock.cli.drive_run import drive
from penstock.cli.loading import load
from penstock.cli.unpickling import unpickled
from penstock.errors import UsageError
from penstock.journal import queries
from penstock.launch.forking import order_to_resume
from penstock.launch.resuming import find_to_resume, params_of, params_to_resume
from penstock.reading.reader import JournalReader

if TYPE_CHECKING:
    from penstock.cli.choices import Choices
    from penstock.executors.spare_zygote import SpareZygote
    from penstock.journal.views import RunRow
    from penstock.sdk.flows import Flow


def resume(run: str, file: str | None, choices: Choices, spare: SpareZygote | None) -> int:
    """Drive the run that `run` names; gives the exit code. `file` None: the flow's file is where it was."""
    reader = JournalReader.here()
    row = find_to_resume(reader, run)
    flow = load(target_of(reader, row, file))
    order = order_to_resume(reader, row, flow, _parameters(reader, row, flow))
    return drive(reader.project, order, choices, spare, ("penstock", "resume", *choices.words(), row.run_id))


def target_of(reader: JournalReader, row: RunRow, moved_to: str | None, verb: str = "resume") -> str:
    """`FILE:FLOW`, as the run was started from."""
    detail = queries.detail(reader.journal, row.id)
    file = moved_to or detail.file
    if not file:
        raise UsageError(
            f"{row.run_id} came from a notebook or an interactive session: go on with it there, by "
            f"penstock.{verb}({row.run_id!r}), or write its flow to a file and give it as --file"
        )
    here = "" if moved_to else _in_project(file, reader.project.settings.root)
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


def _parameters(reader: JournalReader, row: RunRow, flow: Flow[Any, Any]) -> dict[str, Any]:
    params = unpickled(f"the parameters of {row.run_id}", lambda: params_of(reader, row), UsageError)
    return params_to_resume(row, flow, params)
