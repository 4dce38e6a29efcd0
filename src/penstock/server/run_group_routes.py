"""What a table of runs shows beside its rows: groups, forks, small curves, and why nothing matches."""

from __future__ import annotations

from typing import Annotated

import msgspec

from penstock.journal import needs, run_search
from penstock.reading import curves, finding_runs, run_groups
from penstock.reading.filter_syntax import wrong
from penstock.reading.run_names import MetricName, meant
from penstock.server.api_call import ApiCall
from penstock.server.routing import route
from penstock.server.run_list_routes import FilterQuery, FilterText, RowId

_MOST_GROUPS = 1000


class GroupsQuery(msgspec.Struct, frozen=True):
    """Which runs, and by what they are grouped."""

    by: str  # "flow", "status", "tag" or a parameter
    filter: FilterText = ""


class GroupLine(msgspec.Struct, frozen=True):
    """Runs that have a value in common."""

    value: str
    term: str  # the filter that holds for these alone
    runs: int
    counts: dict[str, int]  # by status


class GroupsPage(msgspec.Struct, frozen=True):
    """Groups of runs, those with the newest run first: the first 1,000. A run with several tags is in several, one
    without a tag or the parameter in none."""

    rows: tuple[GroupLine, ...]
    partial: bool


class ForksPage(msgspec.Struct, frozen=True):
    """Runs that are forks."""

    pairs: tuple[tuple[int, int], ...]  # ids of a fork, and of the run that it was made from, which may be gone


class SmallCurvesQuery(msgspec.Struct, frozen=True):
    """Which curves of which runs, and how fine."""

    ids: Annotated[tuple[RowId, ...], msgspec.Meta(max_length=50)]
    metrics: Annotated[tuple[str, ...], msgspec.Meta(max_length=4)]
    points: Annotated[int, msgspec.Meta(ge=10, le=200)] = 60  # of each curve, at most


class SmallCurve(msgspec.Struct, frozen=True):
    """The curve of a run's metric, for a line of a table: its body's, else that of the task that logged last."""

    id: int
    metric: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]


class SmallCurvesPage(msgspec.Struct, frozen=True):
    """Those that there are."""

    rows: tuple[SmallCurve, ...]


class FilterPartUse(msgspec.Struct, frozen=True):
    """A word of a filter, `text[at:end]`."""

    at: int
    end: int
    runs: int  # for which the filter would hold without it


class FilterParts(msgspec.Struct, frozen=True):
    """The words that a filter joins by *and*; that which leaves out most first."""

    rows: tuple[FilterPartUse, ...]


def _groups(call: ApiCall, query: GroupsQuery) -> GroupsPage:
    found = run_groups.groups(call.reader, query.filter, query.by)
    lines = [GroupLine(one.value, one.term, sum(one.counts.values()), one.counts) for one in found[:_MOST_GROUPS]]
    return GroupsPage(tuple(lines), len(found) > _MOST_GROUPS)


def _forks(call: ApiCall) -> ForksPage:
    found = needs.origins(call.reader.journal)
    return ForksPage(tuple((run, origin.id) for run, origin in sorted(found.items())))


def _small_curves(call: ApiCall, query: SmallCurvesQuery) -> SmallCurvesPage:
    rows = finding_runs.rows_of(call.reader, query.ids)
    found: list[SmallCurve] = []
    for text in finding_runs.names_left(call.reader, query.ids, rows, query.metrics):
        metric = meant(call.reader.journal, text, text, 0, len(text))
        if not isinstance(metric, MetricName):
            raise wrong(f"{text} is no metric", text, 0, len(text))
        sources = run_search.curve_sources(call.reader.journal.database, query.ids, metric.name, metric.step)
        for row in rows:
            if row.id in sources:
                drawn = curves.curve(
                    call.reader, row, sources[row.id], "", metric.name, buckets=max(1, query.points // 4)
                )
                found.append(SmallCurve(row.id, text, drawn.xs, drawn.ys))
    return SmallCurvesPage(tuple(found))


def _parts(call: ApiCall, query: FilterQuery) -> FilterParts:
    found = run_groups.without_each(call.reader, query.filter)
    return FilterParts(tuple(FilterPartUse(*part) for part in found))


ROUTES = (
    route("GET", "/runs:groups", "Runs by flow, status, tag or a parameter, with counts", _groups),
    route("GET", "/runs:forks", "Which runs were made from which", _forks),
    route("GET", "/runs:curves", "Small curves of runs' metrics, for a table", _small_curves),
    route("GET", "/filter:parts", "How many runs a filter would hold for without each of its words", _parts),
)
