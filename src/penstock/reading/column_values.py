"""The values of one column of a stored table, by its layout (docs/formats.md) and its blobs: nothing is unpickled.

A part of a column is read by the standard library; what lies in files of Arrow needs polars or pyarrow.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from penstock.errors import DamagedError, UsageError

Column = dict[str, Any]
Bytes = Callable[[Sequence[int]], memoryview]
"""The bytes of a place: number of a blob (-1: the skeleton), first byte, how many."""

_LETTERS = {
    "b1": "?",
    "i1": "b",
    "i2": "h",
    "i4": "i",
    "i8": "q",
    "u1": "B",
    "u2": "H",
    "u4": "I",
    "u8": "Q",
    "f2": "e",
    "f4": "f",
    "f8": "d",
    "c8": "ff",
    "c16": "dd",
}
_PER_SECOND = {"D": 1 / 86_400, "s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_NOT_A_TIME = -(1 << 63)
WHOLE = 1 << 62
"""No text is longer."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_readable(column: Column) -> bool:
    """Whether the layout says where its values lie."""
    if column["coding"] == "codes":
        return is_readable(column["codes"]) and is_readable(column["of"])
    return column["coding"] != "objects" and (
        column["coding"] != "numbers" or column["dtype"] == "bf2" or column["dtype"].lstrip("<>|=") in _LETTERS
    )


