"""What the attempts of a flow's steps have used, over its runs. Reads only, and no more than the latest of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from penstock.journal import columns, sql_files
from penstock.journal.damage import named
from penstock.journal.journal import Journal
from penstock.model.outcomes import Error, Usage
from penstock.model.tuples import NamedTuple

_sql = partial(sql_files.statement, "history")


class Spent(NamedTuple):
    """An attempt that ran and has ended."""

    status: str
    cause: str  # of its failure; "": it is done
    usage: Usage


def steps(journal: Journal, flow: str, number: int | None = None) -> list[tuple[str, str]]:
    """Module-qualified and short names of the steps that a flow's runs have called. `number` None: any run."""
    return journal.database.rows(_sql("steps_of_flow"), {"flow": flow, "number": number})


def attempts(journal: Journal, flow: str, step: str, number: int | None, limit: int) -> Iterator[Spent]:
    """Attempts of a step by its module-qualified name, those that were tried again last; at most `limit` of each kind.

    What was reused from another run has no attempt here. `number` None: of any run.
    """
    values = {"flow": flow, "step": step, "number": number, "limit": limit}
    for id_, status, error, *used in journal.database.rows(_sql("last_attempts"), values):
        with named(journal.database, id_ >> columns.RUN_SHIFT, id_):
            failure = columns.unpacked(Error, error)
        yield Spent(status, failure.cause if failure else "", columns.usage(tuple(used)))
    for id_, packed in journal.database.rows(_sql("earlier_attempts"), values):
        with named(journal.database, id_ >> columns.RUN_SHIFT, id_):
            outcome = columns.unpack_outcome(packed)
        if outcome.usage.began_at:
            yield Spent(outcome.status, outcome.error.cause if outcome.error else "", outcome.usage)
