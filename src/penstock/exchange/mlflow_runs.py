"""What MLflow keeps of a run, whichever of its stores it is read from, and what that is here. No I/O."""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Protocol

from penstock.artifacts.point_files import NO_STEP
from penstock.exchange.run_import import ForeignRun, PointColumns, flow_name, scalar
from penstock.exchange.staging import Staging
from penstock.model.states import RunStatus
from penstock.model.tuples import NamedTuple

KEY = "mlflow.run_id="
PARENT, NOTE, NAME, PROGRAM = "mlflow.parentRunId", "mlflow.note.content", "mlflow.runName", "mlflow.source.name"
OWN_KEY = "penstock.key"
"""A tag of runs that Penstock has exported."""
_COMMIT = "mlflow.source.git.commit"
_STATUSES = {
    "FINISHED": RunStatus.DONE,
    "FAILED": RunStatus.FAILED,
    "KILLED": RunStatus.CANCELLED,
}


class RunHead(NamedTuple):
    """A run as a list of MLflow's has it."""

    id: str
    experiment: str  # its name
    status: str  # "FINISHED", "FAILED", "KILLED"; "RUNNING", "SCHEDULED": it had not ended
    started_ms: int
    ended_ms: int  # 0: it had not
    place: str  # where its files lie: a path or an address
    name: str = ""

    @property
    def key(self) -> str:
        """The tag of the run here."""
        return KEY + self.id

    @property
    def has_ended(self) -> bool:
        return self.status in _STATUSES


class RunContent(NamedTuple):
    """What was logged once."""

    params: dict[str, str]
    tags: dict[str, str]


class Tracking(Protocol):
    """A store of MLflow's. All methods block, and raise UsageError for what can't be read, naming the mend."""

    unreadable: list[str]
    """Runs that `heads` left out since what is kept of them is damaged: where, and why."""

    def heads(self) -> list[RunHead]:
        """All runs that were not deleted."""
        ...

    def content(self, run: RunHead) -> RunContent:
        """Parameters and tags of a run."""
        ...

    def curves(self, run: RunHead) -> Iterator[tuple[str, PointColumns]]:
        """Its metrics by name, with all points."""
        ...

    def stage(self, run: RunHead, staging: Staging) -> str:
        """Have its files in a folder; why they are not, "" where they are."""
        ...


def foreign_run(head: RunHead, content: RunContent) -> ForeignRun:
    """It as a run of Penstock's."""
    params, tags = content
    own = [f"{_COMMIT}={tags[_COMMIT]}"] if tags.get(_COMMIT) else []
    others = (
        f"{name}={text}" if text else name
        for name, text in tags.items()
        if not name.startswith(("mlflow.", "penstock."))
    )
    flow = flow_name(head.experiment, "mlflow")
    if flow != head.experiment:
        own.append(f"mlflow.experiment={head.experiment}")
    status = _STATUSES.get(head.status, RunStatus.INTERRUPTED)
    return ForeignRun(
        head.key,
        flow,
        status,
        head.started_ms / 1000,
        (head.ended_ms or head.started_ms) / 1000,
        {name: scalar(text) for name, text in params.items()},
        (*own, *others),
        tags.get(NAME) or head.name,
        tags.get(NOTE, ""),
        tags.get(PROGRAM, ""),
        _failure(head, status),
    )


def _failure(head: RunHead, status: RunStatus) -> str:
    if status is RunStatus.INTERRUPTED:
        return f"MLflow said {head.status} when it was imported: import it again once it has ended"
    return "" if status is RunStatus.DONE else f"MLflow says {head.status}, and keeps no reason"


def number(value: float) -> float:
    """MLflow's tables hold the largest number for infinity."""
    return math.copysign(math.inf, value) if abs(value) == sys.float_info.max else value


def in_order(heads: Iterable[RunHead]) -> list[RunHead]:
    """The first that began first."""
    return sorted(heads, key=lambda head: (head.started_ms, head.id))


def point_columns(points: Iterable[tuple[int, int, float]]) -> PointColumns:
    """Of (milliseconds, step, number), in any order. MLflow has a step for each point: where all of several are 0, none
    was given."""
    steps, times, values = array("q"), array("d"), array("d")
    for at_ms, step, value in points:
        steps.append(step)
        times.append(at_ms / 1000)
        values.append(value)
    if any(later < earlier for earlier, later in pairwise(times)):
        rows = sorted(zip(times, steps, values, strict=True), key=lambda row: row[:2])
        times, steps, values = (
            array(kind, column) for kind, column in zip("dqd", zip(*rows, strict=True), strict=True)
        )
    if len(steps) > 1 and not any(steps):
        steps = array("q", [NO_STEP]) * len(steps)
    return PointColumns(steps, times, values)
