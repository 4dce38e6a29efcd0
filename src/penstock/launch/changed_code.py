"""What is said of the finished tasks of a run that is gone on with whose code is not what it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.errors import UsageError
from penstock.journal import queries
from penstock.journal.journal import Journal

if TYPE_CHECKING:
    from penstock.launch.driving import Driving
    from penstock.launch.run_code import RunCode


def changes_since(journal: Journal, run: int, codes: RunCode, how: Driving) -> list[str]:
    """What to say of the finished tasks of a run whose code is not what it was."""
    notes: list[str] = []
    for name, tree, count in queries.codes(journal, run):
        try:
            news = codes.since(tree)
        except UsageError as error:
            news = str(error)
        if not news:
            continue
        one = count == 1
        since = f"{name}: {news} since {count:,} result{'' if one else 's'} of this run {'was' if one else 'were'} made"
        if how.policy.changed:
            notes.append(f"{since}: {'it is' if one else 'they are'} replaced by what the new code makes")
        else:
            notes.append(
                f"{since}: {'it is' if one else 'they are'} kept, and what has still to run uses the new code. "
                f"To have {'it' if one else 'them'} made by that, too: {_ways_to_replace(journal, run)}"
            )
    return notes


def _ways_to_replace(journal: Journal, run: int) -> str:
    """What to type for that: a run that is done by then can't be resumed any more."""
    run_id, detail = queries.run_by_id(journal, run).run_id, queries.detail(journal, run)
    if detail.file:
        resume, fork = f"penstock resume --changed {run_id}", f"penstock fork {run_id}"
    else:
        resume = f'penstock.resume("{run_id}", flow={detail.qualname}, changed=True)'
        fork = f'penstock.fork("{run_id}", flow={detail.qualname})'
    return f"`{resume}`, or, once the run is done, `{fork}`"
