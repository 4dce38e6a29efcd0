"""The API's conventions, as a client meets them on a socket."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from penstock.server.limits import LIMITS
from tests.api_server import ApiServer, serving
from tests.system.flows import Project


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[ApiServer]:
    with clean_project(tmp_path_factory.mktemp("api") / "digits") as project, serving(project.folder) as server:
        yield server


def test_health_is_told_to_everybody(server: ApiServer):
    reply = server.ask("GET", "/healthz", token=False)
    assert (reply.status, reply.json) == (200, {"status": "ok"})


def test_what_is_served(server: ApiServer):
    meta = server.get("/meta").json
    assert meta["project"] == "digits"
    assert meta["limits"]["body_bytes"] == LIMITS.body_bytes
    assert "/meta" in meta["features"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", meta["time"])
    assert abs(datetime.fromisoformat(meta["time"]) - datetime.now(UTC)) < timedelta(minutes=5)


def test_only_named_fields(server: ApiServer):
    assert set(server.get("/meta?fields=version,project").json) == {"version", "project"}
    error = server.get("/meta?fields=versoin").error
    assert (error["field"], "did you mean version?" in error["message"]) == ("fields", True)


def test_a_tag_saves_the_answer(server: ApiServer):
    document = server.get("/openapi.json")
    again = server.get("/openapi.json", If_None_Match=document.headers["etag"])
    assert (again.status, again.body) == (304, b"")


def test_long_answers_are_compressed(server: ApiServer):
    reply = server.get("/openapi.json", Accept_Encoding="gzip")
    assert reply.headers["content-encoding"] == "gzip"
    assert reply.body == server.get("/openapi.json").body


def test_a_head_is_a_get_without_its_body(server: ApiServer):
    reply = server.ask("HEAD", "/api/v1/openapi.json")
    assert (reply.status, reply.body) == (200, b"")
    assert int(reply.headers["content-length"]) == len(server.get("/openapi.json").body)


def test_errors_say_what_to_do(server: ApiServer):
    for path in ("/nothing", "/meta/x"):
        assert server.get(path).error["code"] == "no_such_path"
    reply = server.ask("PUT", "/api/v1/meta")
    assert (reply.status, reply.error["code"], reply.headers["allow"]) == (405, "wrong_method", "GET, HEAD")
    assert server.get("/meta?x=1").error["field"] == "x"
    assert server.get("/meta?x=%FF").status == 400


def test_a_body_is_json_of_a_shape(server: ApiServer):
    for body, status in ((b"{", 400), (b"[]", 422), (b'{"path": 5}', 422), (b"", 422)):
        assert server.ask("POST", "/api/v1/tickets", body).status == status
    assert server.post("/tickets", {"path": "/api/v1/meta"}).error["code"] == "no_ticket"
    assert server.post("/tickets", {"path": "/nowhere"}).error["code"] == "no_such_path"


def test_a_body_that_is_too_large(server: ApiServer):
    assert server.ask("POST", "/api/v1/tickets", b" " * (LIMITS.body_bytes + 1)).error["code"] == "body_too_large"


def test_a_url_that_is_too_long(server: ApiServer):
    assert server.get(f"/{'x' * LIMITS.url_bytes}").error["code"] == "url_too_long"


def test_a_connection_serves_many_requests(server: ApiServer):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with closing(connection):
        for _ in range(3):
            connection.request("GET", "/api/v1/meta", headers={"Authorization": f"Bearer {server.token}"})
            response = connection.getresponse()
            assert (response.status, bool(response.read())) == (200, True)


def test_what_is_no_http(server: ApiServer):
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as plain:
        plain.sendall(b"\x16\x03\x01 hello\r\n\r\n")
        assert b" 400 " in plain.recv(100)
    assert server.get("/meta").status == 200
