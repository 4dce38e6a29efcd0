"""What is answered as bytes: odd numbers, chosen fields, tags and compression."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.server.refusals import Refusal
from penstock.server.response_bodies import response_of
from penstock.server.routing import Route, route


class Row(msgspec.Struct):
    """A row."""

    id: int
    name: str
    value: float | None = None


class Rows(msgspec.Struct):
    """Rows."""

    rows: tuple[Row, ...]
    next: str | None = None


def perform(call: object) -> Rows: ...


GET = route("GET", "/rows", "", perform)
PAGE = Rows((Row(1, "a", 0.5), Row(2, "b", math.nan), Row(3, "c", -math.inf)))


def body(answer: Any, fields: list[str] | None = None, of: Route = GET) -> Any:
    return json.loads(bytes(response_of(of, answer, {}, fields).body))


def test_numbers_that_json_has_not_are_words():
    assert [row["value"] for row in body(PAGE)["rows"]] == [0.5, "nan", "-inf"]
    assert body({"x": [1.0, math.inf], "y": (math.nan,)}) == {"x": [1.0, "inf"], "y": ["nan"]}
    assert body([1, math.nan]) == [1, "nan"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


@given(json_values)
def test_every_answer_is_json(value: Any):
    assert body(value) == plain(value)


def test_halves_of_characters_are_escaped():
    assert body({"name": "a\ud800"}) == {"name": "a\\ud800"}


def test_fields_of_rows_or_of_the_answer():
    assert body(PAGE, ["id"]) == {"rows": [{"id": 1}, {"id": 2}, {"id": 3}], "next": None}
    assert body(PAGE.rows[1], ["value"]) == {"value": "nan"}
    assert body(Rows(()), ["id"]) == {"rows": [], "next": None}
    with pytest.raises(Refusal, match="no field 'nam'; did you mean name"):
        body(PAGE, ["nam"])


def test_a_client_that_knows_the_answer_gets_none():
    first = response_of(GET, PAGE, {}, None)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "private, no-cache"
    for known in (tag, f'"other", {tag}', "*", tag.removeprefix("W/")):
        again = response_of(GET, PAGE, {"if-none-match": known}, None)
        assert (again.status_code, bytes(again.body), again.headers["etag"]) == (304, b"", tag)
    assert response_of(GET, Rows(()), {"if-none-match": tag}, None).status_code == 200


def test_what_a_digest_names_is_kept():
    immutable = route("GET", "/x/{digest}", "", perform, is_immutable=True)
    assert "immutable" in response_of(immutable, PAGE, {}, None).headers["cache-control"]


def test_what_is_done_has_no_tag():
    assert "etag" not in response_of(route("POST", "/x", "", perform), PAGE, {"if-none-match": "*"}, None).headers


def test_a_long_answer_is_compressed_for_who_can_read_it():
    long = Rows(tuple(Row(number, "name") for number in range(100)))
    sent = response_of(GET, long, {"accept-encoding": "br, gzip"}, None)
    assert sent.headers["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(bytes(sent.body)))["rows"]) == 100
    assert "content-encoding" not in response_of(GET, long, {}, None).headers
    assert "content-encoding" not in response_of(GET, PAGE, {"accept-encoding": "gzip"}, None).headers
