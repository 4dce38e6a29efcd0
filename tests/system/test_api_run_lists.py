"""Lists of runs, by index and rows, by cursor, with columns, facets, completion and search; and the flows."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from penstock.journal import changes, queries
from penstock.model.outcomes import Metric
from penstock.model.rows import Batch, RunEnd, StepCount
from penstock.project import Project
from penstock.reading import finding_runs
from penstock.reading.reader import JournalReader
from tests.api_server import ApiServer, serving
from tests.recorded import BEGAN, Recorded, outcome, task

RUNS = 25
HOSTILE = '<img src=x onerror=alert(1)>\u202e"'
FLOWS = '''
    """A module that must not be imported."""
    raise SystemExit("imported")
    import penstock as ps
    from penstock import flow as f, step

    @f
    def digits(rows: int, /, depths: "list[int]" = [2, 4], *, name="x\\d"):
        """Learn digits.

        More."""

    @ps.flow(name="renamed", timeout=5)
    def words(): ...

    @step
    def train(): ...

    def flow(fn): return fn

    @flow
    def no_flow(): ...
'''


def points(name: str, value: float) -> tuple[Metric, ...]:
    return (Metric(name, 1, value, 0, BEGAN, value, 0, BEGAN, value, value, 0, 0),)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of `digits` of depth 0 to 24, each third failed, the others with an accuracy; one of `words`."""
    folder = tmp_path_factory.mktemp("lists")
    recorded = Recorded(folder)
    for number in range(RUNS):
        fails = number % 3 == 0
        run = recorded.begin("digits", depth=number, name=f"n{number}", tags=("third",) if fails else ())
        logged = () if fails else points("accuracy", number / 100)
        run.commit(Batch((task(1, "mine.train", 1, outcome(recorded.stored(number), metrics=logged)),)))
        run.renew((StepCount("train", done=1),))
        run.end(RunEnd("failed" if fails else "done"))
        run.close()
    run = recorded.begin("words", text=HOSTILE, tags=(HOSTILE,))
    run.end(RunEnd("done"))
    run.close()
    recorded.close()
    (folder / "flows.py").write_text(textwrap.dedent(FLOWS))
    (folder / "broken.py").write_text("from penstock import flow\ndef (")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ApiServer]:
    with serving(folder) as server:
        yield server


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["run"] for row in rows]


@pytest.mark.parametrize(
    "asked", ["", "status:failed", "accuracy>0.1 digits", "-tag:third", '"img src"', "depth:3,4,5"]
)
@pytest.mark.parametrize("sort", ["", "-accuracy", "number", "depth"])
def test_an_index_with_its_rows_is_the_list_page_by_page(server: ApiServer, folder: Path, asked: str, sort: str):
    words = f"filter={quote(asked)}&sort={sort}"
    index = server.get(f"/runs:index?{words}").json
    known = finding_runs.find(JournalReader(Project.find(folder)), asked, sort=sort).rows
    assert index["ids"] == [row.id for row in known]
    assert index["total"] == sum(index["counts"].values()) == len(known)
    assert not index["partial"]
    rows = server.get(f"/runs?ids={','.join(map(str, index['ids']))}").json["rows"] if known else []
    assert names(rows) == [row.run_id for row in known]

    paged: list[str] = []
    cursor = ""
    while True:
        page = server.get(f"/runs?{words}&limit=7{cursor}").json
        paged += names(page["rows"])
        if page["next"] is None:
            break
        assert len(page["rows"]) == 7
        cursor = f"&cursor={page['next']}"
    assert paged == names(rows)


def test_a_row(server: ApiServer):
    (row,) = server.get("/runs?filter=digits+number:5&columns=accuracy,depth,name,params.nothing&total=1").json["rows"]
    assert (row["run"], row["status"], row["tags"], row["tasks"]["done"]) == ("digits/5", "done", [], 1)
    assert row["values"] == {"accuracy": 0.04, "depth": 4, "name": "n4"}


def test_a_total_is_counted_where_it_is_asked_for(server: ApiServer):
    assert server.get("/runs?filter=status:failed&limit=1&total=true").json["total"] == 9
    assert server.get("/runs?filter=status:failed&limit=1").json["total"] is None


def test_fields_of_rows(server: ApiServer):
    page = server.get("/runs?limit=2&fields=run,status").json
    assert page["rows"] == [{"run": "words/1", "status": "done"}, {"run": "digits/25", "status": "failed"}]
    assert page["next"]


def test_a_run_that_was_removed_is_told_as_gone(folder: Path, server: ApiServer):
    with_one = Recorded(folder)
    handle = with_one.begin("passing", only_here=1)
    handle.end(RunEnd("done"))
    handle.close()
    row = queries.resolve(with_one.journal, "passing")
    before = server.get("/runs:index").json
    asked = f"/runs?ids={row.id},1&columns=only_here,depth"
    assert [one["values"] for one in server.get(asked).json["rows"]] == [{"only_here": 1}, {"depth": 0}]
    changes.delete_run(with_one.journal, row.id)
    with_one.close()
    page = server.get(asked).json
    assert (names(page["rows"]), page["gone"]) == (["digits/1"], [row.id])
    assert page["rows"][0]["values"] == {"depth": 0}
    assert server.get(f"/runs?ids={row.id},1&columns=status").status == 400
    assert server.get(f"/runs:curves?ids={row.id},1&metrics=only_here").json["rows"] == []
    assert server.get("/runs:curves?ids=1&metrics=only_here").status == 400
    assert server.get("/runs:index").json["revision"] > before["revision"]
    assert server.get("/runs/passing/1").status == 404


