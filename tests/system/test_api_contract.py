"""The document and the server say the same: of each route, and of whatever a client may send."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import openapi_spec_validator
import pytest

from penstock.server import openapi
from penstock.server.route_table import ROUTES
from penstock.server.routing import Route
from tests.api_server import ApiServer, serving
from tests.system.flows import Project

TESTS = "\n".join(
    file.read_text() for file in sorted(Path(__file__).parent.glob("test_api*.py")) if file.name != Path(__file__).name
)


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
def test_each_route_has_a_test(route: Route):
    """One that asks for its last part on a socket."""
    path = re.sub(r"\{\w+\}", "", route.path)
    word = [part for part in re.split("[/]", path) if part][-1:] or ["/"]
    assert word[0] in TESTS


@pytest.mark.parametrize("route", ROUTES, ids=openapi.operation_id)
def test_each_route_needs_the_token_unless_it_holds_nothing(server: ApiServer, route: Route):
    path = re.sub(r"\{\w+\}", "1", route.full_path)
    reply = server.ask(route.method, path, token=False)
    assert reply.status == (200 if route.is_bare else 401)
