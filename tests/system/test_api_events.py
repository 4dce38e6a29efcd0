"""Streams of events: what a page that listens knows is what it would read anew."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from penstock.server.limits import LIMITS
from tests.api_server import ApiServer, EventReader, ServerEvent, serving
from tests.system.flows import Drive, Project, wait_until

SOURCE = """
    @step
    def train(depth):
        log_metrics({"loss": float(depth)}, step=depth)
        print(f"depth {depth}")
        return depth

    @step
    def waits():
        print("waits")
        log_metrics({"loss": 1.0}, step=1)
        note("waits")
        await_file("go")
        print("went on")

    @flow
    def inner(depths):
        return [future.result() for future in train.map(depths)]

    @flow
    def main(first=30, second=30):
        train.map(list(range(first)))
        waits()
        log_metrics({"best": 1.0})
        return sum(inner(list(range(second))))

    @flow
    def short():
        return train(1)
"""


@pytest.fixture
def project(tmp_path: Path, clean_project: Callable[[Path], AbstractContextManager[Project]]) -> Iterator[Project]:
    with clean_project(tmp_path / "work") as project:
        project.write(SOURCE)
        yield project


@pytest.fixture
def server(project: Project) -> Iterator[ApiServer]:
    with serving(project.folder) as server:
        yield server


class Page:
    """What a page knows that shows the table of runs, and one run of it."""

    def __init__(self) -> None:
        self.runs: dict[int, dict[str, Any]] = {}
        self.nodes: dict[str, Any] = {}
        self.edges: dict[str, Any] = {}  # by the node that they lead to
        self.counts: dict[str, int] = {}
        self.tasks: set[int] = set()
        self.points: dict[tuple[str, str], int] = {}
        self.log: dict[str, Any] = {}

    def hear(self, event: ServerEvent, server: ApiServer, run: str) -> None:
        data = event.data
        if event.name == "runs":
            for patch in data:
                self.runs[patch["id"]] = self.runs.get(patch["id"], {}) | patch
        elif event.name == "run.graph":
            self.nodes |= {node["id"]: node for node in data["nodes"]}
            self.edges |= by_target(data["edges"])
        elif event.name == "run.tasks":
            self.counts = data["counts"]
            self.tasks.update(ids_of(server, run) if data["changed"] is None else data["changed"])
        elif event.name == "metrics":
            assert data["from"] <= self.points.get((data["task"], data["name"]), 0)
            self.points[data["task"], data["name"]] = data["to"]
        elif event.name == "log":
            self.log = data
        else:
            assert event.name == "task", event

    def agrees(self, server: ApiServer, run: str) -> bool:
        """Whether it knows what is so, if the run is over; that it took longer meanwhile is its own to count."""
        rows = {row["id"]: row for row in server.get("/runs").json["rows"]}
        for row in [*rows.values(), *self.runs.values()]:
            row.pop("values", None)
        graph = server.get(f"/runs/{run}/graph").json
        return (
            self.runs == rows
            and self.nodes == {node["id"]: node for node in graph["nodes"]}
            and self.edges == by_target(graph["edges"])
            and self.tasks == set(ids_of(server, run))
            and self.counts == server.get(f"/runs/{run}").json["counts"]
            and self.points.get((run, "best"), 0) == points_of(server, run)
        )


def by_target(edges: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for edge in edges:
        found.setdefault(edge["target"], []).append(edge)
    return found


def ids_of(server: ApiServer, run: str) -> list[int]:
    index = server.get(f"/runs/{run}/tasks:index").json
    assert index["ids"] is not None
    return index["ids"]


def points_of(server: ApiServer, run: str) -> int:
    return sum(row["points"] for row in server.get(f"/runs/{run}/metrics").json["rows"] if row["name"] == "best")


def begin(project: Project, server: ApiServer, **params: int) -> Drive:
    """A run that waits in its middle."""
    drive = project.spawn(**params)
    project.await_note("waits")
    wait_until(lambda: server.get("/runs/main/1").status == 200, "for the run")
    return drive


@contextlib.contextmanager
def listening(server: ApiServer, path: str, last_id: str = "") -> Iterator[EventReader]:
    stream = server.listen(path, last_id)
    try:
        yield stream
    finally:
        stream.close()


TOPICS = "/events?topics=runs,run:main/1,task:main/1/waits/1"


def test_what_was_told_is_what_is_so(project: Project, server: ApiServer):
    drive = begin(project, server)
    page = Page()
    with listening(server, TOPICS, str(0)) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        project.touch("go")
        for event in stream:
            page.hear(event, server, "main/1")
            if event.id and page.agrees(server, "main/1"):
                break
    drive.join().value()
    assert page.counts["done"] == 61
    assert page.points["main/1/waits/1", "loss"] == 1
    assert page.log["is_over"]


def test_a_client_that_lost_its_server_misses_nothing(project: Project, server: ApiServer):
    """kill -9 of the server in the middle of the run, and a stream that goes on with another."""
    drive = begin(project, server)
    page = Page()
    with serving(project.folder) as first, listening(first, TOPICS, "0") as stream:
        for event in stream:
            page.hear(event, first, "main/1")
            if event.id and page.nodes:
                break
        first.process.send_signal(signal.SIGKILL)
        for event in stream:  # what had been sent
            page.hear(event, server, "main/1")
    project.touch("go")
    drive.join().value()
    with listening(server, TOPICS, stream.last_id) as again:
        for event in again:
            page.hear(event, server, "main/1")
            if event.id and page.agrees(server, "main/1"):
                break


def test_a_killed_driver_is_told_and_what_its_resume_does(project: Project, server: ApiServer):
    drive = begin(project, server)
    page = Page()
    with listening(server, TOPICS, "0") as stream:
        drive.kill()
        for event in stream:
            page.hear(event, server, "main/1")
            if page.runs and page.runs[1]["status"] == "crashed":
                break
        project.touch("go")
        project.run("main/1").value()
        for event in stream:
            page.hear(event, server, "main/1")
            if event.id and page.agrees(server, "main/1"):
                break
    assert page.runs[1]["status"] == "done"


def test_each_change_brings_what_has_changed_alone(project: Project, server: ApiServer):
    project.run(target="mine.py:short").value()
    revision = server.get("/runs:index").json["revision"]
    with listening(server, f"/events?topics=runs&since={revision}") as stream:
        server.post("/runs/short/1:tag", {"add": ["good"]})
        event = stream.until(lambda event: event.name == "runs")
        assert [(row["id"], row["tags"]) for row in event.data] == [(1, ["good"])]
        server.post("/runs/short/1:tag", {"add": ["better"]})
        event = stream.until(lambda event: event.name == "runs")
        assert event.data == [{"id": 1, "tags": ["better", "good"]}]


def test_what_is_removed_resets_the_table(project: Project, server: ApiServer):
    project.run(target="mine.py:short").value()
    with listening(server, "/events?topics=runs,run:short/1") as stream:
        known = stream.until(lambda event: event.name == "run.tasks")
        assert known.data["counts"]["done"] == 1
        assert project.penstock("rm", "short/1", "--yes")[0] == 0
        topics = {stream.until(lambda event: event.name == "reset").data["topic"] for _ in range(2)}
        assert topics == {"runs", "run:short/1"}


def test_who_knows_too_little_is_told_to_load_again(project: Project, server: ApiServer):
    project.run(target="mine.py:short").value()
    with listening(server, "/events?topics=runs", "99999999") as stream:
        assert stream.until(lambda event: True)[:2] == ("reset", {"topic": "runs"})


def test_one_project_without_a_run_yet(project: Project, server: ApiServer):
    with listening(server, "/events?topics=runs") as stream:
        project.run(target="mine.py:short").value()
        assert stream.until(lambda event: event.name == "runs").data[0]["run"] == "short/1"


def test_who_loses_a_stream_before_anything_happens_goes_on_there(project: Project, server: ApiServer):
    project.run(target="mine.py:short").value()
    with listening(server, "/events?topics=runs") as stream:
        position = stream.begin()
    project.run(target="mine.py:short").value()
    with listening(server, "/events?topics=runs", position) as stream:
        assert [row["run"] for row in stream.until(lambda event: event.name == "runs").data] == ["short/2"]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("", 422, "topics"), ("topics=", 422, "topics"), ("topics=nothing", 422, "topics"),
        ("topics=run:main", 422, "topics"), ("topics=task:main/1", 422, "topics"),
        ("topics=run:main/1/x/1", 422, "topics"), ("topics=run:main/9", 404, None),
        ("topics=runs&since=x", 422, "since"), ("topics=runs&since=1.2", 422, "since"),
    ],
)  # fmt: skip
def test_what_can_t_be_listened_to(server: ApiServer, query: str, status: int, field: str | None):
    reply = server.get(f"/events?{query}")
    assert (reply.status, reply.error.get("field")) == (status, field)
    assert server.get("/events?topics=runs", Last_Event_ID="x").status == 422


def test_there_are_not_too_many_streams(server: ApiServer):
    with contextlib.ExitStack() as stack:
        for _ in range(LIMITS.streams):
            assert stack.enter_context(listening(server, "/events?topics=runs")).status == 200
        reply = server.get("/events?topics=runs")
        assert (reply.status, reply.error["code"], reply.headers["retry-after"]) == (429, "too_many_streams", "5")
        assert server.get("/meta").status == 200
    wait_until(lambda: is_heard(server), "for streams to be given back")


def is_heard(server: ApiServer) -> bool:
    with listening(server, "/events?topics=runs") as stream:
        return stream.status == 200


def test_a_log_is_followed_to_its_end(project: Project, server: ApiServer):
    drive = begin(project, server)
    path = "/runs/main/1/tasks/waits/1/attempts/1/log:follow"
    with listening(server, path) as stream:
        first = stream.until(lambda event: event.name == "log")
        assert [line["text"] for line in first.data["lines"]] == ["waits"]
    with listening(server, path, stream.last_id) as stream:
        project.touch("go")
        told = list(stream)
        assert [line["text"] for event in told[:-1] for line in event.data["lines"]] == ["went on"]
        assert told[-1].name == "end"
    drive.join().value()
    assert server.get("/runs/main/1/tasks/waits/7/attempts/1/log:follow").status == 404
    with listening(server, "/runs/main/1/log:follow") as stream:
        assert [event.name for event in stream] == ["end"]
