"""What is compared of several runs: each kind of it in one query, however many runs and tasks there are. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from penstock.journal import columns, sql_files
from penstock.journal.conditions import listed
from penstock.journal.damage import named
from penstock.journal.journal import Journal
from penstock.model.outcomes import Stored
from penstock.model.specs import Input
from penstock.model.tuples import NamedTuple


class LatestCode(NamedTuple):
    """A step of a run, and the code of its last task."""

    run: int  # `RunRow.id`
    step: str  # module-qualified name
    name: str
    tasks: int  # how many have begun; 0: none
    code: int  # for `trees`; 0: unknown
    began_at: float  # when that task began under one of this run's drivers; 0: it did not, or that is unknown


class FirstTask(NamedTuple):
    """One of the first tasks of a step."""

    run: int  # `RunRow.id`
    name: str  # of the step
    number: int
    result: Stored | None  # without its record and what that names
    inputs: tuple[Input, ...]


def latest_codes(journal: Journal, runs: Sequence[int]) -> list[LatestCode]:
    """The steps of runs, each run's in the order of their first calls."""
    found = journal.database.rows(_sql("latest_codes"), (listed(runs),))
    return [LatestCode(run, step, name, most or 0, code or 0, at or 0.0) for run, step, name, most, code, at in found]


def first_tasks(journal: Journal, runs: Sequence[int], most: int) -> list[FirstTask]:
    """The first `most` tasks of each step of runs, each run's in the order of the calls."""
    tasks: list[FirstTask] = []
    for id_, run, name, number, digest, culprit, preview, size, own, shared in journal.database.rows(
        _sql("first_tasks"), (listed(runs), most)
    ):
        with named(journal.database, run, id_):
            inputs = columns.unpack_inputs(own) + columns.unpack_inputs(shared)
            result = columns.stored(size, digest, b"", preview, None, culprit, None, None) if preview else None
        tasks.append(FirstTask(run, name, number, result, inputs))
    return tasks


def trees(journal: Journal, codes: Iterable[int]) -> dict[int, bytes]:
    """The packed trees of codes, as `LatestCode` names them."""
    return dict(journal.database.rows(_sql("trees"), (listed([*codes]),)))


def _sql(name: str) -> str:
    return sql_files.load("several_runs")[name]
