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
