"""pandas series, indexes and arrays, taken apart into what every version of pandas can build them from.

pandas' own pickles name its internals, which are others in pandas 2 and 3; a step may run with either. What is not
listed here keeps them: it is the same in both.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional, Tuple, cast

import numpy as np
import pandas as _pandas

from penstock.artifacts import numpy_arrays, rebuild, texts
from penstock.artifacts.reducing import Collected

pd: Any = _pandas  # its annotations are partial
_NUMPY_ARRAY: Any = pd.Series([0]).array.__class__
_TIMES, _DURATIONS = pd.arrays.DatetimeArray, pd.arrays.TimedeltaArray
_INDEXES = (pd.Index, pd.DatetimeIndex, pd.TimedeltaIndex, pd.PeriodIndex, pd.CategoricalIndex, pd.IntervalIndex)


def reducer_of(kind: type) -> Optional[Callable[[Collected, Any], Any]]:
    """The reducer for series, indexes, times, categories and strings."""
    if kind is pd.Series:
        return _reduce_series
    if kind is pd.MultiIndex:
        return _reduce_levels
    if kind in _INDEXES:
        return _reduce_index
    if kind is _TIMES or kind is _DURATIONS:
        return _reduce_times
    if kind is pd.Categorical:
        return _reduce_categorical
    if kind is pd.StringDtype:
        return _reduce_string_dtype
    strings = kind.__name__.startswith(("StringArray", "ArrowStringArray"))
    return _reduce_strings if strings and issubclass(kind, pd.api.extensions.ExtensionArray) else None


_CACHES = {"_cache": "computed once it is asked for", "_readonly": "writability, which is about memory"}
"""What pandas' own pickles of arrays and dtypes have inside and neither a record nor a form has, with the reason."""


def reduce_without_caches(sink: Collected, value: Any) -> Any:
    """An array or a dtype as pandas pickles it, without what `_CACHES` lists."""
    reduction = value.__reduce_ex__(5)
    return (*reduction[:2], without_caches(reduction[2]), *reduction[3:]) if len(reduction) > 2 else reduction


def without_caches(state: Any) -> Any:
    """A state of pandas' without its caches; None where nothing is left."""
    if type(state) is dict:
        known = cast("Dict[str, Any]", state)
        return {name: part for name, part in known.items() if name not in _CACHES} or None
    if type(state) is tuple:
        parts: List[Any] = [
            without_caches(part) or {} if type(part) is dict else part for part in cast("Tuple[Any, ...]", state)
        ]
        return (*parts, {}) if len(parts) == 2 else tuple(parts)  # dtype, array, attributes: pandas 2 wants all three
    return state


def values_of(owner: Any) -> Any:
    """The array of a series or an index: numpy's own where it is one."""
    array = owner.array
    return array.to_numpy() if type(array) is _NUMPY_ARRAY else array


def _reduce_series(sink: Collected, value: Any) -> Any:
    flags = value.flags.allows_duplicate_labels
    return rebuild.series, (values_of(value), value.index, value.name, value.attrs, flags)


def series(values: Any, index: Any, name: Any, attrs: Any, duplicates: bool) -> Any:
    """A series over an array."""
    made = pd.Series(values, index=index, name=name, dtype=_dtype(values), copy=False)
    if attrs:
        made.attrs = attrs
    return made if duplicates else made.set_flags(allows_duplicate_labels=False)


def _reduce_levels(sink: Collected, value: Any) -> Any:
    codes = [np.asarray(codes) for codes in value.codes]
    return rebuild.levels, (list(value.levels), codes, list(value.names), value.sortorder)


def levels(values: Any, codes: Any, names: Any, sortorder: Optional[int]) -> Any:
    """An index of several levels."""
    return pd.MultiIndex(values, codes, sortorder=sortorder, names=names, copy=False, verify_integrity=False)


