"""Code as tokens, told apart by a few words that a page has colours for. Pygments comes with rich."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import Any

CodeToken = tuple[str, str]
"""(class, text): a word of `_WORDS`, "" for all else."""

CodeLine = tuple[CodeToken, ...]

_WORDS = {
    "Comment": "comment",
    "Literal.String.Doc": "comment",
    "Literal.String": "string",
    "Literal.Number": "number",
    "Keyword.Constant": "number",
    "Keyword": "keyword",
    "Operator.Word": "keyword",
    "Name.Function": "name",
    "Name.Class": "name",
    "Name.Decorator": "decorator",
    "Name.Builtin": "builtin",
    "Name.Tag": "keyword",
    "Name.Attribute": "name",
}
"""By kinds of Pygments' or their beginnings, the longest first."""

_LONGEST = 2_000  # characters of a line


def code_lines(text: str, language: str) -> tuple[CodeLine, ...]:
    """The lines of a text, without their ends. `language`: the name of a file, or of a language; of what is not known
    there are no classes."""
    return tuple(_short(line) for line in _lines(_tokens(text.replace("\r\n", "\n"), language)))


def _tokens(text: str, language: str) -> Iterable[tuple[str, str]]:
    lexers: Any = importlib.import_module("pygments.lexers")  # which says nothing of its types
    unknown: Any = importlib.import_module("pygments.util").ClassNotFound
    find = lexers.get_lexer_for_filename if "." in language else lexers.get_lexer_by_name
    try:
        lexer = find(language, stripnl=False, ensurenl=False)
    except unknown:
        return [("", text)]
    return [(_word(str(kind)), part) for kind, part in lexer.get_tokens(text)]


def _word(kind: str) -> str:
    """ "Token.Literal.String.Double" -> "string"."""
    parts = kind.split(".")[1:]
    names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((_WORDS[name] for name in names if name in _WORDS), "")


def _lines(tokens: Iterable[tuple[str, str]]) -> Iterator[list[CodeToken]]:
    line: list[CodeToken] = []
    for word, text in tokens:
        first, *others = text.split("\n")
        _add(line, word, first)
        for other in others:
            yield line
            line = []
            _add(line, word, other)
    if line:
        yield line


def _add(line: list[CodeToken], word: str, text: str) -> None:
    if line and line[-1][0] == word:
        line[-1] = (word, line[-1][1] + text)
    elif text:
        line.append((word, text))


def _short(line: list[CodeToken]) -> CodeLine:
    """A line as far as somebody reads it."""
    room, kept = _LONGEST, list[CodeToken]()
    for word, text in line:
        if room <= 0:
            return (*kept, ("", "…"))
        kept.append((word, text[:room]))
        room -= len(text)
    return (*kept, ("", "…")) if room < 0 else tuple(kept)