def count_of(column: Column) -> int | None:
    """How many values it has; None: its layout does not tell."""
    coding = column["coding"]
    if coding in ("numbers", "fixed"):
        size, step = size_of(column), step_of(column)
        if not size or column["data"][2] < size:
            return 0
        return (column["data"][2] - size) // step + 1 if step else None  # None: one value, repeated
    if coding == "texts":
        return max(0, column["ends"][2] // column["width"] - 1)
    if coding == "codes":
        return count_of(column["codes"])
    if coding == "chunks":
        counts = [count_of(chunk) for chunk in column["chunks"]]
        return None if None in counts else sum(count for count in counts if count is not None)
    return column["rows"] if coding == "bits" else None


def size_of(column: Column) -> int:
    """Bytes of one value."""
    dtype = column["dtype"].lstrip("<>|=")
    return 2 if dtype == "bf2" else int(dtype[1:]) * (4 if dtype[0] == "U" else 1)


def step_of(column: Column) -> int:
    """Bytes from one value to the next."""
    return column.get("step", size_of(column))


def values(column: Column, read: Bytes, begin: int, end: int, longest: int = WHOLE) -> list[Any]:
    """Some of its values as numbers, texts, bools and None: what is missing. Times are ISO texts, spans seconds. Of a
    text at most `longest` characters: it may be as large as the memory.

    Raises UsageError for a column without a layout, DamagedError where bytes are not what the layout says.
    """
    if not is_readable(column):
        raise UsageError("the column holds objects, which its layout tells nothing of: read the value itself")
    try:
        return _CODINGS[column["coding"]](column, read, begin, end, longest)
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise DamagedError("the bytes of a column are not what its layout says") from error


def _numbers(column: Column, read: Bytes, begin: int, end: int, longest: int) -> list[Any]:
    data, size, step = read(column["data"]), size_of(column), step_of(column)
    dtype = column["dtype"].lstrip("<>|=")
    order = ">" if column["dtype"][0] == ">" else "<"
    if dtype == "bf2":
        halves = (data[at * step : at * step + 2] for at in range(begin, end))
        found: list[Any] = [struct.unpack("<f", b"\0\0" + half.tobytes())[0] for half in halves]
    elif step == size and dtype[0] != "c":
        found = list(struct.unpack_from(f"{order}{end - begin}{_LETTERS[dtype]}", data, begin * size))
    else:
        kind = struct.Struct(order + _LETTERS[dtype])
        found = [kind.unpack_from(data, at * step) for at in range(begin, end)]
        found = [str(complex(*one)) if dtype[0] == "c" else one[0] for one in found]
    if "unit" in column:
        found = [_time(one, column) for one in found]
    return _without_missing(column, read, begin, found)


def _time(value: int, column: Column) -> Any:
    if value == _NOT_A_TIME:
        return None
    unit = column["unit"]
    if column.get("span"):
        return value / _PER_SECOND[unit]
    try:
        if unit == "D":
            return (_EPOCH + timedelta(days=value)).date().isoformat()
        whole, rest = divmod(value, _PER_SECOND[unit])
        at = _EPOCH + timedelta(seconds=whole)
    except OverflowError:
        return f"{value} {unit} since 1970"
    shown = (at if column.get("zone") else at.replace(tzinfo=None)).isoformat()
    digits = {"s": 0, "ms": 3, "us": 6, "ns": 9}[unit]
    return f"{shown[:19]}.{int(rest):0{digits}}{shown[19:]}" if rest else shown


def _without_missing(column: Column, read: Bytes, begin: int, found: list[Any]) -> list[Any]:
    if "valid" in column:
        bits = read(column["valid"])
        return [one if bits[at >> 3] >> (at & 7) & 1 else None for at, one in enumerate(found, begin)]
    if "missing" in column:
        gone = read(column["missing"])
        return [None if gone[at] else one for at, one in enumerate(found, begin)]
    return found


def _fixed(column: Column, read: Bytes, begin: int, end: int, longest: int) -> list[Any]:
    data, size, step = read(column["data"]), size_of(column), step_of(column)
    codec = "utf-8" if "S" in column["dtype"] else "utf-32-be" if column["dtype"][0] == ">" else "utf-32-le"
    taken = min(size, 4 * longest)
    pieces = (bytes(data[at * step : at * step + taken]) for at in range(begin, end))
    return [piece.decode(codec, "replace").rstrip("\0")[:longest] for piece in pieces]


def _texts(column: Column, read: Bytes, begin: int, end: int, longest: int) -> list[Any]:
    width = column["width"]
    kind = "q" if width == 8 else "i"
    ends = struct.unpack_from(f"<{end - begin + 1}{kind}", read(column["ends"]), begin * width) if end > begin else ()
    data = read(column["data"])
    found = [_text(data, first, last, longest) for first, last in pairwise(ends)]
    return _without_missing(column, read, begin, found)


def _text(data: memoryview, first: int, last: int, longest: int) -> str:
    if last - first <= 4 * longest:  # bytes of UTF-8
        return bytes(data[first:last]).decode()[:longest]
    return bytes(data[first : first + 4 * longest]).decode(errors="ignore")[:longest]


def _codes(column: Column, read: Bytes, begin: int, end: int, longest: int) -> list[Any]:
    codes = values(column["codes"], read, begin, end)
    of = column["of"]
    known = {code: values(of, read, code, code + 1, longest)[0] for code in {*codes} if code is not None and code >= 0}
    return [known.get(code) for code in codes]


def _range(column: Column, read: Bytes, begin: int, end: int, longest: int) -> list[Any]:
    return [column["start"] + at * column["step"] for at in range(begin, end)]


def _bits(column: Column, read: Bytes, begin: int, end: int, longest: int) -> list[Any]:
    data = read(column["data"])
    found: list[Any] = [bool(data[at >> 3] >> (at & 7) & 1) for at in range(begin, end)]
    return _without_missing(column, read, begin, found)


def _chunks(column: Column, read: Bytes, begin: int, end: int, longest: int) -> list[Any]:
    found: list[Any] = []
    first = 0
    for chunk in column["chunks"]:
        rows = count_of(chunk) or 0
        low, high = max(begin, first), min(end, first + rows)
        if low < high:
            found += values(chunk, read, low - first, high - first, longest)
        first += rows
    return found


def picked(column: Column, read: Bytes, rows: Sequence[int], longest: int = WHOLE) -> list[Any]:
    """The values of these rows, in their order; otherwise as `values`."""
    if column["coding"] == "ipc":  # a file that is opened once
        return _arrow_values(arrow_column(read(column["data"])), rows, longest)
    return [values(column, read, at, at + 1, longest)[0] for at in rows]


def _ipc(column: Column, read: Bytes, begin: int, end: int, longest: int) -> list[Any]:
    return _arrow_values(arrow_column(read(column["data"])), range(begin, end), longest)


def _arrow_values(found: Any, rows: Sequence[int], longest: int) -> list[Any]:
    if rows and not 0 <= max(rows) < len(found):
        raise IndexError
    cells = (found[at] for at in rows)
    return [_plain(one.as_py() if hasattr(one, "as_py") else one, longest) for one in cells]


def _plain(value: Any, longest: int) -> Any:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value if isinstance(value, str) else value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text[:longest]


def arrow_column(data: memoryview) -> Any:
    """The one column of a file of Arrow, by pyarrow, which copies none of it, or by polars. Raises UsageError where
    neither is there."""
    import importlib
    import io

    try:
        arrow = importlib.import_module("pyarrow")
        return arrow.ipc.open_file(arrow.py_buffer(data)).read_all().column(0)
    except ImportError:
        pass
    try:
        polars = importlib.import_module("polars")
    except ImportError:
        raise UsageError(
            "the column lies in a file of Arrow, and neither pyarrow nor polars is here: `pip install pyarrow`"
        ) from None
    return polars.read_ipc(io.BytesIO(data)).to_series(0)


_CODINGS: dict[str, Callable[[Column, Bytes, int, int, int], list[Any]]] = {
    "numbers": _numbers,
    "fixed": _fixed,
    "texts": _texts,
    "codes": _codes,
    "range": _range,
    "bits": _bits,
    "chunks": _chunks,
    "ipc": _ipc,
}
