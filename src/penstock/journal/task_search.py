"""Which tasks of a run a condition holds for, in order: ids, counts and rows.

The parts of a condition are those of `task_search.sql`; what a user has written is always bound.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from penstock.journal import columns, sql_files
from penstock.journal.conditions import Condition, Key, listed
from penstock.journal.damage import named
from penstock.journal.journal import Journal
from penstock.journal.queries import task_row
from penstock.journal.views import TaskRow
from penstock.model.outcomes import Error

ORDERS = tuple(f"{sign}{word}" for word in ("call", "took", "memory", "began", "status") for sign in ("", "-"))
"""By the order of the calls; by how long the latest attempt took, how much memory it held, when it began; or by how the
task stands: what failed, what runs, what waits, what was cancelled, what is done. "-": backwards. What is unknown of a
task comes last either way."""


def ids(journal: Journal, run: int, where: Condition, order: str, limit: int) -> list[int]:
    """Numbers of tasks in their run, at most `limit`, in one of `ORDERS`."""
    by = _sql(f"by_{order.removeprefix('-')}{'_backwards' if order.startswith('-') else ''}")
    statement = _sql("ids").format(where=where.sql, order=by)
    return [id_ for (id_,) in journal.database.rows(statement, (*_bounds(run), *where.values, limit))]


def counts(journal: Journal, run: int, where: Condition) -> dict[str, int]:
    """How many there are, by status."""
    return dict(journal.database.rows(_sql("counts").format(where=where.sql), (*_bounds(run), *where.values)))


def took_by_step(journal: Journal, run: int, where: Condition) -> Iterator[tuple[int, int, float, int]]:
    """Step as `run_shape.steps` names it, number in it, seconds and bytes of the latest attempts that have ended."""
    yield from journal.database.stream(_sql("took_by_step").format(where=where.sql), (*_bounds(run), *where.values))


def workers(journal: Journal, run: int, limit: int) -> list[str]:
    """Where tasks ran; at most `limit`."""
    return [name for (name,) in journal.database.rows(_sql("workers"), (*_bounds(run), limit))]


def rows(journal: Journal, run: int, tasks: Sequence[int]) -> list[TaskRow]:
    """The tasks of these numbers, in their order; those that have no row are left out."""
    own = [id_ for id_ in tasks if id_ <= columns.TASK_MASK]
    found = journal.database.rows(_sql("rows"), (run << columns.RUN_SHIFT, listed(own)))
    known = {row.id: row for row in (task_row(journal, one) for one in found)}
    return [known[id_] for id_ in tasks if id_ in known]


def ids_changed(journal: Journal, run: int, since: int, limit: int) -> tuple[list[int] | None, int]:
    """Which tasks of a run have changed since a revision (None: more than `limit`), and the revision of the latest of
    them. Without a look at their rows."""
    found: list[tuple[int, int]] = journal.database.rows(
        _sql("ids_changed"), {"run_id": run, "since": since, "limit": limit + 1}
    )
    if len(found) > limit:
        return None, revision(journal, run)
    return [id_ for id_, _ in found], found[-1][1] if found else since


def revision(journal: Journal, run: int) -> int:
    """That of the latest change of the run's tasks; 0: it has none."""
    return journal.database.row(_sql("revision"), (run,))[0] or 0


def of_step(run: int, step: str) -> Condition:
    """It is of the step, by its short or its module-qualified name."""
    return Condition(_sql("step"), (run, step, step))


def status(word: str) -> Condition:
    """It stands so."""
    return Condition(_sql("status"), (word,))


def reused() -> Condition:
    """It took over a result of another run."""
    return Condition(_sql("reused"))


def on_worker(name: str) -> Condition:
    """Its latest attempt ran there."""
    return Condition(_sql("worker"), (name,))


def took() -> Key:
    """Seconds that its latest attempt took."""
    return Key(_sql("took"))


def attempt() -> Key:
    """How often it was tried."""
    return Key(_sql("attempt"))


def memory() -> Key:
    """The most bytes that its latest attempt held; unknown where that was not measured."""
    return Key(_sql("memory"))


def began(origin: float) -> Key:
    """When its latest attempt began, in seconds since `origin` (UTC)."""
    return Key(_sql("began"), (origin,))


def ended(origin: float) -> Key:
    """When its latest attempt ended, likewise."""
    return Key(_sql("ended"), (origin,))


def number() -> Key:
    """Its number in its step."""
    return Key(_sql("number"))


def text(part: str) -> Condition:
    """`train/2` has this in it."""
    return Condition(_sql("text"), (part.encode().lower().decode(),))


def cause(journal: Journal, run: int, word: str) -> Condition:
    """It failed of this, as `Error.cause` has it, which rows hold packed."""
    found: list[int] = []
    for id_, packed in journal.database.stream(_sql("errors"), _bounds(run)):
        with named(journal.database, run, run << columns.RUN_SHIFT | id_):
            error = columns.unpacked(Error, packed)
        if error is not None and error.cause == word:
            found.append(id_)
    return Condition(_sql("among"), (listed(found),))


def _bounds(run: int) -> tuple[int, int]:
    return run << columns.RUN_SHIFT, run << columns.RUN_SHIFT | columns.TASK_MASK


def _sql(name: str) -> str:
    return sql_files.load("task_search")[name]
