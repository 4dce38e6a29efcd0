"""What runs are looked for by: their scalar parameters, and what they logged, summed up by step. Rows of their own,
written in the transaction that writes what they are derived from; what a pickle alone tells is none.

Tags are facts as they are. All of these go with their run.
"""

from __future__ import annotations

import itertools
import math
import operator
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from penstock.journal import columns, sql_files
from penstock.model.outcomes import Stored
from penstock.model.tuples import NamedTuple
from penstock.model.wire import MalformedError

Rows = Callable[[str, Any], list[Any]]
"""Gives the rows of a query."""

_LARGEST = 1 << 63  # beyond it SQLite has no integers
_PATHS = ("Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")


class Scalar(NamedTuple):
    """A parameter's value that can be compared."""

    type: str  # "int", "float", "bool", "NoneType", "str"; "enum": a member's name; "path"
    value: int | float | str | None  # None: None, or not a number


class Summary(NamedTuple):
    """What counts of all that a task logged under a name. Values: None: not a number, or none was."""

    task: int  # number within its run; 0: the flow's own body
    first: float | None
    last: float | None  # by time
    last_at: float
    smallest: float | None
    largest: float | None


class MetricFact(NamedTuple):
    """What counts of all that the tasks of a step, or the flow's own body, logged under a name."""

    first: float | None  # of the first of the tasks, in the order of the calls
    first_task: int
    last: float | None  # by time
    last_at: float
    last_task: int
    smallest: float | None
    largest: float | None

    def joined(self, other: Summary) -> MetricFact:
        """With one more task's, or a later state of one's that only grew."""
        fact = self
        if other.task <= fact.first_task:
            fact = fact._replace(first=other.first, first_task=other.task)
        if (other.last_at, other.task) >= (fact.last_at, fact.last_task):
            fact = fact._replace(last=other.last, last_at=other.last_at, last_task=other.task)
        smallest = [value for value in (fact.smallest, other.smallest) if value is not None]
        largest = [value for value in (fact.largest, other.largest) if value is not None]
        return fact._replace(smallest=min(smallest, default=None), largest=max(largest, default=None))

    def hangs_on(self, old: Summary, new: Summary) -> bool:
        """Whether it must be made anew where a task's summary is replaced by one that takes something back."""
        return (
            (old.task == self.last_task and new.last_at < self.last_at)
            or _is_taken_back(self.smallest, old.smallest, new.smallest, -1)
            or _is_taken_back(self.largest, old.largest, new.largest, 1)
        )


def _is_taken_back(known: float | None, old: float | None, new: float | None, sign: int) -> bool:
    return old is not None and old == known and (new is None or sign * new < sign * old)


def fact_of(summaries: Iterable[Summary]) -> MetricFact | None:
    """What the summaries of tasks come to; None of none."""
    fact = None
    for one in summaries:
        if fact is None:
            fact = MetricFact(one.first, one.task, one.last, one.last_at, one.task, one.smallest, one.largest)
        fact = fact.joined(one)
    return fact


def scalar_of(preview: str) -> Scalar | None:
    """The scalar that a preview (docs/formats.md) shows whole; None: it shows none. What a preview masks is none."""
    import json

    try:
        seen: dict[str, Any] = json.loads(preview)
        kind, text = str(seen["type"]), str(seen["text"])
        if kind == "str":
            return Scalar(kind, text) if seen.get("length") == len(text) else None
        if kind.startswith("numpy.") and seen.get("shape") == []:
            kind = str(seen.get("dtype")).rstrip("0123456789").removeprefix("u")
        return _number(kind, text) if kind in ("int", "float", "bool", "NoneType") else _named(kind, text)
    except (ValueError, SyntaxError, KeyError, TypeError, AttributeError):
        return None


def _number(kind: str, text: str) -> Scalar:
    if kind == "NoneType":
        return Scalar(kind, None)
    if kind == "bool":
        return Scalar(kind, int(text == "True"))
    if kind == "int" and abs(whole := int(text)) < _LARGEST:
        return Scalar(kind, whole)
    value = float(text)
    return Scalar(kind, None if math.isnan(value) else value)


def _named(kind: str, text: str) -> Scalar | None:
    """A member of an enum, which is shown as `Colour.RED`, or a path, as `PosixPath('data')`."""
    short = kind.rpartition(".")[2]
    if text.startswith(f"{short}.") and text[len(short) + 1 :].isidentifier():
        return Scalar("enum", text[len(short) + 1 :])
    if kind.startswith("pathlib.") and short in _PATHS and text.startswith(f"{short}("):
        import ast

        return Scalar("path", str(ast.literal_eval(text[len(short) + 1 : -1])))
    return None


def param_rows(run: int, params: Iterable[tuple[str, Stored]]) -> list[tuple[Any, ...]]:
    """The values of `insert_param`."""
    found = [(name, scalar_of(stored.preview)) for name, stored in params]
    return [(run, name, *scalar) for name, scalar in found if scalar is not None]


def summed(tries: Iterable[tuple[Any, ...]]) -> Iterator[Summary]:
    """What counts of the tries of tasks, which stand in their order: task, smallest step, first, last, when that was,
    smallest and largest of each.

    A try takes the place of those before it from its first step on: one from the beginning, or without steps, of all.
    """
    for task, rows in itertools.groupby(tries, key=operator.itemgetter(0)):
        begins, counted = math.inf, list[Any]()
        for _, least, *row in reversed(list(rows)):
            at = -math.inf if least is None else least
            if at < begins or not counted:
                counted.append(row)
            begins = min(begins, at)
        first, (_, last, last_at, _, _) = counted[-1][0], counted[0]
        smallest = [row[3] for row in counted if row[3] is not None]
        largest = [row[4] for row in counted if row[4] is not None]
        yield Summary(task, first, last, last_at, min(smallest, default=None), max(largest, default=None))


def derived(rows: Rows, run: int, name: str, step: str) -> MetricFact | None:
    """The fact as the rows that it stands for have it."""
    statement = sql_files.load("facts")["logged_by_step" if step else "logged_by_body"]
    return fact_of(summed(rows(statement, {"run_id": run, "name": name, "step": step})))


def fill(connection: sqlite3.Connection) -> None:
    """Make the facts of the runs of a journal that had none."""
    sql = sql_files.load("facts")

    def rows(statement: str, values: Any = ()) -> list[Any]:
        return connection.execute(statement, values).fetchall()

    for run, packed in rows(sql["params_recorded"]):
        try:
            connection.executemany(sql["insert_param"], param_rows(run, columns.unpack_params(packed)))
        except MalformedError:
            continue  # whoever looks at the run is told
    for run, name, step in rows(sql["names_logged"]):
        fact = derived(rows, run, name, step)
        if fact is not None:
            connection.execute(sql["put_metric_fact"], (run, name, step, *fact))
