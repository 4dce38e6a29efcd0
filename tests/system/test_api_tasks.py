"""The tasks of a run as a table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from penstock.model.rows import Batch, RunEnd
from tests.api_server import ApiServer, serving
from tests.recorded import Recorded, error, outcome, task

MANY = 6000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A run of a long map, of which one task failed; its message has two lines."""
    folder = tmp_path_factory.mktemp("tasks")
    recorded = Recorded(folder)
    handle = recorded.begin("digits")
    ended = outcome(recorded.stored(0.5))
    fails = outcome(error=error("<b>no</b>\x1b[31m\nmore" + "x" * 500))
    handle.commit(Batch(tuple(task(n, "mine.train", n, fails if n == 17 else ended) for n in range(1, MANY + 1))))
    handle.end(RunEnd("done"))
    handle.close()
    recorded.close()
    with serving(folder) as server:
        yield server


def test_a_long_index_comes_in_ranges(server: ApiServer):
    index = server.get("/runs/digits/1/tasks:index").json
    assert (index["ids"], index["ranges"]) == (None, [[1, 1, MANY]])
    assert (index["total"], index["counts"], index["partial"]) == (MANY, {"done": MANY - 1, "failed": 1}, False)


def test_rows_of_what_is_on_screen(server: ApiServer):
    index = server.get("/runs/digits/1/tasks:index?filter=status:failed").json
    assert index["ids"] == [17]
    (row,) = server.get("/runs/digits/1/tasks?ids=17").json["rows"]
    assert (row["task"], row["status"], row["cause"], row["result"]) == ("train/17", "failed", "raised", None)
    assert row["message"].startswith("ValueError: <b>no</b>")
    assert "\n" not in row["message"]
    assert len(row["message"]) == 200
    page = server.get("/runs/digits/1/tasks?ids=3,9000,1&fields=task,result").json
    assert [one["task"] for one in page["rows"]] == ["train/3", "train/1"]
    assert page["rows"][0]["result"]["text"] == "0.5"
    assert page["gone"] == [9000]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("tasks", 422),
        ("tasks?ids=", 200),
        ("tasks?ids=x", 422),
        (f"tasks?ids={','.join(map(str, range(201)))}", 422),
        (f"tasks?ids={2**53 - 1}", 200),
        ("tasks:index?sort=name", 400),
        ("tasks:index?filter=accuracy>1", 400),
    ],
)
def test_what_is_wrong(server: ApiServer, path: str, status: int):
    assert server.get(f"/runs/digits/1/{path}").status == status
    assert server.get(f"/runs/digits/2/{path}").status in (404, 422)


def test_what_they_took(server: ApiServer):
    found = server.get("/runs/digits/1/tasks:durations").json
    assert (found["tasks"], found["median_s"], found["longest_s"]) == (MANY, 1.5, 1.5)
    assert [(step["step"], sum(step["counts"])) for step in found["steps"]] == [("train", MANY)]
    failed = server.get("/runs/digits/1/tasks:durations?filter=status:failed").json
    assert (failed["tasks"], failed["longest"]) == (1, "train/17")
    assert server.get("/runs/digits/1/tasks:durations?filter=odd:1").error["code"] == "wrong_filter"


def test_what_may_stand_in_a_filter(server: ApiServer):
    found = server.get("/runs/digits/1/tasks:complete?q=step:t%20status:d&at=6").json
    assert (found["at"], found["end"], [word["text"] for word in found["words"]]) == (5, 6, ["train"])


def test_what_failed_comes_first(server: ApiServer):
    index = server.get("/runs/digits/1/tasks:index?sort=status").json
    assert index["ranges"][0][0] == 17
    assert server.get("/runs/digits/1/tasks?ids=17").json["rows"][0]["waited_s"] is None


def test_when_the_first_of_them_began(server: ApiServer):
    bars = server.get("/runs/digits/1/timeline?lanes=step&px=10").json["lanes"][0]["bars"]
    assert [(bar["start"], bar["tasks"], bar["failed"]) for bar in bars] == [(1.0, MANY, 1)]
