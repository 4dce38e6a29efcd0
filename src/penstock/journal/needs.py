"""Who needs what is stored: runs and cached results, and the blobs, snapshots and locks that they refer to. Reads
only."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from penstock.journal import columns, sql_files
from penstock.journal.damage import named
from penstock.journal.journal import Journal
from penstock.model.rows import Origin
from penstock.model.tuples import NamedTuple

_sql = partial(sql_files.statement, "needs")


class CachedRow(NamedTuple):
    """A result that serves other runs."""

    id: int
    task: str  # that made it: "digits/3/train/2"
    used_at: float  # UTC, seconds since the epoch; when it was stored, or served last

    @property
    def flow(self) -> str:
        return self.task.partition("/")[0]


def blobs_of_run(journal: Journal, run: int) -> Iterator[bytes]:
    """Digests of the blobs that a run refers to; what its driver has not committed yet is not among them."""
    return (digest for (digest,) in journal.database.stream(_sql("blobs_of_run"), (run,)))


def blobs_of_cache(journal: Journal) -> Iterator[tuple[int, bytes]]:
    """(`CachedRow.id`, digest) of the blobs that cached results refer to."""
    yield from journal.database.stream(_sql("blobs_of_cache"))


def blobs_of_pins(journal: Journal) -> set[bytes]:
    """Digests of the blobs that pinned values refer to."""
    return {digest for (digest,) in journal.database.stream(_sql("blobs_of_pins"))}


def cached_results(journal: Journal) -> list[CachedRow]:
    """All cached results."""
    return [CachedRow(*row) for row in journal.database.rows(_sql("cached_results"))]


def origins(journal: Journal) -> dict[int, Origin]:
    """Of each run that is a fork, by `RunRow.id`, the run that it came from, which may have been removed."""
    found: dict[int, Origin] = {}
    for run, packed in journal.database.rows(_sql("origins")):
        with named(journal.database, run):
            origin = columns.unpacked(Origin, packed)
        if origin is not None:
            found[run] = origin
    return found


def snapshots(journal: Journal) -> list[tuple[int, str]]:
    """(`RunRow.id`, digest as text) of the code snapshots that runs were driven with."""
    return journal.database.rows(_sql("snapshots"))


def locks(journal: Journal) -> list[tuple[int, str, str]]:
    """(`RunRow.id`, digest of the wish, digest of the lock) of the environments that runs have had."""
    return journal.database.rows(_sql("locks"))
