"""Which tasks of a run a filter means: the language of `filter_syntax`, with the words of tasks."""

from __future__ import annotations

from functools import partial

from penstock.journal import task_search
from penstock.journal.conditions import Condition
from penstock.journal.journal import Journal
from penstock.journal.views import RunRow
from penstock.model.quantities import parse_seconds
from penstock.model.states import TaskStatus
from penstock.model.tuples import NamedTuple
from penstock.reading.filter_syntax import wrong
from penstock.reading.filter_words import NumberWord, WordMeanings, condition_of
from penstock.reading.finding_runs import MOST_IDS


class TaskIndex(NamedTuple):
    """Tasks as ids alone, in order."""

    ids: list[int]  # numbers in their run, at most `MOST_IDS`
    counts: dict[str, int]  # of all of them, by status
    revision: int  # of the run's tasks: what changes later has a larger one


def index(journal: Journal, run: RunRow, text: str, sort: str) -> TaskIndex:
    """The tasks of a run that a filter holds for: by step, status, cause, worker, took and number, or a part of
    "train/2". `sort`: one of `task_search.ORDERS`; "": as they were called. Raises FilterError."""
    order = sort or task_search.ORDERS[0]
    if order not in task_search.ORDERS:
        raise wrong(f"tasks are sorted by {', '.join(task_search.ORDERS)}", sort, 0, len(sort))
    revision = task_search.revision(journal, run.id)  # first: what changes meanwhile is found by the next
    where = condition_of(text, _words(journal, run.id))
    ids = task_search.ids(journal, run.id, where, order, MOST_IDS)
    return TaskIndex(ids, task_search.counts(journal, run.id, where), revision)


def _words(journal: Journal, run: int) -> WordMeanings:
    same = {
        "step": partial(task_search.of_step, run),
        "status": _status,
        "cause": partial(task_search.cause, journal, run),
        "worker": task_search.on_worker,
    }
    took = NumberWord(task_search.took(), parse_seconds, "time")
    numbers = {"took": took, "number": NumberWord(task_search.number(), float, "number")}
    return WordMeanings("tasks", same, numbers, task_search.text)


def _status(text: str) -> Condition:
    known = [status.value for status in TaskStatus]
    if text not in known:
        raise ValueError(f"{text!r} is no status of a task; there are: {', '.join(known)}")
    return task_search.status(text)
