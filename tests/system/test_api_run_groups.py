"""What a table of runs shows beside its rows: groups, forks, small curves, and why nothing matches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.api_server import ApiServer, serving
from tests.system.flows import Project

SOURCE = """
    @step
    def train(depth):
        for epoch in range(100):
            log_metrics({"loss": 1 / (epoch + depth)}, step=epoch)
        return depth

    @step
    def test(depth):
        log_metrics({"loss": 0.5})

    @flow
    def digits(depth: int = 2, kind: "str | bool | None" = "a b", rate: float = 0.5):
        test(train(depth))
        if depth > 2:
            log_metrics({"loss": 9})

    @flow
    def lone(depth: int = 4):
        train(depth)
"""


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[Project]:
    with clean_project(tmp_path_factory.mktemp("groups") / "work") as project:
        project.write(SOURCE)
        for params in ({"depth": 2}, {"depth": 2, "kind": True}, {"depth": 4, "kind": None}):
            how = {"tags": ["nightly", "owner=ada"]} if params["depth"] == 2 else {}
            project.run(target="mine.py:digits", how=how, **params)
        project.run(target="mine.py:lone")
        code, _ = project.penstock("fork", "digits/1", "--depth", "8")
        assert code == 0
        yield project


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[ApiServer]:
    with serving(project.folder) as server:
        yield server


@pytest.mark.parametrize(
    ("by", "groups"),
    [
        ("flow", {"flow:digits": 4, "flow:lone": 1}),
        ("status", {"status:done": 5}),
        ("tag", {"tag:nightly": 2, "tag:owner=ada": 2}),
        ("depth", {"depth:2": 2, "depth:4": 2, "depth:8": 1}),
        ("kind", {'kind:"a b"': 2, "kind:true": 1, "kind:none": 1}),
        ("params.rate", {"params.rate:0.5": 4}),
    ],
)
def test_each_group_is_what_its_term_finds(server: ApiServer, by: str, groups: dict[str, int]):
    rows = server.get(f"/runs:groups?by={by}").json["rows"]
    assert {row["term"]: row["runs"] for row in rows} == groups
    for row in rows:
        found = server.get(f"/runs:index?filter={quote(row['term'])}").json
        assert (found["total"], found["counts"]) == (row["runs"], row["counts"])


def test_groups_are_of_what_a_filter_holds_for_the_newest_first(server: ApiServer):
    rows = server.get("/runs:groups?by=depth&filter=flow:digits").json["rows"]
    assert [(row["value"], row["runs"]) for row in rows] == [("8", 1), ("4", 1), ("2", 2)]


@pytest.mark.parametrize("by", ["loss", "took", "nothing", ""])
def test_what_groups_nothing_is_named(server: ApiServer, by: str):
    assert server.get(f"/runs:groups?by={by}").status == 400


def test_forks(server: ApiServer):
    ids = {row["run"]: row["id"] for row in server.get("/runs").json["rows"]}
    assert server.get("/runs:forks").json["pairs"] == [[ids["digits/4"], ids["digits/1"]]]


def test_a_small_curve_is_the_bodys_or_the_only_steps(server: ApiServer):
    rows = server.get("/runs").json["rows"]
    runs = {row["id"]: row["run"] for row in rows}
    ids = ",".join(map(str, runs))
    found = server.get(f"/runs:curves?ids={ids}&metrics=loss&points=20").json["rows"]
    # Of digits/1 and digits/2 two steps logged it, and the body did not.
    assert {runs[one["id"]]: one["ys"][-1] for one in found} == {"digits/4": 9, "digits/3": 9, "lone/1": 1 / 103}
    (lone,) = [one for one in found if runs[one["id"]] == "lone/1"]
    assert (lone["xs"][0], lone["xs"][-1], lone["ys"][0]) == (0, 99, 0.25)
    assert 10 <= len(lone["ys"]) <= 20
    found = server.get(f"/runs:curves?ids={ids}&metrics=test.loss").json["rows"]
    assert {runs[one["id"]] for one in found} == {"digits/1", "digits/2", "digits/3", "digits/4"}
    assert server.get(f"/runs:curves?ids={ids}&metrics=depth").error["message"].startswith("depth is no metric")


def test_the_word_that_leaves_out_most_comes_first(server: ApiServer):
    text = 'digits and -(tag:nightly or depth:8) depth>9 "no such thing" kind:none'
    rows = server.get(f"/filter:parts?filter={quote(text)}").json["rows"]
    words = {text[row["at"] : row["end"]].removesuffix(" and"): row["runs"] for row in rows}
    assert words == {
        "digits": 0, "-(tag:nightly or depth:8)": 0, "depth>9": 0, '"no such thing"': 0, "kind:none": 0,
    }  # fmt: skip
    rows = server.get(f"/filter:parts?filter={quote('digits depth>9 rate:0.5')}").json["rows"]
    assert (rows[0]["at"], rows[0]["end"], rows[0]["runs"]) == (7, 14, 4)
    assert [row["runs"] for row in rows[1:]] == [0, 0]
    assert server.get("/filter:parts").json["rows"] == []
    assert server.get("/filter:parts?filter=nothing:1").error["at"] == 0


def test_what_is_the_same_in_all_runs_is_told_with_the_columns(server: ApiServer):
    found = server.get("/runs:columns?filter=flow:digits").json
    assert {one["name"]: (one["is_same"], one["value"]) for one in found["params"]} == {
        "depth": (False, None), "kind": (False, None), "rate": (True, 0.5),
    }  # fmt: skip
    assert {one["name"]: one["is_curve"] for one in found["metrics"]} == {"loss": True}
