"""What an attempt, or a flow's body, logs: counted, reported while it goes on, and kept in a file.

A point costs about a microsecond when it is logged. What has come is counted, written and reported together, some 30
milliseconds later and from a thread, which is there for as long as points come.
"""

from __future__ import annotations

import _thread
import os
import sys
from time import time
from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

from penstock.artifacts.point_files import NO_STEP, NOWHERE, Place
from penstock.artifacts.points_writer import PointsWriter
from penstock.artifacts.store import BlobStore
from penstock.errors import StoreError
from penstock.model.ids import driver_number
from penstock.model.outcomes import Metric
from penstock.sdk.metric_points import checked_names, numbers_of, step_of
from penstock.sdk.reporter import Reporter
from penstock.sdk.this_process import this_process

Report = Callable[[Tuple[Metric, ...]], None]
"""Takes what has changed since it was called last, while the points go on."""

MOST_NAMES = 10_000
_MOST_TABLES = 1_000
_MOST_PENDING = 1_024
_TOLD_BY_METRICS = 2
"""So many points of a name are its first and its last: nothing else need be kept of them."""


class Recording:
    """Points of one attempt, or of a flow's body. From any thread of the process that made it; a process that the step
    forked keeps nothing: its points go with it."""

    def __init__(self, path: str, driver: str, whose: str, report: Optional[Report] = None) -> None:
        self._writer = PointsWriter(path)
        self._driver, self._whose, self._report = driver_number(driver), whose, report
        self._lock = _thread.RLock()  # a handler of a signal may log, too
        self._tables: Dict[Tuple[Any, ...], Any] = {}  # by the names as they were given
        self._told: Dict[str, int] = {}  # how many points of each name were reported
        self._reporter = this_process.the_one(Reporter)
        self._is_due = self._is_over = self._writes_through = self._has_failed = False
        self._pid = os.getpid()

    def log(self, metrics: Mapping[str, float], step: Optional[int]) -> None:
        """Take in numbers. Raises TypeError or ValueError, as `log_metrics` says, and then takes in none of them."""
        number = NO_STEP if step is None else step_of(step)
        try:
            table = self._tables.get(tuple(metrics))
            values = [float(value) + 0.0 for value in metrics.values()]  # no negative zero
        except (AttributeError, TypeError, ValueError, OverflowError):
            values = numbers_of(metrics)
            table, metrics = None, dict(metrics.items())  # it has items, and need not be a mapping
        if os.getpid() != self._pid or not values:
            return
        with self._lock:
            if self._is_over:
                return
            at = time()
            if table is None:
                self._log_new(metrics, number, at, values)
            else:
                table.pending.append((number, at, values))
                if len(table.pending) >= _MOST_PENDING or self._writes_through:
                    self._write()
            if not self._is_due and self._report is not None:
                self._is_due = True
                self._reporter.ask(self)

    def _log_new(self, metrics: Mapping[str, float], step: int, at: float, values: List[float]) -> None:
        """Under names that were not logged together before."""
        given = tuple(metrics)
        names = checked_names(given)
        fresh = sum(name not in self._writer.tallies for name in names)
        if fresh and len(self._writer.tallies) + fresh > MOST_NAMES:
            raise ValueError(
                f"{self._whose} logs metrics under more than {MOST_NAMES:,} names, {names[-1]!r} among them: log what "
                "is one curve under one name, with step=; what are no curves, return as a result"
            )
        if len(self._tables) < _MOST_TABLES or len(given) == 1:
            self._tables[given] = table = self._writer.table(names)
            table.pending.append((step, at, values))
        else:  # any other set of names each time
            for name, value in zip(given, values):
                table = self._tables.get((name,))
                if table is None:
                    table = self._tables[name,] = self._writer.table(checked_names((name,)))
                table.pending.append((step, at, [value]))
        if self._writes_through:
            self._write()

    def write_through(self) -> None:
        """From now on each point is in the file before `log` returns, with all that came before it."""
        with self._lock:
            self._writes_through = True
            self._write()

    def report(self) -> None:
        """Tell what has changed since the last time, and write it down where that alone does not tell all."""
        with self._lock:
            self._is_due = False
            if self._is_over or self._report is None:
                return
            self._count()
            counts = {name: tally.count for name, tally in self._writer.tallies.items()}
            changed = [name for name, count in counts.items() if count != self._told.get(name)]
            self._told = counts
            if changed:
                self._report(self._writer.metrics(self._driver, self._place, changed))

    def end(self, store: Optional[BlobStore] = None) -> Tuple[Metric, ...]:
        """All of it, after which nothing more is taken in. The points become a blob of the store; None, or where it
        can't take them: they stay in the file."""
        with self._lock:
            self._is_over = True
            if os.getpid() != self._pid:
                return ()
            self._writer.count()
            place = NOWHERE
            if self._needs_file:
                place = self._stored(store)
                if place == NOWHERE:
                    self._write()
                    place = self._place
            self._writer.close()
            return self._writer.metrics(self._driver, place)

    def _stored(self, store: Optional[BlobStore]) -> Place:
        if store is None:
            return NOWHERE
        try:
            place = "", *store.put_chunks(self._writer.chunks())
        except (OSError, StoreError) as error:
            self._tell(error)
            return NOWHERE
        if self._writer.is_in_file and not self._writes_through:
            try:
                os.unlink(self._writer.path)
            except OSError:
                pass  # it is one file more
        return place

    def _count(self) -> None:
        self._writer.count()
        if self._needs_file:
            self._write()

    @property
    def _needs_file(self) -> bool:
        writer = self._writer
        return writer.is_in_file or any(tally.count > _TOLD_BY_METRICS for tally in writer.tallies.values())

    @property
    def _place(self) -> Place:
        return (os.path.basename(self._writer.path), b"", 0) if self._writer.is_in_file else NOWHERE

    def _write(self) -> None:
        try:
            self._writer.write()
        except OSError as error:
            self._tell(error)

    def _tell(self, error: Exception) -> None:
        """Say once that points are lost: a disk that is full must not end a step."""
        if not self._has_failed:
            self._has_failed = True
            sys.stderr.write(f"Penstock: points that {self._whose} logs can't all be written: {error}\n")
