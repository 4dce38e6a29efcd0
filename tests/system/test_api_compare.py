"""What the API says of several runs at once is what `penstock compare --json` prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.api_server import ApiServer, serving
from tests.system.flows import Project

SOURCE = """
    @step
    def train(depth):
        log_metrics({"score": depth / 10})
        return depth

    @flow
    def main(depth: int = 2, note: str = ""):
        return train(depth)
"""


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[Project]:
    with clean_project(tmp_path_factory.mktemp("compare") / "work") as project:
        project.write(SOURCE)
        for depth in (2, 3, 5):
            project.run(depth=depth, note="\u202e<script>")
        yield project


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[ApiServer]:
    with serving(project.folder) as server:
        yield server


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("runs=main/1,main/3", ["main/1", "main/3"]),
        ("runs=main", ["main"]),
        ("runs=main%2F2&runs=main/1&metric=score&minimize=1", ["main/2", "main/1", "--metric", "score", "--minimize"]),
        ("filter=depth%3E2&metric=score", ["--filter", "depth>2", "--metric", "score"]),
    ],
)
def test_runs_are_compared_as_the_command_line_does(server: ApiServer, project: Project, query: str, words: list[str]):
    printed = json.loads(project.penstock("compare", "--json", *words)[1])
    assert server.get(f"/compare?{query}").json == printed
    assert printed["runs"]


def test_which_runs_can_not_be_compared(server: ApiServer):
    for query, status in (
        ("", 400),
        ("runs=main/1", 400),
        ("runs=main/1,nothing/2", 404),
        ("filter=nothing%3A", 400),
        (f"runs={','.join(f'main/{n}' for n in range(1, 52))}", 422),
        ("runs=main&metric=nothing", 400),
        ("runs=..%2F..%2Fetc,main", 404),
    ):
        reply = server.get(f"/compare?{query}")
        assert (reply.status, bool(reply.error["message"])) == (status, True), query
