"""Runs and tasks as the API tells of them, of flows that really ran."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from penstock.client.flow_runs import Run
from penstock.project import Project as Opened
from penstock.reading.reader import JournalReader
from penstock.reading.structs import to_json
from tests.api_server import ApiServer, serving
from tests.system.flows import Project

SOURCE = """
    @step
    def load(rows):
        return list(range(rows))

    @step
    def train(depth, data):
        if depth == 13:
            raise ValueError("unlucky <b>13</b>")
        log_metrics({"accuracy": float("nan") if depth == 7 else 1 - 1 / depth})
        return depth

    @step
    def score(trained):
        return trained * 2

    @step
    def best(scores):
        return max(scores)

    @flow
    def deeper(trained):
        return [future.result() for future in score.map(trained)]

    @flow
    def judge(trained):
        return deeper(trained)

    @flow
    def main(depths=(2, 4, 8), rate=0.5, note="plain"):
        data = load.submit(3)
        trained = train.map(depths, data=data)
        done = [future for future in trained if future.exception() is None]
        return best(judge(done))

    @flow
    def broken(depth=13):
        return train(depth, [])
"""


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[Project]:
    with clean_project(tmp_path_factory.mktemp("runs") / "work") as project:
        project.write(SOURCE)
        assert project.run(depths=[2, 4, 7, 13]).value() == 14
        assert project.run(target="mine.py:broken").status == "failed"
        yield project


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[ApiServer]:
    with serving(project.folder) as server:
        yield server


@pytest.fixture
def run(project: Project, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same run from Python."""
    monkeypatch.chdir(project.folder)
    return Run.find(JournalReader(Opened.find()), "main/1")


def test_a_run_is_what_python_has_of_it(server: ApiServer, run: Run):
    page = server.get("/runs/main/1").json
    known = json.loads(to_json(run.info()))
    for driver in known["drivers"]:
        driver["packages"] = {}
    told = page["run"]
    assert [metric["last"] for metric in told["metrics"] if metric["name"] == "accuracy"] != []
    for name in known.keys() - {"metrics"}:
        assert told[name] == known[name], name
    assert page["counts"] == {"waiting": 0, "running": 0, "done": 8, "failed": 1, "cancelled": 0}
    assert [failure["id"] for failure in page["failures"]] == ["main/1/train/4"]
    assert page["failures"][0]["error"]["message"] == "unlucky <b>13</b>"
    assert {"command": "penstock get main/1", "meaning": "its result"} in page["commands"]


def test_a_run_that_failed_says_how_to_go_on(server: ApiServer):
    page = server.get("/runs/broken/1").json
    assert page["run"]["status"] == "failed"
    assert "penstock resume broken/1" in [one["command"] for one in page["commands"]]


def test_numbers_that_json_has_not(server: ApiServer):
    task = server.get("/runs/main/1/tasks/train/3").json["task"]
    assert [point["value"] for point in task["metrics"]] == ["nan"]


@pytest.mark.parametrize("path", ["/runs/main/9", "/runs/mai/1", "/runs/a%2Fb/1", "/runs/main%2F1/1", "/runs/%00/1"])
def test_a_run_that_is_not_there(server: ApiServer, path: str):
    for more in ("", "/params", "/environment", "/code", "/graph", "/timeline", "/tasks/train/1"):
        reply = server.get(path + more)
        assert (reply.status, reply.error["code"]) == (404, "not_found")
    assert server.get("/runs/main/9").error["hint"] == "penstock ls main"


@pytest.mark.parametrize("task", ["train/9", "nothing/1", "tra/1", "train%2F1/1"])
def test_a_task_that_is_not_there(server: ApiServer, task: str):
    assert server.get(f"/runs/main/1/tasks/{task}").error["code"] == "not_found"


def test_a_task(server: ApiServer, run: Run):
    page = server.get("/runs/main/1/tasks/train/2").json
    task = run.task("train/2")
    assert page["task"]["id"] == task.id
    assert [one["name"] for one in page["task"]["inputs"]] == [one.name for one in task.info().inputs or ()]
    assert page["why"]["line"] == str(task.why())


