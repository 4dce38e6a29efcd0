"""What an attempt printed and logged, and what a flow's body did, a part at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal
from urllib.parse import quote

import msgspec
from starlette.responses import Response, StreamingResponse

from penstock.errors import PenstockError
from penstock.journal import queries
from penstock.journal.views import RunRow
from penstock.reading import log_ranges
from penstock.reading.attempt_logs import WrittenLog, of_attempt, of_body
from penstock.reading.log_ranges import LogPart
from penstock.server.api_call import ApiCall
from penstock.server.event_messages import PING, message
from penstock.server.event_streams import EVENTS, EventStream
from penstock.server.refusals import Refusal
from penstock.server.routing import RUN, TASK, route

Place = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]
Driver = Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]
_LOOK_S = 0.2
_LOOKS_PER_PING = 75
_Level = Literal["", "debug", "info", "warning", "error", "critical"]
_PLAIN_TEXT = "text/plain; charset=utf-8"
_FILE: dict[str, Any] = {"media": _PLAIN_TEXT, "is_ticketed": True}
_STREAM: dict[str, Any] = {"media": EVENTS, "is_stream": True}
_ATTEMPT = f"{TASK}/attempts/{{attempt}}/log"


class LogQuery(msgspec.Struct, frozen=True, rename={"start": "from"}):
    """Which part: from a byte, a line or a time on, the lines that hold a text, or else the end."""

    start: Place | None = None  # a byte of the file
    line: Annotated[int, msgspec.Meta(ge=1, le=(1 << 53) - 1)] | None = None  # the first is 1
    time: float | None = None  # UTC, seconds: from the first line on that was written then or later
    find: Annotated[str, msgspec.Meta(max_length=1000)] = ""  # in the next 64 MiB from `from`, or the beginning, on
    level: _Level = ""  # lines of it or of a worse one alone, likewise
    case: bool = False  # whether capitals count in what is found
    max: Annotated[int, msgspec.Meta(ge=1, le=1 << 20)] = 1 << 16  # bytes in which lines begin
    count: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 1000  # lines at most
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 200  # lines that are found


class DriverQuery(msgspec.Struct, frozen=True):
    """Whose."""

    driver: Driver | None = None  # of the run, from 1; None: the latest


class BodyLogQuery(LogQuery, frozen=True, rename={"start": "from"}):
    """The same, and whose."""

    driver: Driver | None = None  # of the run, from 1; None: the latest


class FollowQuery(msgspec.Struct, frozen=True, rename={"start": "from"}):
    """From where on."""

    start: Place | None = None  # a byte of the file; None: the last 64 kB, or the header Last-Event-ID says it


class FollowBodyQuery(FollowQuery, frozen=True, rename={"start": "from"}):
    """The same, and whose."""

    driver: Driver | None = None


def _log_of_attempt(call: ApiCall, query: LogQuery) -> LogPart:
    named = call.path["step"], int(call.path["task"]), int(call.path["attempt"])
    return _part(call, of_attempt(call.reader, call.run, *named, call.served.logs), query)


def _log_of_body(call: ApiCall, query: BodyLogQuery) -> LogPart:
    return _part(call, of_body(call.reader, call.run, query.driver), query)


def _part(call: ApiCall, log: WrittenLog, query: LogQuery) -> LogPart:
    numbers = call.served.logs.numbers(log)
    for name in ("line", "time"):
        if getattr(query, name) is not None and (query.start is not None or query.find or query.level):
            raise Refusal(422, "wrong_value", f"{name} can't be joined with from, find or level", field=name)
    if query.find or query.level:
        return log_ranges.search(log, numbers, query.find, query.case, query.start or 0, query.limit, query.level)
    if query.line is not None:
        return log_ranges.from_line(log, numbers, query.line, query.count)
    if query.time is not None:
        return log_ranges.from_time(log, numbers, query.time, query.count)
    if query.start is not None:
        return log_ranges.part(log, numbers, query.start, query.max, query.count)
    return log_ranges.tail(log, numbers, query.max, query.count)


def _text_of_attempt(call: ApiCall) -> Response:
    step, number, attempt = call.path["step"], int(call.path["task"]), int(call.path["attempt"])
    log = of_attempt(call.reader, call.run, step, number, attempt, call.served.logs)
    return _text(log, f"{call.path['flow']}-{call.path['number']}-{step}-{number}-{attempt}")


def _text_of_body(call: ApiCall, query: DriverQuery) -> Response:
    return _text(of_body(call.reader, call.run, query.driver), f"{call.path['flow']}-{call.path['number']}")


def _text(log: WrittenLog, name: str) -> Response:
    """As a file to keep. Pages of it are never shown: as text of this address it would be the page's own."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}.log",
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(log_ranges.whole_text(log), headers=headers, media_type=_PLAIN_TEXT)


async def _follow_attempt(call: ApiCall, query: FollowQuery) -> EventStream:
    step, number, attempt = call.path["step"], int(call.path["task"]), int(call.path["attempt"])
    return await _followed(
        call, query, lambda run: of_attempt(call.reader, run, step, number, attempt, call.served.logs)
    )


async def _follow_body(call: ApiCall, query: FollowBodyQuery) -> EventStream:
    return await _followed(call, query, lambda run: of_body(call.reader, run, query.driver))


async def _followed(call: ApiCall, query: FollowQuery, locate: Callable[[RunRow], WrittenLog]) -> EventStream:
    def look(start: int | None) -> LogPart:
        run = queries.run_by_number(call.reader.journal, call.path["flow"], int(call.path["number"]))
        return _part(call, locate(run), LogQuery(start))

    told = call.headers.get("last-event-id", "")
    start = int(told) if told.isascii() and told.isdecimal() and len(told) < 16 else query.start
    return EventStream(_parts(call, look, await call.in_thread(look, start)))


async def _parts(call: ApiCall, look: Callable[[int | None], LogPart], part: LogPart) -> AsyncIterator[bytes]:
    """A part, and what comes after it, until nobody writes any more."""
    looks = 0
    while True:
        if whole := part.lines[: len(part.lines) - part.is_open]:
            yield message("log", msgspec.structs.replace(part, lines=whole, is_open=False), str(part.stop))
        if part.is_over and part.stop >= part.end:
            yield message("end", {"to": part.stop}, str(part.stop))
            return
        if not whole:
            looks += 1
            if looks % _LOOKS_PER_PING == 0:
                yield PING
            await asyncio.sleep(_LOOK_S)
        try:
            part = await call.in_thread(look, part.stop or None)
        except (Refusal, PenstockError):  # whoever follows asks again, and is told what is wrong
            return


ROUTES = (
    route(
        "GET",
        _ATTEMPT,
        "What an attempt printed and logged: a part, by byte, line or text, or the end",
        _log_of_attempt,
    ),
    route("GET", f"{RUN}/log", "What the flow's own body printed and logged, likewise", _log_of_body),
    route("GET", f"{_ATTEMPT}:text", "All that an attempt printed, as a file", _text_of_attempt, **_FILE),
    route("GET", f"{RUN}/log:text", "All that the flow's own body printed, likewise", _text_of_body, **_FILE),
    route("GET", f"{_ATTEMPT}:follow", "Server-sent events: what it writes, as it comes", _follow_attempt, **_STREAM),
    route("GET", f"{RUN}/log:follow", "Server-sent events: what the body writes, as it comes", _follow_body, **_STREAM),
)
