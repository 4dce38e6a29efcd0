"""Where the columns of a stored array or table lie, as JSON: pages, statistics and pictures are made by it, and nothing
is unpickled for them. docs/formats.md, Layout.

Read off the skeleton that was just written, by what its calls of `rebuild` and of pyarrow say, so that it says of each
value what its record says. Never raises; a value that has no layout says so.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, cast

from penstock.artifacts import column_layouts, inert_pickle
from penstock.artifacts.column_layouts import BytePlaces, Column, call_of
from penstock.artifacts.inert_pickle import InertCall

LIMIT = 64 << 10  # bytes of a layout: columns beyond are left out
_LARGEST = 8 << 20  # bytes of a skeleton that is read: one that is larger holds objects
_MODULES = ("penstock.artifacts.rebuild", "pyarrow.lib", "pandas.", "numpy")
_NONE = '{"version":1,"kind":"none"}'
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def layout(skeleton: Any, parts: Sequence[Tuple[int, bytes, int]]) -> str:
    """The layout of the array or table that a skeleton stands for; `parts`: kind, digest and size of its blobs."""
    if len(skeleton) > _LARGEST:
        return _NONE
    try:
        places = BytePlaces(skeleton, parts)
        found = _told(places, inert_pickle.read(skeleton, places.in_order, _MODULES))
        return _NONE if found is None else _written(found)
    except Exception:  # noqa: BLE001  what other libraries have pickled may look like anything: it fails no task
        return _NONE


def _told(places: BytePlaces, value: Any) -> Optional[Dict[str, Any]]:
    name, args = call_of(value)
    told = _WHOLES.get(name)
    found = None if told is None else told(places, *args)
    if found is None and isinstance(value, InertCall):
        column = column_layouts.column(places, value)
        found = None if column["coding"] == "objects" else {"kind": "column", "columns": [column]}
    return found


def _written(found: Dict[str, Any]) -> str:
    text = _json({"version": 1, **found})
    if len(text) <= LIMIT // 4 or len(text.encode()) <= LIMIT:
        return text
    columns: List[Column] = found.get("columns", [])
    if len(columns) < 2:
        return _NONE
    fewer = {**found, "columns": columns[: len(columns) // 2]}
    fewer["more"] = found.get("more", 0) + len(columns) - len(fewer["columns"])
    return _written(fewer)


def _array(places: BytePlaces, data: Any, dtype: Any, shape: Tuple[int, ...], order: str) -> Optional[Dict[str, Any]]:
    if not isinstance(dtype, str):
        columns = column_layouts.fields(places, data, dtype, shape)
        return None if columns is None else {"kind": "table", "rows": shape[0], "columns": columns}
    numbers = column_layouts.numbers(places, data, dtype)
    if numbers is None:
        return None
    return {"kind": "array", "shape": list(shape), **({"order": order} if order != "C" else {}), "data": numbers}


def _masked(places: BytePlaces, data: Any, mask: Any, *rest: Any) -> Optional[Dict[str, Any]]:
    found = _told(places, data)
    if found is None or found["kind"] != "array":
        return None
    covered = None if mask is None else _told(places, mask)
    if covered is not None:
        if covered.get("order") != found.get("order"):
            return None
        found["data"]["missing"] = covered["data"]["data"]
    return found


def _array_as(places: BytePlaces, kind: Any, plain: Any, attributes: Any) -> Optional[Dict[str, Any]]:
    return _told(places, plain)


def _strings(places: BytePlaces, offsets: Any, data: Any, shape: Tuple[int, ...], codes: Any = None) -> Dict[str, Any]:
    return {"kind": "array", "shape": list(shape), "data": column_layouts.objects(places, offsets, data, codes)}


def _tensor(
    places: BytePlaces, storage: Any, dtype: str, shape: Any, stride: Any, offset: int, *rest: Any
) -> Optional[Dict[str, Any]]:
    known = column_layouts.TORCH.get(dtype)
    name, args = call_of(storage)
    if known is None or name != "rebuild.array":
        return None
    size = int(known[-1:]) if known != "bf2" else 2
    numbers: Column = {"coding": "numbers", "dtype": known, "data": places.of(args[0])}
    strides = [one * size for one in stride]
    found: Dict[str, Any] = {"kind": "array", "shape": list(shape), "strides": strides, "data": numbers}
    return found if not offset else {**found, "begin": offset * size}


def _frame(places: BytePlaces, columns: Any, index: Any, arrays: Sequence[Any], *rest: Any) -> Dict[str, Any]:
    names = column_layouts.labels(places, columns, len(arrays))
    return _of_columns(places, [column_layouts.column(places, array) for array in arrays], names, index)


def _frame_of_array(places: BytePlaces, columns: Any, index: Any, values: Any, *rest: Any) -> Optional[Dict[str, Any]]:
    name, args = call_of(values)
    if name != "rebuild.array" or not isinstance(args[1], str):
        return None
    data, dtype, (rows, width), order = args
    size = column_layouts.itemsize(dtype)
    at = places.of(data)
    found: List[Column] = []
    for number in range(width):
        begin = number * rows * size if order == "F" else number * size
        step = {} if order == "F" else {"step": width * size}
        part = [at[0], at[1] + begin, max(0, at[2] - begin)]
        found.append({"coding": "numbers", "dtype": dtype, "data": part, **step})
    return _of_columns(places, found, column_layouts.labels(places, columns, width), index, rows)


def _of_columns(
    places: BytePlaces, columns: List[Column], names: List[str], index: Any, rows: Optional[int] = None
) -> Dict[str, Any]:
    named = [{"name": name, **column} for name, column in zip(names, columns)]
    found: Dict[str, Any] = {"kind": "table", "columns": named}
    if rows is not None:
        found["rows"] = rows
    beside = column_layouts.index_columns(places, index)
    return {**found, "index": beside} if beside else found


def _series(places: BytePlaces, values: Any, index: Any, name: Any, *rest: Any) -> Dict[str, Any]:
    shown = "" if name is None else str(name) if isinstance(name, (str, int, float)) else "0"
    return {**_of_columns(places, [column_layouts.column(places, values)], [shown], index), "kind": "column"}


def _index(places: BytePlaces, values: Any, name: Any, freq: Any) -> Dict[str, Any]:
    return _series(places, values, None, name)


def _polars_frame(
    places: BytePlaces, columns: Sequence[Any], height: int, names: Any = None
) -> Optional[Dict[str, Any]]:
    if names is None:
        return None
    files = [{"name": name, "coding": "ipc", "data": places.of(data)} for name, data in zip(names, columns)]
    return {"kind": "table", "rows": height, "columns": files}


def _polars_series(places: BytePlaces, data: Any, name: Any = None) -> Dict[str, Any]:
    return {"kind": "column", "columns": [{"name": name or "", "coding": "ipc", "data": places.of(data)}]}


def _arrow_table(places: BytePlaces, columns: Sequence[Any], schema: Any) -> Optional[Dict[str, Any]]:
    name, args = call_of(schema)
    if name != "pyarrow.lib.schema":
        return None
    names = [call_of(field)[1][0] for field in cast("Sequence[Any]", args[0])]
    told = [{"name": name, **column_layouts.column(places, column)} for name, column in zip(names, columns)]
    return {"kind": "table", "columns": told}


_WHOLES: Dict[str, Callable[..., Optional[Dict[str, Any]]]] = {
    "rebuild.array": _array,
    "rebuild.masked_array": _masked,
    "rebuild.array_as": _array_as,
    "rebuild.strings": _strings,
    "rebuild.tensor": _tensor,
    "rebuild.frame": _frame,
    "rebuild.frame_of_array": _frame_of_array,
    "rebuild.series": _series,
    "rebuild.index": _index,
    "rebuild.polars_frame": _polars_frame,
    "rebuild.polars_series": _polars_series,
    "pyarrow.lib._reconstruct_table": _arrow_table,
    "pyarrow.lib._reconstruct_record_batch": _arrow_table,
}
