"""What a docstring says: its summary, and the words for each parameter.

Google's, numpy's and Sphinx's styles, and plain lines `name: words`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Container
from functools import partial
from typing import Any

from penstock.model.tuples import NamedTuple
from penstock.sdk.signatures import parameters_of_function

_ARGUMENTS = ("args", "arguments", "parameters", "params", "keyword args", "keyword arguments", "other parameters")
_HEADING = re.compile(r"(?:[A-Z][A-Za-z ]*):")
_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)")
_FIELD = re.compile(r":(param|parameter|arg|type|returns?|rtype|raises?|yields?)\b([^:]*):\s*(.*)")


class Words(NamedTuple):
    """A docstring, taken apart."""

    text: str  # the summary and what follows, without the parts about parameters, returns and errors
    parameters: dict[str, str]  # one line for each


def words_of(fn: Callable[..., Any]) -> Words:
    """The docstring of a function; empty where it has none."""
    first, _, rest = (fn.__doc__ or "").expandtabs().partition("\n")
    text = f"{first.lstrip()}\n{textwrap.dedent(rest)}".strip("\n")
    prose: list[str] = []
    parameters: dict[str, list[str]] = {}
    for kind, lines in _sections(text.splitlines()):
        if kind == "":
            without_fields = _without(lines, parameters, _field)
            known = {one.name for one in parameters_of_function(fn)}
            prose += _without(without_fields, parameters, partial(_plain, known))
        elif kind in _ARGUMENTS:
            _entries(lines, parameters)
    joined = {name: " ".join(filter(None, words)) for name, words in parameters.items()}
    return Words("\n".join(prose).strip(), {name: words for name, words in joined.items() if words})


def _sections(lines: list[str]) -> list[tuple[str, list[str]]]:
    """Named sections, in lower case, and what stands outside of them (named "")."""
    found: list[tuple[str, list[str]]] = [("", [])]
    index = 0
    while index < len(lines):
        line = lines[index]
        after = lines[index + 1] if index + 1 < len(lines) else ""
        underlined = bool(line.strip()) and len(after.strip()) >= 3 and set(after.strip()) == {"-"}
        indented = after.startswith((" ", "\t")) and _HEADING.fullmatch(line.rstrip()) is not None
        if underlined or indented:
            found.append((line.strip().rstrip(":").lower(), []))
            index += 2 if underlined else 1
            continue
        if line.strip() and found[-1][0] and not line.startswith((" ", "\t")) and not _is_numpy(found[-1][1], line):
            found.append(("", []))
        found[-1][1].append(line)
        index += 1
    return found


def _is_numpy(section: list[str], line: str) -> bool:
    """In numpy's style the names stand without indent, and their words below with one."""
    return not section or any(not known.startswith((" ", "\t")) for known in section if known.strip()) or " : " in line


def _entries(lines: list[str], parameters: dict[str, list[str]]) -> None:
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    words: list[str] = []
    for line in lines:
        if line.strip() and len(line) - len(line.lstrip()) == indent:
            names, first = _entry(line.strip(), is_numpy=indent == 0)
            words = [first]
            for name in names:
                parameters[name] = words
        elif line.strip():
            words.append(line.strip())


def _entry(line: str, is_numpy: bool) -> tuple[list[str], str]:
    """The names of an entry, and the words that stand on its line. numpy's line holds names and their type."""
    if is_numpy:
        return [name.strip(" *") for name in line.partition(":")[0].split(",")], ""
    match = _ENTRY.fullmatch(line)
    return ([match[1]], match[2]) if match else ([], "")


def _field(line: str) -> tuple[str, str] | None:
    """Name and words of one of Sphinx's fields; one that is about no parameter has no name."""
    match = _FIELD.match(line)
    if match is None:
        return None
    is_named = match[1] in ("param", "parameter", "arg") and match[2].strip()
    return (match[2].split()[-1].lstrip("*") if is_named else ""), match[3]


def _plain(known: Container[str], line: str) -> tuple[str, str] | None:
    """A parameter's name and the words behind its colon."""
    match = _ENTRY.fullmatch(line)
    return (match[1], match[2]) if match and match[1] in known else None


def _without(
    lines: list[str], parameters: dict[str, list[str]], entry: Callable[[str], tuple[str, str] | None]
) -> list[str]:
    """The lines without entries and what is indented below them, whose words are noted."""
    prose: list[str] = []
    words: list[str] | None = None
    for line in lines:
        if found := entry(line):
            words = [found[1]]
            if found[0]:
                parameters[found[0]] = words
        elif words is not None and line.startswith((" ", "\t")):
            words.append(line.strip())
        else:
            words = None
            prose.append(line)
    return prose
