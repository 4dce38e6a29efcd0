"""pandas frames, series and indexes: a frame is taken apart by column, so that one new column stores one new column.

Series, indexes and arrays are `pandas_parts`; the arrays inside become buffers by `numpy_arrays` and `arrow_tables`.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

import numpy as np
import pandas as _pandas

from penstock.artifacts import numpy_arrays, objects, pandas_parts, rebuild
from penstock.artifacts.canonical import BIG, Walk
from penstock.artifacts.reducing import Sink

pd: Any = _pandas  # its annotations are partial
_NUMPY_ARRAY: Any = pd.Series([0]).array.__class__


def form_of(kind: type) -> Optional[Callable[[Walk, Any], None]]:
    """The rule for dtypes and for the arrays that no reducer makes of numpy's; frames are what their records are."""
    if issubclass(kind, pd.api.extensions.ExtensionDtype):
        return _dtype_form
    return (
        _array_form if issubclass(kind, pd.api.extensions.ExtensionArray) and kind not in pandas_parts.PLAIN else None
    )


def reducer_of(kind: type) -> Optional[Callable[[Sink, Any], Any]]:
    """The reducer for frames and their parts."""
    if kind is pd.DataFrame:
        return _reduce_frame
    return pandas_parts.reducer_of(kind) or (_reduce_arrow if _is_arrow(kind) else None)


def _is_arrow(kind: type) -> bool:
    return (
        issubclass(kind, pd.api.extensions.ExtensionArray)
        and hasattr(kind, "__arrow_array__")
        and ("ArrowExtensionArray" in (base.__name__ for base in kind.__mro__))
    )


def _columns(frame: Any) -> Any:
    return (pandas_parts.values_of(frame.iloc[:, number]) for number in range(frame.shape[1]))


def _reduce_frame(sink: Sink, value: Any) -> Any:
    extras = (value.attrs, value.flags.allows_duplicate_labels)
    if _is_one_array(value):
        return rebuild.frame_of_array, (value.columns, value.index, value.to_numpy(), *extras)
    return rebuild.frame, (value.columns, value.index, list(_columns(value)), *extras)


def _is_one_array(frame: Any) -> bool:
    """Whether a frame of small columns is better kept as one two-dimensional array."""
    rows, columns = frame.shape
    if columns < 2:
        return False
    dtypes = list(frame.dtypes)
    dtype = dtypes[0]
    return (
        isinstance(dtype, np.dtype)
        and dtype.kind in "biufc"
        and rows * dtype.itemsize < BIG
        and all(other == dtype for other in dtypes)
    )


def _reduce_arrow(sink: Sink, value: Any) -> Any:
    return rebuild.pandas_arrow, (value.__class__, dict(value.__dict__))


def _dtype_form(walk: Walk, value: Any) -> None:
    walk.out += b"X"
    walk.name("pandas.dtype")
    walk.size(2)
    walk.write(str(value))
    if isinstance(value, pd.CategoricalDtype):
        walk.write((value.categories, value.ordered))
    else:
        walk.out += b"N"


def _array_form(walk: Walk, values: Any) -> None:
    """An array of a column or an index. pandas' own pickles say more: they have caches inside."""
    if type(values) is _NUMPY_ARRAY:
        values = values.to_numpy()
    walk.keep(values)
    if isinstance(values, np.ndarray):
        numpy_arrays.form(walk, values)
        return
    if _is_arrow(values.__class__):
        from penstock.artifacts import arrow_tables

        _extension_form(walk, values, 1)
        arrow_tables.chunked_form(walk, values.__dict__["_pa_array"])
        return
    inside = [getattr(values, name, None) for name in ("_ndarray", "_data", "_mask")]
    if isinstance(inside[0], np.ndarray):
        _extension_form(walk, values, 1)
        numpy_arrays.form(walk, inside[0])
    elif isinstance(inside[1], np.ndarray) and isinstance(inside[2], np.ndarray):
        _extension_form(walk, values, 2)
        numpy_arrays.form(walk, inside[1])
        numpy_arrays.form(walk, inside[2])
    else:
        objects.reduced(walk, values)


def _extension_form(walk: Walk, values: Any, parts: int) -> None:
    walk.out += b"X"
    walk.name("pandas.array")
    walk.size(1 + parts)
    _dtype_form(walk, values.dtype)
