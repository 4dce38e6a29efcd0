"""A run as a picture: its graph, its timeline, and the runs before and after it."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from penstock.reading.critical_path import CriticalPath, critical_path
from penstock.reading.folded_graphs import FoldedGraph, folded
from penstock.reading.run_lineage import MOST_STEPS, RunLineage, run_lineage
from penstock.reading.timelines import Timeline, timeline
from penstock.server.api_call import ApiCall
from penstock.server.routing import RUN, route

Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e10)]


class GraphQuery(msgspec.Struct, frozen=True):
    """Of which nested flows the inside is shown."""

    open: tuple[str, ...] = ()  # ids of nodes: "inner", "inner/deeper"


class TimelineQuery(msgspec.Struct, frozen=True, rename={"begin": "from", "end": "to"}):
    """Which part of a run, and how wide."""

    begin: Seconds | None = None  # since the run was begun; None: its beginning
    end: Seconds | None = None  # None: its end, or now
    px: Annotated[int, msgspec.Meta(ge=10, le=10_000)] = 1200
    lanes: Literal["worker", "step"] = "worker"


class LineageQuery(msgspec.Struct, frozen=True):
    """How far it is followed."""

    depth: Annotated[int, msgspec.Meta(ge=1, le=MOST_STEPS)] = 2  # how many steps from run to run, either way


def _graph(call: ApiCall, query: GraphQuery) -> FoldedGraph:
    return folded(call.reader.journal, call.run, query.open)


def _timeline(call: ApiCall, query: TimelineQuery) -> Timeline:
    by_worker = query.lanes == "worker"
    return timeline(call.reader.journal, call.run, query.begin, query.end, query.px, by_worker)


def _critical_path(call: ApiCall) -> CriticalPath:
    return critical_path(call.reader.journal, call.run.id, call.run.created_at)


def _lineage(call: ApiCall, query: LineageQuery) -> RunLineage:
    return run_lineage(call.reader.journal, call.run, query.depth)


ROUTES = (
    route("GET", f"{RUN}/graph", "Steps and nested flows with their counts, and whose results went where", _graph),
    route("GET", f"{RUN}/timeline", "When its tasks ran, at most one bar for each pixel and lane", _timeline),
    route("GET", f"{RUN}/timeline/path", "The tasks that it waited for, one after another", _critical_path),
    route("GET", f"{RUN}/lineage", "The runs that its values came from, and those that they went to", _lineage),
)
