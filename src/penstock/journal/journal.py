"""The journal of a project: opens it, begins runs and takes them over. Knows the rules of leases by name alone."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from penstock.errors import NotFoundError, UsageError
from penstock.journal import faults, leases, run_facts, sql_files
from penstock.journal.clock import SYSTEM, Clock
from penstock.journal.columns import pack_params, packed, short_digest
from penstock.journal.database import Database, open_database, open_read_only
from penstock.journal.handle import RunHandle
from penstock.journal.leases import Lease, LeaseVerdict
from penstock.journal.metric_facts import MetricFacts
from penstock.model.ids import parse_path
from penstock.model.outcomes import FORM, Stored
from penstock.model.rows import NewRun, Owner, Surroundings
from penstock.model.states import RunStatus
from penstock.model.wire import pack
from penstock.roots import make_home

if TYPE_CHECKING:
    from pathlib import Path

FILE = "journal.db"
"""In `.penstock/`; what else begins so there is its own too."""

_WATCH_STEP_S = 1.0


class Journal:
    """An open journal. For one thread at a time; the handles of its runs have connections of their own."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self._sql = sql_files.load("writes")

    @classmethod
    def open(cls, folder: str | os.PathLike[str], read_only: bool = False, clock: Clock = SYSTEM) -> Journal:
        """Open the journal in `.penstock/`, which is created unless `read_only`.

        Read-only, a journal that is not there reads as an empty one. Raises JournalError where it can't be used,
        JournalVersionError where a newer Penstock wrote it.
        """
        path = os.path.join(folder, FILE)
        if read_only:
            return cls(open_read_only(path), clock)
        try:
            make_home(folder)
            ignore = os.path.join(folder, ".gitignore")
            if not os.path.exists(ignore):
                with open(ignore, "w", encoding="utf-8") as file:
                    file.write("*\n")
        except OSError as error:
            raise faults.journal_error(path, error) from error
        return cls(open_database(path), clock)

    def create(self, new: NewRun, owner: Owner, now: float, monotonic: float) -> RunHandle:
        """Begin a run under the flow's next number. `now` is UTC, `monotonic` the owner's CLOCK_MONOTONIC; seconds."""
        with self.database.transaction():
            id_, number = self.insert(new, owner, now, monotonic)
        return RunHandle(self.database.another(), self.clock, f"{new.flow}/{number}", id_, 1)

    def insert(self, new: NewRun, owner: Owner, now: float, monotonic: float) -> tuple[int, int]:
        """The same within a transaction of the caller's: `RunRow.id` and the number."""
        database, sql = self.database, self._sql
        values = new._asdict() | owner._asdict() | {"now": now, "monotonic": monotonic}
        database.run(sql["count_flow"], values)
        number: int = database.row(sql["last_number"], values)[0]
        id_ = database.run(sql["insert_run"], values | {"number": number})
        values |= {"run_id": id_, "token": 1, "seed": new.seed or None, "form": FORM, "schema": new.schema or None}
        values |= {"params": pack_params(new.params), "origin": packed(new.origin)}
        database.run(sql["insert_run_detail"], values)
        database.run(sql["insert_lease"], values)
        self._note_driver(new.surroundings, values)
        database.run_many(sql["insert_tag"], [(id_, tag) for tag in new.tags])
        self.note_params(id_, new.params)
        return id_, number

    def note_params(self, run: int, params: tuple[tuple[str, Stored], ...]) -> None:
        """Have a run found by its parameters, and their blobs kept. Within a transaction."""
        blobs = [(run, digest) for _, value in params for digest in value.blobs]
        self.database.run_many(self._sql["insert_blob"], blobs)
        self.database.run_many(sql_files.load("facts")["insert_param"], run_facts.param_rows(run, params))

    def check(self, run_id: str, monotonic: float) -> None:
        """Raise what `take` would raise at once. Only a hint, before work that would be in vain: takes and waits for
        nothing, and what it saw may have changed by then."""
        id_, status = self._find(run_id)
        lease = self._lease(id_)
        if status == RunStatus.RUNNING and self._judge(lease, monotonic) is LeaseVerdict.HELD:
            raise leases.busy(run_id, lease)

    def take(
        self,
        run_id: str,
        owner: Owner,
        now: float,
        monotonic: float,
        surroundings: Surroundings | None = None,
        moved_to: tuple[str, str] | None = None,
    ) -> RunHandle:
        """Take a run over, to go on with it. `surroundings` None: as the driver before; `moved_to`: the flow's module
        and its file, None: where they were.

        Blocks for up to 30 s where only its renewals can tell whether an owner on another machine lives. Raises
        NotFoundError, UsageError for a run that is done, RunBusyError for one whose owner lives.
        """
        id_, _ = self._find(run_id)
        watched = self._watch(run_id, id_, monotonic)
        with self.database.transaction():
            # What was seen may have changed before the lock was held.
            id_, status = self._find(run_id)
            lease = self._lease(id_)
            if watched is not None and watched.token == lease.token and watched.renewals == lease.renewals:
                pass
            elif status == RunStatus.RUNNING and self._judge(lease, monotonic) is not LeaseVerdict.FREE:
                raise leases.busy(run_id, lease)
            token = lease.token + 1
            values = owner._asdict() | {"run_id": id_, "token": token, "now": now, "monotonic": monotonic}
            for name in ("end_driver", "take_lease", "restart_run"):
                self.database.run(self._sql[name], values)
            for name in ("give_nonce", "forget_end", "forget_in_flight", "forget_run_metrics", "forget_run_points"):
                self.database.run(self._sql[name], (id_,))
            MetricFacts(self.database, id_).forget_body()
            if moved_to is not None:
                module, file = moved_to
                self.database.run(self._sql["move_run"], {"run_id": id_, "module": module, "file": file})
            if surroundings is None:
                self.database.run(self._sql["insert_driver_as_before"], values)
            else:
                self._note_driver(surroundings, values)
        return RunHandle(self.database.another(), self.clock, run_id, id_, token)

    def close(self) -> None:
        self.database.close()

    def _find(self, run_id: str) -> tuple[int, str]:
        path = parse_path(run_id)
        row = self.database.row(self._sql["find_run"], (path.flow, path.run))
        if row is None:
            raise NotFoundError(f"there is no run {run_id}; see `penstock ls`")
        if row[1] == RunStatus.DONE:
            raise UsageError(f"{run_id} is done: there is nothing to resume. See `penstock show {run_id}`")
        return row

    def _lease(self, id_: int) -> Lease:
        return leases.lease_of(self.database.row(self._sql["lease"], (id_,)))

    def _judge(self, lease: Lease, monotonic: float) -> LeaseVerdict:
        from penstock.journal.sight import view_of

        return leases.judge(lease, view_of(lease.owner, os.path.dirname(self.database.path), monotonic))

    def _watch(self, run_id: str, id_: int, monotonic: float) -> Lease | None:
        """Wait until an owner that can't be seen has not renewed for long enough; its lease, or None: no need to."""
        lease = self._lease(id_)
        if self._find(run_id)[1] != RunStatus.RUNNING or self._judge(lease, monotonic) is not LeaseVerdict.WATCH:
            return None
        until = self.clock.monotonic() + leases.EXPIRY_S
        while self.clock.monotonic() <= until:
            self.clock.sleep(_WATCH_STEP_S)
            _, status = self._find(run_id)
            present = self._lease(id_)
            if status != RunStatus.RUNNING:
                return None
            if present.renewals != lease.renewals:
                raise leases.busy(run_id, present)
        return lease

    def _note_driver(self, surroundings: Surroundings, values: dict[str, Any]) -> None:
        packages = pack(surroundings.packages) if surroundings.packages else None
        digest = short_digest(packages) if packages else None
        if packages:
            self.database.run(self._sql["insert_package_set"], (digest, packages))
        values = values | surroundings._asdict() | {"packages": digest}
        self.database.run(
            self._sql["insert_driver"], values | {"argv": pack(surroundings.argv) if surroundings.argv else None}
        )


def unfinished_journals(folder: Path) -> Iterator[Path]:
    """Files of new journals, and SQLite's beside them, whose processes were killed before these were in their place."""
    return folder.glob(f"{FILE}.*.tmp*")
