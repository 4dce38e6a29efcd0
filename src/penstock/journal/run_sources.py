"""Between which runs values went. Each of these takes as many queries whatever the number of runs and tasks, and says
whether there was more to be looked at than its limit.

A value counts where it lies in blobs: by their digests an index finds who made it, and many runs make the same number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from penstock.journal import columns, sql_files
from penstock.journal.conditions import listed
from penstock.journal.damage import named
from penstock.journal.journal import Journal
from penstock.model.specs import Input

Passage = tuple[str, str, str]
"""The task that made a value, the task or run that got it, and the name of the parameter or input; "": its result."""

_sql = partial(sql_files.statement, "run_sources")


def given(journal: Journal, runs: Sequence[int], limit: int) -> tuple[list[Passage], bool]:
    """What runs and their first `limit` tasks were given, not as a future, and the last task up to then had made."""
    found: dict[tuple[int, bytes], list[tuple[str, str]]] = {}
    for run, path, packed in journal.database.rows(_sql("params"), (listed(runs),)):
        with named(journal.database, run):
            for name, value in columns.unpack_params(packed):
                if value.blobs and value.digest:
                    found.setdefault((run, value.digest), []).append((path, name))
    rows = journal.database.rows(_sql("inputs"), {"runs": listed(runs), "limit": limit + 1})
    shared: dict[bytes, tuple[Input, ...]] = {b"": ()}  # those of a map are the same in all its rows
    for run, path, own, same in rows[:limit]:
        with named(journal.database, run):
            if same and same not in shared:
                shared[same] = columns.unpack_inputs(same)
            for item in columns.unpack_inputs(own) + shared[same or b""]:
                if item.blobs and item.identity and not item.culprit:
                    found.setdefault((run, item.identity), []).append((path, item.name))
    asked = {"runs": listed([run for run, _ in found]), "digests": _joined(digest for _, digest in found)}
    takers = [*found.values()]
    makers: list[tuple[int, str]] = journal.database.rows(_sql("makers"), asked)
    return [(made, *used) for place, made in makers for used in takers[place]], len(rows) > limit


def holders(journal: Journal, runs: Sequence[int], tasks: int, blobs: int) -> tuple[list[int], bool]:
    """Runs that refer to blobs of results of these, as `RunRow.id`, the latest first."""
    rows = journal.database.rows(_sql("results"), {"runs": listed(runs), "limit": tasks + 1})
    first = [*dict.fromkeys(blob for digest, blob in rows[:tasks] if digest and blob)]
    asked = {"blobs": _joined(first), "places": listed([*range(len(first))]), "limit": blobs}
    found = journal.database.rows(_sql("holders"), asked)
    return [run for run, held, _ in found if held], len(rows) > tasks or sum(seen for *_, seen in found) >= blobs


def reuses(journal: Journal, runs: Sequence[int], of_steps: bool, limit: int) -> tuple[list[Passage], bool]:
    """Whose results the tasks of runs took over, or, `of_steps`, any run's tasks of the same steps."""
    rows = journal.database.rows(_sql("reusers" if of_steps else "reused"), {"runs": listed(runs), "limit": limit + 1})
    return rows[:limit], len(rows) > limit


def _joined(digests: Iterable[bytes]) -> bytes:
    """As one value that is bound; what is damaged shifts none of the others."""
    return b"".join(digest[:33].ljust(33, b"\0") for digest in digests)
