"""Where a stored result came from, and what was given it: as many queries whatever its run's size."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from penstock.journal import artifact_search, queries
from penstock.journal.artifact_search import TaskInputs
from penstock.journal.priors import prior_scopes
from penstock.journal.views import TaskRow
from penstock.model.rows import ScopeRecord
from penstock.reading.artifact_places import Artifact
from penstock.reading.reader import JournalReader
from penstock.reading.targets import part_text

MOST = 100  # tasks of each kind that are named
MOST_LOOKED_AT = 20_000  # tasks of the run that are asked what they were given


class MakerInfo(msgspec.Struct, frozen=True):
    """A task whose result a value is."""

    task: str  # "digits/3/train/2"
    status: str
    origin: str = ""  # the task of another run whose result it took over; "": it ran


class UserInfo(msgspec.Struct, frozen=True):
    """A task, or a call of a nested flow, that was given a value: as a future or, where it lies in blobs, the same by
    itself or inside of another one."""

    task: str  # "digits/3/test/1"
    inputs: tuple[str, ...]  # the names under which, with the part that was meant: "data", "data[0]"


class LineageInfo(msgspec.Struct, frozen=True):
    """Where a value came from, and what was given it in its run."""

    made_by: tuple[MakerInfo, ...]  # the newest first; of a value that lies in no blob, and of a run's, the one alone
    used_by: tuple[UserInfo, ...]  # in the order of the calls
    partial: bool = False  # there may be more of either


def lineage(reader: JournalReader, found: Artifact) -> LineageInfo:
    """Of a value. What a flow's own body does with one nobody notes."""
    journal, task = reader.journal, found.task
    if task is None or found.media:
        return LineageInfo((), ())
    makers = artifact_search.made_by(journal, found.stored.digest, MOST + 1) if found.stored.digest else []
    if not any((row.run, row.id) == (task.run, task.id) for row in makers):
        makers = [task, *makers]
    names = queries.run_names(journal, [row.run for row in makers])
    later = artifact_search.inputs_after(journal, task.run, task.id, MOST_LOOKED_AT + 1)
    called = sorted([*later[:MOST_LOOKED_AT], *prior_scopes(journal.database, task.run)], key=lambda one: one.id)
    users = list(_users(found, task, called))
    return LineageInfo(
        tuple(
            MakerInfo(f"{names[row.run]}/{row.name}/{row.number}", row.status, row.origin)
            for row in makers[:MOST]
            if row.run in names  # it has just been removed
        ),
        tuple(users[:MOST]),
        len(makers) > MOST or len(users) > MOST or len(later) > MOST_LOOKED_AT,
    )


def _users(found: Artifact, task: TaskRow, called: Iterable[TaskInputs | ScopeRecord]) -> Iterable[UserInfo]:
    blobs = {*found.stored.blobs}
    for one in called:
        refs = ((item.name, ref) for item in one.inputs for ref in item.refs)
        taken = dict.fromkeys(f"{name}{part_text(ref.part)}" for name, ref in refs if ref.task == task.id)
        taken |= dict.fromkeys(item.name for item in one.inputs if blobs and blobs <= {*item.blobs})
        if taken:
            yield UserInfo(f"{found.run.run_id}/{one.name}/{one.number}", tuple(taken))
