"""The comparison of the documents' outputs is loose, but not blind."""

from __future__ import annotations

import pytest

from tests.docs.matching import difference

SAME = [
    ("digits/1 done in 2.3 s: 4 tasks", "digits/1 done in 84 ms: 4 tasks"),
    ("accuracy  0.981", "accuracy 0.97222"),
    ("file  /home/ada/project/a.py", "file  /tmp/x/a.py"),
    ("square: ... done", "square: 12 done"),
    ("one\n...", "zero\none\ntwo"),
    ("two\none", "one\ntwo"),
    ("", ""),
    (
        "plain/1 draw: 3 done",
        "plain/1 draw: started, 1 task so far\nplain/1 draw: 2 done\nplain/1 draw: 3 done in 0.2 s",
    ),
]
DIFFERENT = [
    ("digits/1 done in 2.3 s: 4 tasks", "digits/1 done in 2.3 s: 5 tasks"),
    ("accuracy 0.981", "accuracy 0.881"),
    ("one", "one\ntwo"),
    ("one\n...", "two"),
    ("one\none", "one"),
    ("one", ""),
    ("plain/1 draw: 3 done", "plain/1 draw: 2 done in 0.2 s"),
]


@pytest.mark.parametrize(("expected", "output"), SAME)
def test_what_may_differ_does_not_count(expected: str, output: str) -> None:
    assert difference(expected.split("\n"), output, "/tmp/x") == ""


@pytest.mark.parametrize(("expected", "output"), DIFFERENT)
def test_what_matters_counts(expected: str, output: str) -> None:
    assert difference(expected.split("\n"), output, "/tmp/x") != ""
