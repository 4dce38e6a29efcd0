"""What holds of the fingerprint of any project."""

from __future__ import annotations

import ast
import io
import random
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import penstock
from penstock.code import fingerprint as fingerprints
from penstock.code import outline as outlines
from penstock.code.differences import differences
from penstock.code.outlining import outline
from tests.unit.code import edits
from tests.unit.code.memory import fingerprint, without_lines

PROJECTS = [project for edit in edits.read() for project in (edit.before, edit.after)]
SOURCES = sorted(Path(penstock.__file__).parent.glob("**/*.py"))[::12]
PLACES = ("flow.py", "features.py", "pkg/__init__.py", "pkg/core.py")


@dataclass(frozen=True)
class Function:
    """A made-up function: where it stands, its number, and the numbers of those that it calls."""

    place: str
    number: int
    constant: int
    calls: tuple[int, ...]
    how: str  # the constant is used


@st.composite
def projects(draw: st.DrawFn) -> list[Function]:
    """Functions that call one another, the first of them the step; those that they call may be in any module."""
    count = draw(st.integers(1, 7))
    hows = st.sampled_from(["body", "default", "lambda", "nested", "method", "global", "class"])
    return [
        Function(
            "flow.py" if number == 0 else draw(st.sampled_from(PLACES)),
            number,
            draw(st.integers(0, 99)),
            tuple(draw(st.lists(st.integers(0, count - 1), max_size=3))),
            draw(hows),
        )
        for number in range(count)
    ]


def written(functions: list[Function], order: int = 0) -> dict[str, str]:
    """The sources. `order` shuffles the definitions of each module."""
    files: dict[str, str] = {}
    for place in PLACES:
        parts = [definition(function, functions) for function in functions if function.place == place]
        random.Random(order).shuffle(parts)
        others = (other for other in PLACES if other != place)
        files[place] = "".join(f"import {module_of(other)}\n" for other in others) + "\n".join(parts)
    return files


def module_of(place: str) -> str:
    return place.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def definition(function: Function, functions: list[Function]) -> str:
    name, constant = f"f{function.number}", function.constant
    calls = ", ".join(call(functions[number], function.place) for number in function.calls)
    if function.how == "default":
        return f"def {name}(x={constant}):\n    return x, {calls}\n"
    if function.how == "lambda":
        return f"{name} = lambda x=1: [{constant}, {calls}]\n"
    if function.how == "nested":
        return f"def {name}(x=1):\n    def inner():\n        return {constant}, {calls}\n    return inner\n"
    if function.how == "method":
        method = f"    def run(self):\n        return {constant}, {calls}\n"
        return f"class C{name}:\n{method}def {name}():\n    return C{name}\n"
    if function.how == "class":
        return f"class {name}:\n    x = {constant}\n    def run(self):\n        return {calls or 0}\n"
    if function.how == "global":
        return f"G{name} = {constant}\ndef {name}(x=1):\n    return G{name}, {calls}\n"
    return f"def {name}(x=1):\n    return [x + {constant}, {calls}]\n"


def call(function: Function, place: str) -> str:
    prefix = "" if function.place == place else f"{module_of(function.place)}."
    return f"{prefix}f{function.number}()"


def reached(functions: list[Function]) -> set[int]:
    found, waiting = set[int](), [0]
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += functions[number].calls
    return found


def of_step(files: Mapping[str, str]) -> bytes:
    return fingerprint(files, "flow:f0").digest


@given(projects(), st.data())
def test_a_constant_counts_exactly_where_it_is_reached(functions: list[Function], data: st.DataObject):
    number = data.draw(st.integers(0, len(functions) - 1))
    before = functions[number]
    edited = list(functions)
    edited[number] = Function(before.place, number, before.constant + 1, before.calls, before.how)
    is_reached = number in reached(functions)
    assert (of_step(written(functions)) != of_step(written(edited))) == is_reached
    trees = [fingerprint(written(project), "flow:f0").tree for project in (functions, edited)]
    assert bool(differences(*trees)) == is_reached


@given(projects(), st.integers())
def test_the_order_of_definitions_does_not_count(functions: list[Function], order: int):
    assert of_step(written(functions)) == of_step(written(functions, order))


@given(projects())
def test_a_tree_comes_back_as_it_was_and_differs_from_itself_in_nothing(functions: list[Function]):
    tree = fingerprint(written(functions), "flow:f0").tree
    again = fingerprints.unpack(fingerprints.pack(tree))
    assert again == tree
    assert list(again.nodes) == list(tree.nodes)
    assert differences(tree, tree) == []
    assert all(set(node.reaches) <= tree.nodes.keys() for node in tree.nodes.values())


@given(st.sampled_from(PROJECTS), st.data())
def test_comments_and_blank_lines_do_not_count(project: dict[str, str], data: st.DataObject):
    notes = st.lists(st.sampled_from(["# a note\n", "\n", "    # indented\n", "\t\n"]), min_size=1)
    files = {place: annotated(text, data.draw(notes)) for place, text in project.items()}
    assert fingerprint(project).digest == fingerprint(files).digest


def annotated(text: str, notes: list[str]) -> str:
    """With a note behind each line that ends a statement."""
    if not parses(text):
        return text
    lines = text.splitlines(keepends=True)
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    ends = [token.start[0] for token in tokens if token.type == tokenize.NEWLINE]
    for index, end in enumerate(ends):
        lines[end - 1] += notes[index % len(notes)]
    return "".join(lines)


def parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def test_the_way_it_is_written_does_not_count():
    for project in PROJECTS:
        files = {place: ast.unparse(ast.parse(text)) if parses(text) else text for place, text in project.items()}
        assert fingerprint(project).digest == fingerprint(files).digest, project


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.stem)
def test_an_outline_of_real_code(file: Path):
    source = file.read_bytes()
    found = outline(source)
    assert without_lines(outline(ast.unparse(ast.parse(source)).encode())) == without_lines(found)
    assert outlines.unpack(outlines.pack(found)) == found
