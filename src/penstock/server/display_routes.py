"""What runs and tasks displayed. Its content is asked for as an artifact's: by its digest, and where it stands."""

from __future__ import annotations

import msgspec

from penstock.journal.recorded import RecordedPlace
from penstock.reading.display_infos import displays
from penstock.reading.structs import DisplayInfo
from penstock.server.api_call import ApiCall
from penstock.server.cursors import packed, unpacked
from penstock.server.routing import RUN, TASK, route
from penstock.server.run_list_routes import Limit


class DisplaysQuery(msgspec.Struct, frozen=True):
    """Which of them."""

    limit: Limit = 100
    cursor: str | None = None  # `next` of the page before


class DisplaysPage(msgspec.Struct, frozen=True):
    """What was displayed, by task, name and step."""

    rows: tuple[DisplayInfo, ...]
    next: str | None = None  # the cursor of the next page; None: there is none


class DisplayCursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page has ended."""

    task: int
    name: str
    step: int | None


def _of_run(call: ApiCall, query: DisplaysQuery) -> DisplaysPage:
    return _page(call, query, None)


def _of_task(call: ApiCall, query: DisplaysQuery) -> DisplaysPage:
    return _page(call, query, call.task.id)


def _page(call: ApiCall, query: DisplaysQuery, task: int | None) -> DisplaysPage:
    cursor = None if query.cursor is None else unpacked(query.cursor, DisplayCursor)
    after = None if cursor is None else RecordedPlace(cursor.task, cursor.name, cursor.step)
    found = list(displays(call.reader, call.run, task, query.limit + 1, after))
    shown = found[: query.limit]
    end = packed(DisplayCursor(*shown[-1].place)) if len(found) > query.limit else None
    return DisplaysPage(tuple(one.info for one in shown), end)


ROUTES = (
    route("GET", f"{RUN}/displays", "What its tasks and its body displayed", _of_run),
    route("GET", f"{TASK}/displays", "What it displayed", _of_task),
)