def _reduce_index(sink: Collected, value: Any) -> Any:
    freq = value.freq if type(value) in (pd.DatetimeIndex, pd.TimedeltaIndex) else None
    return rebuild.index, (values_of(value), value.name, freq and _written(freq))


def index(values: Any, name: Any, freq: Any) -> Any:
    """An index over an array."""
    made = pd.Index(values, name=name, dtype=_dtype(values), copy=False)
    if freq is not None:
        made.freq = freq
    return made


def _written(freq: Any) -> Any:
    """A frequency as its name, which all versions read; itself where the name does not say all."""
    try:
        return freq.freqstr if pd.tseries.frequencies.to_offset(freq.freqstr) == freq else freq
    except ValueError:
        return freq


def _dtype(values: Any) -> Any:
    """What keeps pandas from guessing another dtype for objects."""
    return object if type(values) is np.ndarray and values.dtype == object else None


def _reduce_times(sink: Collected, value: Any) -> Any:
    return rebuild.times, (getattr(value, "_ndarray"), getattr(value, "tz", None))  # noqa: B009  it has no public name


def times(values: Any, zone: Any) -> Any:
    """An array of times or durations over numpy's; `zone`: where its times, stored as UTC, are shown for."""
    if values.dtype.kind == "m":
        return _DURATIONS._simple_new(values, dtype=values.dtype)
    dtype = values.dtype if zone is None else pd.DatetimeTZDtype(np.datetime_data(values.dtype)[0], zone)
    return _TIMES._simple_new(values, dtype=dtype)


def _reduce_categorical(sink: Collected, value: Any) -> Any:
    return rebuild.categorical, (np.asarray(value.codes), value.dtype)


def categorical(codes: Any, dtype: Any) -> Any:
    """A categorical array over its codes."""
    return pd.Categorical._simple_new(codes, dtype)


def _reduce_strings(sink: Collected, value: Any) -> Any:
    packed = texts.pack_missing(value.__dict__["_pa_array"] if "_pa_array" in value.__dict__ else np.asarray(value))
    if packed is None:
        return NotImplemented
    offsets, data, valid = packed
    stored = (numpy_arrays.stored(sink, part) for part in (offsets, data))
    return rebuild.pandas_strings, (*stored, valid and numpy_arrays.stored(sink, valid[0]), *_parts_of(value.dtype))


def _reduce_string_dtype(sink: Collected, value: Any) -> Any:
    return rebuild.pandas_string_dtype, _parts_of(value)


def _parts_of(dtype: Any) -> Tuple[str, bool]:
    """Where strings are, and whether what is missing among them is NaN."""
    nan = dtype.storage == "pyarrow_numpy" or isinstance(getattr(dtype, "na_value", None), float)
    return dtype.storage, nan


def string_dtype(storage: str, nan: bool) -> Any:
    """The dtype of strings; that of objects where this pandas has none that fits."""
    return _string_dtype(storage, nan) or np.dtype(object)


def strings(offsets: Any, data: Any, valid: Any, storage: str, nan: bool) -> Any:
    """A pandas array of strings; where this pandas has none whose missing values are NaN, numpy's array of objects."""
    dtype = _string_dtype(storage, nan)
    arrow = texts.as_arrow(offsets, data, valid) if dtype and dtype.storage != "python" else None
    if dtype and arrow is not None:
        return dtype.__from_arrow__(arrow)
    found = texts.unpack(offsets, data)
    if valid is not None:
        found[~texts.bits(valid, len(found))] = np.nan if nan else pd.NA
    return found if dtype is None else pd.array(found, dtype=dtype, copy=False)


def _string_dtype(storage: str, nan: bool) -> Any:
    """The dtype of strings; None where this pandas has none that fits."""
    if storage != "python" and not texts.has_arrow():
        storage = "python"
    if not nan:
        return pd.StringDtype(storage)
    try:
        return pd.StringDtype(storage.replace("_numpy", ""), na_value=np.nan)
    except TypeError:  # before pandas 2.3
        return pd.StringDtype(storage) if storage == "pyarrow_numpy" else None
