"""Stored values by the API: lists of them, pages, statistics, pictures and bytes, and what was displayed."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import numpy
import pytest

from tests.api_server import ApiServer, Reply, serving
from tests.system.flows import Project

np: Any = numpy

SOURCE = r"""
    import numpy as np, pandas as pd
    from penstock import HTML, display

    @step
    def load(rows):
        at = np.arange(rows)
        return pd.DataFrame({
            "at": at, "x": np.where(at % 7 == 2, np.nan, at / 3), "text": [f"t{n % 5}" for n in at],
            "large": at + 2**60, "odd": [object() if n == 0 else None for n in at],
            "a,b": at, "a,b ": [float("inf")] * rows, "<b>\u202e\x1b[2J": at,
        })

    @step
    def made(rows):
        return pd.DataFrame({"n": np.arange(rows), "text": ["x" * 3000] * rows, "e": [1e308, -1e308] * (rows // 2)})

    @step
    def image():
        return np.arange(3 * 160 * 200, dtype="u1").reshape(3, 160, 200)

    @step
    def wide():
        return np.zeros((1, 1_000_000), "i1")

    @step
    def data():
        return b"\x89PNG\r\n\x1a\n but no more" * 1000

    @step
    def use(table, n):
        return len(table) + n

    @step
    def small(n):
        return [n]

    @step
    def draw():
        display(HTML("<script>document.title = 1</script>"), "page", caption="<b>\u202e")
        display("# text", "text")
        display(pd.DataFrame({"a": [1, 2]}), "table")
        display(np.zeros((2, 3), "u1"), "picture")
        for n in range(5):
            display({"n": n}, "series", step=n)

    @flow
    def inner(table):
        return use(table, 7)

    @flow
    def main(rows: int = 20, given: object = None):
        display("of the body", "body")
        table = load(rows)
        frame = made(rows)
        image(), wide(), data(), draw()
        later = small.submit(3)
        return use(frame, 1) + use([later], 2) + inner(frame)
"""


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[Project]:
    with clean_project(tmp_path_factory.mktemp("artifacts") / "work") as project:
        project.write(SOURCE)
        assert project.run().value() == 2 * 20 + 11
        project.run(rows=3000)
        yield project


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[ApiServer]:
    with serving(project.folder) as server:
        yield server


def result(server: ApiServer, task: str) -> str:
    """`main/1/made/1` -> the path of its result."""
    flow, run, step, number = task.split("/")
    found = server.get(f"/runs/{flow}/{run}/tasks/{step}/{number}").json["task"]["result"]["digest"]
    return f"/artifacts/{found or 'unstable'}"


def ok(reply: Reply) -> Any:
    assert reply.status == 200, reply
    return reply.json


def test_results_are_listed_by_ids_and_rows(server: ApiServer) -> None:
    index = ok(server.get("/artifacts:index"))
    assert index["total"] == len(index["ids"]) == 2 * 10
    assert index["ids"] == sorted(index["ids"], reverse=True)
    page = ok(server.get(f"/artifacts?ids={','.join(map(str, index['ids'][:3]))},77"))
    assert [row["id"] for row in page["rows"]] == index["ids"][:3]
    assert page["gone"] == [77]
    assert [row["of"] for row in page["rows"]] == ["main/2/use/3", "main/2/use/2", "main/2/use/1"]
    assert page["rows"][0]["value"]["text"] == "3007"
    assert server.get(f"/artifacts?ids={','.join(map(str, range(201)))}").error["field"] == "ids"


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        ("run:main/1 kind:table", ["main/1/made/1", "main/1/load/1"]),
        ("type:DataFrame", ["main/2/made/1", "main/2/load/1", "main/1/made/1", "main/1/load/1"]),
        ("type:pandas.DataFrame step:load", ["main/2/load/1", "main/1/load/1"]),
        ("type:Frame", []),
        ("type:%", []),
        ("kind:array flow:main -run:main/2", ["main/1/wide/1", "main/1/image/1"]),
        ("step:mine.made size>1MB", ["main/2/made/1"]),
        ("size>99999999999999999999TB", []),
        ("made/1 run:main/2", ["main/2/made/1"]),
        ("run:main/3", []),
    ],
)
def test_results_are_found(server: ApiServer, filter_: str, found: list[str]) -> None:
    index = ok(server.get(f"/artifacts:index?filter={quote(filter_)}"))
    rows = ok(server.get(f"/artifacts?ids={','.join(map(str, index['ids'])) or 1}"))["rows"]
    assert [row["of"] for row in rows] == found


def test_results_are_found_by_their_digests_and_sorted_by_size(server: ApiServer) -> None:
    path = result(server, "main/1/image/1")
    known = path.rpartition("/")[2]
    for text in (known, known[:13]):
        index = ok(server.get(f"/artifacts:index?filter=digest:{text}"))
        assert {row["of"] for row in ok(server.get(f"/artifacts?ids={','.join(map(str, index['ids']))}"))["rows"]} == {
            "main/1/image/1",
            "main/2/image/1",
        }
    index = ok(server.get("/artifacts:index?sort=-size"))
    rows = ok(server.get(f"/artifacts?ids={','.join(map(str, index['ids']))}"))["rows"]
    sizes = [row["value"]["size_bytes"] for row in rows]
    assert sizes == sorted(sizes, reverse=True)
    for wrong in ("digest:x", "digest:b3-abc", "kind:x", "run:main", "size>x", "step>1", "nothing:1"):
        assert server.get(f"/artifacts:index?filter={quote(wrong)}").error["code"] == "wrong_filter", wrong
    assert server.get("/artifacts:index?sort=made").status == 400


def test_a_result_says_where_it_came_from_and_what_was_given_it(server: ApiServer) -> None:
    path = result(server, "main/1/made/1")
    page = ok(server.get(path))
    assert (page["what"], page["run"], page["task"]) == ("the result of main/1/made/1", "main/1", "main/1/made/1")
    assert page["lineage"] == {
        "made_by": [{"task": "main/1/made/1", "status": "done", "origin": ""}],
        "used_by": [
            {"task": "main/1/use/1", "inputs": ["table"]},
            {"task": "main/1/inner/1", "inputs": ["table"]},
            {"task": "main/1/use/3", "inputs": ["table"]},
        ],
        "partial": False,
    }
    image = ok(server.get(result(server, "main/1/image/1")))
    assert [maker["task"] for maker in image["lineage"]["made_by"]] == ["main/2/image/1", "main/1/image/1"]
    small = ok(server.get(f"{result(server, 'main/1/small/1')}?of=main/1/small/1"))["lineage"]
    assert [maker["task"] for maker in small["made_by"]] == ["main/1/small/1"]
    assert small["used_by"] == [{"task": "main/1/use/2", "inputs": ["table"]}]
    of_run = ok(server.get(f"/artifacts/{ok(server.get('/runs/main/1'))['run']['result']['digest']}?of=main/1"))
    assert (of_run["what"], of_run["task"]) == ("the result of main/1", None)


def test_what_a_result_looked_like(server: ApiServer) -> None:
    preview = ok(server.get(f"{result(server, 'main/1/load/1')}/preview?of=main/1/load/1"))
    assert preview["kind"] == "table"
    columns = [(one["name"], one["is_readable"]) for one in preview["columns"]]
    assert columns[:3] == [("at", True), ("x", True), ("text", True)]
    assert ("odd", False) in columns
    assert ("<b>\u202e\x1b[2J", True) in columns
    assert ok(server.get(f"{result(server, 'main/1/data/1')}/preview"))["kind"] == "bytes"
    assert ok(server.get(f"{result(server, 'main/1/use/1')}/preview"))["kind"] == ""


def test_a_page_of_a_table(server: ApiServer) -> None:
    path = f"{result(server, 'main/2/load/1')}/table"
    assert path == "/artifacts/unstable/table"
    reply = server.get(f"{path}?of=main/2/load/1&offset=2000&limit=3&columns=0,1,3,2,4,6")
    assert reply.headers["cache-control"] == "private, no-cache"
    page = ok(reply)
    assert (page["rows"], page["offset"]) == (3000, 2000)
    assert [column["name"] for column in page["columns"]] == ["at", "x", "large", "text", "odd", "a,b "]
    assert page["values"][0] == [2000, 2001, 2002]
    assert page["values"][1] == [2000 / 3, 667.0, 2002 / 3]
    assert page["values"][2] == [str(2**60 + at) for at in (2000, 2001, 2002)]
    assert page["values"][4] == [None] * 3
    assert page["values"][5] == ["inf"] * 3
    downwards = ok(server.get(f"{path}?of=main/2/load/1&limit=2&columns=0&sort=-1"))
    assert downwards["values"] == [[2999, 2997]]  # 2998 % 7 == 2
    ends = ok(server.get(f"{path}?of=main/2/load/1&offset=2999&columns=1&sort=1"))
    assert ends["values"] == [["nan"]]
    assert ok(server.get(f"{path}?of=main/2/load/1&offset=9007199254740991"))["values"][0] == []


def test_a_page_is_bounded_whatever_is_in_its_cells(server: ApiServer) -> None:
    path = f"{result(server, 'main/2/made/1')}/table"
    reply = server.get(f"{path}?limit=500")
    page = ok(reply)
    assert len(reply.body) < 1_200_000
    assert (page["cut"], page["cut_at"]) == (500, 1_000_000 // 1500)
    assert page["values"][1][0] == "x" * page["cut_at"]


def test_of_a_million_columns_as_many_come_as_one_can_look_at(server: ApiServer) -> None:
    path = result(server, "main/1/wide/1")
    preview = ok(server.get(f"{path}/preview"))
    assert preview["value"]["shape"] == [1, 1_000_000]
    assert (len(preview["columns"]), preview["more_columns"]) == (1000, 999_000)
    page = server.get(f"{path}/table")
    assert (len(ok(page)["columns"]), len(page.body) < 20_000) == (100, True)
    assert ok(server.get(f"{path}/table?columns=999"))["values"] == [[0]]
    assert server.get(f"{path}/table?columns=1000").status == 404
    assert ok(server.get(f"{path}/stats"))["count"] == 1_000_000
    assert drawn(server.get(f"{path}/image?w=100")).shape == (1, 100)


def test_statistics_of_a_column(server: ApiServer) -> None:
    path = f"{result(server, 'main/2/load/1')}/stats"
    found = ok(server.get(f"{path}?of=main/2/load/1&column=1"))
    assert (found["name"], found["count"], found["read"]) == ("x", 3000, 3000)
    assert found["nulls"] == len([at for at in range(3000) if at % 7 == 2])
    assert (found["min"], found["max"], len(found["counts"])) == (0, 2999 / 3, 40)
    assert ok(server.get(f"{path}?of=main/2/load/1&column=2"))["top"][0][1] == 600
    assert ok(server.get(f"{path}?of=main/2/load/1&column=6"))["infinite"] == 3000
    far = ok(server.get(f"{result(server, 'main/2/made/1')}/stats?column=2"))
    assert (far["min"], far["max"], sum(far["counts"])) == (-1e308, 1e308, 3000)
    assert server.get(f"{path}?of=main/2/load/1").error["code"] == "wrong_request"
    assert "holds objects" in server.get(f"{path}?of=main/2/load/1&column=4").error["message"]


def drawn(reply: Reply) -> Any:
    assert (reply.status, reply.headers["content-type"]) == (200, "image/png"), reply
    width, height, _, colour = struct.unpack_from(">IIBB", reply.body, 16)
    begin = reply.body.index(b"IDAT")
    packed = reply.body[begin + 4 : begin + 4 + int.from_bytes(reply.body[begin - 4 : begin], "big")]
    rows = np.frombuffer(zlib.decompress(packed), "u1").reshape(height, -1)
    assert not rows[:, 0].any(), "no row is filtered"
    return rows[:, 1:].reshape((height, width) if colour == 0 else (height, width, -1))


def test_an_array_as_a_picture(server: ApiServer) -> None:
    path = f"{result(server, 'main/1/image/1')}/image"
    value = np.arange(3 * 160 * 200, dtype="u1").reshape(3, 160, 200)
    assert (drawn(server.get(path)) == value[0]).all()
    assert (drawn(server.get(f"{path}?slice=2")) == value[2]).all()
    assert (drawn(server.get(f"{path}?channels=first")) == np.moveaxis(value, 0, -1)).all()
    assert (drawn(server.get(f"{path}?w=10&h=10&slice=1")) == value[1, ::20, ::20]).all()
    assert (drawn(server.get(f"{path}?dtype=float")) == np.clip(value[0], 0, 1) * 255).all()
    for wrong, status in (
        ("slice=3", 404),
        ("slice=0,0", 400),
        ("slice=-1", 422),
        ("w=0", 422),
        ("w=99999", 422),
        ("dtype=complex128", 422),
        ("channels=last", 400),
        ("slice=9007199254740991", 404),
    ):
        assert server.get(f"{path}?{wrong}").status == status, wrong
    assert server.get(f"{result(server, 'main/1/made/1')}/image").error["code"] == "wrong_request"
    assert server.get(f"{result(server, 'main/1/use/1')}/image").status == 409
    table = server.get(f"{result(server, 'main/1/image/1')}/table")
    assert (table.status, ok(table)["columns"]) == (200, [])


def test_stored_bytes_come_as_an_attachment(server: ApiServer) -> None:
    path = f"{result(server, 'main/1/data/1')}/raw"
    reply = server.get(path)
    assert reply.body == b"\x89PNG\r\n\x1a\n but no more" * 1000
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.headers["content-disposition"].startswith("attachment;")
    assert reply.headers["content-length"] == str(len(reply.body))
    error = server.get(f"{result(server, 'main/1/made/1')}/raw").error
    assert error["hint"] == "penstock get main/1/made/1 -o FILE"


def test_what_a_digest_names_is_asked_for_once(server: ApiServer) -> None:
    for path in ("made/1/preview", "made/1/table", "made/1/stats?column=0", "image/1/image", "data/1/raw"):
        step, number, route = path.split("/")
        reply = server.get(f"{result(server, f'main/1/{step}/{number}')}/{route}")
        assert reply.headers["cache-control"] == "private, max-age=31536000, immutable"
        again = server.get(f"{result(server, f'main/1/{step}/{number}')}/{route}", If_None_Match=reply.headers["etag"])
        assert (again.status, again.body) == (304, b"")
    assert server.get(result(server, "main/1/made/1")).headers["cache-control"] == "private, no-cache"


def at(row: dict[str, Any]) -> str:
    """Where a display is asked for."""
    query = {"of": row["task"], "display": row["name"]} | ({} if row["step"] is None else {"step": row["step"]})
    return urlencode(query)


def test_displays_come_in_pages(server: ApiServer) -> None:
    every = ok(server.get("/runs/main/1/displays"))
    names = [(row["task"], row["name"], row["step"]) for row in every["rows"]]
    assert names[0] == ("main/1", "body", None)
    assert names[1:] == [
        ("main/1/draw/1", name, step)
        for name, step in [
            ("page", None),
            ("picture", None),
            *(("series", n) for n in range(5)),
            ("table", None),
            ("text", None),
        ]
    ]
    assert every["next"] is None
    rows: list[Any] = []
    cursor = ""
    while cursor is not None:
        page = ok(server.get(f"/runs/main/1/displays?limit=2{cursor and f'&cursor={cursor}'}"))
        rows += page["rows"]
        cursor = page["next"]
    assert rows == every["rows"]
    assert ok(server.get("/runs/main/1/tasks/draw/1/displays"))["rows"] == every["rows"][1:]
    assert ok(server.get("/runs/main/1/tasks/use/1/displays"))["rows"] == []
    for wrong in ("x", "W10", "W1tdLCIiLDFd", "WzFlOTksIiIsMV0"):
        assert server.get(f"/runs/main/1/displays?cursor={wrong}").error["field"] == "cursor"


def test_what_was_displayed_is_had_by_its_digest(server: ApiServer) -> None:
    rows = {(row["name"], row["step"]): row for row in ok(server.get("/runs/main/1/displays"))["rows"]}
    content = {name: f"/artifacts/{row['value']['digest']}" for name, row in rows.items()}
    for n in range(5):
        raw = server.get(f"{content['series', n]}/raw?{at(rows['series', n])}")
        assert json.loads(raw.body) == {"n": n}
    assert server.get(f"{content['body', None]}/raw?of=main/1&display=body").body == b"of the body"
    table = rows["table", None]
    page = ok(server.get(f"{content['table', None]}/table?{at(table)}"))
    assert page["values"] == [[1, 2]]
    picture = rows["picture", None]
    assert drawn(server.get(f"{content['picture', None]}/image?{at(picture)}")).shape == (2, 3)
    preview = ok(server.get(f"{content['picture', None]}/preview?{at(picture)}"))
    assert (preview["kind"], preview["media"]) == ("bytes", "image/png")
    page = ok(server.get(f"{content['page', None]}?{at(rows['page', None])}"))
    assert (page["what"], page["task"]) == ("display page of main/1/draw/1", "main/1/draw/1")
    wrong = server.get(f"{content['page', None]}/raw?of=main/1/draw/1&display=text")
    assert (wrong.status, "is another value than" in wrong.error["message"]) == (404, True)
    markdown = ok(server.get(f"{content['text', None]}/markdown?{at(rows['text', None])}"))
    (title,) = markdown["nodes"]
    assert (title["tag"], [one["text"] for one in title["nodes"]], markdown["cut"]) == ("h1", ["text"], 0)
    refused = server.get(f"{content['page', None]}/markdown?{at(rows['page', None])}")
    assert (refused.status, refused.error["code"]) == (409, "no_markdown")
    for query in ("display=page", "of=main/1&display=page", "of=main/1/draw/1&display=series", "of=main/1/draw"):
        assert server.get(f"{content['page', None]}/raw?{query}").status in (400, 404), query


def test_html_runs_in_a_frame_that_reaches_nothing_and_nowhere_else(server: ApiServer) -> None:
    rows = {row["name"]: row for row in ok(server.get("/runs/main/1/displays"))["rows"]}
    row = rows["page"]
    path = f"/api/v1/artifacts/{row['value']['digest']}"
    ticket = ok(server.post("/tickets", {"path": f"{path}/frame"}))["ticket"]
    framed = server.ask("GET", f"{path}/frame?{at(row)}&ticket={ticket}", token=False)
    assert framed.status == 200
    assert framed.headers["content-type"] == "text/html; charset=utf-8"
    assert framed.body == b"<script>document.title = 1</script>"
    policy = framed.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-scripts; default-src 'none';")
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy
    assert server.ask("GET", f"{path}/raw?{at(row)}&ticket={ticket}", token=False).status == 401
    raw = server.get(f"{path.removeprefix('/api/v1')}/raw?{at(row)}")
    assert raw.headers["content-type"] == "application/octet-stream"
    assert raw.headers["content-disposition"].startswith("attachment;")
    assert raw.headers["content-security-policy"].startswith("default-src 'none'")
    text = rows["text"]
    assert server.get(f"/artifacts/{text['value']['digest']}/frame?{at(text)}").error["code"] == "no_page"
    assert server.get(f"{path.removeprefix('/api/v1')}/image?{at(row)}").error["code"] == "no_picture"


@pytest.mark.parametrize(
    "path",
    [
        "..", "%2e%2e", "..%2f..%2fui-token", "b3-", f"b3-{'0' * 64}", f"b3-{'A' * 64}", "b3-" + "%20" * 64,
        "%00", "unstable", f"b3-{'0' * 63}%2f", "b3-" + "٣" * 64, "\\..\\", "x" * 3000,
    ],
)  # fmt: skip
def test_a_digest_is_no_path(server: ApiServer, path: str) -> None:
    target = quote(path, safe="%\\")
    for part in ("", "/preview", "/table", "/stats", "/image", "/raw", "/frame"):
        assert server.get(f"/artifacts/{target}{part}").status == 404


@pytest.mark.parametrize(
    "query",
    [
        "of=../..", "of=main/1/made/99999999999999999999", "of=main/99999999999999999999", "of=main/1/made/1/1",
        "of=%00", "of=main/1/%F0%9F%98%80/1", "of=main/1&param=nothing", "of=main/1&display=&step=1",
        "param=x", "step=3", "of=main/1/use/1",
    ],
)  # fmt: skip
def test_places_where_nothing_stands(server: ApiServer, query: str) -> None:
    reply = server.get(f"{result(server, 'main/1/made/1')}/table?{query}")
    assert reply.status in (400, 404), reply


@pytest.mark.parametrize(
    "query",
    [
        "offset=-1", "limit=0", "limit=501", "offset=1e99", "offset=99999999999999999999", "columns=-1", "columns=x",
        "columns=9", f"columns={','.join('0' * 101)}", "sort=x", "sort=9", "sort=--1", "sort=0,1", "nothing=1",
    ],
)  # fmt: skip
def test_what_a_table_is_asked_for_wrongly(server: ApiServer, query: str) -> None:
    reply = server.get(f"{result(server, 'main/1/made/1')}/table?{query}")
    assert reply.status in (404, 422), reply
    assert reply.error["message"]
