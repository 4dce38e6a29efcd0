"""The language in which runs are asked for: `status:failed accuracy>0.9 -tag:old "free text"`.

From text to a tree whose words know where they stand. Pure; knows no name's meaning.

    filter   all or all ...         all      part part ...
    part     -part | (filter) | name OPERATOR value,value ... | text
"""

from __future__ import annotations

import re

from penstock.errors import FilterError
from penstock.model.texts import is_whole
from penstock.model.tuples import NamedTuple

LONGEST = 2_000  # characters
MOST_TERMS = 50
DEEPEST = 10  # groups and negations within one another

_OPERATORS = ("!=", ">=", "<=", ":", "=", ">", "<")
_NAME = re.compile(r"""[^\s()",:=<>!]+""")
_VALUE = re.compile(r"""[^\s()",]+""")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_SPACE = re.compile(r"\s*")
_SHOWN = 100  # characters of a filter, around what is wrong in it


class FilterWord(NamedTuple):
    """A word, and where it stands."""

    text: str  # without its quotes
    at: int
    end: int
    quoted: bool = False


class FilterTerm(NamedTuple):
    """`name OPERATOR value,value`: one of the values."""

    name: FilterWord
    operator: str  # ":", "=", "!=", "<", "<=", ">", ">="
    values: tuple[FilterWord, ...]


class FilterText(NamedTuple):
    """Text that stands somewhere in what a run is called by."""

    word: FilterWord


class FilterNot(NamedTuple):
    """What does not hold."""

    part: Filter


class FilterAll(NamedTuple):
    """What holds together; nothing: everything does."""

    parts: tuple[Filter, ...]


class FilterAny(NamedTuple):
    """What holds one way or another."""

    parts: tuple[Filter, ...]


Filter = FilterTerm | FilterText | FilterNot | FilterAll | FilterAny


def parse(text: str) -> Filter:
    """The tree of a filter; raises FilterError, which points at the word."""
    if len(text) > LONGEST:
        raise FilterError(f"a filter has at most {LONGEST:,} characters, this one has {len(text):,}", text, 0, 0)
    if not is_whole(text):
        raise wrong("a filter is text in UTF-8", text, 0, 0)
    return _Parser(text).whole()


def wrong(what: str, text: str, at: int, end: int) -> FilterError:
    """The error that shows what is wrong below the filter."""
    begin = max(0, min(at - _SHOWN // 2, len(text) - _SHOWN))
    shown = "".join(letter if letter.isprintable() else " " for letter in text[begin : begin + _SHOWN])
    marks = "^" * max(1, min(end, begin + _SHOWN) - at)
    return FilterError(f"{what}\n  {shown}\n  {' ' * (at - begin)}{marks}", text, at, end)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._terms = 0

    def whole(self) -> Filter:
        found = self._filter(0)
        if self._at < len(self._text):
            raise self._wrong("this closes nothing: quote it if it is meant")
        return found

    def _filter(self, deep: int) -> Filter:
        """Up to the end, or to what closes the group."""
        branches: list[list[Filter]] = [[]]
        while not self._is_over():
            word = self._plain_word()
            if word in ("or", "OR"):
                if not branches[-1]:
                    raise self._wrong("something stands on both sides of `or`", len(word))
                self._at += len(word)
                branches.append([])
            elif word in ("and", "AND"):
                self._at += len(word)
            else:
                branches[-1].append(self._part(deep))
        if len(branches) > 1 and not branches[-1]:
            raise self._wrong("something stands on both sides of `or`")
        made: list[Filter] = [parts[0] if len(parts) == 1 else FilterAll(tuple(parts)) for parts in branches]
        return made[0] if len(made) == 1 else FilterAny(tuple(made))

    def _part(self, deep: int) -> Filter:
        if deep > DEEPEST:
            raise self._wrong(f"groups stand at most {DEEPEST} deep in one another")
        if self._text.startswith("-", self._at):
            self._at += 1
            if self._at == len(self._text) or self._text[self._at].isspace():
                self._at -= 1
                raise self._wrong('"-" stands right before what is not to hold, as in -tag:old')
            return FilterNot(self._part(deep + 1))
        if self._text.startswith("(", self._at):
            opened = self._at
            self._at += 1
            found = self._filter(deep + 1)
            if not self._text.startswith(")", self._at):
                raise wrong("this group is not closed", self._text, opened, opened + 1)
            self._at += 1
            return found
        return self._term()

    def _term(self) -> Filter:
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise self._wrong(f"a filter has at most {MOST_TERMS} terms")
        name = self._word(_NAME)
        if name is None:
            raise self._wrong("a name, or a text in quotes, is expected here")
        operator = next((one for one in _OPERATORS if self._text.startswith(one, self._at)), "")
        if not operator:
            if self._at < len(self._text) and self._text[self._at] in '!,"':
                raise self._wrong("this is none of : = != < <= > >=; a text with other letters stands in quotes")
            return FilterText(name)
        self._at += len(operator)
        values = [self._value(name, operator)]
        while self._text.startswith(",", self._at):
            self._at += 1
            values.append(self._value(name, operator))
        return FilterTerm(name, operator, tuple(values))

    def _value(self, name: FilterWord, operator: str) -> FilterWord:
        found = self._word(_VALUE)
        if found is None:
            raise self._wrong(f"a value is expected after {name.text}{operator}")
        return found

    def _word(self, plain: re.Pattern[str]) -> FilterWord | None:
        at = self._at
        if self._text.startswith('"', at):
            match = _QUOTED.match(self._text, at)
            if match is None:
                raise self._wrong("this quote is not closed")
            self._at = match.end()
            return FilterWord(re.sub(r"\\(.)", r"\1", match[1], flags=re.DOTALL), at, self._at, True)
        match = plain.match(self._text, at)
        if match is None:
            return None
        self._at = match.end()
        return FilterWord(match[0], at, self._at)

    def _plain_word(self) -> str:
        """The word here, where it stands alone."""
        match = _VALUE.match(self._text, self._at)
        return match[0] if match else ""

    def _is_over(self) -> bool:
        space = _SPACE.match(self._text, self._at)
        assert space is not None
        self._at = space.end()
        return self._at == len(self._text) or self._text[self._at] == ")"

    def _wrong(self, what: str, length: int = 1) -> FilterError:
        return wrong(what, self._text, self._at, min(self._at + length, max(len(self._text), self._at + 1)))


def quoted(text: str) -> str:
    """A text as a filter has it: in quotes where it needs them."""
    if _NAME.fullmatch(text) and not text.startswith("-") and text.lower() not in ("or", "and"):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
