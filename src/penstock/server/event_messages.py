"""What a stream of events says, and how what was not said yet is merged. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from penstock.model.tuples import NamedTuple
from penstock.reading.structs import encoded

_MOST_RUNS = 1000  # of which changes wait for a slow listener
MOST_IDS = 1000  # of tasks, that are named one by one
PING = b": ping\n\n"


class Event(NamedTuple):
    """Something that has changed. A later one of the same name and key takes its place, or is merged with it."""

    name: str
    key: Any  # what it is about
    data: dict[str, Any]


class Position(NamedTuple):
    """Up to where a listener knows the journal: the id of each message."""

    runs: int = 0  # revision of the runs
    tasks: Mapping[int, int] = {}  # revisions of the tasks, by run

    def __str__(self) -> str:
        return ".".join([str(self.runs), *(f"{run}:{revision}" for run, revision in sorted(self.tasks.items()))])

    @classmethod
    def read(cls, text: str) -> Position:
        """What an id says; raises ValueError."""
        runs, *tasks = text.split(".")
        pairs = (one.split(":") for one in tasks)
        found = {_number(run): _number(revision) for run, revision in pairs}
        return cls(_number(runs), found)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 18):
        raise ValueError(text)
    return int(text)


class PendingEvents:
    """What a listener was not told yet: at most the latest of each thing, however slow the listener is."""

    def __init__(self) -> None:
        self._events: dict[tuple[str, Any], dict[str, Any]] = {}

    def __bool__(self) -> bool:
        return bool(self._events)

    def add(self, events: Iterable[Event]) -> None:
        """Later events."""
        for name, key, data in events:
            known = self._events.get((name, key))
            self._events[name, key] = data if known is None else _MERGES.get(name, _later)(known, data)
            if name == "reset" and data["topic"] == "runs":
                self._forget_runs()
        if sum(name == "runs" for name, _ in self._events) > _MOST_RUNS:
            self._forget_runs()
            self._events["reset", "runs"] = {"topic": "runs"}

    def _forget_runs(self) -> None:
        self._events = {known: data for known, data in self._events.items() if known[0] != "runs"}

    def take(self, position: Position) -> bytes:
        """All of it, as messages; empty where there is nothing. The last carries the position: who was told less asks
        from an earlier one."""
        events, self._events = self._events, {}
        patches = [data for (name, _), data in events.items() if name == "runs"]
        others = [(name, _shown(name, data)) for (name, _), data in events.items() if name != "runs"]
        # A reset stands before what has changed since.
        others.sort(key=lambda one: one[0] != "reset")
        messages = [*others, *([("runs", patches)] if patches else [])]
        ids = [""] * (len(messages) - 1) + [str(position)]
        return b"".join(message(name, data, id_) for (name, data), id_ in zip(messages, ids, strict=False))


def message(name: str, data: Any, id_: str = "") -> bytes:
    """One event; `id_`: with which a client that has lost its stream goes on; "": the one before."""
    told = b"id: %b\n" % id_.encode() if id_ else b""
    return b"event: %b\ndata: %b\n%b\n" % (name.encode(), encoded(data), told)


def _shown(name: str, data: dict[str, Any]) -> dict[str, Any]:
    if name != "run.graph":
        return data
    edges = [edge for leading in data["edges"].values() for edge in leading]
    return {**data, "nodes": list(data["nodes"].values()), "edges": edges}


def _later(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return known | new


def _graph(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return new | {name: known[name] | new[name] for name in ("nodes", "edges")}


def _tasks(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    changed = None
    if known["changed"] is not None and new["changed"] is not None:
        changed = list(dict.fromkeys((*known["changed"], *new["changed"])))
    return new | {"changed": changed if changed is not None and len(changed) <= MOST_IDS else None}


def _metric(known: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return new | {"from": min(known["from"], new["from"])}


_MERGES = {"run.graph": _graph, "run.tasks": _tasks, "metrics": _metric}


def patch(known: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that have changed."""
    return {name: value for name, value in now.items() if name not in known or known[name] != value}


def changed(known: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Of the nodes of a graph, or of the edges to each of them, those that are new or others than before."""
    return ((id_, one) for id_, one in now.items() if known.get(id_) != one)
