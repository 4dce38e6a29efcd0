"""Where a stored value stands, and its row: a task's or a run's result, a parameter, a display. Unpickles nothing."""

from __future__ import annotations

from penstock.artifacts import digests
from penstock.errors import NotFoundError, UsageError
from penstock.journal import artifact_search, queries, recorded
from penstock.journal.views import RunRow, TaskRow
from penstock.model.nearest import hint
from penstock.model.outcomes import Stored
from penstock.model.tuples import NamedTuple
from penstock.reading import targets
from penstock.reading.display_infos import said_of
from penstock.reading.reader import JournalReader

UNSTABLE = "unstable"
"""In the place of the digest of a value that has none."""


class ArtifactPlace(NamedTuple):
    """Where a value is looked for."""

    of: str = ""  # "digits/3/train/2", "digits/3"; "": any task whose result has the digest
    param: str | None = None  # of the run: the parameter of this name; None: the result
    display: str | None = None  # of the task, or of the run's own body: what was displayed under this name
    step: int | None = None  # of a series of displays; None: the one that is alone


class Artifact(NamedTuple):
    """A stored value, and where it was found."""

    stored: Stored
    what: str  # "the result of digits/3/train/2"
    run: RunRow
    task: TaskRow | None = None  # whose result, or whose display, it is; None: a run's
    media: str = ""  # of a display


def artifact(reader: JournalReader, digest: str, place: ArtifactPlace) -> Artifact:
    """The value of a digest as text, or `UNSTABLE`. Raises NotFoundError where it is not there, or another one is."""
    if not place.of:
        return _by_digest(reader, digest, place)
    found = _at(reader, place)
    known = digests.text(found.stored.digest) if found.stored.digest else UNSTABLE
    if known != digest:
        raise NotFoundError(f"{found.what} is another value than {digest}: it is {known} now")
    return found


def _by_digest(reader: JournalReader, digest: str, place: ArtifactPlace) -> Artifact:
    if place != ArtifactPlace():
        raise UsageError("say in `of` whose parameter or display it is: FLOW/NUMBER, or FLOW/NUMBER/STEP/NUMBER")
    try:
        wanted = digests.parse(digest)
    except ValueError:
        told = "say in `of` where it stands" if digest == UNSTABLE else "it is b3- or s2-, and 64 digits"
        raise NotFoundError(f"{digest!r} is no digest of a value: {told}") from None
    rows = artifact_search.made_by(reader.journal, wanted, 1) or artifact_search.small_made_by(reader.journal, wanted)
    if not rows:
        raise NotFoundError(f"no task's result is {digest}; say in `of` where else it stands")
    return _result(queries.run_by_id(reader.journal, rows[0].run), rows[0])


def _at(reader: JournalReader, place: ArtifactPlace) -> Artifact:
    target = targets.find(reader, place.of)
    if target.step is not None and target.task is None:
        raise UsageError(f"{place.of} is a step of many tasks: write {place.of}/NUMBER in `of`")
    if place.display is not None:
        return _display(reader, place, target)
    if place.param is not None:
        return _param(reader, place.param, target.run)
    if target.task is not None:
        return _result(target.run, target.task)
    run = target.run
    stored = queries.detail(reader.journal, run.id).result
    if stored is None:
        raise NotFoundError(f"{run.run_id} has no result: it is {run.status}; see `penstock show {run.run_id}`")
    return Artifact(stored, f"the result of {run.run_id}", run)


def _result(run: RunRow, task: TaskRow) -> Artifact:
    path = run.path(task)
    if task.result is None:
        raise NotFoundError(f"{path} has no result: it is {task.status}; see `penstock show {path}`")
    return Artifact(task.result, f"the result of {path}", run, task)


def _param(reader: JournalReader, name: str, run: RunRow) -> Artifact:
    params = dict(queries.detail(reader.journal, run.id).params)
    if name not in params:
        raise NotFoundError(f"{run.run_id} has no parameter {name!r}{hint(name, params, '')}")
    return Artifact(params[name], f"the parameter {name} of {run.run_id}", run)


def _display(reader: JournalReader, place: ArtifactPlace, target: targets.Target) -> Artifact:
    run, task = target.run, target.task
    number, path = (0, run.run_id) if task is None else (task.id, run.path(task))
    row = recorded.one(reader.journal.database, run.id, number, "display", place.display or "", place.step)
    if row is None:
        at = "" if place.step is None else f" at step {place.step}"
        raise NotFoundError(f"{path} displays nothing named {place.display!r}{at}; see `penstock show {path}`")
    media = str(said_of(row).get("media", ""))
    return Artifact(row.values[0], f"display {row.name} of {path}", run, task, media)
