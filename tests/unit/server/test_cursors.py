"""Cursors: what a page gave comes back, and anything else is refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.journal.run_search import PageEnd
from penstock.server.cursors import cursor_of, page_end
from penstock.server.refusals import Refusal

keys = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text()


@given(st.text(), st.integers(0, 2**63 - 1), keys)
def test_a_cursor_comes_back(sort: str, id_: int, key: int | float | str | None):
    cursor = cursor_of(sort, PageEnd(id_, key))
    assert cursor is not None
    assert page_end(sort, cursor) == PageEnd(id_, key)


def test_no_page_has_no_cursor():
    assert cursor_of("", None) is None
    assert page_end("", None) is None


@given(st.text() | st.binary().map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_any_other_text_is_refused(text: str):
    with pytest.raises(Refusal) as refused:
        page_end("x", text)
    assert refused.value.status == 422


def test_a_cursor_of_another_sorting_is_refused():
    with pytest.raises(Refusal, match="another sorting"):
        page_end("-took", cursor_of("took", PageEnd(3, 1.5)))
