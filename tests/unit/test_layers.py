"""Rules that hold for every file of the package; the layers themselves are import-linter's."""

from __future__ import annotations

import ast
import functools
import graphlib
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.artifacts import libraries

PACKAGE = Path(__file__).parents[2] / "src" / "penstock"
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = sorted({file.relative_to(PACKAGE).parts[0] for file in FILES if file.parent != PACKAGE})
KIT = ("__init__.py", "errors.py", "model", "artifacts", "sdk", "worker", "integrations")
KIT_FILES = [file for file in FILES if file.relative_to(PACKAGE).parts[0] in KIT]
SHAPELESS = {"utils", "util", "helpers", "helper", "common", "base", "manager", "handler", "processor", "misc"}


def by_path(file: Path) -> str:
    return str(file.relative_to(PACKAGE))


@pytest.mark.parametrize("file", [file for file in FILES if file != PACKAGE / "__init__.py"], ids=by_path)
def test_nothing_inside_imports_the_package_root(file: Path):
    assert [line for name, line in imports(ast.walk(parse(file))) if name == "penstock"] == []


@pytest.mark.parametrize("file", FILES, ids=by_path)
def test_every_module_says_what_it_owns(file: Path):
    assert ast.get_docstring(parse(file))


@pytest.mark.parametrize("file", FILES, ids=by_path)
def test_names_say_what_a_file_is_about(file: Path):
    assert not SHAPELESS & set(file.relative_to(PACKAGE).with_suffix("").parts)


def test_a_name_of_a_file_or_a_class_stands_once():
    """A module of `integrations` is called as its library, which may have a verb, too."""
    named = [file for file in FILES if file.parent.name != "integrations"]
    files = [file.stem for file in named if file.stem not in ("__init__", "__main__")]
    classes = [node.name for file in FILES for node in runs(parse(file)) if isinstance(node, ast.ClassDef)]
    assert {name: count for name, count in Counter([*files, *classes]).items() if count > 1} == {}


@pytest.mark.parametrize("file", FILES, ids=by_path)
def test_the_journal_alone_knows_what_it_is_kept_in(file: Path):
    """`sqlite:///` is how MLflow writes where its own tables are, which one module reads."""
    words = re.findall(r"(?i)sqlite(?!:///)|journal\.db|\bpragma ", file.read_text())
    assert words == [] or file.parent.name == "journal" or file.stem == "mlflow_tables"


@pytest.mark.parametrize("file", KIT_FILES, ids=by_path)
def test_the_kit_is_python_3_9(file: Path):
    ast.parse(file.read_text(), str(file), feature_version=(3, 9))
    assert newer_dataclass_options(file) == []


@pytest.mark.parametrize("file", KIT_FILES, ids=by_path)
def test_the_kit_needs_only_the_standard_library_to_be_imported(file: Path):
    """A module that is made for a library may import it; the others import such a module inside functions."""
    if not needs_a_library(file):
        names = {name for name, _ in imports(statements_at_import(parse(file).body), with_names=True)}
        assert names & {module_name(other) for other in KIT_FILES if needs_a_library(other)} == set()


@pytest.mark.parametrize("room", ROOMS)
def test_the_files_of_a_room_import_one_another_in_one_direction(room: str):
    """Imports inside functions count, too, and those by a name that the table of libraries has."""
    files = {module_name(file): parse(file) for file in FILES if file.parent == PACKAGE / room}
    found = {name: {other for other, _ in imports(runs(tree), with_names=True)} for name, tree in files.items()}
    if room == "artifacts":
        found[libraries.__name__] |= {f"penstock.artifacts.{name}" for name in libraries.MODULES.values()}
    graphlib.TopologicalSorter({name: others & files.keys() - {name} for name, others in found.items()}).prepare()


def runs(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes, but for what stands under TYPE_CHECKING."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from (each for other in child.orelse for each in (other, *runs(other)))
        else:
            yield child
            yield from runs(child)


@functools.cache
def needs_a_library(file: Path) -> bool:
    names = imports(statements_at_import(parse(file).body))
    return any(name.partition(".")[0] not in sys.stdlib_module_names | {"penstock"} for name, _ in names)


def module_name(file: Path) -> str:
    return ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts)


def parse(file: Path) -> ast.Module:
    return ast.parse(file.read_text(), str(file))


def imports(nodes: Iterator[ast.AST], with_names: bool = False) -> Iterator[tuple[str, int]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield module, node.lineno
            if with_names:  # what is imported from a package may be a module of its own
                yield from ((f"{module}.{alias.name}", node.lineno) for alias in node.names)


def statements_at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """What runs when the module is imported: no function bodies, nothing under TYPE_CHECKING."""
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.unparse(statement.test):
            yield from statements_at_import(statement.orelse)
            continue
        yield statement
        for field in ("body", "orelse", "finalbody"):
            yield from statements_at_import(getattr(statement, field, []))
        for handler in getattr(statement, "handlers", []):
            yield from statements_at_import(handler.body)


def newer_dataclass_options(file: Path) -> list[int]:
    calls = (node for node in ast.walk(parse(file)) if isinstance(node, ast.Call))
    return [
        call.lineno
        for call in calls
        if {keyword.arg for keyword in call.keywords} & {"slots", "kw_only", "strict"}
        and isinstance(call.func, ast.Name)
        and call.func.id in {"dataclass", "field", "zip"}
    ]


def test_the_rules_see_what_they_forbid(tmp_path: Path):
    bad = tmp_path / "bad.py"
    bad.write_text("import penstock\nfrom penstock import step\nif True:\n    import numpy\nzip(a, strict=True)\n")
    assert [line for name, line in imports(ast.walk(parse(bad))) if name == "penstock"] == [1, 2]
    assert ("numpy", 4) in list(imports(statements_at_import(parse(bad).body)))
    assert ("penstock.step", 2) in list(imports(ast.walk(parse(bad)), with_names=True))
    assert needs_a_library(bad)
    assert newer_dataclass_options(bad) == [5]
