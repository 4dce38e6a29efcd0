"""What is refused: each rule is attacked."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.api_server import ApiServer, serving
from tests.system.flows import Project

SHELL = ("/", "/healthz")


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[ApiServer]:
    with clean_project(tmp_path_factory.mktemp("guard") / "work") as project, serving(project.folder) as server:
        yield server


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example:{port}", ""]
)
@pytest.mark.parametrize("path", ["/api/v1/meta", *SHELL])
def test_a_name_that_was_bound_to_this_machine(server: ApiServer, path: str, host: str):
    reply = server.ask("GET", path, headers={"Host": host.format(port=server.port)})
    assert (reply.status, reply.error["code"]) == (403, "wrong_host")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "LOCALHOST"])
def test_names_of_this_machine(server: ApiServer, host: str):
    assert server.get("/meta", Host=f"{host}:{server.port}").status == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:{port}", "http://127.0.0.1:1", ""]
)
@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/meta"), ("POST", "/api/v1/tickets"), ("GET", "/")])
def test_a_page_of_another_site(server: ApiServer, method: str, path: str, origin: str):
    reply = server.ask(method, path, headers={"Origin": origin.format(port=server.port)})
    assert (reply.status, reply.error["code"]) == (403, "wrong_origin")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_a_browser_that_says_that_another_site_asks(server: ApiServer, site: str):
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    assert server.get("/meta", **headers).error["code"] == "wrong_origin"
    assert server.ask("GET", "/", headers=headers).error["code"] == "wrong_origin"
    framed = headers | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    assert server.ask("GET", "/", headers=framed).error["code"] == "wrong_origin"


def test_a_link_from_elsewhere_leads_to_the_shell_alone(server: ApiServer):
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert server.ask("GET", "/", headers=headers, token=False).status == 200
    assert server.get("/meta", **headers).status == 403


def test_the_page_s_own_requests(server: ApiServer):
    own = {"Origin": f"http://localhost:{server.port}", "Sec-Fetch-Site": "same-origin"}
    assert server.get("/meta", **own).status == 200
    assert server.get("/meta", Sec_Fetch_Site="none").status == 200


@pytest.mark.parametrize("path", ["/api/v1/meta", "/api/v1/openapi.json", "/api/v1/nothing", "/api/v1", "/api/v1/"])
def test_nothing_is_told_without_the_token(server: ApiServer, path: str):
    for given in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Basic {server.token}"}):
        reply = server.ask("GET", path, headers=given, token=False)
        assert (reply.status, reply.error["code"], reply.error["hint"]) == (401, "no_token", "penstock ui")
    wrong = {"Authorization": f"Bearer {server.token[:-1]}"}
    assert server.ask("GET", path, headers=wrong, token=False).status == 401


def test_the_token_in_the_address_or_a_cookie_is_none(server: ApiServer):
    for target in (f"/api/v1/meta?token={server.token}", f"/api/v1/meta?ticket={server.token}"):
        assert server.ask("GET", target, headers={"Cookie": f"token={server.token}"}, token=False).status == 401


@pytest.mark.parametrize(
    "target",
    ["//api/v1/meta", "/./api/v1/meta", "/x/../api/v1/meta", "/api%2Fv1/meta", "/%61pi/v1/meta", "/API/V1/meta"],
)
def test_no_way_around_leads_to_what_the_token_opens(server: ApiServer, target: str):
    assert server.ask("GET", target, token=False).status in (401, 404)


def test_a_whole_address_as_the_target(server: ApiServer):
    for host in (f"127.0.0.1:{server.port}", "evil.example"):
        assert server.ask("GET", f"http://{host}/api/v1/meta", token=False).status in (400, 401, 403, 404)


@pytest.mark.parametrize("path", ["/api/v1/meta", "/api/v1/nothing", *SHELL])
def test_what_each_answer_carries(server: ApiServer, path: str):
    headers = server.ask("GET", path).headers
    policy = dict(rule.strip().split(" ", 1) for rule in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in str(policy)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control-") or name in ("set-cookie", "server")]


@pytest.mark.parametrize("path", ["/api/v1/meta", "/"])
def test_a_browser_is_told_nothing_before_it_asks(server: ApiServer, path: str):
    asked = {"Origin": f"http://localhost:{server.port}", "Access-Control-Request-Method": "GET"}
    reply = server.ask("OPTIONS", path, headers=asked)
    assert reply.status == 405
    assert not [name for name in reply.headers if name.startswith("access-control-")]


TICKETED = """
from penstock.server import limits, meta_routes, tokens
from penstock.server.routing import route
tokens.TICKET_S = {seconds}
from starlette.responses import Response

