"""How long tasks waited once they could have begun."""

from __future__ import annotations

import math
from collections.abc import Sequence

from penstock.journal import run_shape
from penstock.journal.journal import Journal
from penstock.journal.views import TaskRow


def times_waited(journal: Journal, run: int, rows: Sequence[TaskRow]) -> dict[int, float]:
    """Seconds until the latest attempt of a task began, since it was called, or tried before, and all that it was given
    was there; by its number in the run. Of those that have begun; where a run of an older Penstock does not say when a
    task was called, of those that were given results of tasks that ran."""
    begun = {row.id: row.usage.began_at for row in rows if row.usage.began_at}
    given = run_shape.given_to(journal, run, list(begun))
    ended = run_shape.ended_at(journal, run, {producer for producers in given.values() for producer in producers})
    found = {row.id: row.waited_s for row in rows if row.waited_s is not None}
    for id_, producers in given.items():
        known = [ended[producer] for producer in producers if producer in ended]
        if known and len(known) == len(producers):
            found[id_] = min(found.get(id_, math.inf), max(0.0, begun[id_] - max(known)))
    return found
