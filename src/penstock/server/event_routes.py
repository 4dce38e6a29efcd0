"""What happens, as it does: one stream for a page, of all that it shows.

event: runs          [{"id": 7, "status": "done", ...}]     rows of the table of runs: the fields that have changed
event: run.graph     {"run", "nodes": [...], "edges": [...]}      those that have changed: of a node all that lead to it
event: run.tasks     {"run", "changed": [ids], "counts": {...}}   `changed` null: too many, ask for the index anew
event: task          {"task", "id", "status", "attempt", "revision"}
event: metrics       {"task", "name", "from", "to"}         how many points were logged, and are now
event: log           {"task", "attempt", "file", "begin", "end", "is_over"}
event: reset         {"topic"}                              what can't be told by changes: load it again
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from penstock.journal import queries
from penstock.model.ids import parse_path
from penstock.reading.reader import JournalReader
from penstock.server.api_call import ApiCall
from penstock.server.event_hub import Wanted
from penstock.server.event_messages import Position
from penstock.server.event_streams import EVENTS, EventStream
from penstock.server.event_topics import RunsTopic, RunTopic, TaskTopic, Topic
from penstock.server.refusals import Refusal
from penstock.server.routing import route

_MOST_TOPICS = 20


class EventsQuery(msgspec.Struct, frozen=True):
    """What is listened to."""

    topics: tuple[str, ...]  # "runs", "run:digits/3", "task:digits/3/train/2"; up to 20
    open: tuple[str, ...] = ()  # ids of nodes, as for a run's graph
    since: Annotated[str, msgspec.Meta(max_length=4000)] = (
        ""  # the id of the last event, or the revision of an index of
    )
    # runs; "": the header Last-Event-ID says it


async def _events(call: ApiCall, query: EventsQuery) -> EventStream:
    if not 0 < len(query.topics) <= _MOST_TOPICS:
        raise Refusal(422, "wrong_topics", f"1 to {_MOST_TOPICS} topics", field="topics")
    wanted = [_wanted(call, topic, query.open) for topic in dict.fromkeys(query.topics)]
    listener = await call.served.events.listen(wanted, _position(query.since or call.headers.get("last-event-id", "")))
    return EventStream(listener.messages(), lambda: call.served.events.leave(listener))


def _wanted(call: ApiCall, topic: str, opened: tuple[str, ...]) -> Wanted:
    if topic == "runs":
        return Wanted(topic, RunsTopic)
    kind, _, named = topic.partition(":")
    try:
        flow, run, step, number = parse_path(named)
    except ValueError:
        flow, run, step, number = "", None, None, None

    def begin_run(reader: JournalReader) -> Topic:
        return RunTopic(reader, queries.run_by_number(reader.journal, flow, run or 0), opened)

    def begin_task(reader: JournalReader) -> Topic:
        found = queries.run_by_number(reader.journal, flow, run or 0)
        return TaskTopic(reader, call.served.logs, found, step or "", number or 0)

    if kind == "run" and run is not None and step is None:
        return Wanted(f"{topic} {opened}", begin_run)
    if kind == "task" and number is not None:
        return Wanted(topic, begin_task)
    told = f"{topic[:100]!r} is no topic: write runs, run:FLOW/NUMBER or task:FLOW/NUMBER/STEP/NUMBER"
    raise Refusal(422, "wrong_topics", told, field="topics")


def _position(text: str) -> Position | None:
    if not text:
        return None
    try:
        return Position.read(text)
    except ValueError:
        raise Refusal(422, "wrong_position", f"{text[:100]!r} is the id of no event", field="since") from None


ROUTES = (
    route(
        "GET", "/events", "Server-sent events: what changes of what is named, as it does", _events, media=EVENTS,
        is_stream=True,
    ),
)  # fmt: skip
