"""pandas frames, series and indexes: a frame is taken apart by column, so that one new column stores one new column.

Series, indexes and arrays are `pandas_parts`; the arrays inside become buffers by `numpy_arrays` and `arrow_tables`.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

import numpy as np
import pandas as _pandas

from penstock.artifacts import pandas_parts, rebuild
from penstock.artifacts.canonical import BIG
from penstock.artifacts.reducing import Collected

pd: Any = _pandas  # its annotations are partial


def form_of(kind: type) -> None:
    """None: all are what their records are written from; the leaves are numpy's and Arrow's."""
    return


def reducer_of(kind: type) -> Optional[Callable[[Collected, Any], Any]]:
    """The reducer for frames and their parts."""
    if kind is pd.DataFrame:
        return _reduce_frame
    if kind.__module__.partition(".")[0] != "pandas":  # a program's own subclass: what it adds is its own
        return None
    reducer = pandas_parts.reducer_of(kind) or (_reduce_arrow if _is_arrow(kind) else None)
    if reducer is None and issubclass(kind, (pd.api.extensions.ExtensionArray, pd.api.extensions.ExtensionDtype)):
        return pandas_parts.reduce_without_caches
    return reducer


def _is_arrow(kind: type) -> bool:
    return (
        issubclass(kind, pd.api.extensions.ExtensionArray)
        and hasattr(kind, "__arrow_array__")
        and ("ArrowExtensionArray" in (base.__name__ for base in kind.__mro__))
    )


def _columns(frame: Any) -> Any:
    return (pandas_parts.values_of(frame.iloc[:, number]) for number in range(frame.shape[1]))


def _reduce_frame(sink: Collected, value: Any) -> Any:
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


def _reduce_arrow(sink: Collected, value: Any) -> Any:
    return rebuild.pandas_arrow, (value.__class__, pandas_parts.without_caches(value.__dict__))
