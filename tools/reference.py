"""Writes docs/reference.md: the words of `reference.in.md`, with what docstrings and the command line's help say.

    .venv/bin/python tools/reference.py

A test compares the page with what this would write.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TEMPLATE = Path(__file__).with_name("reference.in.md")
PAGE = ROOT / "docs" / "reference.md"
_PLACE = re.compile(r"^<!-- (command line|api|integrations|structs|errors)(?: ([\w. ]+))? -->$", re.MULTILINE)
_OF_ENGINE = (
    *("Flow.call", "Flow.parameters", "Future.settle", "Future.enlist", "Future.suspend", "Future.is_settled"),
    *("Future.wanted", "Future.show", "Future.measured", "Future.hear"),
)
_STRUCTS = ("reading.structs", "reading.comparison_structs", "reading.resource_structs", "space.space_structs")
_SOURCE = "<!-- Written by tools/reference.py from tools/reference.in.md, docstrings and --help: change those. -->\n\n"


def written() -> str:
    """The page as it should be."""
    makers = {
        "command line": _command_line,
        "api": _api,
        "integrations": _integrations,
        "structs": _structs,
        "errors": _errors,
    }

    def filled(match: re.Match[str]) -> str:
        return "\n".join(makers[match[1]](*(match[2] or "").split())).strip()

    return _SOURCE + _PLACE.sub(filled, TEMPLATE.read_text(encoding="utf-8"))


# The command line.


def _command_line() -> Iterator[str]:
    import click

    from penstock.cli.verbs import VERBS

    for verb in VERBS:
        command: click.Command = import_module(f"penstock.cli.{verb}").command
        context = click.Context(command, info_name=f"penstock {verb}")
        yield f"### penstock {verb}\n"
        yield f"`{command.get_usage(context).removeprefix('Usage: ')}`\n"
        yield f"{inspect.cleandoc(command.help or '')}\n"
        options = [param for param in command.params if isinstance(param, click.Option)]
        records = [record for option in options if (record := option.get_help_record(context))]
        if records:
            yield "| option | |\n| --- | --- |"
            yield from (f"| `{_cell(name)}` | {_cell(words)} |" for name, words in records)
            yield ""
        if command.epilog:
            lines = command.epilog.replace("\b", "").strip("\n").splitlines()[1:]
            yield f"```text\n{inspect.cleandoc(chr(10).join(lines))}\n```\n"


def _cell(words: str) -> str:
    return words.replace("|", r"\|")


# Python.


def _api(*names: str) -> Iterator[str]:
    for name in names:
        module, _, attribute = name.rpartition(".")
        found = getattr(import_module(f"penstock.{module}" if module else "penstock"), attribute)
        yield from _described(attribute, found)


def _described(name: str, found: Any) -> Iterator[str]:
    if inspect.isclass(found):
        yield f"### class {name}\n"
        yield from _text(found, name)
        yield from _members(found)
    elif inspect.isfunction(found):
        yield f"### {name}\n"
        yield f"`{name}{_signature(found)}`\n"
        yield from _text(found, name)
    else:  # an object of a class of its own: `current`
        yield f"### {name}\n"
        yield from _text(type(found), name)
        yield from _members(type(found))


def _members(cls: Any) -> Iterator[str]:
    ours = [base for base in reversed(cls.__mro__) if base.__module__.startswith("penstock.")]
    for name, member in {name: member for base in ours for name, member in vars(base).items()}.items():
        if name.startswith("_") or f"{cls.__name__}.{name}" in _OF_ENGINE:
            continue
        if inspect.isfunction(member) and member.__doc__:
            yield f"- `.{name}{_signature(member)}`: {_line(member)}"
        elif isinstance(member, property) or (isinstance(member, cached_property) and not _is_of_sdk(cls)):
            yield f"- `.{name}`: {_line(member)}"
    yield ""


def _is_of_sdk(cls: Any) -> bool:
    """What its classes keep for themselves are cached properties."""
    return cls.__module__.startswith("penstock.sdk.")


def _signature(fn: Any) -> str:
    signature = inspect.signature(fn)
    parameters = [p.replace(annotation=p.empty) for p in signature.parameters.values() if p.name != "self"]
    return str(signature.replace(parameters=parameters, return_annotation=signature.empty))


def _text(found: Any, name: str) -> Iterator[str]:
    """A docstring, whose examples become blocks."""
    for part in (inspect.getdoc(found) or "").split("\n\n"):
        example = f"```pycon\n>>> from penstock import {name}\n{part}\n```\n"
        yield example if part.startswith(">>>") else f"{part}\n"


def _line(found: Any) -> str:
    return " ".join((inspect.getdoc(found) or "").split())


def _integrations(*modules: str) -> Iterator[str]:
    """As the sources say it: who writes the page need not have the libraries."""
    for module in modules:
        place = ROOT / "src" / "penstock" / "integrations" / f"{module}.py"
        tree = ast.parse(place.read_text(encoding="utf-8"))
        yield f"`from penstock.integrations.{module} import ...`: {ast.get_docstring(tree)}\n"
        for found in tree.body:
            if isinstance(found, ast.FunctionDef | ast.ClassDef) and not found.name.startswith("_"):
                text = " ".join((ast.get_docstring(found) or "").split())
                yield f"- `{found.name}({_arguments(found)})`: {text}"
        yield ""


def _arguments(found: ast.FunctionDef | ast.ClassDef) -> str:
    """Without their types; a class has those of its `__init__`."""
    if isinstance(found, ast.ClassDef):
        found = next(one for one in found.body if isinstance(one, ast.FunctionDef) and one.name == "__init__")
    for argument in (*found.args.args, *found.args.kwonlyargs, found.args.kwarg):
        if argument is not None:
            argument.annotation = None
    return ast.unparse(found.args).removeprefix("self, ")


def _structs() -> Iterator[str]:
    """Fields and their comments, as they stand in the source."""
    modules = [import_module(f"penstock.{name}") for name in _STRUCTS]
    for cls in (found for module in modules for found in vars(module).values() if _is_of(module, found)):
        yield f"### {cls.__name__}\n"
        yield f"{_line(cls)}\n"
        yield "| field | type | |\n| --- | --- | --- |"
        for line in inspect.getsource(cls).splitlines():
            field = re.fullmatch(r"    (\w+): ([^=#]+?)(?: = [^#]+?)?(?:\s+# (.*))?", line)
            if field:
                yield f"| `{field[1]}` | `{_cell(field[2])}` | {_cell(field[3] or '')} |"
        yield ""


def _is_of(module: Any, found: Any) -> bool:
    return inspect.isclass(found) and found.__module__ == module.__name__


def _errors() -> Iterator[str]:
    tree = inspect.cleandoc(import_module("penstock.errors").__doc__ or "").split("\n\n")[1]
    yield f"```text\n{inspect.cleandoc(tree)}\n```"


if __name__ == "__main__":
    PAGE.write_text(written(), encoding="utf-8")