def kept(call):
    return Response(call.path["name"].encode(), media_type="application/octet-stream")

def removed(call):
    return Response("gone")

def broken(call):
    raise RuntimeError("this route is broken")

meta_routes.ROUTES += (
    route("GET", "/kept/{{name}}", "", kept, media="application/octet-stream", is_ticketed=True),
    route("DELETE", "/kept/{{name}}", "", removed, media="application/octet-stream", is_ticketed=True),
    route("GET", "/broken", "", broken),
)
"""


@pytest.fixture(scope="module")
def ticketed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A server with routes that take tickets."""
    with serving(tmp_path_factory.mktemp("ticketed"), before=TICKETED.format(seconds=3600)) as server:
        yield server


def ticket_for(server: ApiServer, path: str) -> str:
    reply = server.post("/tickets", {"path": path})
    assert (reply.status, set(reply.json)) == (200, {"ticket", "seconds"})
    return reply.json["ticket"]


def test_a_ticket_opens_one_path_to_be_read(ticketed: ApiServer):
    path = "/api/v1/kept/a%2Fb"
    ticket = ticket_for(ticketed, path)
    for _ in range(2):  # a player asks for pieces of a file
        reply = ticketed.ask("GET", f"{path}?ticket={ticket}", token=False)
        assert (reply.status, reply.body) == (200, b"a/b")
    for method, target in (
        ("DELETE", path),
        ("POST", path),
        ("GET", "/api/v1/kept/other"),
        ("GET", "/api/v1/kept/a/b"),
        ("GET", "/api/v1/kept/a%2fb"),
        ("GET", "/api/v1/meta"),
        ("POST", "/api/v1/tickets"),
    ):
        assert ticketed.ask(method, f"{target}?ticket={ticket}", token=False).status == 401, target


def test_a_ticket_is_neither_forged_nor_another_server_s(ticketed: ApiServer, server: ApiServer, tmp_path: Path):
    path = "/api/v1/kept/a"
    ticket = ticket_for(ticketed, path)
    until, _, signature = ticket.partition(".")
    with serving(tmp_path, before=TICKETED.format(seconds=3600)) as other:
        forged = (ticket_for(other, path), f"{int(until) + 1}.{signature}", f"{until}.", signature, "", "%00", "9" * 99)
        assert other.ask("GET", f"{path}?ticket={ticket}", token=False).status == 401
        assert ticketed.ask("GET", path, headers={"Authorization": f"Bearer {other.token}"}).status == 401
    for text in forged:
        assert ticketed.ask("GET", f"{path}?ticket={text}", token=False).status == 401, text
    assert ticketed.ask("GET", f"{path}?x=1&ticket={ticket}", token=False).status == 422  # what it is called with holds
    assert server.ask("GET", f"/api/v1/meta?ticket={ticket}", token=False).status == 401


def test_a_ticket_that_is_over(tmp_path: Path):
    with serving(tmp_path, before=TICKETED.format(seconds=-1)) as server:
        path = "/api/v1/kept/a"
        assert server.ask("GET", f"{path}?ticket={ticket_for(server, path)}", token=False).status == 401
        assert server.ask("GET", path).status == 200


def test_a_defect_is_told_on_the_terminal_and_not_to_the_client(tmp_path: Path):
    onto_file = "import sys; sys.stderr = open('told', 'w', buffering=1)\n"
    with serving(tmp_path, before=TICKETED.format(seconds=30) + onto_file) as server:
        reply = server.get("/broken")
        assert (reply.status, reply.error["code"]) == (500, "defect")
        assert "broken" not in str(reply)
        assert server.get("/meta").status == 200
        told = (tmp_path / "told").read_text()
        assert "RuntimeError: this route is broken" in told
        assert server.token not in told


def test_the_token_s_file_is_for_its_owner_alone(
    tmp_path: Path, clean_project: Callable[[Path], AbstractContextManager[Project]]
):
    with clean_project(tmp_path / "work") as project:
        kept = project.folder / ".penstock" / "ui-token"
        kept.parent.mkdir()
        with serving(project.folder) as server:
            assert kept.read_text() == server.token
            assert kept.stat().st_mode & 0o777 == 0o600
        kept.chmod(0o644)
        with serving(project.folder) as again:
            assert again.token != server.token


def test_only_the_usual_loopback_addresses_are_listened_on(server: ApiServer):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", server.port), timeout=60)
