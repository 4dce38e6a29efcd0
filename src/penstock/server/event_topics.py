"""What can be listened to. A topic looks at the journal for what has changed since its last look, for all its listeners
at once; who comes later is told what was changed since they knew it.

Nothing here waits or keeps time: `event_hub` says when to look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from penstock.errors import NotFoundError
from penstock.journal import queries, task_search
from penstock.journal.views import RunRow
from penstock.model.states import RunStatus
from penstock.reading import attempt_logs, infos
from penstock.reading.attempt_logs import KnownLogs, WrittenLog
from penstock.reading.folded_graphs import FoldedEdge, FoldedGraph, folded
from penstock.reading.logged import parts
from penstock.reading.reader import JournalReader
from penstock.reading.structs import StepInfo
from penstock.server.event_messages import MOST_IDS, Event, Position, changed, patch
from penstock.server.run_lines import line_of

_MOST_RUNS = 500  # whose rows are remembered, so that fields that have changed can be told; and that are told at once
_MOVES = {"duration_s"}  # with the time, which a client has itself


class Topic(Protocol):
    """One thing that is listened to."""

    def look(self, reader: JournalReader, is_changed: bool) -> list[Event]:
        """What has changed since the last look. `is_changed` False: nobody has written meanwhile."""
        ...

    def since(self, reader: JournalReader, position: Position | None) -> list[Event]:
        """What who knows it up to a position (None: who knows nothing) has to be told before the next look's events."""
        ...

    def move(self, position: Position) -> Position:
        """The position of who was told all that was found so far."""
        ...


class RunsTopic:
    """`runs`: the rows of the table of runs."""

    def __init__(self, reader: JournalReader) -> None:
        self._revision = queries.revision(reader.journal)
        self._rows = _Rows()

    def look(self, reader: JournalReader, is_changed: bool) -> list[Event]:
        found = queries.runs_changed(reader.journal, self._revision, _MOST_RUNS)
        self._revision = found.revision
        events = [Event("reset", "runs", {"topic": "runs"})] if found.removed else []
        return events + [event for row in found.rows for event in self._rows.changed(row)]

    def since(self, reader: JournalReader, position: Position | None) -> list[Event]:
        if position is None:  # it asks for the table's rows
            return []
        if position.runs > self._revision:  # of another journal
            return [Event("reset", "runs", {"topic": "runs"})]
        found = queries.runs_changed(reader.journal, position.runs, _MOST_RUNS)
        if found.removed or len(found.rows) >= _MOST_RUNS:
            return [Event("reset", "runs", {"topic": "runs"})]
        return [Event("runs", row.id, _line(row)) for row in found.rows]

    def move(self, position: Position) -> Position:
        return position._replace(runs=self._revision)


class _Rows:
    """What was last told of runs, of the latest of them."""

    def __init__(self) -> None:
        self._known: dict[int, dict[str, Any]] = {}

    def changed(self, row: RunRow) -> list[Event]:
        """The fields of a run that have changed; of one that nothing is known of, all."""
        now, known = _line(row), self._known.pop(row.id, {})
        self._known[row.id] = now
        if len(self._known) > _MOST_RUNS:
            del self._known[next(iter(self._known))]
        fields = patch(known, now)
        return [Event("runs", row.id, {"id": row.id} | fields)] if fields.keys() - _MOVES else []


def _line(row: RunRow) -> dict[str, Any]:
    line = msgspec.structs.asdict(line_of(row, {}))
    del line["values"]  # of the columns that a client has chosen: it asks for them
    return line


