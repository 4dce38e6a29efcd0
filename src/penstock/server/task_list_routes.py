"""The tasks of a run as a table: ids in order, and rows by id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from penstock.journal import task_search
from penstock.journal.views import TaskRow
from penstock.model.words import one_line, utc
from penstock.reading import finding_tasks, infos
from penstock.reading.filter_completion import Completion, complete_tasks
from penstock.reading.structs import ValueInfo
from penstock.reading.task_durations import TaskDurations, durations
from penstock.reading.task_waits import times_waited
from penstock.server.api_call import ApiCall
from penstock.server.routing import RUN, route
from penstock.server.run_list_routes import CompleteQuery, FilterText, IdsPage, RowIds, ids_page

_MESSAGE = 200  # characters


class TasksIndexQuery(msgspec.Struct, frozen=True):
    """Which tasks, in which order."""

    filter: FilterText = ""  # step:train status:failed cause:timeout took>10s, or a part of "train/2"
    sort: str = ""  # "call", "took", "memory", "began", "status", with "-" before it backwards; "": as they were called


class TasksQuery(msgspec.Struct, frozen=True):
    """Which tasks."""

    ids: RowIds  # of an index


class TasksDurationsQuery(msgspec.Struct, frozen=True):
    """Which tasks."""

    filter: FilterText = ""


class TaskLine(msgspec.Struct, frozen=True):
    """A task as a table shows it."""

    id: int
    task: str  # "train/2"
    step: str
    number: int
    status: str
    attempt: int  # the latest
    began_at: datetime | None  # of the latest attempt; None: it never began
    wall_s: float
    cpu_s: float
    peak_bytes: int
    waited_s: float | None  # until `began_at`, since it could have begun; None: not known
    worker: str
    cause: str  # why it failed; "": it did not
    message: str  # its head, on one line
    origin: str  # the task of another run whose result it took over; "": it ran
    result: ValueInfo | None
    limit_bytes: int = 0  # of memory that the latest attempt was given; 0: no limit, or not known


class TasksPage(msgspec.Struct, frozen=True):
    """Rows of a table of tasks."""

    rows: tuple[TaskLine, ...]
    gone: tuple[int, ...] = ()  # ids that were asked for, and are of no task


def _index(call: ApiCall, query: TasksIndexQuery) -> IdsPage:
    found = finding_tasks.index(call.reader.journal, call.run, query.filter, query.sort)
    return ids_page(found.ids, found.counts, found.revision)


def _tasks(call: ApiCall, query: TasksQuery) -> TasksPage:
    rows = task_search.rows(call.reader.journal, call.run.id, query.ids)
    return TasksPage(task_lines(call, rows), tuple(sorted(set(query.ids) - {row.id for row in rows})))


def task_lines(call: ApiCall, rows: Sequence[TaskRow]) -> tuple[TaskLine, ...]:
    """Tasks of a run as a table shows them."""
    waited = times_waited(call.reader.journal, call.run.id, rows)
    return tuple(_line(row, waited.get(row.id)) for row in rows)


def _durations(call: ApiCall, query: TasksDurationsQuery) -> TaskDurations:
    return durations(call.reader.journal, call.run.id, finding_tasks.meant(call.reader.journal, call.run, query.filter))


def _complete(call: ApiCall, query: CompleteQuery) -> Completion:
    return complete_tasks(call.reader.journal, call.run.id, query.q, len(query.q) if query.at is None else query.at)


def _line(row: TaskRow, waited_s: float | None) -> TaskLine:
    used, error = row.usage, row.error
    return TaskLine(
        row.id,
        f"{row.name}/{row.number}",
        row.name,
        row.number,
        row.status,
        row.attempt,
        utc(used.began_at) if used.began_at else None,
        used.wall_s,
        used.cpu_s,
        used.peak_bytes,
        waited_s,
        row.worker,
        "" if error is None else error.cause,
        "" if error is None else one_line(f"{error.type}: {error.message}" if error.type else error.message, _MESSAGE),
        row.origin,
        infos.value_info(row.result),
        row.granted.memory_bytes if row.granted else 0,
    )


ROUTES = (
    route("GET", f"{RUN}/tasks:index", "Numbers of the tasks that a filter holds for, in order, with counts", _index),
    route(
        "GET", f"{RUN}/tasks:durations", "What its tasks took: sum, median, longest, and how many how long", _durations
    ),
    route("GET", f"{RUN}/tasks:complete", "What may stand in a filter of its tasks at the cursor", _complete),
    route("GET", f"{RUN}/tasks", "Tasks by their numbers in the run, for a table", _tasks),
)