def test_the_run_before_it_is_of_the_same_flow(server: ApiServer, project: Project):
    assert [server.get(f"/runs/{run}/1").json["previous"] for run in ("main", "broken")] == ["", ""]
    project.run(target="mine.py:broken")
    assert server.get("/runs/broken/2").json["previous"] == "broken/1"


def test_a_step(server: ApiServer, run: Run):
    found = server.get("/runs/main/1/steps/train").json
    tasks = [task.info() for task in run.tasks("train")]
    assert found["ran"] == len(tasks) == 4
    assert found["wall_s"] == pytest.approx(sum(task.attempt.wall_s for task in tasks))
    assert found["longest_s"] == max(task.attempt.wall_s for task in tasks)
    assert found["peak_bytes"] == max(task.attempt.peak_bytes for task in tasks)
    assert found["matter"][0]["status"] == "failed"
    took = [task["wall_s"] for task in found["matter"][1:]]
    assert took == sorted(took, reverse=True)
    assert len(took) == 3
    assert found["why"] == run.task(found["matter"][0]["task"]).why().line


@pytest.mark.parametrize("path", ["main/1/steps/nothing", "main/1/steps/tr", "main/99/steps/train"])
def test_a_step_that_is_not_there(server: ApiServer, path: str):
    assert server.get(f"/runs/{path}").status == 404


def test_what_a_run_was_given(server: ApiServer):
    found = {one["name"]: one["value"]["text"] for one in server.get("/runs/main/1/params").json["params"]}
    assert found == {"depths": "[2, 4, 7, 13]", "rate": "0.5", "note": "plain"}


def test_what_a_run_ran_in(server: ApiServer, run: Run):
    (driver,) = server.get("/runs/main/1/environment").json["drivers"]
    assert driver["packages"] == run.info().drivers[0].packages
    assert driver["packages"]["penstock"]


def test_what_code_a_run_ran_with(server: ApiServer):
    code = server.get("/runs/main/1/code").json
    assert code["qualname"] == "main"
    steps = {step["step"]: step for step in code["steps"]}
    assert steps["train"]["reaches"][0] == {
        "name": "mine:train", "kind": "function", "place": "mine.py", "version": "",
        "reaches": steps["train"]["reaches"][0]["reaches"],
    }  # fmt: skip
    assert steps["score"]["first"] == "main/1/score/1"


def test_a_file_of_its_code(server: ApiServer):
    told = server.get("/runs/main/1/source").json
    lines = ["".join(text for _, text in line) for line in told["lines"]]
    assert told["place"] == "mine.py"
    (train,) = (one for one in told["definitions"] if one["name"] == "train")
    assert lines[train["first"] - 1 : train["first"] + 1] == ["@step", "def train(depth, data):"]
    assert lines[train["last"] - 1] == "    return depth"
    assert server.get("/runs/main/1/source?place=mine.py&step=train").json == told
    for place in ("../mine.py", "none.py", "", "%2Fetc%2Fpasswd"):
        reply = server.get(f"/runs/main/1/source?place={place}")
        assert reply.status == (404 if place else 200)


# The graph.


def graph(server: ApiServer, opened: str = "") -> tuple[dict[str, Any], set[tuple[str, str]]]:
    found = server.get(f"/runs/main/1/graph?open={opened}").json
    assert not found["is_partial"]
    edges = {(one["source"], one["target"]) for one in found["edges"] if not one["is_after"]}
    return {node["id"]: node for node in found["nodes"]}, edges


def test_nested_flows_are_folded(server: ApiServer):
    nodes, edges = graph(server)
    assert list(nodes) == ["load", "train", "judge", "best"]
    assert nodes["train"]["counts"] == {"done": 3, "failed": 1}
    assert (nodes["judge"]["kind"], nodes["judge"]["is_open"], nodes["judge"]["counts"]) == ("flow", False, {"done": 1})
    assert edges == {("load", "train"), ("train", "judge")}


def test_what_no_value_leads_to_stands_after_what_was_over(server: ApiServer):
    for opened in ("", "judge", "judge,judge/deeper"):
        found = server.get(f"/runs/main/1/graph?open={opened}").json["edges"]
        assert [(one["source"], one["target"]) for one in found if one["is_after"]] == [("judge", "best")]


