"""Results of tasks as a table: ids in order, and rows by id."""

from __future__ import annotations

from datetime import datetime

import msgspec

from penstock.journal import artifact_search, queries
from penstock.journal.views import TaskRow
from penstock.model.words import utc
from penstock.reading import artifact_users, finding_artifacts
from penstock.reading.artifact_users import UserStep, Uses
from penstock.reading.infos import value_info
from penstock.reading.structs import ValueInfo
from penstock.server.api_call import ApiCall
from penstock.server.routing import route
from penstock.server.run_list_routes import FilterText, IdsPage, RowIds, ids_page


class ArtifactsIndexQuery(msgspec.Struct, frozen=True):
    """Which artifacts, in which order."""

    filter: FilterText = ""  # flow:digits run:digits/3 step:train type:DataFrame size>1MB digest:b3-07 used_by:test
    sort: str = ""  # "-made", "-size"; "": the newest first


class ArtifactsQuery(msgspec.Struct, frozen=True):
    """Which artifacts."""

    ids: RowIds  # of an index


class ArtifactLine(msgspec.Struct, frozen=True):
    """A result of a task as a table shows it."""

    id: int
    of: str  # "digits/3/train/2": what other routes take with its digest
    run: str
    step: str
    began_at: datetime | None  # of the attempt that made it; None: it was taken over
    origin: str  # the task of another run that made it; "": this one
    value: ValueInfo
    used_by: tuple[UserStep, ...] = ()  # which steps of its run were given it
    used_partial: bool = False  # there may be more: later tasks than the first 2,000 were not asked


class ArtifactsPage(msgspec.Struct, frozen=True):
    """Rows of a table of artifacts."""

    rows: tuple[ArtifactLine, ...]
    gone: tuple[int, ...] = ()  # ids that were asked for, and are of no result


def _index(call: ApiCall, query: ArtifactsIndexQuery) -> IdsPage:
    found = finding_artifacts.index(call.reader.journal, query.filter, query.sort)
    return ids_page(found.ids, {"done": found.total}, found.revision)


def _artifacts(call: ApiCall, query: ArtifactsQuery) -> ArtifactsPage:
    rows = artifact_search.rows(call.reader.journal, query.ids)
    runs = queries.run_names(call.reader.journal, {row.run for row in rows})
    used = artifact_users.uses(call.reader.journal, rows)
    lines = tuple(
        _line(row, runs[row.run], used[row.run, row.id]) for row in rows if row.run in runs and row.result is not None
    )
    return ArtifactsPage(lines, tuple(sorted({*query.ids} - {line.id for line in lines})))


def _line(row: TaskRow, run: str, used: Uses) -> ArtifactLine:
    value = value_info(row.result)
    assert value is not None
    began_at = utc(row.usage.began_at) if row.usage.began_at else None
    path = f"{run}/{row.name}/{row.number}"
    id_, users = artifact_search.artifact_id(row), (used.steps, used.partial)
    return ArtifactLine(id_, path, run, row.name, began_at, row.origin, value, *users)


ROUTES = (
    route("GET", "/artifacts:index", "Ids of the results that a filter holds for, in order", _index),
    route("GET", "/artifacts", "Results of tasks by their ids, for a table", _artifacts),
)
