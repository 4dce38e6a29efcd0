"""The server keeps to its document, whatever a client makes of that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import checks

from penstock.server import openapi
from penstock.server.route_table import ROUTES
from penstock.server.routing import ACCEPTED, JSON, Route
from tests.api_server import ApiServer, serving
from tests.system.flows import Project

POSITIVE, NEGATIVE = schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE
FLOWS = r"""
@step
def odd(x):
    log_metrics({"loss/\u00e9 %2F": float("nan"), "top": float("inf")}, step=1)
    print("x" * 30_000, "\x1b[31mred")
    if x == "fail":
        raise ValueError("bad \x00 \ud800 \u2603")
    return [x]

@flow
def main(x: str = "a\ud800b", y: float = float("nan")):
    log_metrics({"top": 1.0})
    return [future.exception() for future in odd.map([x, "fail", "z"])]
"""
KNOWN = {"flow": "main", "number": 1, "step": "odd", "task": 2, "attempt": 1, "name": "top"}
STARTS = (":start", ":describe", ":resume", ":fork")
"""Actions of which a dry run is a process, too."""
NOT_BY_THE_DOCUMENT = ("wrong_query", "wrong_body", "no_json", "wrong_type", "no_such_path", "wrong_method")
"""Why a request is refused that the document does not allow."""
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
HOW = settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, clean_project: Callable[[Any], AbstractContextManager[Project]]
) -> Iterator[ApiServer]:
    with clean_project(tmp_path_factory.mktemp("fuzzed") / "work") as project:
        project.write(FLOWS)
        project.run().value()
        with serving(project.folder) as server:
            yield server


@pytest.fixture(scope="module")
def document() -> Any:
    return schemathesis.openapi.from_dict(json.loads(json.dumps(openapi.document(ROUTES))))


def asked() -> Iterator[Any]:
    for route in ROUTES:
        takes_any = route.names or route.query or route.body or (route.method == "GET" and route.media == JSON)
        for mode in [POSITIVE, *([NEGATIVE] if takes_any else [])]:
            if not route.is_stream:
                yield pytest.param(route, mode, id=f"{openapi.operation_id(route)}-{mode.value}")


@pytest.mark.parametrize(("route", "mode"), list(asked()))
def test_whatever_is_asked_is_answered_as_the_document_says(
    server: ApiServer, document: Any, route: Route, mode: schemathesis.GenerationMode
):
    cases = document[route.full_path][route.method].as_strategy(generation_mode=mode)
    binds = not route.path.endswith(STARTS)

    @HOW
    @given(cases, st.booleans())
    def ask(case: schemathesis.Case, of_the_run: bool) -> None:
        if of_the_run and binds:
            case.path_parameters |= {name: KNOWN[name] for name in case.path_parameters if name in KNOWN}
            if route.status == ACCEPTED:
                case.query["dry_run"] = "true"
        response = case.call(
            base_url=f"http://{server.host}", headers={"Authorization": f"Bearer {server.token}"}, timeout=60
        )
        case.validate_response(response, checks=CHECKS)
        if mode is POSITIVE and response.status_code >= 400 and route.path != "/tickets":  # its body names a path
            assert response.json()["error"]["code"] not in NOT_BY_THE_DOCUMENT, response.text

    ask()
    assert server.process.poll() is None
