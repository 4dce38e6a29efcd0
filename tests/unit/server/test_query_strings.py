"""Query strings and bodies become structs, and what is wrong is named."""

from __future__ import annotations

import contextlib
from typing import Annotated
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.server.query_strings import body_of, pairs_of, query_of
from penstock.server.refusals import Refusal
from penstock.server.routing import route


class Asked(msgspec.Struct):
    """What is asked."""

    filter: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 100
    total: bool = False
    ids: tuple[int, ...] = ()
    since: float | None = None


class Bodied(msgspec.Struct):
    """What is sent."""

    name: str
    count: int = 1


def perform(call: object, query: Asked, body: Bodied) -> None: ...


def of_nothing(call: object) -> None: ...


ROUTE = route("POST", "/x", "", perform)


def query(text: str) -> Asked:
    return query_of(ROUTE, pairs_of(text.encode()))


def test_what_is_said_and_what_is_not():
    assert query("") == Asked()
    assert query("filter=a%20b&limit=5&total=1&ids=1,2&ids=3&since=2.5") == Asked("a b", 5, True, (1, 2, 3), 2.5)
    assert query("filter=5&ids=") == Asked("5")


@given(st.text(), st.integers(1, 500), st.booleans(), st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_what_a_client_encodes_arrives(text: str, limit: int, total: bool, ids: list[int]):
    said = {"filter": text, "limit": limit, "total": str(total).lower(), "ids": ",".join(map(str, ids))}
    assert query(urlencode(said)) == Asked(text, limit, total, tuple(ids))


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ("limit=0", "limit", "limit: expected `int` >= 1"),
        ("limit=x", "limit", "limit: expected `int`, got `str`"),
        ("limit=1&limit=2", "limit", "limit is given twice"),
        ("limt=1", "limt", "the query has no 'limt'; did you mean limit?"),
        ("ids=1,x", "ids[1]", "ids[1]: expected `int`, got `str`"),
    ],
)
def test_what_is_wrong_is_named(text: str, field: str, message: str):
    with pytest.raises(Refusal) as refused:
        query(text)
    assert (refused.value.status, refused.value.words.field, str(refused.value)) == (422, field, message)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_query_or_refused(data: bytes):
    with contextlib.suppress(Refusal):
        assert isinstance(query_of(ROUTE, pairs_of(data)), Asked)


def test_a_route_without_a_query_takes_none():
    with pytest.raises(Refusal, match="it takes none"):
        query_of(route("GET", "/y", "", of_nothing), [("a", "b")])


def test_a_body():
    assert body_of(ROUTE, b'{"name": "x"}') == Bodied("x")


@pytest.mark.parametrize(
    ("data", "status"),
    [(b"{", 400), (b"[" * 200_000, 400), (b"[]", 422), (b"\xff", 400)],
)
def test_a_body_that_is_wrong(data: bytes, status: int):
    with pytest.raises(Refusal) as refused:
        body_of(ROUTE, data)
    assert refused.value.status == status


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        (b"", "name", "name is missing"),
        (b'{"name": 5}', "name", "name: expected `str`, got `int`"),
        (b'{"name": "x", "cuont": 1}', "cuont", "the body has no 'cuont'; did you mean count?"),
    ],
)
def test_what_is_wrong_in_a_body_is_named(data: bytes, field: str, message: str):
    with pytest.raises(Refusal) as refused:
        body_of(ROUTE, data)
    assert (refused.value.status, refused.value.words.field, str(refused.value)) == (422, field, message)