class RunTopic:
    """`run:digits/3`: its row, its graph with the counts, which of its tasks have changed, what its body logs."""

    def __init__(self, reader: JournalReader, run: RunRow, opened: tuple[str, ...]) -> None:
        self._id, self._name, self._opened = run.id, run.run_id, opened
        self._rows = _Rows()
        self._row = run
        self._revision = 0  # of its tasks
        self._is_gone = False
        self._counts: dict[str, int] = {}
        self._nodes: dict[str, Any] = {}
        self._edges: dict[str, Any] = {}  # by the node that they lead to
        self._points = _Points(run.id, 0, run.run_id)
        self._log = _LogEnd(self._name, lambda reader: (self._row.drivers, attempt_logs.of_body(reader, self._row)))
        self.look(reader, is_changed=True)

    def look(self, reader: JournalReader, is_changed: bool) -> list[Event]:
        if self._is_gone or not (is_changed or self._row.status == RunStatus.RUNNING):
            return []
        before, log = self._row, self._log.changed(reader, is_changed)
        try:
            self._row = queries.run_by_id(reader.journal, self._id)
        except NotFoundError:
            self._is_gone = True
            return [Event("reset", self._name, {"topic": f"run:{self._name}"})]
        ids, revision = (
            task_search.ids_changed(reader.journal, self._id, self._revision, MOST_IDS)
            if is_changed
            else ([], self._revision)
        )
        self._revision = revision
        events = [*log, *self._rows.changed(self._row), *(self._points.changed(reader) if is_changed else ())]
        if ids == [] and (before.revision, before.status) == (self._row.revision, self._row.status) and self._nodes:
            return events
        steps = infos.step_infos(self._row, queries.steps(reader.journal, self._id))
        states = ("waiting", "running", "done", "failed", "cancelled")
        self._counts = {state: sum(getattr(step, state) for step in steps) for state in states}
        return [*events, *self._graph_changed(reader, steps), self._tasks(ids)]

    def _graph_changed(self, reader: JournalReader, steps: tuple[StepInfo, ...]) -> list[Event]:
        nodes, edges = _by_id(folded(reader.journal, self._row, self._opened, steps))
        new_nodes, new_edges = dict(changed(self._nodes, nodes)), dict(changed(self._edges, edges))
        self._nodes, self._edges = nodes, edges
        return [self._graph(new_nodes, new_edges)] if new_nodes or new_edges else []

    def _graph(self, nodes: dict[str, Any], edges: dict[str, Any]) -> Event:
        return Event("run.graph", self._name, {"run": self._name, "nodes": nodes, "edges": edges})

    def _tasks(self, ids: list[int] | None) -> Event:
        return Event("run.tasks", self._name, {"run": self._name, "changed": ids, "counts": self._counts})

    def since(self, reader: JournalReader, position: Position | None) -> list[Event]:
        if self._is_gone:
            return [Event("reset", self._name, {"topic": f"run:{self._name}"})]
        ids, known = None, position.tasks.get(self._id) if position else None
        if known is not None and known <= self._revision:
            ids = task_search.ids_changed(reader.journal, self._id, known, MOST_IDS)[0]
        row = Event("runs", self._id, _line(self._row))
        return [
            row,
            self._graph(self._nodes, self._edges),
            self._tasks(ids),
            *self._points.all(),
            *self._log.all(),
        ]

    def move(self, position: Position) -> Position:
        return position._replace(tasks={**position.tasks, self._id: self._revision})


def _by_id(graph: FoldedGraph) -> tuple[dict[str, Any], dict[str, Any]]:
    edges: dict[str, tuple[FoldedEdge, ...]] = {}
    for edge in graph.edges:
        edges[edge.target] = (*edges.get(edge.target, ()), edge)
    return {node.id: node for node in graph.nodes}, edges


