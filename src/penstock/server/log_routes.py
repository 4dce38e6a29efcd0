"""What an attempt printed and logged, and what a flow's body did, a part at a time."""

from __future__ import annotations

from typing import Annotated

import msgspec

from penstock.reading import attempt_logs, log_ranges
from penstock.reading.attempt_logs import WrittenLog
from penstock.reading.log_ranges import LogPart
from penstock.server.api_call import ApiCall
from penstock.server.refusals import Refusal
from penstock.server.routing import RUN, TASK, route

Place = Annotated[int, msgspec.Meta(ge=0, le=(1 << 53) - 1)]
Driver = Annotated[int, msgspec.Meta(ge=1, le=1 << 31)]
_ATTEMPT = f"{TASK}/attempts/{{attempt}}/log"


class LogQuery(msgspec.Struct, frozen=True, rename={"start": "from"}):
    """Which part: from a byte on, from a line on, the lines that hold a text, or else the end."""

    start: Place | None = None  # a byte of the file
    line: Annotated[int, msgspec.Meta(ge=1, le=(1 << 53) - 1)] | None = None  # the first is 1
    find: Annotated[str, msgspec.Meta(max_length=1000)] = ""  # in the next 64 MiB from `from`, or the beginning, on
    case: bool = False  # whether capitals count in what is found
    max: Annotated[int, msgspec.Meta(ge=1, le=1 << 20)] = 1 << 16  # bytes in which lines begin
    count: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 1000  # lines at most
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 200  # lines that are found


class BodyLogQuery(LogQuery, frozen=True, rename={"start": "from"}):
    """The same, and whose."""

    driver: Driver | None = None  # of the run, from 1; None: the latest


def _log_of_attempt(call: ApiCall, query: LogQuery) -> LogPart:
    named = call.path["step"], int(call.path["task"]), int(call.path["attempt"])
    return _part(call, attempt_logs.of_attempt(call.reader, call.run, *named, call.served.logs), query)


def _log_of_body(call: ApiCall, query: BodyLogQuery) -> LogPart:
    return _part(call, attempt_logs.of_body(call.reader, call.run, query.driver), query)


def _part(call: ApiCall, log: WrittenLog, query: LogQuery) -> LogPart:
    numbers = call.served.logs.numbers(log)
    if query.line is not None and (query.start is not None or query.find):
        raise Refusal(422, "wrong_query", "line can't be joined with from or find", field="line")
    if query.find:
        return log_ranges.search(log, numbers, query.find, query.case, query.start or 0, query.limit)
    if query.line is not None:
        return log_ranges.from_line(log, numbers, query.line, query.count)
    if query.start is not None:
        return log_ranges.part(log, numbers, query.start, query.max, query.count)
    return log_ranges.tail(log, numbers, query.max, query.count)


ROUTES = (
    route(
        "GET",
        _ATTEMPT,
        "What an attempt printed and logged: a part, by byte, line or text, or the end",
        _log_of_attempt,
    ),
    route("GET", f"{RUN}/log", "What the flow's own body printed and logged, likewise", _log_of_body),
)
