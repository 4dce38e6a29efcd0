"""What tasks and bodies displayed: named without a look at its content, and its bytes read without unpickling."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from penstock.artifacts.media import TABLE
from penstock.artifacts.plain_bytes import plain_bytes
from penstock.journal import queries, recorded
from penstock.journal.recorded import RecordedPlace, RecordedRow
from penstock.journal.views import RunRow
from penstock.model.outcomes import Recorded, Stored
from penstock.model.tuples import NamedTuple
from penstock.model.words import utc
from penstock.reading.infos import value_info
from penstock.reading.reader import JournalReader
from penstock.reading.structs import DisplayInfo


class ShownDisplay(NamedTuple):
    """What was displayed."""

    info: DisplayInfo
    stored: Stored
    place: RecordedPlace


def displays(
    reader: JournalReader,
    run: RunRow,
    task: int | None = None,
    limit: int | None = None,
    after: RecordedPlace | None = None,
) -> Iterator[ShownDisplay]:
    """What a task or a nested flow (its number in the run) displayed, or the run's own body (0), or all of these
    (None), by task, name and step. `after`: the place of the last one of the page before. As many queries however many
    there are."""
    rows = list(recorded.rows(reader.journal.database, run.id, task, "display", limit, after))
    names = queries.task_names(reader.journal, run.id, {row.task for row in rows})
    for row in rows:
        path = f"{run.run_id}/{names[row.task]}" if row.task in names else run.run_id
        place = RecordedPlace(row.task, row.recorded.name, row.recorded.step)
        yield ShownDisplay(_info(path, row), row.recorded.values[0], place)


def _info(path: str, row: RecordedRow) -> DisplayInfo:
    one = row.recorded
    said = said_of(one)
    value = value_info(one.values[0])
    assert value is not None
    told = {name: str(said.get(name, "")) for name in ("media", "caption", "note")}
    return DisplayInfo(path, one.name, one.step, at=utc(one.at), value=value, **told)


def said_of(one: Recorded) -> dict[str, Any]:
    """What was noted of it; of what is damaged nothing is known."""
    try:
        said = json.loads(one.data)
    except ValueError:
        return {}
    return cast("dict[str, Any]", said) if isinstance(said, dict) else {}


def content(reader: JournalReader, info: DisplayInfo, stored: Stored) -> memoryview:
    """The bytes of what was displayed, of its media type; nothing is unpickled, and what is mapped is not copied.

    Raises ValueError for a table, whose bytes are those of its columns (`stored_tables`), and DamagedError.
    """
    if info.media == TABLE:
        raise ValueError(f"display {info.name} of {info.task} is a table, and no bytes")
    return plain_bytes(stored.record, reader.project.store)
