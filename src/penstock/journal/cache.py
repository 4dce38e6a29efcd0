"""Results that serve other runs: looked up many at a time, and made by one run where several need the same.

Who makes a result holds a claim. It is void as soon as its run is over, or driven by nobody: then the next who asks
makes the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from penstock.journal import columns, sql_files
from penstock.journal.clock import Clock
from penstock.journal.database import Database
from penstock.journal.leases import lease_of
from penstock.journal.sight import looks_dead
from penstock.model.ids import run_of
from penstock.model.outcomes import Recorded, blobs_of, points_of, records_to_plain
from penstock.model.rows import CacheEntry, Sought, WantedResult
from penstock.model.states import RunStatus
from penstock.model.wire import MalformedError, pack, read

_NOBODY_KNOWS = Sought()
_USE_NOTED_EVERY_S = 3600.0


class CacheTable:
    """The cache, as the driver of one run uses it. All but `seek` within a transaction of the caller's."""

    def __init__(self, database: Database, clock: Clock, run: int, token: int) -> None:
        self._database = database
        self._clock = clock
        self._run = run
        self._token = token
        self._sql = sql_files.load("cache")

    def seek(self, wanted: tuple[WantedResult, ...], fence: Callable[[], object]) -> tuple[Sought, ...]:
        """What is there, in the order of what is wanted; what is not, and nobody makes, is claimed for the asker."""
        now = self._clock.now()
        found = look_up(self._database, wanted, now)
        for index, sought in enumerate(found):
            if sought.entry is None and (maker := self._maker(wanted[index])):
                found[index] = sought._replace(maker=maker)
        missing = [index for index, sought in enumerate(found) if sought.entry is None and not sought.maker]
        if not missing:
            return tuple(found)
        with self._database.transaction():
            fence()
            # What was made since the first look is there now.
            again = look_up(self._database, [wanted[index] for index in missing], now)
            for index, sought in zip(missing, again, strict=True):
                found[index] = sought if sought.entry is not None else self._claim(wanted[index], sought)
        return tuple(found)

    def put(self, entry: CacheEntry, code_id: int | None) -> None:
        """Store a result, in the place of an older one, and give up the claim on it."""
        self.release(entry.key)
        if code_id is None:
            return
        metrics = pack(tuple(map(tuple, entry.metrics))) if entry.metrics else None
        records = pack(records_to_plain(entry.records)) if entry.records else None
        stored = {"size": entry.result.size, "result": pack(tuple(entry.result))}
        stored |= {"metrics": metrics, "records": records}
        values = entry._asdict() | {"code": code_id, "now": self._clock.now()} | stored
        (id_,) = self._database.row(self._sql["insert_cached"], values)
        self._database.run(self._sql["forget_cached_blobs"], (id_,))
        kept = {*entry.result.blobs, *points_of(entry.metrics), *blobs_of(entry.records)}
        blobs = [(id_, digest) for digest in kept]
        self._database.run_many(self._sql["insert_cached_blob"], blobs)

    def use(self, key: bytes) -> None:
        """Note that a result was of use; not more often than gc needs to know."""
        now = self._clock.now()
        self._database.run(self._sql["use_cached"], (now, key, now - _USE_NOTED_EVERY_S))

    def release(self, key: bytes) -> None:
        """Give up a claim; whoever waits for the result makes it."""
        self._database.run(self._sql["release"], (key, self._run))

    def _maker(self, wanted: WantedResult) -> str:
        """The task that makes the result just now; "": none."""
        row = self._database.row(self._sql["claimed"], (wanted.key,))
        return row[0] if row is not None and self._makes_it(row, wanted.task) else ""

    def _claim(self, wanted: WantedResult, sought: Sought) -> Sought:
        if maker := self._maker(wanted):
            return sought._replace(maker=maker)
        values = {"key": wanted.key, "run_id": self._run, "token": self._token, "task": wanted.task}
        self._database.run(self._sql["claim"], values)
        return sought

    def _makes_it(self, row: tuple[Any, ...], asker: str) -> bool:
        """Whether another task than the asker makes the result, and its run is driven."""
        task, run, claimed, status, *leased = row
        lease = lease_of(leased)
        if status != RunStatus.RUNNING.value or claimed != lease.token:
            return False
        if run == self._run:
            return claimed == self._token and task != asker
        return not looks_dead(lease, self._database, self._clock)


def look_up(database: Database, wanted: Iterable[WantedResult], now: float) -> list[Sought]:
    """What the cache has of these, in their order. Changes nothing."""
    statement = sql_files.load("cache")["cached"]
    return [_sought(database, one, database.row(statement, (one.key,)), now) for one in wanted]


def _sought(database: Database, wanted: WantedResult, row: tuple[Any, ...] | None, now: float) -> Sought:
    if wanted.refresh and (row is None or run_of(row[4]) != run_of(wanted.task)):  # this run's own is new
        return _NOBODY_KNOWS
    if row is None:
        other = database.row(sql_files.load("cache")["cached_content"], (wanted.content,))
        return Sought(other=other) if other is not None else _NOBODY_KNOWS
    key, content, step, code, task, stored_at, result, metrics, packed = row
    if wanted.expires_s is not None and now - stored_at > wanted.expires_s:
        return Sought(expired=task)
    try:
        stored, logged = columns.unpack_stored(result), columns.unpack_metrics(metrics)
        records = read(tuple[Recorded, ...], packed) if packed else ()
    except MalformedError:
        return _NOBODY_KNOWS  # it is made anew, and put in the place of what is damaged
    assert stored is not None
    return Sought(CacheEntry(key, content, step, code, task, stored, logged, stored_at, records))