class TaskTopic:
    """`task:digits/3/train/2`: how it stands, and what it logs. It need not have begun."""

    def __init__(self, reader: JournalReader, logs: KnownLogs, run: RunRow, step: str, number: int) -> None:
        self._run, self._step, self._number = run, step, number
        self._name = f"{run.run_id}/{step}/{number}"
        self._stands: dict[str, Any] = {}
        self._points: _Points | None = None
        self._attempt = 1
        self._log = _LogEnd(self._name, self._locate)
        self._known_logs = logs
        self.look(reader, is_changed=True)

    def look(self, reader: JournalReader, is_changed: bool) -> list[Event]:
        return [*(self._changed(reader) if is_changed else ()), *self._log.changed(reader, is_changed)]

    def _changed(self, reader: JournalReader) -> list[Event]:
        flying = [one for one in queries.in_flight(reader.journal, self._run.id) if one.name == self._called]
        self._attempt = max([one.attempt for one in flying], default=0) or self._attempt
        try:
            row = queries.task(reader.journal, self._run.id, self._step, self._number)
        except NotFoundError:
            return []
        self._attempt = max(self._attempt, row.attempt)
        now = {"task": self._name, "id": row.id, "status": row.status, "attempt": row.attempt, "revision": row.revision}
        before, self._stands = self._stands, now
        if self._points is None:
            self._points = _Points(self._run.id, row.id, self._name)
        events = [Event("task", self._name, now)] if before != now else []
        return events + self._points.changed(reader)

    @property
    def _called(self) -> str:
        return f"{self._step}/{self._number}"

    def _locate(self, reader: JournalReader) -> tuple[int, WrittenLog] | None:
        try:
            run = queries.run_by_id(reader.journal, self._run.id)
            log = attempt_logs.of_attempt(reader, run, self._step, self._number, self._attempt, self._known_logs)
        except NotFoundError:
            return None
        return self._attempt, log

    def since(self, reader: JournalReader, position: Position | None) -> list[Event]:
        stands = [Event("task", self._name, self._stands)] if self._stands else []
        return [*stands, *(self._points.all() if self._points else ()), *self._log.all()]

    def move(self, position: Position) -> Position:
        return position


class _LogEnd:
    """How far a log has come."""

    def __init__(self, path: str, locate: Callable[[JournalReader], tuple[int, WrittenLog] | None]) -> None:
        self._path = path
        self._locate = locate
        self._log: tuple[int, WrittenLog] | None = None
        self._told: dict[str, Any] = {}

    def changed(self, reader: JournalReader, is_changed: bool) -> list[Event]:
        """Whether it has grown, or another attempt writes now, or nobody does any more."""
        if is_changed or self._log is None or not self._log[1].place.name:
            self._log = self._locate(reader)
        if self._log is None or not self._log[1].place.name:
            return []
        attempt, log = self._log
        before, self._told = self._told, {
            "task": self._path, "attempt": attempt, "file": log.place.name, "begin": log.begin, "end": log.size(),
            "is_over": log.is_over,
        }  # fmt: skip
        return self.all() if before != self._told else []

    def all(self) -> list[Event]:
        """How it stands, for who knows nothing of it."""
        return [Event("log", self._path, self._told)] if self._told else []


class _Points:
    """How many points a task (0: the flow's own body) has logged under each name."""

    def __init__(self, run: int, task: int, path: str) -> None:
        self._run, self._task, self._path = run, task, path
        self._counts: dict[str, int] = {}
        self._tries: dict[str, Any] = {}

    def changed(self, reader: JournalReader) -> list[Event]:
        """Those of which there are more; of those that were begun anew, all."""
        counts: dict[str, int] = {}
        tries: dict[str, Any] = {}
        for part in parts(queries.metrics(reader.journal, self._run, self._task)):
            name = part.record.metric.name
            counts[name] = counts.get(name, 0) + part.record.metric.points
            tries[name] = (part.record.attempt, part.record.metric.driver)
        events = [
            self._event(name, self._counts.get(name, 0) if self._tries.get(name) == tries[name] else 0, count)
            for name, count in counts.items()
            if (count, tries[name]) != (self._counts.get(name), self._tries.get(name))
        ]
        self._counts, self._tries = counts, tries
        return events

    def all(self) -> list[Event]:
        """How it stands, for who knows nothing of it."""
        return [self._event(name, 0, count) for name, count in self._counts.items()]

    def _event(self, name: str, begin: int, count: int) -> Event:
        data = {"task": self._path, "name": name, "from": begin, "to": count}
        return Event("metrics", (self._path, name), data)
