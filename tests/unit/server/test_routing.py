"""Which route a path means: split before it is decoded."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.server.refusals import Refusal
from penstock.server.routing import RUN, TASK, Router, route


class Wanted(msgspec.Struct):
    """What a query may hold."""

    limit: int = 3


def perform(call: object, query: Wanted) -> int:
    return query.limit


ROUTES = (
    route("GET", "/runs:index", "", perform),
    route("GET", "/runs", "", perform),
    route("GET", RUN, "", perform),
    route("DELETE", RUN, "", perform),
    route("POST", RUN + ":cancel", "", perform),
    route("GET", TASK, "", perform),
    route("GET", "/healthz", "", perform, is_bare=True),
)
ROUTER = Router(ROUTES)


def test_a_route_takes_its_types_from_the_function():
    assert ROUTES[0].query is Wanted
    assert ROUTES[0].answer is int
    assert ROUTES[0].body is None


@pytest.mark.parametrize(
    ("method", "path", "meant", "names"),
    [
        ("GET", "/api/v1/runs:index", 0, {}),
        ("HEAD", "/api/v1/runs", 1, {}),
        ("GET", "/api/v1/runs/digits/3", 2, {"flow": "digits", "number": "3"}),
        ("DELETE", "/api/v1/runs/digits/3", 3, {"flow": "digits", "number": "3"}),
        ("POST", "/api/v1/runs/digits/3:cancel", 4, {"flow": "digits", "number": "3"}),
        ("GET", "/api/v1/runs/a%2Fb/3", 2, {"flow": "a/b", "number": "3"}),
        ("GET", "/api/v1/runs/a%252Fb/3", 2, {"flow": "a%2Fb", "number": "3"}),
        ("GET", "/healthz", 6, {}),
    ],
)
def test_the_route_of_a_path(method: str, path: str, meant: int, names: dict[str, str]):
    assert ROUTER.find(method, path) == (ROUTES[meant], names)


@given(st.text(min_size=1), st.integers(0, 10**17), st.text(min_size=1), st.integers(0, 10**17))
def test_every_name_comes_back_as_it_is(flow: str, number: int, step: str, task: int):
    path = f"/api/v1/runs/{quote(flow, '')}/{number}/tasks/{quote(step, '')}/{task}"
    found = ROUTER.find("GET", path)
    assert found.route is ROUTES[5]
    assert found.path == {"flow": flow, "number": str(number), "step": step, "task": str(task)}


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/",
            "/api/v1",
            "/api/v1/",
            "/api/v1/runs/",
            "/api/v1/runs/digits",
            "/api/v1/runs/digits/x",
            "/runs",
            "//runs",
        ),
        *(
            "/api/v1/runs/digits/3/",
            "/api/v1/runs/digits/%33",
            f"/api/v1/runs/digits/{'9' * 19}",
            "/api/v1/runs%3Aindex",
        ),
    ],
)
def test_what_is_no_path_of_the_table(path: str):
    with pytest.raises(Refusal) as refused:
        ROUTER.find("GET", path)
    assert refused.value.status == 404


def test_what_is_near_is_named():
    with pytest.raises(Refusal, match="did you mean /api/v1/runs:index"):
        ROUTER.find("GET", "/api/v1/runs:idnex")


def test_another_method_says_which_there_are():
    with pytest.raises(Refusal) as refused:
        ROUTER.find("PUT", "/api/v1/runs/digits/3")
    assert (refused.value.status, refused.value.headers) == (405, {"Allow": "DELETE, GET, HEAD"})


def test_a_name_that_is_no_text():
    with pytest.raises(Refusal) as refused:
        ROUTER.find("GET", "/api/v1/runs/%FF/3")
    assert refused.value.status == 400
