"""Curves as the API gives them: of what flows really logged, while they do and afterwards."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.api_server import ApiServer, serving
from tests.system.flows import Project, wait_until

SOURCE = """
    @step
    def train(depth, count):
        for number in range(count):
            value = 1e6 if number == count // 2 else float(number % depth)
            log_metrics({"loss": float("nan") if number == 3 else value}, step=number)
        log_metrics({"odd/name é": float("inf")})
        return depth

    @step
    def slow():
        log_metrics({"loss": 1.0}, step=0)
        note("logged")
        await_file("more")
        log_metrics({"loss": 2.0, "late": 1.0}, step=1)
        note("logged more")
        await_file("go")

    @flow
    def main(count=20_000):
        done = [train(depth, count) for depth in (2, 3)]
        log_metrics({"best": max(done)})

    @flow
    def waits():
        return slow()
"""
TRAIN = "/runs/main/1/tasks/train/1"


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[Project]:
    with clean_project(tmp_path_factory.mktemp("curves") / "work") as project:
        project.write(SOURCE)
        project.run().value()
        yield project


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[ApiServer]:
    with serving(project.folder) as server:
        yield server


def numbers(found: list[Any]) -> list[float]:
    return [float(one) for one in found]


def test_metrics_are_summed_up_by_name(server: ApiServer):
    rows = {row["name"]: row for row in server.get("/runs/main/1/metrics").json["rows"]}
    assert sorted(rows) == ["best", "loss", "odd/name é"]
    assert (rows["loss"]["points"], rows["loss"]["tasks"], rows["loss"]["largest"]) == (40_000, 2, 1e6)
    assert (rows["best"]["tasks"], rows["odd/name é"]["last"]) == (0, "inf")
    of_task = {row["name"]: row["points"] for row in server.get(f"{TRAIN}/metrics").json["rows"]}
    assert of_task == {"loss": 20_000, "odd/name é": 1}


@pytest.mark.parametrize("points", [10, 1200, 5000])
def test_a_long_curve_is_thinned_and_its_peak_stays(server: ApiServer, points: int):
    curve = server.get(f"{TRAIN}/metrics/loss?points={points}").json
    assert 0 < len(curve["xs"]) == len(curve["ys"]) <= points
    assert curve["xs"] == sorted(curve["xs"])
    assert (curve["task"], curve["count"], curve["nonfinite"], curve["thinned"]) == ("main/1/train/1", 20_000, 1, True)
    assert (10_000, 1e6) in zip(curve["xs"], numbers(curve["ys"]), strict=True)


def test_a_part_of_a_curve_is_whole(server: ApiServer):
    curve = server.get(f"{TRAIN}/metrics/loss?from=2&to=6").json
    assert (curve["xs"], curve["ys"], curve["thinned"]) == ([2, 3, 4, 5, 6], [0, "nan", 0, 1, 0], False)
    by_time = server.get(f"{TRAIN}/metrics/loss?x=time&points=5000").json
    assert (by_time["x"], by_time["count"]) == ("time", 20_000)
    assert by_time["xs"] == sorted(by_time["xs"])


def test_columns_say_what_json_says(server: ApiServer):
    told = server.get(f"{TRAIN}/metrics/loss?from=0&to=9").json
    reply = server.get(f"{TRAIN}/metrics/loss?from=0&to=9", Accept="application/octet-stream")
    assert reply.headers["content-type"] == "application/octet-stream"
    found = array("d", reply.body)
    xs, ys = found[: len(found) // 2].tolist(), found[len(found) // 2 :].tolist()
    assert xs == told["xs"]
    assert [str(one) for one in ys] == [str(float(one)) for one in told["ys"]]
    assert math.isnan(ys[3])
    for name in ("count", "nonfinite", "thinned", "anew"):
        assert reply.headers[f"penstock-{name}"] == str(int(told[name]))
    assert reply.headers["penstock-cursor"] == told["cursor"]


def test_the_body_and_odd_names_have_curves(server: ApiServer):
    assert server.get("/runs/main/1/metrics/best").json["ys"] == [3]
    assert server.get(f"{TRAIN}/metrics/odd%2Fname%20%C3%A9").json["ys"] == ["inf"]


def test_what_was_never_logged_is_not_found(server: ApiServer):
    reply = server.get(f"{TRAIN}/metrics/los")
    assert (reply.status, reply.error["message"]) == (404, "main/1/train/1 has logged no 'los'; did you mean loss?")
    assert server.get("/runs/main/1/metrics/loss").status == 404, "tasks did, the body did not"


@pytest.mark.parametrize(
    ("query", "field"),
    [("points=9", "points"), ("points=5001", "points"), ("x=place", "x"), ("from=a", "from"), ("q=1", "q")],
)
def test_a_wrong_query_is_named(server: ApiServer, query: str, field: str):
    assert server.get(f"{TRAIN}/metrics/loss?{query}").error["field"] == field


def test_odd_bounds_and_cursors(server: ApiServer):
    everything = server.get(f"{TRAIN}/metrics/loss?from=-1e300&to=1e300").json
    assert everything["count"] == 20_000
    assert server.get(f"{TRAIN}/metrics/loss?from=5&to=4").json["xs"] == []
    attempt_and_driver = everything["cursor"].rpartition(".")[0]
    assert server.get(f"{TRAIN}/metrics/loss?since={attempt_and_driver}.0:x").status == 400
    other = server.get(f"{TRAIN}/metrics/loss?since=of.another.try").json
    assert (other["anew"], other["count"]) == (True, 20_000)


def test_a_batch_has_the_curves_of_tasks_and_bodies(server: ApiServer):
    found = server.post("/metrics:batch", {"runs": ["main/1"], "names": ["loss", "best", "nothing"], "points": 40}).json
    named = [(row["task"], row["name"], len(row["xs"]) <= 40, row["count"]) for row in found["rows"]]
    assert named == [
        ("main/1/train/1", "loss", True, 20_000),
        ("main/1/train/2", "loss", True, 20_000),
        ("main/1", "best", True, 1),
    ]
    assert found["partial"] is False
    assert server.post("/metrics:batch", {"runs": ["main/1"] * 51, "names": ["loss"]}).error["field"] == "runs"
    assert server.post("/metrics:batch", {"runs": ["main/7"], "names": ["loss"]}).status == 404


def test_what_is_new_comes_by_the_cursor(project: Project, server: ApiServer):
    drive = project.spawn(target="mine.py:waits")
    loss = "/runs/waits/1/tasks/slow/1/metrics/loss"
    first = wait_until(lambda: (reply := server.get(loss)).status == 200 and reply.json, "for the first point")
    assert (first["ys"], first["anew"]) == ([1], False)
    nothing = server.get(f"{loss}?since={first['cursor']}").json
    assert (nothing["xs"], nothing["cursor"]) == ([], first["cursor"])
    project.touch("more")
    more = wait_until(
        lambda: (found := server.get(f"{loss}?since={first['cursor']}").json)["xs"] and found, "for the second"
    )
    assert (more["xs"], more["ys"], more["anew"]) == ([1], [2], False)
    project.touch("go")
    drive.join().value()
    last = server.get(f"{loss}?since={first['cursor']}").json
    assert (last["xs"], last["ys"]) == ([1], [2]), "what was logged lies in the store now"


def test_what_an_attempt_used(server: ApiServer):
    reply = server.get(f"{TRAIN}/system")
    assert reply.status == 200
    assert all(row["name"].startswith("system/") for row in reply.json["rows"])
    assert server.get(f"{TRAIN}/system?attempt=0").error["field"] == "attempt"


def test_each_point_of_a_curve_has_its_time_where_that_is_asked(server: ApiServer):
    by_step = server.get(f"{TRAIN}/metrics/loss?points=200&times=1").json
    assert len(by_step["times"]) == len(by_step["xs"]) == len(by_step["ys"])
    assert by_step["times"] == sorted(by_step["times"])
    by_time = server.get(f"{TRAIN}/metrics/loss?points=200&x=time&times=1").json
    assert by_time["times"] == by_time["xs"]
    assert server.get(f"{TRAIN}/metrics/loss?points=200").json["times"] == []


def test_a_task_comes_without_its_points(server: ApiServer):
    whole, plain = server.get(TRAIN).json["task"], server.get(f"{TRAIN}?points=0").json["task"]
    assert len(whole["metrics"]) > 100
    assert plain == whole | {"metrics": None}
