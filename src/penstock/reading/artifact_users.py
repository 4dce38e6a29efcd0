"""Which steps were given stored results, for a table of these: as many queries as its results have runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from penstock.journal import artifact_search
from penstock.journal.artifact_search import TaskInputs
from penstock.journal.journal import Journal
from penstock.journal.priors import prior_scopes
from penstock.journal.views import TaskRow
from penstock.model.rows import ScopeRecord
from penstock.reading.makers import is_telling

MOST_LOOKED_AT = 2_000
"""Tasks of each run that are asked what they were given, from the first of its results on."""


class UserStep(msgspec.Struct, frozen=True):
    """A step, or a nested flow, that was given a result."""

    step: str
    tasks: int  # how many of its tasks


class Uses(msgspec.Struct, frozen=True):
    """Who was given a result in its run; what a flow's own body does with one nobody notes."""

    steps: tuple[UserStep, ...]  # in the order of their calls
    partial: bool = False  # there may be more


def uses(journal: Journal, rows: Sequence[TaskRow]) -> dict[tuple[int, int], Uses]:
    """Of results, by run and number of the task."""
    by_run: dict[int, list[TaskRow]] = {}
    for row in rows:
        by_run.setdefault(row.run, []).append(row)
    found: dict[tuple[int, int], Uses] = {}
    for run, made in by_run.items():
        first = min(row.id for row in made)
        later = artifact_search.inputs_after(journal, run, first, MOST_LOOKED_AT + 1)
        called = sorted([*later[:MOST_LOOKED_AT], *prior_scopes(journal.database, run)], key=lambda one: one.id)
        for id_, counts in _counted(made, called).items():
            steps = tuple(UserStep(step, tasks) for step, tasks in counts.items())
            found[run, id_] = Uses(steps, len(later) > MOST_LOOKED_AT)
    return found


def _counted(made: Iterable[TaskRow], called: Iterable[TaskInputs | ScopeRecord]) -> dict[int, Counter[str]]:
    """Names of steps, by numbers of tasks: how many of each were given their results."""
    counts = {row.id: Counter[str]() for row in made}
    by_blob: dict[bytes, list[tuple[int, frozenset[bytes]]]] = {}
    by_digest: dict[bytes, list[int]] = {}
    for row in made:
        if row.result is not None and row.result.blobs:
            blobs = frozenset(row.result.blobs)
            by_blob.setdefault(row.result.blobs[0], []).append((row.id, blobs))
        elif row.result is not None and row.result.digest and is_telling(row.result.preview):
            by_digest.setdefault(row.result.digest, []).append(row.id)
    for one in called:
        given = {ref.task for item in one.inputs for ref in item.refs}
        for item in one.inputs:
            if not item.refs:
                given.update(by_digest.get(item.identity, ()))
            inside = frozenset(item.blobs)
            given.update(id_ for blob in inside for id_, blobs in by_blob.get(blob, ()) if blobs <= inside)
        for id_ in given & counts.keys():
            if one.id > id_:
                counts[id_][one.name] += 1
    return counts
