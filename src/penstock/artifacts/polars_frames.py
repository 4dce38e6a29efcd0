"""polars frames and series: one uncompressed Arrow IPC file for each column, so that columns are shared by content."""

from __future__ import annotations

import io
from typing import Any, Callable, Optional

import polars as _polars

from penstock.artifacts import digests, rebuild
from penstock.artifacts.canonical import BIG, Known, Walk
from penstock.artifacts.reducing import Sink

pl: Any = _polars


def form_of(kind: type) -> Optional[Callable[[Walk, Any], None]]:
    """The rule for frames and series."""
    if kind is pl.DataFrame:
        return _frame_form
    return _series_form if kind is pl.Series else None


def reducer_of(kind: type) -> Optional[Callable[[Sink, Any], Any]]:
    """The reducer for frames and series."""
    if kind is pl.DataFrame:
        return _reduce_frame
    return _reduce_series if kind is pl.Series else None


def _reduce_frame(sink: Sink, value: Any) -> Any:
    if any(dtype == pl.Object for dtype in value.dtypes):
        return NotImplemented
    return rebuild.polars_frame, (
        [_stored(sink, column, (id(value), n)) for n, column in enumerate(value)],
        value.height,
    )


def _reduce_series(sink: Sink, value: Any) -> Any:
    if value.dtype == pl.Object:
        return NotImplemented
    return rebuild.polars_series, (_stored(sink, value, (id(value), 0)),)


def _stored(sink: Sink, column: Any, key: Any) -> Any:
    data = _ipc(column)
    if data.nbytes < BIG:
        sink.known[("polars", *key)] = (digests.digest(data), None)
        return bytes(data)
    return sink.put(data, ("polars", *key), None)


def _ipc(column: Any) -> memoryview:
    file = io.BytesIO()
    pl.DataFrame([column.rechunk()]).write_ipc(file, compression="uncompressed")
    return file.getbuffer()


def _frame_form(walk: Walk, value: Any) -> None:
    begun = walk.begin(value)
    if begun < 0:
        return
    walk.out += b"X"
    walk.name("polars.DataFrame")
    walk.size(1 + value.width)
    walk.write(value.height)
    for number, column in enumerate(value):
        _column_form(walk, column, (id(value), number))
    walk.end(value, begun)


def _series_form(walk: Walk, value: Any) -> None:
    walk.out += b"X"
    walk.name("polars.Series")
    walk.size(1)
    _column_form(walk, value, (id(value), 0))


def _column_form(walk: Walk, column: Any, key: Any) -> None:
    if column.dtype == pl.Object:
        walk.write((column.name, column.to_list()))
        return
    known: Known = walk.known
    found = known.get(("polars", *key))
    walk.out += found[0] if found is not None else digests.digest(_ipc(column))
