"""The formats that a program's inputs and outputs have."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.specs import Attempt, Function, Program, attempts_from_plain, attempts_to_plain
from penstock.worker.program import FORMATS

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
HELD = {"json": PLAIN, "text": st.text(st.characters(exclude_categories=["Cs"])), "bytes": st.binary()}
NAMES = st.text(max_size=5)
PAIRS = st.lists(st.tuples(NAMES, NAMES), max_size=2).map(tuple)
WORKS = st.builds(Function, NAMES, NAMES, st.none() | st.binary(), st.lists(NAMES).map(tuple)) | st.builds(
    Program, NAMES, NAMES, st.lists(NAMES).map(tuple), PAIRS, PAIRS, NAMES, st.binary(), st.none() | st.binary()
)


def test_each_format_has_values() -> None:
    assert HELD.keys() == FORMATS.keys()


@pytest.mark.parametrize("kind", FORMATS)
@given(data=st.data())
def test_what_was_written_is_read(kind: str, data: st.DataObject) -> None:
    write, read = FORMATS[kind]
    value = data.draw(HELD[kind])
    assert read(write(value)) == value


@given(WORKS)
def test_work_of_either_kind_reaches_a_worker_as_it_is(work: Function | Program) -> None:
    sent = Attempt("digits/1/train/1#1", b"key", work, (), None, False)
    (found,) = attempts_from_plain(attempts_to_plain([sent]))
    assert found == sent
    assert type(found.work) is type(work)
