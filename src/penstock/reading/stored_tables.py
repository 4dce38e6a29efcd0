"""Pages of stored arrays and tables, by their layouts and blobs alone: nothing is unpickled."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from penstock.artifacts import records
from penstock.artifacts.store import BlobStore
from penstock.errors import DamagedError, NotFoundError, UsageError
from penstock.model.outcomes import Stored
from penstock.reading.column_values import WHOLE, Column, arrow_column, count_of, is_readable, picked, step_of, values

MOST_ROWS = 500  # of a page
_MOST_COLUMNS = 1_000  # of an array
_SHORTEST = 20  # characters of a cell that are always there
_WHOLE = ("texts", "codes")  # which no stride leads through


class ColumnInfo(msgspec.Struct, frozen=True):
    """A column of a stored table."""

    name: str
    type: str  # "int64", "float32", "time", "duration", "text", "category", "bool", "objects"
    is_index: bool = False
    is_readable: bool = True  # False: it holds objects, of which its layout tells nothing


class TablePage(msgspec.Struct, frozen=True):
    """Some rows of a stored table."""

    rows: int  # of the whole table
    offset: int  # the first of these
    columns: tuple[ColumnInfo, ...]
    values: tuple[list[Any], ...]  # of each column: numbers, texts, bools; None: missing, or in a column of objects
    cut: int = 0  # how many texts were longer than `cut_at`
    cut_at: int | None = None  # characters; None: none was cut


class StoredTable:
    """A stored array or table, of which parts are read. Blobs are mapped, and their sizes checked."""

    def __init__(self, stored: Stored, store: BlobStore, what: str = "the value") -> None:
        """Raises UsageError where there is no layout; `what`: how the value is called then."""
        self._parsed = records.parse(stored.record)
        self._store = store
        self._what = what
        self._blobs: dict[int, memoryview] = {}
        layout = _layout(stored.layout, what)
        self.shape: tuple[int, ...] | None = tuple(layout["shape"]) if layout["kind"] == "array" else None
        self.layout = layout
        self._index: list[Column] = layout.get("index", [])
        self._columns: list[Column] = _columns(layout)
        self.more = cast("int", layout.get("more", 0))  # columns that the layout has no room for, or that are too many
        if self.shape is not None and len(self.shape) == 2 and self._columns:
            self.more = self.shape[1] - len(self._columns)
        self._all = [*self._index, *self._columns]

    @functools.cached_property
    def rows(self) -> int:
        """How many it has."""
        if self.shape is not None:
            return self.shape[0] if self.shape else 1
        if "rows" in self.layout:
            return self.layout["rows"]
        counts = (count_of(column) for column in (*self._columns, *self._index))
        found = next((count for count in counts if count is not None), None)
        if found is None and self._columns and self._columns[0]["coding"] == "ipc":
            found = len(arrow_column(self.bytes_of(self._columns[0]["data"])))
        return found or 0

    @property
    def columns(self) -> tuple[ColumnInfo, ...]:
        """Its index's columns, then its own."""
        return tuple(map(self.info, self._all))

    def page(
        self,
        offset: int = 0,
        limit: int = 100,
        columns: Sequence[int] | None = None,
        order: Sequence[int] | None = None,
        most_text: int = WHOLE,
    ) -> TablePage:
        """Rows from `offset` on, at most `limit` and 500. `columns`: their places among `columns`; None: all. `order`:
        numbers of all rows as they are sorted; None: as they are stored. `most_text`: characters of all cells together;
        of each cell as many as that allows.

        Raises NotFoundError for a column that is not there, DamagedError, UsageError.
        """
        if offset < 0 or not 1 <= limit <= MOST_ROWS:
            raise UsageError(f"a page begins at row 0 or later, and has 1 to {MOST_ROWS} rows")
        chosen = self._all if columns is None else [self.column(at) for at in columns]
        begin, end = min(offset, self.rows), min(offset + limit, self.rows)
        longest = max(_SHORTEST, most_text // max(1, (end - begin) * len(chosen)))
        rows = range(begin, end) if order is None else order[begin:end]
        found = tuple(self._cells(one, rows, longest + 1) for one in chosen)
        infos = tuple(self.info(one) for one in chosen)
        cut = tuple(_cut(cells, longest) for cells in found)
        return TablePage(self.rows, begin, infos, found, sum(cut), longest if any(cut) else None)

    def _cells(self, column: Column, rows: Sequence[int], longest: int) -> list[Any]:
        if not is_readable(column):
            return [None] * len(rows)
        if isinstance(rows, range):
            return values(column, self.bytes_of, rows.start, rows.stop, longest)
        return picked(column, self.bytes_of, rows, longest)

    def info(self, column: Column) -> ColumnInfo:
        """What is told of a column."""
        return _info(column, any(column is one for one in self._index))

    def column(self, at: int | None) -> Column:
        """The layout of one of `columns`, by its place among them; None: all that is in an array, or the only column of
        a table. Names will not do: two columns may have the same one. Raises NotFoundError, UsageError."""
        if at is None:
            return self._whole()
        if not 0 <= at < len(self._all):
            raise NotFoundError(f"{self._what} has no column {at}: its {len(self._all)} columns count from 0")
        return self._all[at]

    def _whole(self) -> Column:
        if self.shape is not None and (len(self.shape) < 2 or "strides" not in self.layout):
            return self._columns[0] if len(self.shape) < 2 else {"name": "", **self.layout["data"]}
        if len(self._columns) != 1:
            raise UsageError(f"{self._what} has {len(self._all)} columns: name one by its place among them, from 0 on")
        return self._columns[0]

    def bytes_of(self, place: Sequence[int]) -> memoryview:
        """What lies at a place; raises DamagedError."""
        number, begin, size = place
        whole = self._skeleton if number < 0 else self._blob(number)
        if begin < 0 or size < 0 or begin + size > len(whole):
            raise DamagedError(f"the layout of {self._what} names bytes that are not there")
        return whole[begin : begin + size]

    @functools.cached_property
    def _skeleton(self) -> memoryview:
        digest, size = self._parsed.skeleton_blob
        return self._store.get(digest, size) if digest else memoryview(self._parsed.skeleton)

    def _blob(self, number: int) -> memoryview:
        if number >= len(self._parsed.parts):
            raise DamagedError(f"the layout of {self._what} names a blob that is not there")
        if number not in self._blobs:
            _, digest, size = self._parsed.parts[number]
            self._blobs[number] = self._store.get(digest, size)
        return self._blobs[number]


def _cut(cells: list[Any], longest: int) -> int:
    """Cut what is longer; how many that were."""
    found = [at for at, cell in enumerate(cells) if isinstance(cell, str) and len(cell) > longest]
    for at in found:
        cells[at] = cells[at][:longest]
    return len(found)


def _layout(text: str, what: str) -> dict[str, Any]:
    if not text:
        raise UsageError(f"{what} is no array and no table, or was stored by an older Penstock: read the value itself")
    try:
        layout = json.loads(text)
        if layout["version"] == 1 and layout["kind"] in ("array", "table", "column"):
            return layout
    except (ValueError, KeyError, TypeError):
        raise DamagedError(f"the layout of {what} is damaged: read the value itself") from None
    raise UsageError(f"{what} holds objects, which no layout tells: read the value itself")


def _columns(layout: dict[str, Any]) -> list[Column]:
    """The columns of a table, or of an array of one or two dimensions."""
    if layout["kind"] != "array":
        return layout["columns"]
    shape, data = layout["shape"], layout["data"]
    if len(shape) < 2:
        return [{"name": "", **_moved(data, layout, 0, 0)}]
    if len(shape) > 2 or data["coding"] in _WHOLE:
        return []
    return [{"name": str(at), **_moved(data, layout, 1, at)} for at in range(min(shape[1], _MOST_COLUMNS))]


def _moved(data: Column, layout: dict[str, Any], axis: int, at: int) -> Column:
    """An array's column: where it begins, and how far its elements lie apart."""
    if data["coding"] in _WHOLE:
        return data
    strides = strides_of(layout)
    begin = layout.get("begin", 0) + (strides[axis] * at if axis else 0)
    number, first, size = data["data"]
    moved = {**data, "data": [number, first + begin, max(0, size - begin)]}
    if strides:
        moved["step"] = strides[0]
    if "missing" in data and axis:
        return {**moved, "coding": "objects"}  # whose mask lies as wide apart, a byte for each
    return moved


def strides_of(layout: dict[str, Any]) -> list[int]:
    """Bytes from one element of an array to the next, along each axis."""
    if "strides" in layout:
        return layout["strides"]
    shape: list[int] = layout["shape"]
    strides: list[int] = []
    size = step_of(layout["data"])
    for length in shape if layout.get("order") == "F" else reversed(shape):
        strides.append(size)
        size *= length
    return strides if layout.get("order") == "F" else strides[::-1]


def _info(column: Column, is_index: bool) -> ColumnInfo:
    return ColumnInfo(column.get("name", ""), _type(column), is_index, is_readable(column))


def _type(column: Column) -> str:
    coding = column["coding"]
    if coding == "chunks":
        return _type(column["chunks"][0])
    if coding == "numbers":
        if "unit" in column:
            return "duration" if column.get("span") else "date" if column["unit"] == "D" else "time"
        dtype = column["dtype"].lstrip("<>|=")
        kinds = {"i": "int", "u": "uint", "f": "float", "c": "complex"}
        if dtype in ("b1", "bf2"):
            return "bool" if dtype == "b1" else "bfloat16"
        return f"{kinds[dtype[0]]}{int(dtype[1:]) * 8}"
    known = {"texts": "text", "fixed": "text", "codes": "category", "range": "int64", "bits": "bool", "ipc": "arrow"}
    return known.get(coding, "objects")
