"""Join codes say the same to whoever gets them whole, and what is wrong to all others."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import UsageError
from penstock.model import join_codes
from penstock.model.join_codes import JoinCode

CODE = JoinCode("file:///scratch/me", "digits-5f0c", "5f0c9a1e7b2d4c68", "5f0c9a1e7b2d4c68-cluster-1")
FIELDS = st.text(st.characters(exclude_characters="\n", codec="utf-8"), min_size=1)


@given(st.builds(JoinCode, FIELDS, FIELDS, FIELDS, FIELDS))
def test_what_is_written_is_read(code: JoinCode):
    text = join_codes.write(code)
    assert join_codes.read(text) == join_codes.read(f" {text}\n") == code
    assert re.fullmatch(r"[\w-]+", text, re.ASCII)


def test_a_usual_one_is_short():
    assert len(join_codes.write(CODE)) < 120


def test_one_that_was_not_copied_whole_is_refused():
    text = join_codes.write(CODE)
    for wrong in (*(text[:length] for length in range(4, len(text))), text[:-3] + "xyz", text + "a", "pa1_!", "pa1_é"):
        with pytest.raises(UsageError, match=r"is cut off or mistyped: copy it whole"):
            join_codes.read(wrong)


@given(st.text())
def test_any_other_text_is_refused(text: str):
    with pytest.raises(UsageError):
        join_codes.read(text)


def test_what_is_wrong_is_said():
    with pytest.raises(UsageError, match=r"^'digits/3' is no join code, which begins with pa1_: copy it whole"):
        join_codes.read("digits/3")
    with pytest.raises(UsageError, match="is a join code of another Penstock: start an agent of the run's version"):
        join_codes.read("pa2_abcdef")


def test_a_field_that_would_be_read_as_two_is_not_written():
    for code in (CODE._replace(url="a\nb"), CODE._replace(agent="")):
        with pytest.raises(ValueError, match="can't be a join code"):
            join_codes.write(code)
