"""The runs before and after a run, of flows that really ran."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.api_server import ApiServer, serving
from tests.system.flows import Project

SOURCE = """
    import penstock

    @step(cache=True)
    def load(word):
        return word.encode() * 100_000

    @step
    def size(data):
        return len(data)

    @flow
    def main(word="any"):
        return size(load(word))

    @flow
    def tune(data):
        return size(data)

    @flow
    def look(of):
        return size(penstock.run(of).task("load/1").result())

    if __name__ == "__main__":
        assert tune(penstock.run("main/1").task("load/1").result()) == 300_000
"""


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[ApiServer]:
    with clean_project(tmp_path_factory.mktemp("lineage") / "work") as project:
        project.write(SOURCE)
        assert project.run().value() == 300_000
        project.python("mine.py")
        assert project.run().value() == 300_000
        assert project.run(target="mine.py:look", of="main/2").value() == 300_000
        code, output = project.penstock("fork", "main/2")
        assert code == 0, output
        with serving(project.folder) as server:
            yield server


def asked(server: ApiServer, run: str, query: str = "") -> tuple[dict[str, int], set[tuple[str, ...]]]:
    """How far away the runs are, and what went where."""
    reply = server.get(f"/runs/{run}/lineage{query}")
    assert reply.status == 200, reply
    found: Any = reply.json
    assert not found["partial"]
    links = {(edge["kind"], *link.values()) for edge in found["edges"] for link in edge["links"]}
    return {one["run"]: one["distance"] for one in found["runs"]}, links


def test_what_came_of_a_run_and_where_it_came_from(server: ApiServer) -> None:
    after, links = asked(server, "main/1")
    assert after == {"main/1": 0, "main/2": 1, "main/3": 1, "tune/1": 1, "look/1": 2}
    assert links == {
        ("reuse", "main/1/load/1", "main/2/load/1", ""),
        ("reuse", "main/1/load/1", "main/3/load/1", ""),
        ("value", "main/1/load/1", "tune/1", "data"),
        ("value", "main/1/load/1", "tune/1/size/1", "data"),
        ("fork", "main/2", "main/3", ""),
        ("reuse", "main/2/size/1", "main/3/size/1", ""),
        ("value", "main/2/load/1", "look/1/size/1", "data"),
    }
    assert asked(server, "main/1", "?depth=1")[0] == {"main/1": 0, "main/2": 1, "main/3": 1, "tune/1": 1}
    assert asked(server, "look/1")[0] == {"look/1": 0, "main/2": -1, "main/1": -2}
    assert asked(server, "look/1", "?depth=1")[0] == {"look/1": 0, "main/2": -1}
    assert asked(server, "main/2", "?depth=10")[0] == {"main/2": 0, "main/1": -1, "main/3": 1, "look/1": 1}


def test_how_far_can_be_asked_for(server: ApiServer) -> None:
    for depth in ("0", "11", "-1", "x", ""):
        reply = server.get(f"/runs/main/1/lineage?depth={depth}")
        assert (reply.status, reply.error["field"]) == (422, "depth"), depth
    assert server.get("/runs/main/99/lineage").status == 404
