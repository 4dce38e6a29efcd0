"""A diff of what was asked for alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.code.changed_lines import definitions, diff_of

OLD = """import os

SCALE = 2


def clean(x):
    a = x
    b = a
    c = b
    d = c
    return d * SCALE


class Model:
    size = 1

    def fit(self):
        first = 1
        second = 2
        third = 3
        fourth = 4
        return self.size

    def score(self):
        return 1


def unused():
    one = 1
    two = 2
    return one + two


print("at the top")
"""


def changed(lines: list[str]) -> list[str]:
    return [line for line in lines[2:] if line[0] in "+-"]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("clean", "    b = a", "    b = a + 1"),
        ("SCALE", "SCALE = 2", "SCALE = 3"),
        ("Model.score", "        return 1\n\n", "        return 2\n\n"),
        ("Model", "    size = 1", "    size = 2"),
        ("", 'print("at the top")', 'print("elsewhere")'),
    ],
)
def test_only_what_was_asked_for_is_shown(name: str, old: str, new: str):
    elsewhere = ("third = 3", "third = 4") if not name else ('print("at the top")', "print(1)")
    shown = diff_of(OLD, OLD.replace(old, new).replace(*elsewhere), {name}, "old", "new")
    assert shown[:2] == ["--- old", "+++ new"]
    assert changed(shown) == [f"-{old.rstrip()}", f"+{new.rstrip()}"]


def test_imports_are_always_shown():
    new = OLD.replace("import os", "import os.path as os").replace('print("at the top")', "print()")
    assert changed(diff_of(OLD, new, {"clean"}, "a", "b")) == ["-import os", "+import os.path as os"]


def test_where_nothing_of_it_differs_all_is_shown():
    new = OLD.replace('print("at the top")', "print()")
    assert changed(diff_of(OLD, new, {"clean"}, "a", "b")) == ['-print("at the top")', "+print()"]


def test_what_can_not_be_parsed_is_shown_whole():
    assert changed(diff_of("def (", "def )", {"clean"}, "a", "b")) == ["-def (", "+def )"]
    assert diff_of(OLD, OLD, {"clean"}, "a", "b") == []
    assert changed(diff_of("", "x = 1\n", {"x"}, "a", "b")) == ["+x = 1"]


LINES = st.lists(st.sampled_from(["x = 1", "y = 2", "def f(): pass", "z = 3", "import os"]), max_size=30)


@given(LINES, LINES)
def test_it_is_a_patch(tmp_path_factory: pytest.TempPathFactory, old: list[str], new: list[str]):
    """Of a module that can't be parsed all is shown: then `patch` makes the new source of the old one."""
    before, after = ["(", *old], ["(", *new]
    diff = diff_of("\n".join(before), "\n".join(after), {"x"}, "old", "new")
    assert patched(before, diff) == after


def patched(lines: list[str], diff: list[str]) -> list[str]:
    """The lines with a diff applied, as its headers say where."""
    found, at = list[str](), 0
    for line in diff[2:]:
        if line.startswith("@@"):
            start, _, count = line.split()[1][1:].partition(",")
            begin = int(start) - (count != "0")
            found += lines[at:begin]
            at = begin
        elif line[0] == "+":
            found.append(line[1:])
        else:
            assert lines[at] == line[1:]
            found += [line[1:]] if line[0] == " " else []
            at += 1
    return found + lines[at:]


def test_git_takes_it(tmp_path: Path):
    new = OLD.replace("    b = a", "    b = a + 1").replace("third = 3", "third = 4")
    (tmp_path / "m.py").write_text(OLD)
    diff = "\n".join([*diff_of(OLD, new, {"clean", "Model.fit"}, "a/m.py", "b/m.py"), ""])
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=diff, text=True, check=True)
    assert (tmp_path / "m.py").read_text() == new


def test_definitions_stand_with_their_decorators():
    source = "x = 1\n@step\ndef f():\n    def inner(): pass\n    return 1\nclass C:\n    y = 2\n    def g(self): 1\n"
    assert definitions(source) == [("f", (2, 5)), ("C", (6, 8)), ("C.g", (8, 8))]
    assert definitions("def f(") == []
