"""What the values of one column of a stored table come to, by its layout and blobs alone. Needs numpy.

Reads a column in pieces, twice: memory stays the same for any length. Of a very long one it reads some of the pieces,
and quantiles of a long one are those of every n-th value.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from typing import Any

import msgspec

from penstock.errors import UsageError
from penstock.reading.column_values import Column, arrow_column, count_of, is_readable, step_of, values
from penstock.reading.stored_tables import ColumnInfo, StoredTable

BINS = 40
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_PIECE = 1 << 18  # values
_READ = 1 << 27  # values that are read of a column at most, so that somebody can wait for it
_SAMPLE = 1 << 20
_TOP = 20
_FIRST = 1 << 17  # values that are counted where they are no numbers
_FEW = 1 << 13
_BEGINNING = 200  # characters


class ColumnStatistics(msgspec.Struct, frozen=True):
    """What the values of a column come to. Of times: seconds since 1970, of durations: seconds."""

    name: str
    type: str
    count: int  # of all rows
    nulls: int  # missing, NaN among them; as all below, of the `read` values
    infinite: int = 0
    min: float | None = None  # as what follows, of those that are finite numbers; None: there are none
    max: float | None = None
    mean: float | None = None
    quantiles: tuple[tuple[float, float], ...] = ()  # (share, value)
    edges: tuple[float, ...] = ()  # of the histogram's bins, one more than bins; equally wide
    counts: tuple[int, ...] = ()
    top: tuple[tuple[str, int], ...] = ()  # the most frequent values of categories, bools and texts
    read: int = 0  # how many of the rows were looked at: of very many, evenly spread pieces
    is_sampled: bool = False  # whether quantiles are those of every n-th value


def statistics(table: StoredTable, at: int | None = None) -> ColumnStatistics:
    """The statistics of a column, by its place among the table's; None: of all that is in an array, or of the only
    column. Raises NotFoundError, and UsageError for a column of objects or without numpy."""
    column = table.column(at)
    info = table.info(column)
    if not is_readable(column):
        what = f"the column {info.name!r}" if info.name else "it"
        raise UsageError(f"{what} holds objects, which its layout tells nothing of: read the value itself")
    rows = _rows(table, column)
    np = numpy_here("statistics")
    if info.type in ("text", "category", "bool") or (info.type == "arrow" and not _is_of_numbers(table, column, rows)):
        return _frequent(table, column, info, rows)
    every = -(-rows // _READ)
    found = _Summed(np)
    with np.errstate(all="ignore"):  # of numbers whose difference is no number any more
        for piece in _pieces(np, table, column, rows, every):
            found.look(piece)
        found.edge()
        for piece in _pieces(np, table, column, rows, every):
            found.fill(piece)
        return found.statistics(info, rows)


def _rows(table: StoredTable, column: Column) -> int:
    """How many values it has: those of a whole array are more than its rows."""
    counted = count_of(column)
    return table.rows if counted is None else counted


def numpy_here(what: str) -> Any:
    """The library; raises UsageError, which says what needs it."""
    try:
        return importlib.import_module("numpy")
    except ImportError:
        raise UsageError(f"{what} need numpy, which is not installed here: `pip install numpy`") from None


class _Summed:
    """Numbers that come in pieces, twice."""

    def __init__(self, np: Any) -> None:
        self._np = np
        self.count = self.nulls = self.infinite = 0
        self._sum = 0.0
        self._least, self._most = math.inf, -math.inf
        self._scale = 1.0  # smaller where the numbers lie further apart than a number can say
        self._edges: Any = None
        self._bins: Any = None
        self._sample: list[Any] = []
        self._step = 1

    def look(self, piece: Any) -> None:
        np = self._np
        self.count += len(piece)
        gone = int(np.isnan(piece).sum())
        finite = piece[np.isfinite(piece)]
        self.nulls += gone
        self.infinite += len(piece) - gone - len(finite)
        if len(finite):
            self._sum += float(finite.sum())
            self._least, self._most = min(self._least, float(finite.min())), max(self._most, float(finite.max()))

    def edge(self) -> None:
        if self._least <= self._most:
            self._scale = 1.0 if math.isfinite(self._most - self._least) else 0.5
            self._edges = self._np.linspace(self._least * self._scale, self._most * self._scale, BINS + 1) / self._scale
            self._bins = self._np.zeros(BINS, int)
            self._step = -(-self.count // _SAMPLE)

    def fill(self, piece: Any) -> None:
        if self._edges is None:
            return
        finite = piece[self._np.isfinite(piece)]
        if self._least < self._most:
            ends = (self._least * self._scale, self._most * self._scale)
            self._bins += self._np.histogram(finite * self._scale, BINS, ends)[0]
        else:
            self._bins[0] += len(finite)
        self._sample.append(finite[:: self._step])

    def statistics(self, info: ColumnInfo, rows: int) -> ColumnStatistics:
        if self._edges is None:
            return ColumnStatistics(info.name, info.type, rows, self.nulls, self.infinite, read=self.count)
        ranked = self._np.quantile(self._np.concatenate(self._sample) * self._scale, QUANTILES) / self._scale
        return ColumnStatistics(
            name=info.name,
            type=info.type,
            count=rows,
            nulls=self.nulls,
            infinite=self.infinite,
            min=self._least,
            max=self._most,
            mean=self._sum / (self.count - self.nulls - self.infinite),
            quantiles=tuple(zip(QUANTILES, ranked.tolist(), strict=True)),
            edges=tuple(self._edges.tolist()),
            counts=tuple(self._bins.tolist()),
            read=self.count,
            is_sampled=self._step > 1,
        )


def _pieces(np: Any, table: StoredTable, column: Column, rows: int, every: int) -> Iterator[Any]:
    """Its values as float64, NaN where one is missing, in pieces; `every` n-th of them."""
    if column["coding"] == "chunks":
        for chunk in column["chunks"]:
            yield from _pieces(np, table, chunk, count_of(chunk) or 0, every)
        return
    found = arrow_column(table.bytes_of(column["data"])) if column["coding"] == "ipc" else None
    for begin in range(0, rows, _PIECE * max(1, every)):
        if found is None:
            yield _piece(np, table, column, begin, min(begin + _PIECE, rows))
        else:
            yield _floats(np, found.slice(begin, _PIECE))


def _piece(np: Any, table: StoredTable, column: Column, begin: int, end: int) -> Any:
    if column["coding"] == "range":
        return column["start"] + np.arange(begin, end, dtype=float) * column["step"]
    data = table.bytes_of(column["data"])
    dtype = column["dtype"]
    raw = np.ndarray(end - begin, "<u2" if dtype == "bf2" else dtype, data, begin * step_of(column), (step_of(column),))
    if dtype == "bf2":
        raw = (raw.astype("<u4") << 16).view("<f4")
    found = (np.abs(raw) if raw.dtype.kind == "c" else raw).astype(float)
    if "unit" in column:
        found[raw == np.iinfo(raw.dtype).min] = np.nan
        found /= {"D": 1 / 86_400, "s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[column["unit"]]
    if "missing" in column:
        found[np.frombuffer(table.bytes_of(column["missing"]), bool)[begin:end]] = np.nan
    if "valid" in column:
        bits = np.frombuffer(table.bytes_of(column["valid"]), "u1")
        found[~np.unpackbits(bits, bitorder="little")[begin:end].astype(bool)] = np.nan
    return found


def _floats(np: Any, part: Any) -> Any:
    """Of a column of Arrow's, whichever library reads it."""
    if hasattr(part, "to_pylist"):
        return part.cast("float64").to_numpy().astype(float)
    listed: list[Any] = part.to_list()
    return np.array([math.nan if one is None else one for one in listed], float)


def _is_of_numbers(table: StoredTable, column: Column, rows: int) -> bool:
    first = values(column, table.bytes_of, 0, min(rows, 1000), _BEGINNING)
    return all(one is None or (isinstance(one, (int, float)) and not isinstance(one, bool)) for one in first)


def _frequent(table: StoredTable, column: Column, info: ColumnInfo, rows: int) -> ColumnStatistics:
    """Of what is no number: how often the most frequent values are there; of a long column, of its first part. Texts
    are told apart by their beginnings: each may be as large as the memory."""
    from collections import Counter

    read = min(rows, _FIRST)
    seen: Counter[Any] = Counter()
    for at in range(0, read, _FEW):
        seen.update(values(column, table.bytes_of, at, min(at + _FEW, read), _BEGINNING))
    nulls = seen.pop(None, 0)
    top = tuple((str(value), times) for value, times in seen.most_common(_TOP))
    return ColumnStatistics(info.name, info.type, rows, nulls, top=top, read=read)
