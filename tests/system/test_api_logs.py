"""Logs as the API gives them: of flows that really ran, while they do, and when they were killed."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.api_server import ApiServer, serving
from tests.system.flows import Project, wait_until

SOURCE = r"""
    import logging

    @step(retries=1)
    def train(depth):
        for number in range(2000):
            print(f"epoch {number} of {depth}")
        logging.getLogger().warning("odd <b>\x1b[31mred\x1b[0m")
        os.write(1, b"raw \xff\n" + b"y" * 10_000_000 + b"\n")
        if current.attempt == 1 and depth == 3:
            raise ValueError("the first time")
        print("done")
        return depth

    @step
    def silent(x):
        return x

    @step
    def slow():
        print("first")
        note("printed")
        await_file("more")
        print("second")
        note("printed more")
        await_file("go")
        print("last")

    @flow
    def main():
        print("body begins")
        [train(depth) for depth in (2, 3)]
        return silent(1)

    @flow
    def waits():
        slow()
        return silent(2)
"""
TRAIN = "/runs/main/1/tasks/train"
SLOW = "/runs/waits/1/tasks/slow/1/attempts/1/log"


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[Project]:
    with clean_project(tmp_path_factory.mktemp("logs") / "work") as project:
        project.write(SOURCE)
        project.run().value()
        yield project


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[ApiServer]:
    with serving(project.folder) as server:
        yield server


def texts(found: dict[str, Any]) -> list[str]:
    return [line["text"] for line in found["lines"]]


def test_the_end_of_a_log_comes_first(server: ApiServer):
    log = server.get(f"{TRAIN}/1/attempts/1/log").json
    assert texts(log)[-1] == "done"
    assert log["lines"][-1]["number"] == 2004
    assert (log["to"], log["is_over"], log["is_open"]) == (log["end"], True, False)
    assert texts(server.get(f"{TRAIN}/1/attempts/1/log?count=1").json) == ["done"]


def test_lines_by_their_number_and_by_where_they_stand(server: ApiServer):
    log = server.get(f"{TRAIN}/1/attempts/1/log?line=1998&count=5").json
    assert [(line["number"], line["text"][:8]) for line in log["lines"]] == [
        (1998, "epoch 19"), (1999, "epoch 19"), (2000, "epoch 19"), (2001, "odd <b>\x1b"), (2002, "raw \\xff"),
    ]  # fmt: skip
    assert [line["level"] for line in log["lines"][2:]] == ["", "warning", ""]
    at = log["lines"][1]["offset"]
    assert texts(server.get(f"{TRAIN}/1/attempts/1/log?from={at}&count=1").json) == ["epoch 1998 of 2"]
    found, at = [], 0
    while (page := server.get(f"{TRAIN}/1/attempts/1/log?from={at}&max=20000").json)["lines"]:
        found, at = found + texts(page), page["to"]
    assert found[:2000] == [f"epoch {number} of 2" for number in range(2000)]
    assert found[-1] == "done"


def test_a_line_of_ten_megabytes_is_cut(server: ApiServer):
    (long,) = server.get(f"{TRAIN}/1/attempts/1/log?line=2003&count=1").json["lines"]
    assert len(long["text"]) == 16384
    assert long["cut"] == 10_000_000 - 16384
    reply = server.get(f"{TRAIN}/1/attempts/1/log?from={long['rest']}&count=1")
    assert reply.json["lines"][0]["cut"] == 10_000_000 - 2 * 16384
    assert len(reply.body) < 20_000


def test_lines_that_hold_a_text(server: ApiServer):
    found = server.get(f"{TRAIN}/1/attempts/1/log?find=EPOCH+7&limit=3").json
    assert texts(found) == ["epoch 7 of 2", "epoch 70 of 2", "epoch 71 of 2"]
    more = server.get(f"{TRAIN}/1/attempts/1/log?find=EPOCH+7&limit=3&from={found['to']}").json
    assert texts(more) == ["epoch 72 of 2", "epoch 73 of 2", "epoch 74 of 2"]
    assert server.get(f"{TRAIN}/1/attempts/1/log?find=EPOCH&case=1").json["lines"] == []
    assert texts(server.get(f"{TRAIN}/1/attempts/1/log?find=%1B%5B31m").json) == ["odd <b>\x1b[31mred\x1b[0m"]


def test_each_attempt_has_its_own(server: ApiServer):
    assert texts(server.get(f"{TRAIN}/2/attempts/2/log").json)[-1] == "done"
    first = server.get(f"{TRAIN}/2/attempts/1/log?from=0&count=1").json
    assert (texts(first), first["lines"][0]["number"]) == (["epoch 0 of 3"], 1)
    assert server.get(f"{TRAIN}/2/attempts/3/log").status == 404
    assert server.get(f"{TRAIN}/9/attempts/1/log").status == 404
    assert server.get("/runs/main/1/tasks/nothing/1/attempts/1/log").status == 404
    silent = server.get("/runs/main/1/tasks/silent/1/attempts/1/log").json
    assert (silent["lines"], silent["file"], silent["is_over"]) == ([], "", True)


def test_the_body_has_one_for_each_driver(server: ApiServer):
    assert texts(server.get("/runs/main/1/log").json) == ["body begins"]
    assert texts(server.get("/runs/main/1/log?driver=1").json) == ["body begins"]
    assert server.get("/runs/main/1/log?driver=2").status == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [("level=loud", "level"), ("line=1&level=error", "line"),
     ("from=-1", "from"), ("line=0", "line"), ("max=0", "max"), ("count=5001", "count"), ("line=1&from=0", "line"),
     ("limit=501", "limit"), ("case=x", "case")],
)  # fmt: skip
def test_a_wrong_query_is_named(server: ApiServer, query: str, field: str):
    assert server.get(f"{TRAIN}/1/attempts/1/log?{query}").error["field"] == field


def test_what_runs_is_read_as_it_comes(project: Project, server: ApiServer):
    drive = project.spawn(target="mine.py:waits")
    project.await_note("printed")
    log = server.get(f"{SLOW}").json
    assert (texts(log), log["is_over"], log["to"]) == (["first"], False, log["end"])
    project.touch("more")
    project.await_note("printed more")
    more = server.get(f"{SLOW}?from={log['to']}").json
    assert [(line["text"], line["number"]) for line in more["lines"]] == [("second", 2)]
    project.touch("go")
    drive.join().value()
    last = server.get(f"{SLOW}?from={more['to']}").json
    assert (texts(last), last["is_over"]) == (["last"], True)


def test_a_log_is_read_from_a_time_on(server: ApiServer):
    path = f"{TRAIN}/1/attempts/1/log"
    line = server.get(f"{path}?line=1200&count=1").json["lines"][0]
    at = datetime.fromisoformat(line["at"]).timestamp()
    found = server.get(f"{path}?time={at}&count=1").json["lines"][0]
    assert found["at"] == line["at"]
    assert found["number"] <= 1200
    assert server.get(f"{path}?time={at + 1e6}").json["lines"] == []
    assert server.get(f"{path}?time=1&find=x").error["field"] == "time"


def test_all_of_a_log_is_a_file(server: ApiServer):
    path = f"/api/v1{TRAIN}/1/attempts/1/log:text"
    ticket = server.post("/tickets", {"path": path}).json["ticket"]
    reply = server.ask("GET", f"{path}?ticket={ticket}", token=False)
    assert reply.headers["content-disposition"] == "attachment; filename*=UTF-8''main-1-train-1-1.log"
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    lines = reply.body.decode().splitlines()
    assert lines[:2] == ["epoch 0 of 2", "epoch 1 of 2"]
    assert lines[-1] == "done"
    assert "odd <b>\x1b[31mred\x1b[0m" in lines
    assert sum(map(len, lines)) > 10_000_000
    assert server.get(f"{TRAIN}/1/attempts/1/log:text").body == reply.body
    assert server.get("/runs/main/1/log:text").body == b"body begins\n"


def test_what_a_killed_run_has_written_is_there(project: Project, server: ApiServer):
    (project.folder / "go").unlink(missing_ok=True)
    count = project.trace().count("printed more")
    drive = project.spawn(target="mine.py:waits")
    project.await_note("printed more", count + 1)
    drive.send(signal.SIGKILL)
    drive.join()
    log = wait_until(
        lambda: (found := server.get(SLOW.replace("waits/1", "waits/2")).json)["is_over"] and found, "for its end"
    )
    assert texts(log) == ["first", "second"]


def test_a_task_that_no_row_tells_of_has_a_page(project: Project, server: ApiServer):
    for name in ("go", "more"):
        (project.folder / name).unlink(missing_ok=True)
    count = project.trace().count("printed")
    drive = project.spawn(target="mine.py:waits")
    project.await_note("printed", count + 1)
    path = "/runs/waits/3/tasks/slow/1"
    page = wait_until(lambda: (reply := server.get(path)).status == 200 and reply.json, "for its driver to tell")
    task = page["task"]
    assert (task["status"], task["attempt"]["number"], task["inputs"], page["why"]) == ("running", 1, None, None)
    assert (page["flight"]["status"], page["flight"]["executor"]) == ("running", "process")
    assert server.get(f"{path}/system?attempt=1").json["rows"] == []
    assert server.get("/runs/waits/3/tasks/slow/2").status == 404
    for name in ("more", "go"):
        project.touch(name)
    drive.join().value()
    page = server.get(path).json
    assert (page["task"]["status"], page["task"]["inputs"], page["flight"]) == ("done", [], None)
