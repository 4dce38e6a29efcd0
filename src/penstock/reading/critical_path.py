"""What a run waited for, from its beginning to its end: the tasks of which each began once the one before had ended."""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from penstock.journal import run_shape
from penstock.journal.journal import Journal

MOST_RAN = 200_000
MOST_PARTS = 2000
_AT_ONCE = 0.02  # seconds: what ended so shortly before another may be what the task waited for, as well


class PathPart(msgspec.Struct, frozen=True):
    """A task on the critical path. Seconds since the timeline's `origin`."""

    task: str  # "train/2"
    worker: str
    start: float
    end: float


class CriticalPath(msgspec.Struct, frozen=True):
    """The tasks that a run waited for, in the order in which they ran."""

    parts: tuple[PathPart, ...]
    is_partial: bool = False  # it begins earlier than is told: there are too many tasks


class _Ran(msgspec.Struct, frozen=True):
    id: int
    start: float
    end: float
    worker: str


class _ByEnd:
    """Tasks in the order of their ends."""

    def __init__(self, rows: list[_Ran]) -> None:
        self._rows, self._ends = rows, [one.end for one in rows]

    def before(self, time: float) -> _Ran | None:
        """The last that had ended by then."""
        at = bisect_right(self._ends, time)
        return self._rows[at - 1] if at else None


def critical_path(journal: Journal, run: int, origin: float) -> CriticalPath:
    """The chain of tasks that ends with the last one. Before each stands what ended last before it began: of the tasks
    whose results it was given, of those on its worker, and of all others, since the flow's body may have waited for
    these. Of what ended within 20 ms of one another, the first of these kinds."""
    rows = [_Ran(*row) for row in reversed(run_shape.ran(journal, run, MOST_RAN))]
    by_id = {one.id: one for one in rows}
    workers: dict[str, list[_Ran]] = {}
    for one in rows:
        workers.setdefault(one.worker, []).append(one)
    by_worker = {name: _ByEnd(ran) for name, ran in workers.items()}
    every = _ByEnd(rows)
    chain: list[_Ran] = []
    now = rows[-1] if rows else None
    while now is not None and len(chain) < MOST_PARTS:
        chain.append(now)
        given = run_shape.given_to(journal, run, (now.id,)).get(now.id, set())
        producers = [by_id[id_] for id_ in given if id_ in by_id]
        last = max(producers, key=lambda one: one.end, default=None)
        now = _latest(now, (last, by_worker[now.worker].before(now.start), every.before(now.start)))
    parts = tuple(_part(journal, run, one, origin) for one in reversed(chain))
    return CriticalPath(parts, now is not None or len(rows) == MOST_RAN)


def _latest(now: _Ran, kinds: tuple[_Ran | None, ...]) -> _Ran | None:
    """The first of these that ended as late as the latest of them, and before `now` began."""
    known = [one for one in kinds if one is not None and one.start < now.start]
    latest = max((one.end for one in known), default=0.0)
    return next((one for one in known if one.end >= latest - _AT_ONCE), None)


def _part(journal: Journal, run: int, one: _Ran, origin: float) -> PathPart:
    return PathPart(run_shape.called(journal, run, one.id), one.worker, one.start - origin, one.end - origin)
