"""What a filter asks of runs: from its tree to a condition of the journal's. Errors point at the word."""

from __future__ import annotations

import math
from collections.abc import Iterable

from penstock.errors import FilterError, UsageError
from penstock.journal import conditions, queries, run_search
from penstock.journal.conditions import Condition, Key, Now
from penstock.journal.journal import Journal
from penstock.model.nearest import nearest
from penstock.model.quantities import parse_seconds
from penstock.model.states import RunStatus
from penstock.model.tuples import NamedTuple
from penstock.reading.filter_syntax import Filter, FilterAll, FilterTerm, FilterText, FilterWord, parse, wrong
from penstock.reading.filter_words import combined
from penstock.reading.moments import moment
from penstock.reading.run_names import MetricName, ParamName, meant, steps_that_logged

_TRUTHS = {"true": 1, "false": 0}
_IS = ("=", ":", "!=")


class FilterMeaning(NamedTuple):
    """What a filter asks for."""

    condition: Condition
    notes: tuple[str, ...] = ()  # what the answer can't say of some runs, and what to write instead


def understood(journal: Journal, text: str, now: Now | None = None) -> FilterMeaning:
    """The meaning of a filter, as of now; raises FilterError."""
    tree = parse(text)
    reading = _Reading(journal, text, now or queries.now(journal))
    return FilterMeaning(combined(tree, reading.of), tuple(dict.fromkeys(reading.notes)))


def parts_of(journal: Journal, text: str, now: Now) -> list[tuple[Filter, Condition]]:
    """What a filter joins by *and*, one by one, and what each asks for; raises FilterError."""
    tree = parse(text)
    reading = _Reading(journal, text, now)
    return [(part, combined(part, reading.of)) for part in (tree.parts if isinstance(tree, FilterAll) else (tree,))]


class _Reading:
    def __init__(self, journal: Journal, text: str, now: Now) -> None:
        self._journal = journal
        self._text = text
        self._now = now
        self.notes: list[str] = []

    def of(self, part: FilterTerm | FilterText) -> Condition:
        return self._bare(part.word) if isinstance(part, FilterText) else self._term(part)

    def _bare(self, word: FilterWord) -> Condition:
        """The name of a flow means its runs; any other text is looked for."""
        if not word.quoted and word.text in queries.flows(self._journal):
            return conditions.flow_in([word.text])
        return conditions.text(word.text)

    def _term(self, term: FilterTerm) -> Condition:
        name = meant(self._journal, term.name.text, self._text, term.name.at, term.name.end)
        if isinstance(name, MetricName):
            self._note_unclear(name)
            return self._numbers(term, name.key)
        if isinstance(name, ParamName):
            return self._param(term, name.name)
        if name.name in ("took", "number"):
            return self._took(term) if name.name == "took" else self._numbers(term, conditions.number())
        if term.operator not in _IS:
            raise self._wrong(f"{name.name} has no order: write {name.name}:{term.values[0].text}", term.name)
        known = {"flow": self._flow, "status": self._status, "tag": self._tag, "since": self._time}
        found = known.get(name.name, self._time)(term)
        return conditions.opposite(found) if term.operator == "!=" else found

    def _flow(self, term: FilterTerm) -> Condition:
        return conditions.flow_in([value.text for value in term.values])

    def _status(self, term: FilterTerm) -> Condition:
        words = [one.value for one in RunStatus]
        for value in term.values:
            if value.text not in words:
                near = nearest(value.text, words)
                hint = f"did you mean {near}?" if near else f"there are {', '.join(words)}"
                raise self._wrong(f"{value.text!r} is no status of a run; {hint}", value)
        return conditions.status_in([value.text for value in term.values], self._now)

    def _tag(self, term: FilterTerm) -> Condition:
        return conditions.either(conditions.tag(value.text) for value in term.values)

    def _time(self, term: FilterTerm) -> Condition:
        value = self._only(term)
        try:
            at = moment(value.text, self._now.time)
        except UsageError as error:
            raise self._wrong(str(error), value) from None
        return conditions.begun_at().compared(">=" if term.name.text == "since" else "<", at)

    def _took(self, term: FilterTerm) -> Condition:
        value = self._only(term)
        if term.operator in _IS:
            raise self._wrong(f"write took>{value.text} or took<{value.text}", term.name)
        try:
            seconds = parse_seconds(value.text)
        except ValueError as error:
            raise self._wrong(str(error), value) from None
        return conditions.took(self._now).compared(term.operator, seconds)

    def _numbers(self, term: FilterTerm, key: Key) -> Condition:
        if term.operator not in _IS:
            return key.compared(term.operator, self._number(self._only(term)))
        return self._one_of(term, (key.compared("=", self._number(value)) for value in term.values), key)

    def _one_of(self, term: FilterTerm, found: Iterable[Condition], key: Key | Condition) -> Condition:
        """Of `!=`: none of them, of those runs that have any."""
        same = conditions.either(found)
        if term.operator != "!=":
            return same
        there = key if isinstance(key, Condition) else Condition(f"{key.sql} IS NOT NULL", key.values)
        return conditions.every([there, conditions.opposite(same)])

    def _param(self, term: FilterTerm, name: str) -> Condition:
        if term.operator not in _IS:
            return conditions.param_number(name).compared(term.operator, self._number(self._only(term)))
        return self._one_of(term, (_param_is(name, value) for value in term.values), conditions.has_param(name))

    def _number(self, word: FilterWord) -> float:
        number = _number(word.text)
        if number is None or math.isnan(number):
            raise self._wrong(f"a number is expected here, not {word.text!r}", word)
        return number

    def _only(self, term: FilterTerm) -> FilterWord:
        first, *more = term.values
        if more:
            raise self._wrong(f"one value is expected after {term.name.text}{term.operator}", more[0])
        return first

    def _note_unclear(self, metric: MetricName) -> None:
        if metric.step is None and (note := unclear(self._journal, metric.name)):
            self.notes.append(note)

    def _wrong(self, what: str, word: FilterWord) -> FilterError:
        return wrong(what, self._text, word.at, word.end)


def unclear(journal: Journal, name: str) -> str:
    """What to say of runs in which several steps logged a metric, so that none of them is the run's; "": there are
    none."""
    steps = steps_that_logged(journal, name)
    if len(steps) < 2 or not run_search.has_unclear(journal.database, name):
        return ""
    return f"several steps of some runs log {name}, which then is none of the run's own: write {' or '.join(steps)}"


def _param_is(name: str, word: FilterWord) -> Condition:
    """Whether a parameter has a value: the text of it or, without quotes, the number, the truth or the None."""
    found = [conditions.param_text(name).compared("=", word.text)]
    if word.quoted:
        return found[0]
    if word.text.lower() in _TRUTHS:
        found.append(conditions.param_truth(name).compared("=", _TRUTHS[word.text.lower()]))
    if word.text.lower() == "none":
        found.append(conditions.param_is_none(name))
    if (number := _number(word.text)) is not None:
        found.append(conditions.param_number(name).compared("=", number))
    return conditions.either(found)


def _number(text: str) -> int | float | None:
    """Whole where the journal has room for it."""
    try:
        return int(text) if text.lstrip("-").isdecimal() and len(text) < 19 else float(text)
    except ValueError:
        return None
