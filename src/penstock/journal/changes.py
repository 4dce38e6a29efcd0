"""What others than a run's driver may change: the wish to cancel, tags, and whether a run is kept at all."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.errors import RunBusyError, UsageError
from penstock.journal import columns, queries, statements
from penstock.journal.journal import Journal
from penstock.journal.views import RunRow
from penstock.model.states import RunStatus


def request_cancel(journal: Journal, run: int) -> RunRow:
    """Ask the driver of a run to cancel it; it sees the wish when it renews its lease. Does not wait.

    Raises NotFoundError, UsageError for a run that is not driven now.
    """
    row = queries.run_by_id(journal, run)
    if row.status == RunStatus.CRASHED:
        raise UsageError(f"{row.run_id} has crashed: nothing of it runs. Go on with `penstock resume {row.run_id}`")
    if row.status != RunStatus.RUNNING:
        raise UsageError(f"{row.run_id} is {row.status}: nothing of it runs. See `penstock show {row.run_id}`")
    with journal.database.transaction():
        journal.database.run(statements.load("writes")["request_cancel"], (run,))
    return row


def add_tags(journal: Journal, run: int, tags: Iterable[str]) -> None:
    """Add tags to a run; those it has already stay. Raises NotFoundError, UsageError for a wrong tag."""
    wanted = list(tags)
    for tag in wanted:
        if not tag.strip() or "\n" in tag:
            raise UsageError(f"{tag!r} is not a tag: write a word without line breaks")
    with journal.database.transaction():
        queries.run_by_id(journal, run)
        journal.database.run_many(statements.load("writes")["insert_tag"], [(run, tag) for tag in wanted])


def remove_tags(journal: Journal, run: int, tags: Iterable[str]) -> None:
    """Take tags off a run; those it does not have are ignored. Raises NotFoundError."""
    with journal.database.transaction():
        queries.run_by_id(journal, run)
        journal.database.run_many(statements.load("writes")["delete_tag"], [(run, tag) for tag in tags])


def delete_run(journal: Journal, run: int) -> None:
    """Remove a run and all its tasks; its number is not given out again, its blobs are left to gc.

    Raises NotFoundError, RunBusyError for a run that is driven now.
    """
    first = run << columns.RUN_SHIFT
    values = {"run_id": run, "first": first, "last": first | columns.TASK_MASK}
    with journal.database.transaction():
        row = queries.run_by_id(journal, run)
        if row.status == RunStatus.RUNNING:
            raise RunBusyError(
                f"{row.run_id} is driven by process {row.owner.pid} on {row.owner.host}. Stop it first, with "
                f"`penstock cancel {row.run_id}`"
            )
        for name, statement in statements.load("writes").items():
            if name.startswith("delete_run"):
                journal.database.run(statement, values)
        journal.database.run(statements.load("writes")["delete_unused_packages"])


def compact(journal: Journal) -> int:
    """Give the space of removed runs back to the disk; how many bytes. Waits for writers, and keeps them waiting.

    Needs as much free space as the journal takes. Raises JournalError.
    """
    path = journal.database.path
    before = path.stat().st_size
    journal.database.vacuum()
    return max(0, before - path.stat().st_size)
