"""Which runs a condition holds for, and in which order: one statement for a list, one for its ids, one for its counts.

Knows no filter's words: `conditions` makes what is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penstock.journal import sql_files
from penstock.journal.conditions import ALL, Condition, Key, among, begun, listed
from penstock.journal.database import Database
from penstock.model.tuples import NamedTuple


class Order(NamedTuple):
    """By what runs are sorted. Those without a key come last; among equals the newest first."""

    key: Key | None = None  # None: by when they were begun
    descending: bool = True


class PageEnd(NamedTuple):
    """Where a page has ended."""

    id: int  # `RunRow.id`
    key: Any = None  # of that run; None: it has none, or it is by when they were begun
    at: float = 0.0  # `Now.time` of the first page, which the others keep to: keys grow with the time; 0: unknown


NEWEST_FIRST = Order()


def rows(
    database: Database, where: Condition, order: Order, limit: int | None, after: PageEnd | None
) -> list[tuple[Any, ...]]:
    """Key and row of each run, at most `limit` (None: all) from `after` on (None: from the first)."""
    behind = _behind(order, after)
    found = _filled("rows", where, order, after=behind.sql)
    key = order.key or begun()
    return database.rows(found, (*key.values, *where.values, *behind.values, -1 if limit is None else limit))


def ids(database: Database, where: Condition, order: Order, limit: int) -> list[int]:
    """The ids of the first of them."""
    values = (*(order.key or begun()).values, *where.values, limit)
    return [id_ for (id_,) in database.rows(_filled("ids", where, order), values)]


def counts(database: Database, where: Condition, key: Key) -> dict[Any, int]:
    """How many have which key."""
    statement = _sql("counts").format(key=key.sql, where=where.sql)
    return dict(database.rows(statement, (*key.values, *where.values)))


def scalars(
    database: Database, runs: Sequence[int], names: Sequence[str] | None = None
) -> list[tuple[int, str, str, Any]]:
    """`RunRow.id`, name, type and value of the scalar parameters of runs. `names` None: of all names."""
    among = None if names is None else listed(names)
    return database.rows(_sql("params"), (listed(runs), among, among))


def all_metrics(database: Database, runs: Sequence[int]) -> list[tuple[int, str, str, float | None]]:
    """`RunRow.id`, name, step ("": the body) and last value of all that runs have logged."""
    return database.rows(_sql("all_metrics"), (listed(runs),))


def values(database: Database, runs: Sequence[int], key: Key) -> dict[int, Any]:
    """The key of each of these runs, by `RunRow.id`."""
    found = rows(database, among(runs), Order(key), None, None)
    return {row[1]: row[0] for row in found}


def is_metric(database: Database, name: str, step: str | None = None) -> bool:
    """Whether any run has logged it; `step`: in this step, None: anywhere."""
    if step is None:
        return database.row(_sql("metric_exists"), (name,)) is not None
    return database.row(_sql("step_metric_exists"), (name, step)) is not None


def is_param(database: Database, name: str) -> bool:
    """Whether any run has a scalar parameter of this name."""
    return database.row(_sql("param_exists"), (name,)) is not None


def steps_of_metric(database: Database, name: str) -> list[str]:
    """Short names of the steps that logged it; "" first where a flow's body did."""
    return [step for (step,) in database.rows(_sql("steps_of_metric"), (name,))]


def has_unclear(database: Database, name: str) -> bool:
    """Whether several steps of a run have logged it, and its body has not."""
    return database.row(_sql("unclear"), (name,)) is not None


def metric_names(database: Database) -> list[str]:
    """All names that were logged, sorted."""
    return [name for (name,) in database.rows(_sql("metric_names"))]


def param_names(database: Database) -> list[str]:
    """All names of scalar parameters, sorted."""
    return [name for (name,) in database.rows(_sql("param_names"))]


def tags(database: Database) -> list[str]:
    """All tags, sorted."""
    return [tag for (tag,) in database.rows(_sql("tags"))]


def param_values(database: Database, name: str, limit: int) -> list[tuple[str, Any]]:
    """Type and value of some that a parameter has had."""
    return database.rows(_sql("param_values"), (name, limit))


def params_in_use(database: Database, where: Condition, limit: int) -> list[tuple[str, int, str, Any, int]]:
    """Names of scalar parameters, and how many runs have each; the most used first. Then a type and a value, and 1
    where all of these runs have this one."""
    return database.rows(_sql("params_in_use").format(where=where.sql), (*where.values, limit))


def metrics_in_use(database: Database, where: Condition, limit: int) -> list[tuple[str, int, str, int]]:
    """The same of metrics, and a list in JSON of the steps that logged it ("": the body); 1: it changed in
    a run."""
    return database.rows(_sql("metrics_in_use").format(where=where.sql), (*where.values, limit))


def tags_in_use(database: Database, where: Condition, limit: int) -> list[tuple[str, int]]:
    """Tags, and how many runs have each; the most used first."""
    return database.rows(_sql("tags_in_use").format(where=where.sql), (*where.values, limit))


def grouped(
    database: Database, where: Condition, status: Key, by: str, param: str | None
) -> list[tuple[str, Any, str, int, int]]:
    """By type, value and status, how many runs there are and the newest of them as `RunRow.id`. `by`: "flow", "status"
    or "tag"; of a parameter its name."""
    if param is not None:
        values = (*status.values, param, *where.values)
        return database.rows(_sql("by_param").format(key=status.sql, where=where.sql), values)
    keys = (*status.values, *status.values) if by == "status" else status.values
    return database.rows(_sql(f"by_{by}").format(key=status.sql, where=where.sql), (*keys, *where.values))


def curve_sources(database: Database, runs: Sequence[int], name: str, step: str | None) -> dict[int, int]:
    """By `RunRow.id`, the task (0: the body) whose curve stands for the run's own; of those that have one. `step`: as
    in `conditions.metric`."""
    return dict(database.rows(_sql("curve_sources"), (listed(runs), name, step, step)))


def flows_found(database: Database, part: str, limit: int) -> list[str]:
    """Flows whose names have a text in them, in lower case; those that begin with it first."""
    return [name for (name,) in database.rows(_sql("flows_found"), (part, part, limit))]


def tags_found(database: Database, part: str, limit: int) -> list[tuple[str, int]]:
    """Tags that have it, and how many runs have them."""
    return database.rows(_sql("tags_found"), (part, part, limit))


def steps_found(database: Database, part: str, limit: int) -> list[tuple[str, int, int]]:
    """Steps whose short names have it, in how many runs, and the latest of these as `RunRow.id`."""
    return database.rows(_sql("steps_found"), (part, part, limit))


def _filled(name: str, where: Condition, order: Order, after: str = "1") -> str:
    if order.key is None:
        by, key = _sql("newest" if order.descending else "oldest"), begun()
    else:
        by, key = _sql("largest" if order.descending else "smallest"), order.key
    return _sql(name).format(key=key.sql, where=where.sql, order=by, after=after)


def _behind(order: Order, after: PageEnd | None) -> Condition:
    if after is None:
        return ALL
    if order.key is None:
        return Condition(_sql("older" if order.descending else "newer"), (after.id,))
    if after.key is None:
        return Condition(_sql("without"), (after.id,))
    return Condition(_sql("below" if order.descending else "above"), (after.key, after.key, after.id))


def _sql(name: str) -> str:
    return sql_files.load("run_search")[name]
