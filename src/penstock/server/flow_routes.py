"""The project's flows, whether they have run or not."""

from __future__ import annotations

from datetime import datetime

import msgspec

from penstock.journal import queries
from penstock.model.words import utc
from penstock.reading import listing
from penstock.reading.flow_sources import FlowSource, find_flows
from penstock.server.api_call import ApiCall
from penstock.server.routing import route

_LAST = 5


class RunBrief(msgspec.Struct, frozen=True):
    """A run in a few words."""

    id: str
    status: str
    created_at: datetime
    duration_s: float | None  # None: it died before any sign of life


class FlowEntry(msgspec.Struct, frozen=True):
    """A flow of the project."""

    name: str
    source: FlowSource | None  # None: it has runs, and is not found in the project's sources
    target: str  # what `penstock run` takes; "" without a source
    last: tuple[RunBrief, ...]  # its latest 5 runs, the newest first


class FlowsPage(msgspec.Struct, frozen=True):
    """The flows of the project."""

    rows: tuple[FlowEntry, ...]  # by file and line; those without a source last
    unreadable: tuple[str, ...]  # files that are no Python
    is_complete: bool  # False: there are too many files and folders to look at all


def _flows(call: ApiCall) -> FlowsPage:
    found = find_flows(call.reader.project.root)
    entries = [FlowEntry(one.name, one, one.target, _last(call, one.name)) for one in found.flows]
    known = {one.name for one in found.flows}
    others = [FlowEntry(name, None, "", _last(call, name)) for name in queries.flows(call.reader.journal)]
    entries += [entry for entry in others if entry.name not in known and entry.last]
    return FlowsPage(tuple(entries), found.unreadable, found.is_complete)


def _last(call: ApiCall, flow: str) -> tuple[RunBrief, ...]:
    rows = queries.runs(call.reader.journal, flow, limit=_LAST)
    return tuple(RunBrief(row.run_id, row.status, utc(row.created_at), listing.duration_s(row)) for row in rows)


ROUTES = (route("GET", "/flows", "The project's flows, read off the sources, with their last runs", _flows),)
