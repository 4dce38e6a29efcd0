"""A run that another tool kept becomes a run without tasks: its parameters, curves and files are stored, then its row.

Knows no other tool. What is killed on the way leaves at most blobs that nobody refers to.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from penstock.artifacts import codec
from penstock.artifacts.points_writer import PointsWriter
from penstock.artifacts.shown import media_of
from penstock.exchange.staging import Staging
from penstock.journal import imported_runs
from penstock.journal.imported_runs import ImportedRun, Put
from penstock.model.outcomes import Error, Metric, Recorded, Stored
from penstock.model.rows import Origin, RunEnd, Surroundings
from penstock.model.states import Cause, RunStatus
from penstock.model.texts import fault_of_name, fault_of_tag, is_whole
from penstock.model.tuples import NamedTuple
from penstock.model.words import plural
from penstock.project import Project

_AT_ONCE = 10_000  # points
_LONGEST_TAG, _LONGEST_NAME, _LONGEST_NOTE = 1_000, 200, 20_000  # characters
_NAMED = 5  # files in a preview
_MOST_DISPLAYED = 16 << 20  # bytes of a picture


class PointColumns(NamedTuple):
    """The points of a curve in the order of their times."""

    steps: array[int]  # `NO_STEP`: none
    times: array[float]  # UTC, seconds since the epoch
    values: array[float]


class ForeignRun(NamedTuple):
    """What another tool kept of a run, but for its curves and files."""

    key: str  # a tag that no other run has
    flow: str
    status: RunStatus
    created_at: float  # UTC, seconds since the epoch
    ended_at: float
    params: Mapping[str, Any]
    tags: tuple[str, ...] = ()
    name: str = ""
    note: str = ""
    program: str = ""  # that was run; "": unknown
    failure: str = ""  # why it is not done


def put(
    project: Project,
    run: ForeignRun,
    curves: Iterable[tuple[str, PointColumns]],
    staging: Staging,
    parent: Put | None = None,
) -> Put:
    """Write it, or what came since it was written. Call it while the store is held. Raises UsageError, StoreError."""
    params = {name: value for name, value in run.params.items() if not fault_of_name(name)}
    imported = ImportedRun(
        run.key,
        run.flow,
        RunEnd(run.status.value, _result(project, staging), _error(run)),
        run.created_at,
        run.ended_at,
        tuple((name, codec.encode(value, project.store, name).stored) for name, value in params.items()),
        _metrics(project, curves),
        tuple(_displays(project, staging, run.ended_at)),
        tuple(tag for tag in map(_tag, run.tags) if tag),
        _text(" ".join(run.name.split()), _LONGEST_NAME),
        _text(run.note, _LONGEST_NOTE),
        None if parent is None else Origin(parent.run, parent.id),
        Surroundings(argv=(_text(run.program, _LONGEST_TAG),) if run.program else ()),
    )
    return imported_runs.put(project.journal, imported)


def scalar(text: str) -> Any:
    """What a text says that a tool has made of a parameter: a whole number, a number, a truth value, None; else the
    text."""
    words = {"True": True, "False": False, "None": None}
    if text in words:
        return words[text]
    try:
        number = int(text)
        return number if str(number) == text else text
    except ValueError:
        pass
    try:
        return float(text) if text.isascii() and text.strip() == text and "_" not in text else text
    except ValueError:
        return text


def flow_name(text: str, otherwise: str) -> str:
    """A text as the name of a flow, which is a letter, then letters, digits, _ or -."""
    kept = "".join(one if one.isalnum() or one in "_-" else " " for one in text)
    name = "-".join(kept.split()).strip("-")
    if not name[:1].isalpha():
        name = f"{otherwise}-{name}" if name else otherwise
    return name.encode()[:200].decode(errors="ignore")


def _metrics(project: Project, curves: Iterable[tuple[str, PointColumns]]) -> tuple[Metric, ...]:
    writer = PointsWriter("")
    for name, (steps, times, values) in curves:
        if fault_of_name(name) or not values:
            continue
        table = writer.table((name,))
        rows = zip(steps, times, zip(values, strict=True), strict=True)
        while some := list(islice(rows, _AT_ONCE)):
            table.pending += some
            table.take_in()
    if not writer.tables:
        return ()
    digest, size = project.store.put_chunks(writer.chunks())
    return writer.metrics(1, ("", digest, size))


def _result(project: Project, staging: Staging) -> Stored | None:
    if not staging.names:
        return None
    stored = codec.encode(staging.folder, project.store, "artifacts", files=True).stored
    # It would name the folder where they were staged, which is about to go.
    text = ", ".join(staging.names[:_NAMED])
    shown = {
        **json.loads(stored.preview),
        "text": f"{plural(len(staging.names), 'file')}: {_text(text, _LONGEST_NAME)}",
    }
    return stored._replace(preview=json.dumps(shown))


def _displays(project: Project, staging: Staging, at: float) -> Iterable[Recorded]:
    """Pictures among the files."""
    for name in staging.names:
        media, path = media_of(name), staging.folder / name
        is_shown = media.startswith("image/") and len(name) <= _LONGEST_NAME and is_whole(name)
        if is_shown and path.stat().st_size <= _MOST_DISPLAYED:
            stored = codec.encode(path.read_bytes(), project.store, name).stored
            yield Recorded("display", name, None, at, f'{{"media":"{media}"}}', (stored,))


def _error(run: ForeignRun) -> Error | None:
    if not run.failure:
        return None
    cause = Cause.CANCELLED if run.status is RunStatus.CANCELLED else Cause.RAISED
    return Error(cause.value, "", run.failure)


def _tag(text: str) -> str:
    flat = _text(" ".join(text.split()), _LONGEST_TAG)
    return "" if fault_of_tag(flat) else flat


def _text(text: str, most: int) -> str:
    kept = text.replace("\0", "") if is_whole(text) else text.encode("utf-8", "replace").decode().replace("\0", "")
    return kept if len(kept) <= most else f"{kept[: most - 1]}…"
