"""How long tasks waited once they could have begun."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.journal import run_shape
from penstock.journal.journal import Journal
from penstock.journal.views import TaskRow


def times_waited(journal: Journal, run: int, rows: Sequence[TaskRow]) -> dict[int, float]:
    """Seconds from the end of the last of the tasks whose results a task was given until its latest attempt began, by
    its number in the run. Of those that were given results of tasks that ran, and have begun: when others were called
    is not written down."""
    begun = {row.id: row.usage.began_at for row in rows if row.usage.began_at}
    given = run_shape.given_to(journal, run, list(begun))
    ended = run_shape.ended_at(journal, run, {producer for producers in given.values() for producer in producers})
    found: dict[int, float] = {}
    for id_, producers in given.items():
        known = [ended[producer] for producer in producers if producer in ended]
        if known and len(known) == len(producers):
            found[id_] = max(0.0, begun[id_] - max(known))
    return found
