"""Runs that another tool recorded, written as runs without tasks: each in one transaction, and once.

A run's key, a tag that no other run has, says which it is. What Penstock itself never ran has neither module nor
qualname.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from penstock.journal import queries, recorded, sql_files
from penstock.journal.columns import pack_params
from penstock.journal.handle import RunHandle
from penstock.journal.journal import Journal
from penstock.journal.metric_facts import MetricFacts
from penstock.journal.storable_names import check_names, check_words
from penstock.journal.views import RunRow
from penstock.model.outcomes import Metric, Recorded, Stored
from penstock.model.rows import Batch, BodyRecord, NewRun, Origin, Owner, RunEnd, Surroundings
from penstock.model.tuples import NamedTuple

NOBODY = Owner("", "", 0, "")
"""Drives no run."""
_sql = partial(sql_files.statement, "imported_runs")


class ImportedRun(NamedTuple):
    """A run as another tool kept it. Its blobs are in the store."""

    key: str  # a tag: "mlflow.run_id=5f0c9a1e7b2d4c68"
    flow: str
    end: RunEnd
    created_at: float  # UTC, seconds since the epoch
    ended_at: float
    params: tuple[tuple[str, Stored], ...] = ()
    metrics: tuple[Metric, ...] = ()
    displays: tuple[Recorded, ...] = ()
    tags: tuple[str, ...] = ()  # without the key
    name: str = ""
    note: str = ""
    origin: Origin | None = None
    surroundings: Surroundings = Surroundings()


class Put(NamedTuple):
    """What became of it."""

    run: str  # "digits/3"
    id: int
    is_new: bool
    is_changed: bool  # it was there, and other than it is now

    @property
    def state(self) -> str:
        """In a word."""
        return "new" if self.is_new else "changed" if self.is_changed else "known"


def find(journal: Journal, key: str) -> RunRow | None:
    """The run of a key; None: there is none."""
    found = journal.database.row(_sql("find"), (key,))
    return None if found is None else queries.run_by_id(journal, found[0])


def keys(journal: Journal, front: str) -> dict[str, tuple[int, str, str]]:
    """The keys that begin so, and each one's run: `RunRow.id`, name and status."""
    found = journal.database.rows(_sql("keys"), {"low": front, "high": f"{front}\U0010ffff"})
    return {key: (id_, f"{flow}/{number}", status) for key, id_, flow, number, status in found}


def nonces(journal: Journal) -> dict[str, tuple[int, str]]:
    """All runs by what tells them from those of any journal: `RunRow.id` and name."""
    found = journal.database.rows(_sql("nonces"))
    return {nonce: (id_, f"{flow}/{number}") for nonce, id_, flow, number in found}


def put(journal: Journal, run: ImportedRun) -> Put:
    """Write a run, all of it or nothing; where its key is there and something came since, in the place of what was
    known. What somebody has called, noted or tagged here stays. Raises UsageError for names that can't be held."""
    check_names(run.flow, (), (run.key, *run.tags))
    check_words("name", run.name)
    check_words("note", run.note)
    with journal.database.transaction():
        known = find(journal, run.key)
        if known is None:
            return _insert(journal, run)
        run = _with_files(journal, known, run)
        if _is_same(journal, known, run):
            return Put(known.run_id, known.id, False, False)
        _replace(journal, known, run)
        return Put(known.run_id, known.id, False, True)


def _insert(journal: Journal, run: ImportedRun) -> Put:
    tags = tuple(dict.fromkeys((run.key, *run.tags)))
    new = NewRun(run.flow, "", "", "", run.params, tags, run.surroundings, run.origin, name=run.name)
    id_, number = journal.insert(new, NOBODY, run.created_at, 0.0)
    run_id = f"{run.flow}/{number}"
    if run.note:
        journal.database.run(sql_files.statement("writes", "note_run"), (run.note, id_))
    _write(journal, run_id, id_, run)
    return Put(run_id, id_, True, False)


def _replace(journal: Journal, known: RunRow, run: ImportedRun) -> None:
    database = journal.database
    for name in ("forget_params", "forget_blobs", "forget_recorded"):
        database.run(_sql(name), (known.id,))
    database.run(sql_files.statement("writes", "forget_run_metrics"), (known.id,))
    MetricFacts(database, known.id).forget_body()
    database.run(_sql("set_params"), (pack_params(run.params), known.id))
    journal.note_params(known.id, run.params)
    database.run_many(sql_files.statement("writes", "insert_tag"), [(known.id, tag) for tag in run.tags])
    _write(journal, known.run_id, known.id, run)


def _write(journal: Journal, run_id: str, id_: int, run: ImportedRun) -> None:
    handle = RunHandle(journal.database, journal.clock, run_id, id_, 1)
    handle.write(Batch(logged=run.metrics, recorded=tuple(BodyRecord(0, one) for one in run.displays)))
    handle.write_end(run.end, run.ended_at)


def _with_files(journal: Journal, known: RunRow, run: ImportedRun) -> ImportedRun:
    """What was imported without its files keeps those that it has."""
    result = queries.detail(journal, known.id).result
    if run.end.result is not None or result is None:
        return run
    displays = tuple(row.recorded for row in recorded.rows(journal.database, known.id, 0))
    return run._replace(end=run.end._replace(result=result), displays=displays)


def _is_same(journal: Journal, known: RunRow, run: ImportedRun) -> bool:
    detail = queries.detail(journal, known.id)
    result = run.end.result
    return (
        (known.status, known.ended_at, detail.params) == (run.end.status, run.ended_at, run.params)
        and (detail.result and detail.result.digest) == (result and result.digest)
        and set(run.tags) <= set(known.tags)
        and _points(record.metric for record in queries.metrics(journal, known.id, 0)) == _points(run.metrics)
    )


def _points(metrics: Iterable[Metric]) -> dict[str, tuple[int, bytes]]:
    return {metric.name: (metric.points, metric.blob) for metric in metrics}