@pytest.mark.parametrize(
    ("words", "status", "field"),
    [
        ("limit=0", 422, "limit"),
        ("limit=501", 422, "limit"),
        ("ids=x", 422, "ids[0]"),
        ("ids=-1", 422, "ids[0]"),
        (f"ids={2**63}", 422, "ids[0]"),
        (f"ids={','.join('1' * 201)}", 422, "ids"),
        (f"columns={','.join('x' * 101)}", 422, "columns"),
        ("cursor=x", 422, "cursor"),
        ("cursor=", 422, "cursor"),
        ("filter=accuracy>", 400, ""),
        ("filter=nothing:1", 400, ""),
        ("sort=nothing", 400, ""),
        ("columns=nothing", 400, ""),
        (f"filter={'a' * 2001}", 400, ""),
        ("filter=%00", 200, ""),
        ("ids=", 200, ""),
        (f"ids={2**53 - 1}", 200, ""),
        (f"ids={2**53 - 1}&columns=nothing", 200, ""),
        ("ids=1&columns=nothing", 400, ""),
    ],
)
def test_what_is_wrong_is_named(server: ApiServer, words: str, status: int, field: str):
    reply = server.get(f"/runs?{words}")
    assert reply.status == status, reply
    assert status == 200 or reply.error.get("field", "") == field


def test_a_wrong_filter_is_pointed_at(server: ApiServer):
    error = server.get("/runs:index?filter=digits%20nothing>3").error
    assert (error["code"], error["at"], error["end"]) == ("wrong_filter", 7, 14)
    assert error["message"].splitlines()[0].startswith("no metric and no scalar parameter of any run is called nothing")


def test_columns_to_choose_from(server: ApiServer):
    found = server.get("/runs:columns?filter=digits").json
    various = {"runs": RUNS, "is_same": False, "value": None}
    assert found["params"] == [{"name": "depth", **various}, {"name": "name", **various}]
    assert found["metrics"] == [{"name": "accuracy", "runs": 16, "steps": ["train"], "is_curve": False}]
    assert not found["partial"]
    assert server.get("/runs:columns?filter=words").json["params"] == [
        {"name": "text", "runs": 1, "is_same": True, "value": HOSTILE}
    ]


def test_facets(server: ApiServer):
    found = server.get("/runs:facets").json
    assert found["flows"] == [{"name": "digits", "runs": RUNS}, {"name": "words", "runs": 1}]
    assert found["statuses"] == [{"name": "done", "runs": 17}, {"name": "failed", "runs": 9}]
    assert found["tags"] == [{"name": "third", "runs": 9}, {"name": HOSTILE, "runs": 1}]


def test_what_may_stand_in_a_filter(server: ApiServer):
    found = server.get("/filter:complete?q=status:fa").json
    assert [word["text"] for word in found["words"]] == ["failed"]
    assert found["at"] == len("status:")
    assert "accuracy" in [
        word["text"] for word in server.get("/filter:complete?q=acc%20status:done&at=3").json["words"]
    ]
    assert server.get("/filter:complete").json["words"]


def test_search_ranks_names_before_what_holds_them(server: ApiServer):
    rows = server.get("/search?q=digits").json["rows"]
    assert rows[0] == {"kind": "flow", "name": "digits", "runs": RUNS, "run": "", "rank": 0}
    assert [row["rank"] for row in rows] == sorted(row["rank"] for row in rows)
    assert len(rows) == 20
    (step,) = [row for row in server.get("/search?q=TRAI").json["rows"] if row["kind"] == "step"]
    assert (step["name"], step["runs"], step["run"], step["rank"]) == ("train", RUNS, "digits/25", 1)
    kinds = {(row["kind"], row["name"]) for row in server.get(f"/search?q={quote(HOSTILE)}").json["rows"]}
    assert kinds == {("tag", HOSTILE), ("run", "words/1")}
    assert server.get("/search?q=").error["field"] == "q"
    assert server.get("/search").status == 422
    assert server.get(f"/search?q={'%25' * 200}").json["rows"] == []


def test_flows_are_read_and_not_imported(server: ApiServer):
    found = server.get("/flows").json
    assert found["unreadable"] == ["broken.py"]
    digits, renamed, words = found["rows"]
    assert (digits["name"], digits["target"], digits["source"]["summary"]) == (
        "digits",
        "flows.py:digits",
        "Learn digits.",
    )
    assert digits["source"]["params"] == [
        {"name": "rows", "annotation": "int", "default": None},
        {"name": "depths", "annotation": "'list[int]'", "default": "[2, 4]"},
        {"name": "name", "annotation": "", "default": "'x\\\\d'"},
    ]
    assert [run["id"] for run in digits["last"]] == [f"digits/{number}" for number in range(25, 20, -1)]
    assert (renamed["name"], renamed["target"], renamed["last"]) == ("renamed", "flows.py:words", [])
    assert (words["name"], words["source"], words["target"]) == ("words", None, "")


def test_an_edited_flow_is_read_again(folder: Path, server: ApiServer):
    (folder / "later.py").write_text("from penstock import flow\n@flow\ndef later(): ...\n")
    assert "later" in [row["name"] for row in server.get("/flows").json["rows"]]
    (folder / "later.py").unlink()
    assert "later" not in [row["name"] for row in server.get("/flows").json["rows"]]
