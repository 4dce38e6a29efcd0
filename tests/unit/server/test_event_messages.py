"""Whatever a slow listener is told at once comes to the same as all that happened, one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.server.event_messages import MOST_IDS, Event, PendingEvents, Position, patch

VALUES = st.integers(0, 3)
FIELDS = st.dictionaries(st.sampled_from(["status", "tags", "name"]), VALUES, min_size=1)
RUNS = st.builds(lambda id_, fields: Event("runs", id_, {"id": id_} | fields), VALUES, FIELDS)
NODES = st.dictionaries(st.sampled_from("abc"), VALUES)
GRAPHS = st.builds(
    lambda nodes: Event("run.graph", "r", {"nodes": {id_: [id_, n] for id_, n in nodes.items()}, "edges": {}}), NODES
)
TASKS = st.builds(
    lambda ids, done: Event("run.tasks", "r", {"changed": ids, "counts": {"done": done}}),
    st.none() | st.lists(VALUES),
    VALUES,
)
RESET = st.just(Event("reset", "runs", {"topic": "runs"}))
POINTS = st.builds(
    lambda low, more: Event("metrics", ("t", "m"), {"name": "m", "from": low, "to": low + more}), VALUES, VALUES
)


class Known:
    """What a client makes of messages."""

    def __init__(self) -> None:
        self.runs: dict[int, Any] = {}
        self.nodes: dict[str, Any] = {}
        self.tasks: set[int] | None = set()
        self.done = 0
        self.resets = 0
        self.points: tuple[int, int] | None = None

    def hear(self, text: bytes) -> None:
        for one in text.decode().split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in one.split("\n"))
            self._take(fields["event"], json.loads(fields["data"]))

    def _take(self, name: str, data: Any) -> None:
        if name == "runs":
            for row in data:
                self.runs[row["id"]] = self.runs.get(row["id"], {}) | row
        elif name == "reset":
            self.runs, self.resets = {}, self.resets + 1
        elif name == "run.graph":
            self.nodes |= dict(data["nodes"])
        elif name == "metrics":
            low = data["from"] if self.points is None else min(data["from"], self.points[0])
            self.points = low, data["to"]
        else:
            changed = data["changed"]
            self.tasks = None if changed is None or self.tasks is None else self.tasks | set(changed)
            self.done = data["counts"]["done"]

    def state(self) -> Any:
        return self.runs, self.nodes, self.tasks, self.done, bool(self.resets), self.points


@given(st.lists(st.lists(st.one_of(RUNS, GRAPHS, TASKS, RESET, POINTS), max_size=6), max_size=8), st.data())
def test_merged_or_one_by_one(looks: list[list[Event]], data: st.DataObject):
    at_once, slowly, every, slow = Known(), Known(), PendingEvents(), PendingEvents()
    for events in looks:
        for event in events:
            every.add([event])
            at_once.hear(every.take(Position()))
        slow.add(events)
        if data.draw(st.booleans()):
            slowly.hear(slow.take(Position()))
    slowly.hear(slow.take(Position()))
    assert slowly.state() == at_once.state()
    assert slow.take(Position()) == b""


def test_what_waits_is_bounded():
    pending = PendingEvents()
    for run in range(5000):
        pending.add([Event("runs", run, {"id": run, "status": "done"})])
        pending.add([Event("run.tasks", "r", {"changed": [run], "counts": {}})])
    said = pending.take(Position(7))
    assert len(said) < 200_000
    assert b'event: reset\ndata: {"topic":"runs"}' in said
    assert b'"changed":null' in said
    assert said.endswith(b"id: 7\n\n")
    pending.add([Event("run.tasks", "r", {"changed": list(range(MOST_IDS)), "counts": {}})])
    assert b'"changed":[0,1' in pending.take(Position())


@given(st.integers(0, 10**17), st.dictionaries(st.integers(0, 10**9), st.integers(0, 10**17), max_size=5))
def test_an_id_says_its_position(runs: int, tasks: dict[int, int]):
    position = Position(runs, tasks)
    assert Position.read(str(position)) == position


@pytest.mark.parametrize("text", ["", "x", "-1", "1.2", "1.2:x", "1.2:3:4", "١", "1" * 19, "1..2", " 1"])
def test_what_is_no_id(text: str):
    with pytest.raises(ValueError, match=r".*"):
        Position.read(text)


def test_only_what_is_different_is_told():
    assert patch({"a": 1, "b": 2}, {"a": 1, "b": 3, "c": 4}) == {"b": 3, "c": 4}
