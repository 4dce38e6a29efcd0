"""Pins: named reasons to keep values beyond the runs that made them. A pin holds the value's record, and its blobs are
in use for gc."""

from __future__ import annotations

from functools import partial

from penstock.journal import columns, sql_files
from penstock.journal.journal import Journal
from penstock.model.outcomes import Stored
from penstock.model.tuples import NamedTuple
from penstock.model.wire import pack

_sql = partial(sql_files.statement, "needs")


class PinnedValue(NamedTuple):
    """A reason to keep a value."""

    name: str  # says who needs the value, and names one reason alone
    made_at: float  # UTC, seconds since the epoch
    value: Stored


def pin(journal: Journal, name: str, value: Stored) -> None:
    """Keep a value for the reason `name`; what was kept for it before is not, any more.

    Whoever calls this has renewed the value's blobs in the store just before, and found all of them: a sweep that had
    looked at the pins earlier takes none of them then.
    """
    with journal.database.transaction():
        journal.database.run(_sql("delete_pin"), (name,))
        (id_,) = journal.database.row(_sql("insert_pin"), (name, journal.clock.now(), pack(tuple(value))))
        journal.database.run_many(_sql("insert_pin_blob"), [(id_, digest) for digest in value.blobs])


def unpin(journal: Journal, name: str) -> None:
    """Give a reason up; the value's blobs are left to gc. One that is not there changes nothing."""
    with journal.database.transaction():
        journal.database.run(_sql("delete_pin"), (name,))


def pins(journal: Journal) -> list[PinnedValue]:
    """All pins, by name. Raises MalformedError where one is damaged."""
    found = journal.database.rows(_sql("pins"))
    return [PinnedValue(name, made_at, columns.value(packed)) for name, made_at, packed in found]
