"""polars frames and series: one uncompressed Arrow IPC file for each column, so that columns are shared by content.

Columns are leaves: flat ones count by dtype, what is missing and what is there, others by their file. A form leaves out
how a column is cut into chunks, what lies under a missing value, whether a column keeps a mask in which nothing is
missing, where texts lie, and the numbers that categories have in this process (all are about memory), and the flag that
says that a column is sorted (a hint).
"""

from __future__ import annotations

import io
from typing import Any, Callable, Optional

import polars as _polars

from penstock.artifacts import digests, rebuild
from penstock.artifacts.collected import Collected
from penstock.artifacts.looks import COLUMNS, ITEMS, Facts, Look, series, table
from penstock.artifacts.media import Shown, table_of
from penstock.artifacts.walk import BIG, ValueWalk

pl: Any = _polars
_NUMBERS = (*(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64), pl.Float32, pl.Float64)


def _reduce_frame(sink: Collected, value: Any) -> Any:
    if any(dtype == pl.Object for dtype in value.dtypes):
        return NotImplemented
    columns = [_stored(sink, column) for column in value]
    return rebuild.polars_frame, (columns, value.height, value.columns)


def _reduce_series(sink: Collected, value: Any) -> Any:
    return NotImplemented if value.dtype == pl.Object else (rebuild.polars_series, (_stored(sink, value), value.name))


def _stored(sink: Collected, column: Any) -> Any:
    data = _ipc(column)
    return bytes(data) if data.nbytes < BIG else sink.put(data, ("polars", id(column)), column)


def _ipc(column: Any) -> memoryview:
    file = io.BytesIO()
    pl.DataFrame([column.rechunk().alias("0")]).write_ipc(file, compression="uncompressed")
    return file.getbuffer()


def _frame_form(walk: ValueWalk, value: Any) -> None:
    begun = walk.begin(value)
    if begun < 0:
        return
    walk.leaf("polars.DataFrame", 2 + value.width)
    walk.write(value.height)
    walk.write(value.columns)
    for column in value:
        walk.keep(column)
        _column_form(walk, column)
    walk.end(value, begun)


def _series_form(walk: ValueWalk, value: Any) -> None:
    walk.leaf("polars.Series", 2)
    walk.write(value.name)
    _column_form(walk, value)


def _column_form(walk: ValueWalk, column: Any) -> None:
    walk.part(column.dtype, ".dtype")
    missing = column.is_null() if column.null_count() else None
    there = column
    if isinstance(column.dtype, pl.Categorical):
        there = column.cast(pl.String)
    elif column.dtype == pl.Boolean:
        there = column.cast(pl.UInt8)
    there = there.to_physical()
    if there.dtype == pl.String:
        there = there if missing is None else there.fill_null("")
        walk.out += _digest(there.str.len_bytes())
        walk.out += digests.digest(there.str.join("").cast(pl.Binary)[0] if len(there) else b"")
    elif isinstance(there.dtype, _NUMBERS):
        walk.out += _digest(there if missing is None else there.fill_null(0))
    else:
        walk.out += _digest_of_file(column)
        return
    walk.out += b"N" if missing is None else _digest(missing.cast(pl.UInt8))


def _digest(numbers: Any) -> bytes:
    """The digest of a column of plain numbers in which nothing is missing."""
    try:
        array = numbers.rechunk().to_numpy()
    except ImportError:  # polars does without numpy; then a column counts as another, never as equal to another
        return _digest_of_file(numbers)
    return digests.digest(memoryview(array).cast("B") if array.size else b"")


def _digest_of_file(column: Any) -> bytes:
    """The digest of the file of a column as it is read: without masks in which nothing is missing."""
    return digests.digest(_ipc(pl.read_ipc(io.BytesIO(_ipc(column))).to_series(0)))


def shown_of(kind: type) -> Optional[Callable[[Any], Shown]]:
    """What displays a table."""
    return table_of if issubclass(kind, (_polars.DataFrame, _polars.Series)) else None


def look(value: Any, look: Look) -> Facts:
    """What is shown of a value; None: nothing that is this library's."""
    name = type(value).__name__
    if name == "DataFrame":
        head = [value.to_series(at) for at in range(min(value.width, COLUMNS))]
        return table([(one.name, one.dtype) for one in head], value.height, value.width, look)
    if name != "Series":
        return None
    head = value.head(ITEMS).to_list()
    return {**series(name, len(value), value.dtype, head, look), "shape": [len(value)]}


form_of = {pl.DataFrame: _frame_form, pl.Series: _series_form}.get
reducer_of = {pl.DataFrame: _reduce_frame, pl.Series: _reduce_series}.get
