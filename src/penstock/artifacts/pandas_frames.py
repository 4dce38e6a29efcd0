"""pandas frames, series, indexes and arrays, taken apart into what every version of pandas can build them from.

A frame is taken apart by column, so that one new column stores one new column; the arrays inside become buffers by
`numpy_arrays` and `arrow_tables`, whose leaves are all that has a form of its own. pandas' own pickles name its
internals, which are others in pandas 2 and 3; a step may run with either. What is not listed here keeps them: it is the
same in both.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple, cast

import numpy as np
import pandas as _pandas

from penstock.artifacts import numpy_arrays, packed_strings, rebuild
from penstock.artifacts.collected import Collected, Reducer
from penstock.artifacts.looks import COLUMNS, ITEMS, Facts, Look, series, table
from penstock.artifacts.media import Shown, table_of
from penstock.artifacts.walk import BIG

pd: Any = _pandas  # its annotations are partial
_NUMPY_ARRAY: Any = pd.Series([0]).array.__class__
_CACHES = {"_cache": "computed once it is asked for", "_readonly": "writability, which is about memory"}
"""What pandas' own pickles of arrays and dtypes have inside and neither a record nor a form has, with the reason."""


def reducer_of(kind: type) -> Optional[Reducer]:
    """The reducer for frames and their parts."""
    if kind in _REDUCERS:
        return _REDUCERS[kind]
    if kind.__module__.partition(".")[0] != "pandas":  # a program's own subclass: what it adds is its own
        return None
    if not issubclass(kind, pd.api.extensions.ExtensionArray):
        return _reduce_without_caches if issubclass(kind, pd.api.extensions.ExtensionDtype) else None
    if kind.__name__.startswith(("StringArray", "ArrowStringArray")):
        return _reduce_strings
    is_arrow = "ArrowExtensionArray" in (base.__name__ for base in kind.__mro__)
    return _reduce_arrow if is_arrow and hasattr(kind, "__arrow_array__") else _reduce_without_caches


def _reduce_frame(sink: Collected, value: Any) -> Any:
    extras = (value.attrs, value.flags.allows_duplicate_labels)
    if _is_one_array(value):
        return rebuild.frame_of_array, (value.columns, value.index, value.to_numpy(), *extras)
    columns = [_values_of(value.iloc[:, number]) for number in range(value.shape[1])]
    return rebuild.frame, (value.columns, value.index, columns, *extras)


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
    return rebuild.pandas_arrow, (value.__class__, _without_caches(value.__dict__))


def _reduce_without_caches(sink: Collected, value: Any) -> Any:
    """An array or a dtype as pandas pickles it, without what `_CACHES` lists."""
    reduction = value.__reduce_ex__(5)
    return (*reduction[:2], _without_caches(reduction[2]), *reduction[3:]) if len(reduction) > 2 else reduction


def _without_caches(state: Any) -> Any:
    """A state of pandas' without its caches; None where nothing is left."""
    if type(state) is dict:
        known = cast("Dict[str, Any]", state)
        return {name: part for name, part in known.items() if name not in _CACHES} or None
    if type(state) is tuple:
        parts: List[Any] = [
            _without_caches(part) or {} if type(part) is dict else part for part in cast("Tuple[Any, ...]", state)
        ]
        return (*parts, {}) if len(parts) == 2 else tuple(parts)  # dtype, array, attributes: pandas 2 wants all three
    return state


def _values_of(owner: Any) -> Any:
    """The array of a series or an index: numpy's own where it is one."""
    array = owner.array
    return array.to_numpy() if type(array) is _NUMPY_ARRAY else array


def _reduce_series(sink: Collected, value: Any) -> Any:
    flags = value.flags.allows_duplicate_labels
    return rebuild.series, (_values_of(value), value.index, value.name, value.attrs, flags)


def _reduce_levels(sink: Collected, value: Any) -> Any:
    codes = [np.asarray(codes) for codes in value.codes]
    return rebuild.levels, (list(value.levels), codes, list(value.names), value.sortorder)


def _reduce_index(sink: Collected, value: Any) -> Any:
    freq = value.freq if type(value) in (pd.DatetimeIndex, pd.TimedeltaIndex) else None
    return rebuild.index, (_values_of(value), value.name, freq and _written(freq))


def _written(freq: Any) -> Any:
    """A frequency as its name, which all versions read; itself where the name does not say all."""
    try:
        return freq.freqstr if pd.tseries.frequencies.to_offset(freq.freqstr) == freq else freq
    except ValueError:
        return freq


def _reduce_times(sink: Collected, value: Any) -> Any:
    return rebuild.times, (getattr(value, "_ndarray"), getattr(value, "tz", None))  # noqa: B009  it has no public name


def _reduce_strings(sink: Collected, value: Any) -> Any:
    held = value.__dict__
    packed = packed_strings.pack_missing(held["_pa_array"] if "_pa_array" in held else np.asarray(value))
    if packed is None:
        return NotImplemented
    offsets, data, valid = packed
    stored = (numpy_arrays.stored(sink, part) for part in (offsets, data))
    return rebuild.pandas_strings, (*stored, valid and numpy_arrays.stored(sink, valid[0]), *_parts_of(value.dtype))


def _parts_of(dtype: Any) -> Tuple[str, bool]:
    """Where strings are, and whether what is missing among them is NaN."""
    nan = dtype.storage == "pyarrow_numpy" or isinstance(getattr(dtype, "na_value", None), float)
    return dtype.storage, nan


def shown_of(kind: type) -> Optional[Callable[[Any], Shown]]:
    """What displays a table."""
    return table_of if issubclass(kind, (_pandas.DataFrame, _pandas.Series)) else None


def look(value: Any, look: Look) -> Facts:
    """What is shown of a value; None: nothing that is this library's."""
    if isinstance(value, pd.DataFrame):
        rows, columns = value.shape
        dtypes = value.iloc[:0, :COLUMNS].dtypes
        return table([(value.columns[at], dtypes.iloc[at]) for at in range(len(dtypes))], rows, columns, look)
    if not isinstance(value, (pd.Series, pd.Index, pd.api.extensions.ExtensionArray)):
        return None
    head = value.iloc[:ITEMS] if isinstance(value, pd.Series) else value[:ITEMS]
    return {**series(type(value).__name__, len(value), value.dtype, list(head), look), "shape": list(value.shape)}


_INDEXES = (pd.Index, pd.DatetimeIndex, pd.TimedeltaIndex, pd.PeriodIndex, pd.CategoricalIndex, pd.IntervalIndex)
_REDUCERS: Dict[type, Reducer] = {
    pd.DataFrame: _reduce_frame,
    pd.Series: _reduce_series,
    pd.MultiIndex: _reduce_levels,
    **dict.fromkeys(_INDEXES, _reduce_index),
    pd.arrays.DatetimeArray: _reduce_times,
    pd.arrays.TimedeltaArray: _reduce_times,
    pd.Categorical: lambda _, value: (rebuild.categorical, (np.asarray(value.codes), value.dtype)),
    pd.StringDtype: lambda _, value: (rebuild.pandas_string_dtype, _parts_of(value)),
}
