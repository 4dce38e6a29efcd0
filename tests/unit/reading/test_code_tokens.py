"""Code as tokens: nothing of a text is lost, and what a person sees as a word has its class."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.reading.code_tokens import code_lines

SOURCE = '''\
@step
def fit(rows: int, name="x") -> float:
    """Fits."""

    return 1.5 if rows else None  # never
'''


def test_words_have_their_classes():
    lines = code_lines(SOURCE, "fit.py")
    assert lines[0] == (("decorator", "@step"),)
    assert {("keyword", "def"), ("name", "fit"), ("string", '"x"')} <= {*lines[1]}
    assert lines[2][-1] == ("comment", '"""Fits."""')
    assert lines[3] == ()
    assert {("number", "1.5"), ("number", "None"), ("comment", "# never")} <= {*lines[4]}


@pytest.mark.parametrize("language", ["mine.py", "train.sh", "penstock.toml", "no.such", "none"])
@given(text=st.text(st.characters(exclude_characters="\r")))
def test_no_text_is_lost(language: str, text: str):
    lines = ["".join(part for _, part in line) for line in code_lines(text, language)]
    assert "\n".join(lines).rstrip("\n") == text.rstrip("\n")


def test_a_long_line_is_cut():
    (line,) = code_lines("x" * 5_000, "none")
    assert line == (("", "x" * 2_000), ("", "…"))
