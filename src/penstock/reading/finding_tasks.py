"""Which tasks of a run a filter means: the language of `filter_syntax`, with the words of tasks."""

from __future__ import annotations

from collections.abc import Callable

from penstock.errors import FilterError
from penstock.journal import conditions, task_search
from penstock.journal.conditions import Condition, Key
from penstock.journal.journal import Journal
from penstock.journal.views import RunRow
from penstock.model.nearest import nearest
from penstock.model.quantities import parse_seconds
from penstock.model.states import TaskStatus
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
from penstock.reading.finding_runs import MOST_IDS

TASK_WORDS = {
    "step": "tasks of a step",
    "status": "how a task stands",
    "cause": 'why it failed: "raised", "timeout", "out of memory"',
    "took": "how long its latest attempt took, as in took>10s",
    "number": "its number in its step",
    "worker": "where its latest attempt ran",
}
"""The words, and what each asks for."""

_IS = (":", "=", "!=")


class TaskIndex(NamedTuple):
    """Tasks as ids alone, in order."""

    ids: list[int]  # numbers in their run, at most `MOST_IDS`
    counts: dict[str, int]  # of all of them, by status
    revision: int  # of the run's tasks: what changes later has a larger one


def index(journal: Journal, run: RunRow, text: str, sort: str) -> TaskIndex:
    """The tasks of a run that a filter holds for. `sort`: one of `task_search.ORDERS`; "": as they were called. Raises
    FilterError."""
    order = sort or task_search.ORDERS[0]
    if order not in task_search.ORDERS:
        raise wrong(f"tasks are sorted by {', '.join(task_search.ORDERS)}", sort, 0, len(sort))
    revision = task_search.revision(journal, run.id)  # first: what changes meanwhile is found by the next
    where = _Meaning(journal, run.id, text).of(parse(text))
    ids = task_search.ids(journal, run.id, where, order, MOST_IDS)
    return TaskIndex(ids, task_search.counts(journal, run.id, where), revision)


class _Meaning:
    def __init__(self, journal: Journal, run: int, text: str) -> None:
        self._journal, self._run, self._text = journal, run, text

    def of(self, part: Filter) -> Condition:
        match part:
            case FilterAll(parts):
                return conditions.every(map(self.of, parts))
            case FilterAny(parts):
                return conditions.either(map(self.of, parts))
            case FilterNot(inner):
                return conditions.opposite(self.of(inner))
            case FilterText(word):
                return task_search.text(word.text)
            case FilterTerm(name, operator, values):
                if name.text in ("took", "number"):
                    return self._compared(name.text, operator, values)
                if operator not in _IS:
                    raise self._wrong(f"write {name.text}:{values[0].text}", name)
                same = conditions.either([self._is(name, value) for value in values])
                return conditions.opposite(same) if operator == "!=" else same

    def _is(self, name: FilterWord, value: FilterWord) -> Condition:
        meanings: dict[str, Callable[[], Condition]] = {
            "step": lambda: task_search.of_step(self._run, value.text),
            "status": lambda: task_search.status(self._status(value)),
            "cause": lambda: task_search.cause(self._journal, self._run, value.text),
            "worker": lambda: task_search.on_worker(value.text),
        }
        if name.text not in meanings:
            near = nearest(name.text, TASK_WORDS)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(TASK_WORDS)}"
            raise self._wrong(f"tasks are not asked for by {name.text}; {hint}", name)
        return meanings[name.text]()

    def _status(self, value: FilterWord) -> str:
        known = [status.value for status in TaskStatus]
        if value.text not in known:
            raise self._wrong(f"{value.text!r} is no status of a task; there are: {', '.join(known)}", value)
        return value.text

    def _compared(self, name: str, operator: str, values: tuple[FilterWord, ...]) -> Condition:
        key: Key = task_search.took() if name == "took" else task_search.number()
        read = parse_seconds if name == "took" else float
        found: list[Condition] = []
        for value in values:
            try:
                found.append(key.compared("=" if operator in _IS else operator, read(value.text)))
            except ValueError:
                raise self._wrong(f"{value.text!r} says no {'time' if name == 'took' else 'number'}", value) from None
        if operator not in _IS and len(values) > 1:
            raise self._wrong(f"one value is expected after {name}{operator}", values[1])
        same = conditions.either(found)
        return conditions.opposite(same) if operator == "!=" else same

    def _wrong(self, what: str, word: FilterWord) -> FilterError:
        return wrong(what, self._text, word.at, word.end)
