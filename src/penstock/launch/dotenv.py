"""A project's `.env`, read as python-dotenv reads it: quotes and escapes, comments, `${NAME}`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from penstock.model.tuples import NamedTuple

_BINDING = re.compile(
    r"""
    (?:export[^\S\r\n]+)?+
    (?:'(?P<quoted_name>[^']+)' | (?P<name>(?!')[^=\#\s]+))
    [^\S\r\n]*+
    (?P<equals>=(?:
        [^\S\r\n]++(?=\#)  # a comment
        | [^\S\r\n]*+
        (?: '(?P<single>(?:\\.|[^'\\])*)' | "(?P<double>(?:\\.|[^"\\])*)" | (?P<bare>(?!['"])[^\r\n]*) )
    ))?+
    """,
    re.VERBOSE | re.DOTALL,
)
_END = re.compile(r"(?:[^\S\r\n]*\#[^\r\n]*)?[^\S\r\n]*(?:\r\n|\n|\r|\Z)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|\Z)")
_COMMENT = re.compile(r"\#[^\r\n]*")
_SPACE = re.compile(r"\s*")
_VARIABLE = re.compile(r"\$\{(?P<name>[^}:]*)(?::-(?P<default>[^}]*))?\}")
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class DotEnv(NamedTuple):
    """What a file says."""

    values: dict[str, str]
    unread: tuple[int, ...] = ()  # the numbers of lines that are none of `NAME=value`


def parse(text: str, environ: Mapping[str, str]) -> DotEnv:
    """The values of a file's text. A variable in one is that of `environ`, else what the file has said so far."""
    found: dict[str, str] = {}
    unread: list[int] = []
    at = 0
    while (at := _after(_SPACE, text, at)) < len(text):
        if text[at] == "#":
            at = _after(_COMMENT, text, at)
            continue
        match = _BINDING.match(text, at)
        end = match and _END.match(text, match.end())
        if match is None or end is None:
            unread.append(text.count("\n", 0, at) + 1)
            at = _after(_LINE, text, match.end() if match else at)
            continue
        at = end.end()
        name = match["quoted_name"] or match["name"]
        found.pop(name, None)  # a name alone takes back what was said before
        if match["equals"]:
            found[name] = _filled_in(_value(match), {**found, **environ})
    return DotEnv(found, tuple(unread))


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _value(match: re.Match[str]) -> str:
    if match["single"] is not None:
        return re.sub(r"\\([\\'])", r"\1", match["single"])
    if match["double"] is not None:
        return re.sub(r"\\([\\'\"abfnrtv])", lambda one: _ESCAPES.get(one[1], one[1]), match["double"])
    return re.sub(r"\s+#.*", "", match["bare"] or "").rstrip()


def _filled_in(value: str, known: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda one: known.get(one["name"], one["default"] or ""), value)
