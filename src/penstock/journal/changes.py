"""What others than a run's driver may change: the wish to cancel, tags, what it is called, whether it is kept at all,
and what of the journal nobody needs any more."""

from __future__ import annotations

import os
from collections.abc import Iterable

from penstock.errors import RunBusyError, UsageError
from penstock.journal import queries, sql_files, storable_names
from penstock.journal.journal import Journal
from penstock.journal.needs import CachedRow
from penstock.journal.views import RunRow
from penstock.model.states import RunStatus
from penstock.model.texts import is_whole

_PIECE = 20_000  # tasks
_TURN_S = 0.1  # a writer that waits tries again as often as that


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
        journal.database.run(sql_files.load("writes")["request_cancel"], (run,))
    return row


def add_tags(journal: Journal, run: int, tags: Iterable[str]) -> None:
    """Add tags to a run; those it has already stay. Raises NotFoundError, UsageError for a wrong tag."""
    wanted = list(tags)
    storable_names.check_tags(wanted)
    with journal.database.transaction():
        queries.run_by_id(journal, run)
        journal.database.run_many(sql_files.load("writes")["insert_tag"], [(run, tag) for tag in wanted])


def remove_tags(journal: Journal, run: int, tags: Iterable[str]) -> None:
    """Take tags off a run; those it does not have are ignored. Raises NotFoundError."""
    tags = [tag for tag in tags if is_whole(tag)]
    with journal.database.transaction():
        queries.run_by_id(journal, run)
        journal.database.run_many(sql_files.load("writes")["delete_tag"], [(run, tag) for tag in tags])


def describe(journal: Journal, run: int, *, name: str | None = None, note: str | None = None) -> None:
    """Name a run, or note something about it. None: what is there stays; "": it goes. Raises NotFoundError, UsageError
    for what can't be held."""
    for what, text in (("name", name), ("note", note)):
        if text is not None:
            storable_names.check_words(what, text)
    with journal.database.transaction():
        queries.run_by_id(journal, run)
        for what, text in (("name", name), ("note", note)):
            if text is not None:
                journal.database.run(sql_files.load("writes")[f"{what}_run"], (text, run))


def delete_run(journal: Journal, run: int) -> None:
    """Remove a run and all its tasks; its number is not given out again, its blobs are left to gc.

    Raises NotFoundError, RunBusyError for a run that is driven now. Blocks: a second for each 100,000 tasks or so.
    """
    with journal.database.transaction():
        row = queries.run_by_id(journal, run)
        if row.status == RunStatus.RUNNING:
            raise RunBusyError(
                f"{row.run_id} is driven by process {row.owner.pid} on {row.owner.host}. Stop it first, with "
                f"`penstock cancel {row.run_id}`"
            )
        for name in ("delete_run_detail", "delete_run_lease", "delete_run_drivers", "delete_run"):
            journal.database.run(sql_files.load("writes")[name], (run,))
        for name in ("delete_unused_locks", "delete_unused_packages"):
            journal.database.run(sql_files.load("writes")[name])
    finish_removals(journal)


def finish_removals(journal: Journal) -> None:
    """Remove the tasks of runs that are gone, also of those whose removal was cut short. In pieces: drivers of other
    runs wait only so long for their turn."""
    sql, database = sql_files.load("needs"), journal.database
    while database.row(sql["removed_steps"]) is not None:
        with database.transaction():
            if database.change(sql["delete_tasks_of_removed"], (_PIECE,)) < _PIECE:
                database.run(sql["delete_steps_of_removed"])
                continue
        journal.clock.sleep(_TURN_S)


def forget_cached(journal: Journal, rows: Iterable[CachedRow]) -> None:
    """Remove cached results, but for those that were used since the rows were read; their blobs are left to gc."""
    sql = sql_files.load("needs")
    with journal.database.transaction():
        for row in rows:
            journal.database.run(sql["delete_cached"], {"id": row.id, "used_at": row.used_at})


def forget_void_claims(journal: Journal) -> None:
    """Remove the claims on results that nobody makes any more."""
    with journal.database.transaction():
        journal.database.run(sql_files.load("needs")["delete_void_claims"])


def forget_unused_code(journal: Journal) -> None:
    """Remove fingerprints of code that no task and no cached result refers to. Only while no run is driven: a driver
    may be about to refer to one."""
    sql = sql_files.load("needs")
    # The tasks are read before the transaction begins, which others would have to wait for.
    known = {id_ for (id_,) in journal.database.rows(sql["codes"])}
    unused = known - {id_ for (id_,) in journal.database.stream(sql["codes_in_use"])}
    if unused:
        with journal.database.transaction():
            journal.database.run_many(sql["delete_code"], [(id_,) for id_ in unused])


def unused_bytes(journal: Journal) -> int:
    """How much of its file a journal does not use."""
    return journal.database.row("PRAGMA freelist_count")[0] * journal.database.row("PRAGMA page_size")[0]


def compact(journal: Journal) -> int:
    """Give the space of removed runs back to the disk; how many bytes. Waits for writers, and keeps them waiting.

    Needs as much free space as the journal takes. Raises JournalError.
    """
    path = journal.database.path
    before = os.path.getsize(path)
    journal.database.vacuum()
    return max(0, before - os.path.getsize(path))
