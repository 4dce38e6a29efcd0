"""What of a run another tool can hold: plain words, points, and files. Reads alone; of what a user stored only folders
and files are opened, which run no code of his."""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from penstock.artifacts.media import TABLE
from penstock.artifacts.seen import read_preview
from penstock.artifacts.shown import suffix_of
from penstock.journal import queries, run_facts
from penstock.journal.views import RunRow
from penstock.model.outcomes import Stored
from penstock.model.tuples import NamedTuple
from penstock.reading import display_infos, logged
from penstock.reading.logged import CountedPart
from penstock.reading.reader import JournalReader
from penstock.reading.stored_tables import MOST_ROWS, StoredTable
from penstock.reading.values import Loader

_PATH = re.compile(r"pathlib\.(?:\w+\.)?(?:Posix|Windows)?Path")
_MOST_CELLS = 2_000_000
_KEPT = frozenset("._- +=@()")
_LONGEST = 100  # characters of a part of a file's name


class PlainCurve(NamedTuple):
    """The points of one task, or of the body, under a name, in the order of their steps."""

    name: str
    task: str  # "train/2"; "": the flow's own body
    parts: tuple[CountedPart, ...]

    def points(self, reader: JournalReader, row: RunRow) -> Iterator[tuple[int, float, float]]:
        """Step, time (UTC, seconds) and number. Where there is no step, the point's place stands for it."""
        for place, (step, at, value) in enumerate(
            point for part in self.parts for point in logged.points_of(reader, row, part)
        ):
            yield place if step is None else step, at, value


class PlainFile(NamedTuple):
    """A file, named with slashes below the run."""

    name: str
    content: bytes | memoryview | Path


def params(stored: Iterable[tuple[str, Stored]]) -> Iterator[tuple[str, str]]:
    """Parameters as words: a text as it is, all else as its preview shows it."""
    for name, value in stored:
        scalar = run_facts.scalar_of(value.preview)
        seen = read_preview(value.preview).text
        yield name, str(scalar.value) if scalar is not None and scalar.type == "str" else seen


def curves(reader: JournalReader, row: RunRow) -> list[PlainCurve]:
    """All that counts of what was logged in a run."""
    parts = logged.parts(queries.metrics(reader.journal, row.id))
    parts.sort(key=lambda part: (part.record.task, part.record.metric.name))  # stable: tries stay in their order
    paths = queries.task_names(reader.journal, row.id, {part.record.task for part in parts} - {0})
    return [
        PlainCurve(name, paths.get(task, ""), tuple(several))
        for (task, name), several in groupby(parts, key=attrgetter("record.task", "record.metric.name"))
    ]


def files(reader: JournalReader, row: RunRow) -> Iterator[PlainFile]:
    """What was displayed, and the result where it is files or a table. Each is valid until the next one is asked for.
    Raises DamagedError, StoreError."""
    taken = set[str]()
    for info, stored, _ in display_infos.displays(reader, row):
        task = info.task.removeprefix(row.run_id).strip("/")
        step = "" if info.step is None else f"-{info.step}"
        front = "/".join(
            filter(None, ("displays", *map(_part, filter(None, task.split("/"))), _part(f"{info.name}{step}")))
        )
        if info.media == TABLE:
            yield from _table(reader, front, stored, taken)
        else:
            suffix = suffix_of(info.media)
            whole = front if front.lower().endswith(suffix) else f"{front}{suffix}"
            yield PlainFile(_unique(whole, taken), display_infos.content(reader, info, stored))
    result = queries.detail(reader.journal, row.id).result
    if result is not None and _PATH.fullmatch(read_preview(result.preview).type):
        with tempfile.TemporaryDirectory() as folder:
            yield from _of_path(Loader(reader, row, Path(folder)).load(result, "the result"))
    elif result is not None:
        yield from _table(reader, "result", result, taken)


def _of_path(path: Path) -> Iterator[PlainFile]:
    if path.is_file():
        yield PlainFile(f"result/{_part(path.name)}", path)
    for at, _, names in os.walk(path):
        for name in sorted(names):
            file = Path(at, name)
            if not file.is_symlink():
                yield PlainFile(f"result/{file.relative_to(path).as_posix()}", file)


def _table(reader: JournalReader, front: str, stored: Stored, taken: set[str]) -> Iterator[PlainFile]:
    """An array or a table as CSV, where it is no larger than somebody reads, and all of it can be told."""
    if not stored.layout:
        return
    table = StoredTable(stored, reader.project.store)
    columns = table.columns
    if not columns or table.more or not all(column.is_readable for column in columns):
        return
    if table.rows * len(columns) > _MOST_CELLS:
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in columns])
    for begin in range(0, table.rows, MOST_ROWS):
        writer.writerows(zip(*table.page(begin, MOST_ROWS).values, strict=True))
    yield PlainFile(_unique(f"{front}.csv", taken), text.getvalue().encode())


def _part(text: str) -> str:
    kept = "".join(one if one.isalnum() or one in _KEPT else "_" for one in text)[:_LONGEST].strip()
    return kept if kept.strip(".") else "_"


def _unique(name: str, taken: set[str]) -> str:
    stem, dot, suffix = name.rpartition(".")
    found, number = name, 2
    while found in taken:
        found, number = f"{stem}-{number}{dot}{suffix}", number + 1
    taken.add(found)
    return found
