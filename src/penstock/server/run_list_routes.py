"""Runs as a table: ids in order, rows by id or by cursor, and what columns and values there are to choose from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from penstock.journal import conditions, queries, run_search
from penstock.journal.views import RunRow
from penstock.reading import finding_runs
from penstock.reading.filter_completion import Completion, complete
from penstock.reading.filter_meaning import understood
from penstock.reading.filter_syntax import LONGEST
from penstock.reading.finding_runs import plain
from penstock.server.api_call import ApiCall
from penstock.server.cursors import cursor_of, page_end
from penstock.server.id_ranges import in_ranges
from penstock.server.limits import LIMITS
from penstock.server.routing import route
from penstock.server.run_lines import RunLine, line_of

_MOST_NAMES = 1000
Limit = Annotated[int, msgspec.Meta(ge=1, le=LIMITS.rows)]
RowId = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]  # what every JSON has
RowIds = Annotated[tuple[RowId, ...], msgspec.Meta(max_length=200)]
FilterText = Annotated[str, msgspec.Meta(extra_json_schema={"maxLength": LONGEST})]  # refused with the place


class RunsIndexQuery(msgspec.Struct, frozen=True):
    """Which runs, in which order."""

    filter: FilterText = ""
    sort: str = ""  # a word, a metric or a parameter, "-" before it the largest first; "": the newest first


class IdsPage(msgspec.Struct, frozen=True):
    """Ids in order, to ask for rows by: the first 200,000."""

    ids: tuple[int, ...] | None  # None: they stand in `ranges`
    ranges: tuple[tuple[int, int, int], ...] | None  # of more than 5,000: (start, step, count), one after another
    counts: dict[str, int]  # of all, by status
    total: int
    revision: int  # of the journal: what changes later has a larger one
    partial: bool  # there are more than `ids` and `ranges` tell
    notes: tuple[str, ...] = ()  # what can't be told of some, and what to write instead


class RunsQuery(msgspec.Struct, frozen=True):
    """Which runs, and what of them."""

    ids: RowIds = ()  # of an index; the rest but `columns` is left out then
    columns: Annotated[tuple[str, ...], msgspec.Meta(max_length=100)] = ()  # metrics and parameters: `values` of rows
    filter: FilterText = ""
    sort: str = ""
    limit: Limit = 100
    cursor: str | None = None  # `next` of the page before
    total: bool = False  # count all that the filter holds for


class RunsPage(msgspec.Struct, frozen=True):
    """Rows of a table of runs."""

    rows: tuple[RunLine, ...]
    next: str | None = None  # the cursor of the next page; None: there is none
    total: int | None = None  # None: it was not asked for
    gone: tuple[int, ...] = ()  # ids that were asked for, and are of no run any more
    notes: tuple[str, ...] = ()


class FilterQuery(msgspec.Struct, frozen=True):
    """Which runs."""

    filter: FilterText = ""


class ParamUse(msgspec.Struct, frozen=True):
    """A parameter, and how many runs have it."""

    name: str
    runs: int
    is_same: bool  # all of these have the same value
    value: Any = None  # that one


class MetricUse(msgspec.Struct, frozen=True):
    """A metric, and who logs it."""

    name: str
    runs: int
    steps: tuple[str, ...]  # "": a flow's own body; of several, `step.name` is a column too
    is_curve: bool  # some run has logged several values


class NameUse(msgspec.Struct, frozen=True):
    """A name or a value, and how many runs have it."""

    name: str
    runs: int


class ColumnsPage(msgspec.Struct, frozen=True):
    """What runs can be shown, sorted and filtered by: the 1,000 most used of both."""

    params: tuple[ParamUse, ...]
    metrics: tuple[MetricUse, ...]
    partial: bool


class FacetsPage(msgspec.Struct, frozen=True):
    """How the runs that a filter holds for are spread: of flows and tags the 1,000 most used."""

    flows: tuple[NameUse, ...]
    statuses: tuple[NameUse, ...]
    tags: tuple[NameUse, ...]
    partial: bool


class CompleteQuery(msgspec.Struct, frozen=True):
    """A filter that is being written."""

    q: str = ""
    at: Annotated[int, msgspec.Meta(ge=0)] | None = None  # the cursor is before this character; None: at the end


def _index(call: ApiCall, query: RunsIndexQuery) -> IdsPage:
    found = finding_runs.index(call.reader, query.filter, query.sort)
    return ids_page(found.ids, found.counts, found.revision, found.notes)


def ids_page(ids: Sequence[int], counts: dict[str, int], revision: int, notes: tuple[str, ...] = ()) -> IdsPage:
    """An index of `ids`, which are the first of all that `counts` counts."""
    ranges, total = in_ranges(ids), sum(counts.values())
    told = tuple(ids) if ranges is None else None
    return IdsPage(told, None if ranges is None else tuple(ranges), counts, total, revision, len(ids) < total, notes)


def _runs(call: ApiCall, query: RunsQuery) -> RunsPage:
    if query.ids:
        rows = finding_runs.rows_of(call.reader, query.ids)
        gone = tuple(sorted(set(query.ids) - {row.id for row in rows}))
        names = finding_runs.names_left(call.reader, query.ids, rows, query.columns)
        lines, notes = _lines(call, rows, names)
        return RunsPage(lines, gone=gone, notes=notes)
    after = page_end(query.sort, query.cursor)
    found = finding_runs.find(call.reader, query.filter, sort=query.sort, limit=query.limit, after=after)
    lines, notes = _lines(call, found.rows, query.columns)
    total = sum(finding_runs.counts(call.reader, query.filter).values()) if query.total else None
    known = tuple(dict.fromkeys((*found.notes, *notes)))
    return RunsPage(lines, cursor_of(query.sort, found.next), total, notes=known)


def _lines(call: ApiCall, rows: Sequence[RunRow], names: Sequence[str]) -> tuple[tuple[RunLine, ...], tuple[str, ...]]:
    columns, notes = finding_runs.columns(call.reader, rows, names)
    lines = [line_of(row, {one.name: one.values[row.id] for one in columns if row.id in one.values}) for row in rows]
    return tuple(lines), tuple(notes)


def _columns(call: ApiCall, query: FilterQuery) -> ColumnsPage:
    database = call.reader.journal.database
    where = understood(call.reader.journal, query.filter).condition
    params = run_search.params_in_use(database, where, _MOST_NAMES + 1)
    metrics = run_search.metrics_in_use(database, where, _MOST_NAMES + 1)
    return ColumnsPage(
        tuple(_param_use(*one) for one in params[:_MOST_NAMES]),
        tuple(
            MetricUse(name, runs, tuple(sorted(json.loads(steps))), bool(changes))
            for name, runs, steps, changes in metrics[:_MOST_NAMES]
        ),
        max(len(params), len(metrics)) > _MOST_NAMES,
    )


def _param_use(name: str, runs: int, kind: str, value: Any, is_same: int) -> ParamUse:
    return ParamUse(name, runs, bool(is_same), plain(kind, value) if is_same else None)


def _facets(call: ApiCall, query: FilterQuery) -> FacetsPage:
    journal = call.reader.journal
    now = queries.now(journal)
    where = understood(journal, query.filter, now).condition
    flows = run_search.counts(journal.database, where, conditions.flow())
    statuses = run_search.counts(journal.database, where, conditions.status(now))
    tags = run_search.tags_in_use(journal.database, where, _MOST_NAMES + 1)
    partial = max(len(flows), len(tags)) > _MOST_NAMES
    return FacetsPage(_uses(_most_first(flows)), _uses(_most_first(statuses)), _uses(tags), partial)


def _most_first(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def _uses(found: Sequence[tuple[str, int]]) -> tuple[NameUse, ...]:
    return tuple(NameUse(name, runs) for name, runs in found[:_MOST_NAMES])


def _complete(call: ApiCall, query: CompleteQuery) -> Completion:
    return complete(call.reader, query.q, len(query.q) if query.at is None else query.at)


ROUTES = (
    route("GET", "/runs:index", "Ids of the runs that a filter holds for, in order, and counts by status", _index),
    route("GET", "/runs", "Runs by id for a table, or page by page", _runs),
    route("GET", "/runs:columns", "Parameters and metrics in use, with counts, to choose columns from", _columns),
    route("GET", "/runs:facets", "Flows, statuses and tags of runs, with counts", _facets),
    route("GET", "/filter:complete", "What may stand in a filter at the cursor", _complete),
)
