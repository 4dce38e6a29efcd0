"""What a filter asks of things that are found by a few words alone: from its tree to a condition. Errors point at the
word. Runs are asked for by more (`filter_meaning`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from penstock.errors import FilterError
from penstock.journal import conditions
from penstock.journal.conditions import Condition, Key
from penstock.model.nearest import nearest
from penstock.model.tuples import NamedTuple
from penstock.reading.filter_syntax import (
    Filter,
    FilterAll,
    FilterAny,
    FilterNot,
    FilterTerm,
    FilterText,
    FilterWord,
    parse,
    wrong,
)

_IS = (":", "=", "!=")


class NumberWord(NamedTuple):
    """A word that is compared: `took>10s`."""

    key: Key
    read: Callable[[str], float]  # raises ValueError
    unit: str  # "time": what its value has to say


class WordMeanings(NamedTuple):
    """What the words of a filter ask for."""

    what: str  # "tasks"
    same: Mapping[str, Callable[[str], Condition]]  # `step:train`; may raise ValueError, which says what is wrong
    numbers: Mapping[str, NumberWord]
    text: Callable[[str], Condition]  # a part of what they are called


def condition_of(text: str, words: WordMeanings) -> Condition:
    """The condition that a filter stands for; raises FilterError."""
    return combined(parse(text), _Meaning(text, words).of)


def combined(part: Filter, of: Callable[[FilterTerm | FilterText], Condition]) -> Condition:
    """What a tree asks for, given what each of its leaves does."""
    match part:
        case FilterAll(parts):
            return conditions.every(combined(one, of) for one in parts)
        case FilterAny(parts):
            return conditions.either(combined(one, of) for one in parts)
        case FilterNot(inner):
            return conditions.opposite(combined(inner, of))
        case FilterTerm() | FilterText():
            return of(part)


class _Meaning:
    def __init__(self, text: str, words: WordMeanings) -> None:
        self._text, self._words = text, words

    def of(self, part: FilterTerm | FilterText) -> Condition:
        return self._words.text(part.word.text) if isinstance(part, FilterText) else self._term(*part)

    def _term(self, name: FilterWord, operator: str, values: tuple[FilterWord, ...]) -> Condition:
        known = self._words
        if number := known.numbers.get(name.text):
            if operator not in _IS and len(values) > 1:
                raise self._wrong(f"one value is expected after {name.text}{operator}", values[1])
            found = [number.key.compared("=" if operator in _IS else operator, self._read(number, v)) for v in values]
        elif same := known.same.get(name.text):
            if operator not in _IS:
                raise self._wrong(f"write {name.text}:{values[0].text}", name)
            found = [self._same(same, value) for value in values]
        else:
            every = [*known.same, *known.numbers]
            near = nearest(name.text, every)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(every)}"
            raise self._wrong(f"{known.what} are not asked for by {name.text}; {hint}", name)
        one = conditions.either(found)
        return conditions.opposite(one) if operator == "!=" else one

    def _read(self, number: NumberWord, value: FilterWord) -> float:
        try:
            return number.read(value.text)
        except ValueError:
            raise self._wrong(f"{value.text!r} says no {number.unit}", value) from None

    def _same(self, same: Callable[[str], Condition], value: FilterWord) -> Condition:
        try:
            return same(value.text)
        except ValueError as error:
            raise self._wrong(str(error), value) from None

    def _wrong(self, what: str, word: FilterWord) -> FilterError:
        return wrong(what, self._text, word.at, word.end)