def test_what_is_opened_is_shown(server: ApiServer):
    nodes, edges = graph(server, "judge")
    assert list(nodes) == ["load", "train", "judge", "judge/deeper", "best"]
    assert ("train", "judge/deeper") in edges
    nodes, edges = graph(server, "judge,judge/deeper")
    assert nodes["judge/deeper/score"]["counts"] == {"done": 3}
    assert ("train", "judge/deeper/score") in edges
    assert graph(server, "judge/deeper")[0].keys() == graph(server)[0].keys()
    assert graph(server, "nothing,%2F,judge%2Fx")[0].keys() == graph(server)[0].keys()


def test_all_that_is_opened_is_the_whole_graph(server: ApiServer, run: Run):
    nodes, edges = graph(server, "judge,judge/deeper")
    whole = run.graph()
    counts = Counter({node.name: 0 for node in whole.nodes})
    for node in whole.nodes:
        counts[node.name] += sum(node.counts.values())
    assert {node["name"]: sum(node["counts"].values()) for node in nodes.values()} == counts
    names = {node.called: node.name for node in whole.nodes}
    steps = {(names[source], names[target]) for source, target in whole.step_edges}
    assert {(nodes[source]["name"], nodes[target]["name"]) for source, target in edges} == steps
    assert ("train", "judge") in steps


def test_what_a_fork_took_over_is_told(server: ApiServer, project: Project, run: Run):
    code, said = project.penstock("fork", "main/1")
    assert code == 0, said
    nodes = {node["id"]: node for node in server.get("/runs/main/2/graph?open=judge,judge/deeper").json["nodes"]}
    reused = {id_: node["reused"] for id_, node in nodes.items()}
    assert reused == {"load": 1, "train": 3, "judge": 0, "judge/deeper": 0, "judge/deeper/score": 3, "best": 1}
    done = [task for step in ("load", "train", "score", "best") for task in run.tasks(step) if task.status == "done"]
    assert server.get("/runs/main/2").json["saved_s"] == pytest.approx(sum(task.info().attempt.wall_s for task in done))
    assert server.get("/runs/main/1").json["saved_s"] == 0


# The timeline.


@pytest.mark.parametrize("lanes", ["worker", "step"])
def test_every_task_is_in_one_bar(server: ApiServer, lanes: str):
    for pixels in (10, 1200):
        found = server.get(f"/runs/main/1/timeline?lanes={lanes}&px={pixels}").json
        bars = [bar for lane in found["lanes"] for bar in lane["bars"]]
        assert sum(bar["tasks"] for bar in bars) == 9
        assert sum(bar.get("failed", 0) for bar in bars) == 1
        assert all(len(lane["bars"]) <= pixels + 1 for lane in found["lanes"])
        assert all(0 <= bar["start"] <= bar["end"] <= found["end"] for bar in bars)
    if lanes == "step":
        assert {lane["name"] for lane in found["lanes"]} == {"load", "train", "score", "best"}
        alone = [bar["task"] for bar in bars if bar["tasks"] == 1]
        assert "load/1" in alone


def test_a_part_of_the_timeline(server: ApiServer):
    whole = server.get("/runs/main/1/timeline?lanes=step").json
    after = server.get(f"/runs/main/1/timeline?lanes=step&from={whole['end'] + 1}&to={whole['end'] + 2}").json
    assert after["lanes"] == []
    (load,) = (lane["bars"] for lane in whole["lanes"] if lane["name"] == "load")
    around = server.get(f"/runs/main/1/timeline?lanes=step&from={load[0]['start']}&to={load[0]['end']}").json
    assert "load" in [lane["name"] for lane in around["lanes"]]


def test_what_the_run_waited_for(server: ApiServer):
    found = server.get("/runs/main/1/timeline/path").json
    steps = [part["task"].partition("/")[0] for part in found["parts"]]
    assert steps[0] == "load"
    assert steps[-1] == "best"
    assert not found["is_partial"]


@pytest.mark.parametrize("words", ["px=9", "px=10001", "px=x", "from=-1", "from=nan", "to=inf", "lanes=all", "x=1"])
def test_what_a_timeline_can_not_be_asked_for(server: ApiServer, words: str):
    reply = server.get(f"/runs/main/1/timeline?{words}")
    assert (reply.status, reply.error["field"]) == (422, words.partition("=")[0])
