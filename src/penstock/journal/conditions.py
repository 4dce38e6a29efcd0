"""What a listing of runs asks of each, and sorts them by: parts of a statement and the values that are bound to them.

The parts are those of `conditions.sql`; what a user has written is always bound, never part of a statement. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from penstock.journal import sql_files
from penstock.model.states import RunStatus
from penstock.model.tuples import NamedTuple

Which = Literal["last", "first", "min", "max"]
"""Of the values that were logged under a name."""

_OPERATORS = {"=": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class Condition(NamedTuple):
    """What holds for a run or not; what is unknown of it does not hold, and neither does its opposite."""

    sql: str
    values: tuple[Any, ...] = ()


class Key(NamedTuple):
    """What runs have: to compare, and to sort by. NULL where a run has none."""

    sql: str
    values: tuple[Any, ...] = ()

    def compared(self, operator: str, value: Any) -> Condition:
        """Whether it is so; `operator`: =, !=, <, <=, > or >=."""
        return Condition(f"{self.sql} {_OPERATORS[operator]} ?", (*self.values, value))


class Now(NamedTuple):
    """What the rows alone don't tell: the time, and which runs have crashed."""

    time: float  # UTC, seconds since the epoch
    crashed: tuple[int, ...] = ()  # as `RunRow.id`


ALL = Condition("1")


def every(conditions: Iterable[Condition]) -> Condition:
    """All of them hold; of none: always."""
    return _joined(" AND ", list(conditions), ALL)


def either(conditions: Iterable[Condition]) -> Condition:
    """One of them holds; of none: never."""
    return _joined(" OR ", list(conditions), Condition("0"))


def opposite(condition: Condition) -> Condition:
    """It does not hold, also where what it asks for is unknown."""
    return Condition(f"NOT coalesce({condition.sql}, 0)", condition.values)


def _joined(word: str, conditions: list[Condition], of_none: Condition) -> Condition:
    if len(conditions) < 2:
        return conditions[0] if conditions else of_none
    sql = word.join(f"({one.sql})" for one in conditions)
    return Condition(sql, tuple(value for one in conditions for value in one.values))


def flow_in(flows: Sequence[str]) -> Condition:
    """It is a run of one of these flows."""
    return Condition(_sql("flow"), (listed(flows),))


def status_in(words: Sequence[str], now: Now) -> Condition:
    """It stands so; `crashed` is what a run that nobody drives is."""
    crashed = listed(now.crashed)
    settled = [word for word in words if word not in (RunStatus.RUNNING.value, RunStatus.CRASHED.value)]
    parts = [Condition(_sql("settled"), (listed(settled),))] if settled else []
    if RunStatus.RUNNING.value in words:
        parts.append(Condition(_sql("running"), (crashed,)))
    if RunStatus.CRASHED.value in words:
        parts.append(among(now.crashed))
    return either(parts)


def among(runs: Sequence[int]) -> Condition:
    """It is one of these, by `RunRow.id`."""
    return Condition(_sql("among"), (listed(runs),))


def tag(word: str) -> Condition:
    """It has this tag, or one `word=...`."""
    return Condition(_sql("tag"), (word, word, word))


def text(part: str) -> Condition:
    """Its name, its note, a tag or a parameter that is a text has this in it."""
    return Condition(_sql("text"), (part.encode().lower().decode(),) * 4)


def status(now: Now) -> Key:
    """How it stands."""
    return Key(_sql("status"), (listed(now.crashed),))


def begun() -> Key:
    """By when runs were begun: a clock may jump back, ids don't."""
    return Key(_sql("begun"))


def begun_at() -> Key:
    """When it was begun, in seconds since the epoch."""
    return Key(_sql("begun_at"))


def flow() -> Key:
    """The name of its flow."""
    return Key(_sql("flow_name"))


def number() -> Key:
    """Its number in its flow."""
    return Key(_sql("number"))


def took(now: Now) -> Key:
    """Seconds that its drivers took so far, as far as they are known."""
    crashed = listed(now.crashed)
    return Key(_sql("took"), (crashed, now.time, crashed))


def metric(name: str, which: Which = "last", step: str | None = None) -> Key:
    """What was logged under a name. `step`: by the tasks of this step ("": the flow's own body); None: the body's,
    else that of the only step that logged it."""
    if step is None:
        return Key(_sql("metric"), (which, name))
    return Key(_sql("step_metric"), (which, name, step))


def param(name: str) -> Key:
    """A scalar parameter."""
    return Key(_sql("param"), (name,))


def param_number(name: str) -> Key:
    """A parameter that is a number; a bool is none."""
    return Key(_sql("param_number"), (name,))


def param_text(name: str) -> Key:
    """A parameter that is a text, a path, or a member of an enum."""
    return Key(_sql("param_text"), (name,))


def param_truth(name: str) -> Key:
    """A parameter that is true (1) or false (0)."""
    return Key(_sql("param_truth"), (name,))


def param_is_none(name: str) -> Condition:
    """A parameter is None."""
    return Condition(_sql("param_none"), (name,))


def has_param(name: str) -> Condition:
    """It has a scalar parameter of this name."""
    return Condition(_sql("param_there"), (name,))


def listed(items: Sequence[Any]) -> str:
    """Many values as one that is bound."""
    import json

    return json.dumps(items)


def _sql(name: str) -> str:
    return sql_files.load("conditions")[name]
