"""Which tasks of a run a filter means, and what they took: the language of `filter_syntax`, with the words of tasks."""

from __future__ import annotations

from functools import partial

from penstock.journal import task_search
from penstock.journal.conditions import Condition
from penstock.journal.journal import Journal
from penstock.journal.views import RunRow
from penstock.model.quantities import parse_bytes, parse_seconds
from penstock.model.states import TaskStatus
from penstock.model.tuples import NamedTuple
from penstock.reading.filter_syntax import wrong
from penstock.reading.filter_words import NumberWord, WordMeanings, condition_of
from penstock.reading.finding_runs import MOST_IDS

REUSED = "reused"
"""As a status in filters: the task is done, by a result of another run."""

WORDS = {
    "step": "of the step, by its short or its whole name",
    "status": "done, failed, cancelled, waiting; reused: it took over a result of another run",
    "cause": "why it failed",
    "worker": "where its latest attempt ran",
    "took": "how long that was: took>10s",
    "memory": "the most that it held: memory>1GiB",
    "attempt": "how often it was tried: attempt>1",
    "began": "since the run began: began<2m",
    "ended": "likewise: ended>1m",
    "number": "of the task in its step: number>100",
}
"""What a filter of tasks may ask for, and what each word means."""


class TaskIndex(NamedTuple):
    """Tasks as ids alone, in order."""

    ids: list[int]  # numbers in their run, at most `MOST_IDS`
    counts: dict[str, int]  # of all of them, by status
    revision: int  # of the run's tasks: what changes later has a larger one


def index(journal: Journal, run: RunRow, text: str, sort: str) -> TaskIndex:
    """The tasks of a run that a filter holds for: by the words of `WORDS`, or a part of "train/2". `sort`: one of
    `task_search.ORDERS`; "": as they were called. Raises FilterError."""
    order = sort or task_search.ORDERS[0]
    if order not in task_search.ORDERS:
        raise wrong(f"tasks are sorted by {', '.join(task_search.ORDERS)}", sort, 0, len(sort))
    revision = task_search.revision(journal, run.id)  # first: what changes meanwhile is found by the next
    where = meant(journal, run, text)
    ids = task_search.ids(journal, run.id, where, order, MOST_IDS)
    return TaskIndex(ids, task_search.counts(journal, run.id, where), revision)


def meant(journal: Journal, run: RunRow, text: str) -> Condition:
    """What a filter asks of the tasks of a run; raises FilterError."""
    return condition_of(text, _words(journal, run.id, run.created_at))


def _words(journal: Journal, run: int, origin: float) -> WordMeanings:
    same = {
        "step": partial(task_search.of_step, run),
        "status": _status,
        "cause": partial(task_search.cause, journal, run),
        "worker": task_search.on_worker,
    }
    numbers = {
        "took": NumberWord(task_search.took(), parse_seconds, "time"),
        "memory": NumberWord(task_search.memory(), parse_bytes, "size"),
        "attempt": NumberWord(task_search.attempt(), float, "number"),
        "began": NumberWord(task_search.began(origin), parse_seconds, "time"),
        "ended": NumberWord(task_search.ended(origin), parse_seconds, "time"),
        "number": NumberWord(task_search.number(), float, "number"),
    }
    return WordMeanings("tasks", same, numbers, task_search.text)


def _status(text: str) -> Condition:
    if text == REUSED:
        return task_search.reused()
    known = [*(status.value for status in TaskStatus), REUSED]
    if text not in known:
        raise ValueError(f"{text!r} is no status of a task; there are: {', '.join(known)}")
    return task_search.status(text)
