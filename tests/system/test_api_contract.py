"""The document and the server say the same: of each route, and of whatever a client may send."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

import openapi_spec_validator
import pytest

from penstock.server import openapi
from penstock.server.refusals import Refusal
from penstock.server.route_table import ROUTES
from penstock.server.routing import BASE, Route, Router
from tests.api_server import ApiServer, serving
from tests.system.flows import Project

FILES = [file for file in Path(__file__).parent.glob("test_api*.py") if file.name != Path(__file__).name]
NAMED = (
    "1",
    "digits/1",
    "/runs/digits/1",
    "/runs/digits/1/tasks/train",
    "/runs/digits/1/tasks/train/1",
    "/artifacts/unstable",
)
"""What may stand where a test fills something in."""


def requests_of(file: Path) -> Iterator[tuple[str, str]]:
    """Method and path of what a file of tests asks for, without the query: what stands in a call of `post` or `ask`,
    and each path of a GET, which may stand in a variable first."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            texts = [text for text in map(text_of, node.args[:2]) if text]
            if node.func.attr == "post" and texts:
                yield "POST", texts[0]
            elif node.func.attr == "ask" and len(texts) == 2:
                yield texts[0], texts[1]
        if isinstance(node, ast.expr) and (text := text_of(node)):
            yield "GET", text


def text_of(node: ast.expr) -> str:
    """A text as it stands in the source, `{}` for what is filled in; "": it is none, or has nothing of its own."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = [part.value if isinstance(part, ast.Constant) and isinstance(part.value, str) else "{}" for part in parts]
    return "".join(texts).partition("?")[0] if set(texts) != {"{}"} else ""


def routes_of(method: str, path: str) -> Iterator[Route]:
    """What a request may mean."""
    router = Router(ROUTES)
    for filled in {path.replace("{}", one).removeprefix(BASE) for one in NAMED}:
        for whole in (filled, BASE + filled):
            with suppress(Refusal):
                yield router.find(method, whole).route


ASKED = {
    (route.method, route.path)
    for file in FILES
    for method, path in requests_of(file)
    for route in routes_of(method, path)
}


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Path], AbstractContextManager[Project]]
) -> Iterator[ApiServer]:
    with clean_project(tmp_path_factory.mktemp("contract") / "work") as project, serving(project.folder) as server:
        yield server


def test_the_document_is_openapi(server: ApiServer):
    document = server.get("/openapi.json").json
    openapi_spec_validator.validate(document)
    assert document == json.loads(json.dumps(openapi.document(ROUTES)))


def test_each_route_stands_in_it_once():
    paths = openapi.document(ROUTES)["paths"]
    found = {(method.upper(), path) for path, operations in paths.items() for method in operations}
    assert found == {(route.method, route.full_path) for route in ROUTES}
    assert len(found) == len(ROUTES)
    operations = [operation for path in paths.values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(ROUTES)
    assert all(operation["summary"] for operation in operations)


@pytest.mark.parametrize("route", ROUTES, ids=openapi.operation_id)
def test_each_route_is_asked_for_by_a_test(route: Route):
    assert (route.method, route.path) in ASKED


@pytest.mark.parametrize("route", ROUTES, ids=openapi.operation_id)
def test_each_route_needs_the_token_unless_it_holds_nothing(server: ApiServer, route: Route):
    path = re.sub(r"\{\w+\}", "1", route.full_path)
    reply = server.ask(route.method, path, token=False)
    assert reply.status == (200 if route.is_bare else 401)
