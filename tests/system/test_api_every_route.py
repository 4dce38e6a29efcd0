"""What holds for every route there is, whatever is asked of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from penstock.server.openapi import operation_id
from penstock.server.route_table import ROUTES
from penstock.server.routing import NUMBERS, Route
from tests.api_server import ApiServer, Reply, serving
from tests.system.flows import Project

SOURCE = """
    @step
    def train(x: int):
        log_metrics({"loss": x})
        return {"a": x}

    @flow
    def main(x: int = 1):
        return train(x)
"""
THERE = {"flow": "main", "number": "1", "step": "train", "task": "1", "attempt": "1", "name": "loss"}
"""What there is by the names in paths; whatever else one names is not there."""

TRICKS = (
    "..",
    "%2e%2e",
    "..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2fui-token",
    "..%5c..%5cui-token",
    "%252e%252e%252fui-token",
    "%c0%ae%c0%ae%c0%afui-token",
    "%2fetc%2fpasswd",
    "file:%2f%2f%2fetc%2fpasswd",
    "ui-token%00",
    "%00",
    "%0d%0aSet-Cookie:%20a=b",
    "%ED%A0%80",
    "%E2%80%AEnur",
    "%zz",
    "%",
    "*",
    "{flow}",
    "%3Cscript%3Ealert(1)%3C%2fscript%3E",
    "'%20OR%201=1--",
    "x" * 7000,
    "-1",
    "0",
    "9" * 18,
    "9" * 400,
    "1e3",
    "%D9%A1",  # a digit, as Unicode has many
)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[ApiServer]:
    with clean_project(tmp_path_factory.mktemp("routes") / "work") as project:
        project.write(SOURCE)
        assert project.run().value() == {"a": 1}
        with serving(project.folder) as server:
            THERE["digest"] = server.get("/runs/main/1").json["run"]["result"]["digest"]
            yield server
        kept = [file for file in project.folder.rglob("*") if file.is_file()]
        assert [file.name for file in kept if server.token.encode() in file.read_bytes()] == ["ui-token"]


def path_of(route: Route, **names: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: ({"name": "none"} | THERE | names).get(found[1], "none"), route.full_path)


def check(reply: Reply) -> None:
    """Each answer is one that a browser can do nothing with."""
    headers = reply.headers
    assert reply.status < 500, reply
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert not [name for name in headers if name.startswith("access-control-") or name in ("set-cookie", "server")]
    assert "token=" not in str(headers)
    if reply.status >= 400 and reply.body:
        assert set(reply.json) == {"error"}
        assert headers["cache-control"] == "no-store"


routes = pytest.mark.parametrize("route", ROUTES, ids=operation_id)


@routes
def test_names_in_a_path_lead_nowhere_else(server: ApiServer, route: Route):
    for name in route.names:
        for trick in TRICKS:
            if name in NUMBERS and trick == THERE.get(name):
                continue
            reply = server.ask(route.method, path_of(route, **{name: trick}), b"{}" if route.body else b"")
            check(reply)
            assert reply.status in (400, 404, 422), (trick, reply)
            assert server.token not in str(reply)


@routes
def test_a_question_that_a_route_does_not_know_is_named(server: ApiServer, route: Route):
    for query in ("nonsense=1", "NONSENSE", "%00=%00"):
        reply = server.ask(route.method, f"{path_of(route)}?{query}", b"{}" if route.body else b"")
        check(reply)
        assert reply.status == 422, reply
        assert query.partition("=")[0].replace("%00", "\0") == reply.error["field"]
    assert server.ask(route.method, f"{path_of(route)}?%FF=1", b"{}" if route.body else b"").status == 400


@routes
def test_other_methods(server: ApiServer, route: Route):
    path = path_of(route)
    known = {one.method for one in ROUTES if one.full_path == route.full_path}
    known |= {"HEAD"} if "GET" in known else set()
    for method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "get"} - known:
        preflight = {"Access-Control-Request-Method": route.method, "Access-Control-Request-Headers": "authorization"}
        reply = server.ask(method, path, headers=preflight)
        check(reply)
        assert (reply.status, set(reply.headers["allow"].split(", "))) == (405, known), (method, reply)


@pytest.mark.parametrize("route", [route for route in ROUTES if route.method == "GET"], ids=operation_id)
def test_a_head_has_no_body_and_ends(server: ApiServer, route: Route):
    reply = server.ask("HEAD", path_of(route))
    check(reply)
    assert reply.body == b""
    if not route.is_stream:
        assert reply.status == server.ask("GET", path_of(route)).status


@pytest.mark.parametrize("route", [route for route in ROUTES if route.body], ids=operation_id)
def test_a_body_that_is_none(server: ApiServer, route: Route):
    for body in (
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff",
        b'{"a":' * 50_000,
        b"[" * 100_000,
        b'{"x\\u0000":1}',
        b"1e999",
        b"NaN",
    ):
        reply = server.ask(route.method, path_of(route), body)
        check(reply)
        assert reply.status in (400, 404, 422), (body[:20], reply)


@routes
def test_another_token_opens_nothing(server: ApiServer, route: Route):
    for given in ("", "Bearer", f"Bearer {server.token}x", f"Bearer {server.token[::-1]}", f"Token {server.token}"):
        reply = server.ask(route.method, path_of(route), headers={"Authorization": given})
        check(reply)
        assert reply.status == (200 if route.is_bare else 401)
