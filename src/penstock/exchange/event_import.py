"""A folder of TensorBoard's event files as a run without tasks: its scalars are metrics, its hyperparameters
parameters."""

from __future__ import annotations

import os
import stat
from array import array
from collections import Counter
from pathlib import Path
from typing import Any

from penstock.errors import NotFoundError, UsageError
from penstock.exchange import run_import
from penstock.exchange.run_import import ForeignRun, PointColumns, flow_name
from penstock.exchange.staging import staged
from penstock.integrations.event_files import EventPoint, EventReader, event_files
from penstock.journal.imported_runs import Put
from penstock.model.states import RunStatus
from penstock.model.tuples import NamedTuple
from penstock.project import Project

KEY = "tensorboard.folder="


class EventImport(NamedTuple):
    """What became of a folder."""

    put: Put
    notes: tuple[str, ...] = ()  # what was left out, and why


class _Scalars:
    """The points under a name, as they come."""

    def __init__(self) -> None:
        self.steps, self.times, self.values = array("q"), array("d"), array("d")

    def add(self, point: EventPoint) -> None:
        self.steps.append(point.step)
        self.times.append(point.at)
        self.values.append(point.value)

    def columns(self) -> PointColumns:
        steps, times, values = self.steps, self.times, self.values
        order = sorted(range(len(times)), key=times.__getitem__)
        kept = [[column[at] for at in order] for column in (times, values)]
        return PointColumns(array("q", [steps[at] for at in order]), array("d", kept[0]), array("d", kept[1]))


def import_folder(project: Project, folder: Path, flow: str) -> EventImport:
    """Import a folder, or what came since it was imported; which it is, its path says. A scalar has its tag as its
    name, and where its file lies in a folder of its own, the path of that before it.

    Raises NotFoundError, and UsageError where there is nothing to import.
    """
    if flow_name(flow, "") != flow:
        raise UsageError(f"--flow {flow!r} is no name of a flow: write a letter, then letters, digits, _ or -")
    root = os.path.abspath(folder)
    if not os.path.isdir(root):
        raise NotFoundError(f"there is no folder {folder}")
    files = [path for path in event_files(root) if _is_file(path)]
    if not files:
        raise UsageError(f"{folder} holds no event files of TensorBoard's: their names have tfevents in them")
    scalars: dict[str, _Scalars] = {}
    params: dict[str, Any] = {}
    skipped, notes = Counter[str](), list[str]()
    for path in files:
        reader = EventReader(path)
        below = os.path.relpath(os.path.dirname(path), root)
        for point in reader.read():
            name = point.tag if below == os.curdir else f"{below}/{point.tag}"
            scalars.setdefault(name, _Scalars()).add(point)
        params |= reader.params
        skipped += reader.skipped
        if reader.fault:
            notes.append(f"{os.path.relpath(path, root)}: {reader.fault}; what lies behind was left out")
    if skipped:
        notes.append(f"left out: {', '.join(f'{count:,} {kind}' for kind, count in sorted(skipped.items()))}")
    return EventImport(_put(project, root, flow, scalars, params), tuple(notes))


def _put(project: Project, root: str, flow: str, scalars: dict[str, _Scalars], params: dict[str, Any]) -> Put:
    times = [at for one in scalars.values() for at in (min(one.times), max(one.times))] or [os.stat(root).st_mtime]
    span = min(times), max(times)
    run = ForeignRun(f"{KEY}{root}", flow, RunStatus.DONE, *span, params, name=os.path.basename(root))
    with project.store.held(), staged(project) as staging:
        return run_import.put(project, run, ((name, one.columns()) for name, one in scalars.items()), staging)


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False
