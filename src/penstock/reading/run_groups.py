"""Runs grouped by flow, status, tag or a parameter; and which word of a filter leaves out most of them."""

from __future__ import annotations

from penstock.journal import conditions, queries, run_search
from penstock.model.tuples import NamedTuple
from penstock.reading.filter_completion import term_of
from penstock.reading.filter_meaning import parts_of, understood
from penstock.reading.filter_syntax import Filter, FilterAll, FilterAny, FilterNot, FilterTerm, FilterText, wrong
from penstock.reading.reader import JournalReader
from penstock.reading.run_names import MetricName, WordName, meant


class RunGroup(NamedTuple):
    """Runs that have a value in common."""

    value: str
    term: str  # the filter that holds for these runs alone
    counts: dict[str, int]  # by status
    latest: int  # `RunRow.id` of the newest of them


def groups(reader: JournalReader, text: str, by: str) -> list[RunGroup]:
    """The runs that a filter holds for, by "flow", "status", "tag" or a parameter; those with the newest run first.

    A run with several tags is in several groups; one without a tag or the parameter in none. Raises FilterError.
    """
    journal = reader.journal
    now = queries.now(journal)
    where, status = understood(journal, text, now).condition, conditions.status(now)
    found = meant(journal, by, by, 0, len(by))
    if isinstance(found, MetricName) or (isinstance(found, WordName) and by not in ("flow", "status", "tag")):
        raise wrong(f"runs are grouped by flow, status, tag or a parameter, not by {by}", by, 0, len(by))
    name = None if isinstance(found, WordName) else found.name
    made: dict[str, RunGroup] = {}
    for kind, value, state, runs, latest in run_search.grouped(journal.database, where, status, by, name):
        shown, term = term_of(by, kind, value)
        known = made.get(term, RunGroup(shown, term, {}, 0))
        counts = {**known.counts, state: known.counts.get(state, 0) + runs}
        made[term] = known._replace(counts=counts, latest=max(known.latest, latest))
    return sorted(made.values(), key=lambda group: -group.latest)


class FilterPart(NamedTuple):
    """A word of a filter, and how many runs the others hold for without it."""

    at: int
    end: int
    runs: int


def without_each(reader: JournalReader, text: str) -> list[FilterPart]:
    """Of each of the words that a filter joins by *and*, how many runs it would hold for without that word; that which
    leaves out most first. Raises FilterError."""
    journal = reader.journal
    now = queries.now(journal)
    parts = parts_of(journal, text, now)
    starts = [_start(text, part) for part, _ in parts]
    found: list[FilterPart] = []
    for number, at in enumerate(starts):
        end = at + len(text[at : starts[number + 1] if number + 1 < len(starts) else len(text)].rstrip())
        others = conditions.every(condition for other, (_, condition) in enumerate(parts) if other != number)
        counts = run_search.counts(journal.database, others, conditions.status(now))
        found.append(FilterPart(at, end, sum(counts.values())))
    return sorted(found, key=lambda part: -part.runs)


def _start(text: str, part: Filter) -> int:
    """Where a part begins, with what stands before its first word."""
    match part:
        case FilterNot(inner):
            return _start(text, inner)
        case FilterAll(parts) | FilterAny(parts):
            return _start(text, parts[0])
        case FilterTerm(name):
            at = name.at
        case FilterText(word):
            at = word.at
    while at and text[at - 1] in "-(":
        at -= 1
    return at
