"""pandas: indexes, series, frames, their dtypes, flags and attributes; scalars and offsets."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import Any

import numpy as np
import pandas as _pandas

from tests.unit.artifacts.zoo import Species

pd: Any = _pandas
_ZONES = (zoneinfo.ZoneInfo("Europe/Berlin"), datetime.UTC, datetime.timezone(datetime.timedelta(hours=1)))


class Measured(pd.Series):
    """A named subclass of a series with a property that it keeps."""

    _metadata = ["unit", "name"]  # noqa: RUF012
    unit: Any = None

    @property
    def _constructor(self) -> Any:
        return Measured


class Sheet(pd.DataFrame):
    """A named subclass of a frame with a property that it keeps."""

    _metadata = ["unit"]  # noqa: RUF012
    unit: Any = None

    @property
    def _constructor(self) -> Any:
        return Sheet


def dates(start: str, name: Any, freq: Any, unit: str, zone: Any) -> Any:
    made = pd.DatetimeIndex([start, "2024-01-02"], name=name, tz=zone).as_unit(unit)
    made.freq = freq
    return made


def durations(name: Any, freq: Any, unit: str) -> Any:
    made = pd.TimedeltaIndex(["1D", "2D"], name=name).as_unit(unit)
    made.freq = freq
    return made


def levels(names: Any, values: Any, codes: Any) -> Any:
    return pd.MultiIndex(levels=[list(values), [1, 2]], codes=[list(codes), [0, 1]], names=names)


def with_hint(value: Any) -> Any:
    """The same levels with the hint that their codes are in order."""
    return pd.MultiIndex(value.levels, value.codes, 1, value.names)


def categories(words: Any, ordered: bool, values: Any) -> Any:
    return pd.Categorical(list(values), categories=list(words), ordered=ordered)


def series(values: Any, dtype: Any, name: Any, index: Any, attrs: Any, duplicates: bool) -> Any:
    made = pd.Series(list(values), dtype=dtype, name=name, index=index)
    made.attrs = {key: list(found) for key, found in attrs.items()}
    return made.set_flags(allows_duplicate_labels=duplicates)


def frame(values: Any, dtypes: Any, columns: Any, named: Any, index: Any, attrs: Any, duplicates: bool) -> Any:
    parts = [pd.Series(values, dtype=dtype) for dtype in dtypes]
    made = pd.concat(parts, axis=1)
    made.columns = pd.Index(list(columns), name=named)
    made.index = pd.Index(index)
    made.attrs = {key: list(found) for key, found in attrs.items()}
    return made.set_flags(allows_duplicate_labels=duplicates)


def column_by_column(value: Any) -> Any:
    """The same frame in another memory layout."""
    made = value.copy()
    made._mgr = pd.concat([value.iloc[:, [number]] for number in range(value.shape[1])], axis=1)._mgr
    return made


def used(value: Any) -> Any:
    """The value after it was looked into, so that its caches are full."""
    value.is_unique, value.is_monotonic_increasing, value.get_indexer(value[:1])
    return value


def sparse(values: Any, fill: Any, kind: str) -> Any:
    return pd.arrays.SparseArray(list(values), fill_value=fill, kind=kind)


def subclass(kind: Any, values: Any, unit: Any) -> Any:
    made = kind({"a": list(values)}) if kind in (Sheet, pd.DataFrame) else kind(list(values))
    if kind in (Sheet, Measured):
        made.unit = unit
    return made


def business(days: int, holidays: Any) -> Any:
    return pd.offsets.CustomBusinessDay(days, holidays=list(holidays))


_EXTENSIONS = ("Int64", "Int32", "UInt8", "Float64", "string[python]", "category")
_ATTRS = ({}, {"unit": ["m"]}, {"unit": ["k"]})
_SCALARS = (
    *(pd.NaT, pd.NA, None, pd.Timestamp(0), pd.Timestamp(0, unit="s").as_unit("s"), pd.Timestamp(0).as_unit("us")),
    *(pd.Timestamp(0, tz=datetime.UTC), pd.Timestamp(0, tz="Europe/Berlin")),
    *(pd.Timedelta(1), pd.Timedelta(1, "s").as_unit("s"), pd.Timedelta(1, "s").as_unit("ms"), pd.Timedelta(0)),
    *(pd.Period("2024-01", "M"), pd.Period("2024-01", "D"), pd.Period("2024-01", "2M")),
    *(pd.Interval(0, 1), pd.Interval(0, 1, "left"), pd.Interval(0, 1, "both"), pd.Interval(0.0, 1.0)),
)
_OFFSETS = (
    *(
        pd.offsets.Day(1),
        pd.offsets.Day(2),
        pd.offsets.Hour(24),
        pd.offsets.BDay(1),
        pd.offsets.BDay(1, normalize=True),
    ),
    *(pd.DateOffset(days=1), pd.DateOffset(days=2), pd.DateOffset(day=1), pd.DateOffset(months=1, normalize=True)),
    *(pd.offsets.Week(weekday=1), pd.offsets.Week(weekday=2), pd.offsets.Week(), pd.offsets.YearEnd(month=3)),
    *(pd.offsets.QuarterEnd(startingMonth=1), pd.offsets.QuarterEnd(startingMonth=2), pd.offsets.MonthEnd(1)),
)
_DTYPES = (
    *(pd.CategoricalDtype(["a", "b"]), pd.CategoricalDtype(["b", "a"]), pd.CategoricalDtype(["a", "b"], ordered=True)),
    *(
        pd.CategoricalDtype(),
        pd.CategoricalDtype([1, 2]),
        pd.CategoricalDtype([1.0, 2.0]),
        pd.Int64Dtype(),
        pd.Int32Dtype(),
    ),
    *(pd.StringDtype("python"), pd.StringDtype("python", na_value=np.nan), pd.BooleanDtype(), pd.Float64Dtype()),
    *(pd.PeriodDtype("D"), pd.PeriodDtype("M"), pd.IntervalDtype("i8", "left"), pd.IntervalDtype("i8", "right")),
    *(pd.IntervalDtype("f8", "left"), pd.SparseDtype("f8", 0.0), pd.SparseDtype("f8", np.nan), pd.SparseDtype("i8", 0)),
    *(pd.DatetimeTZDtype("ns", zone) for zone in _ZONES),
    pd.DatetimeTZDtype("s", "UTC"),
)

SPECIES = [
    Species("scalar", lambda value: value, {"value": _SCALARS}),
    Species("offset", lambda value: value, {"value": _OFFSETS}),
    Species("business days", business, {"days": (1, 2), "holidays": ((), ("2024-01-01",), ("2024-01-02",))}),
    Species("dtype", lambda value: value, {"value": _DTYPES}),
    Species(
        "index",
        lambda values, dtype, name: pd.Index(values, dtype=dtype, name=name),
        {"values": ([1, 2], [1, 3]), "dtype": ("i8", "f8", "i4", object, "Int64"), "name": (None, "a", 1, ("a", 1))},
        {"used": used},
    ),
    Species(
        "range",
        lambda start, stop, step, name: pd.RangeIndex(start, stop, step, name=name),
        {"start": (0, 1), "stop": (4, 5), "step": (1, 2), "name": (None, "a")},
        {"used": used},
    ),
    Species(
        "range or not",
        lambda kind: kind(pd.RangeIndex(2)),
        {"kind": (lambda made: made, lambda made: pd.Index(list(made)))},
    ),
    Species(
        "dates",
        dates,
        {
            "start": ("2024-01-01",),
            "name": (None, "a"),
            "freq": (None, "D", "24h"),
            "unit": ("ns", "s"),
            "zone": (None, *_ZONES),
        },
        {"used": used},
    ),
    Species("durations", durations, {"name": (None, "a"), "freq": (None, "D", "24h"), "unit": ("ns", "s")}),
    Species("weekdays", lambda freq: pd.date_range("2024-01-01", periods=5, freq=freq), {"freq": ("D", "B")}),
    Species(
        "periods",
        lambda start, freq: pd.period_range(start, periods=2, freq=freq),
        {"start": ("2024", "2025"), "freq": ("D", "M", "2D")},
    ),
    Species(
        "intervals",
        lambda start, closed, name: pd.interval_range(start, start + 2, closed=closed, name=name),
        {"start": (0, 1, 0.0), "closed": ("left", "right", "both"), "name": (None, "a")},
    ),
    Species(
        "levels",
        levels,
        {
            "names": ((None, None), ("a", "b"), ("b", "a")),
            "values": ("xy", "yx", "xyz"),
            "codes": ((0, 1), (0, 0), (-1, 0)),
        },
        {"used": used, "with a hint": with_hint},
    ),
    Species(
        "categories", categories, {"words": ("ab", "ba", "abc"), "ordered": (False, True), "values": ("ab", "aa", "ba")}
    ),
    Species(
        "index of categories",
        lambda words, ordered: pd.CategoricalIndex(categories(words, ordered, "ab")),
        {"words": ("ab", "ba", "abc"), "ordered": (False, True)},
        {"used": used},
    ),
    Species(
        "sparse", sparse, {"values": ((0, 1, 0), (0, 2, 0), (1, 1, 0)), "fill": (0, 1, 5), "kind": ("integer", "block")}
    ),
    Species(
        "series",
        series,
        {
            "values": ((1, 2), (1, 0)),
            "dtype": ("i8", "f8", object, *_EXTENSIONS),
            "name": (None, "a", 1),
            "index": (None, (0, 1), ("x", "y")),
            "attrs": _ATTRS,
            "duplicates": (True, False),
        },
    ),
    Species(
        "extension",
        lambda values, dtype: pd.array(list(values), dtype=dtype),
        {"values": ((1, None), (2, None), (1, 2)), "dtype": ("Int64", "Float64")},
    ),
    Species(
        "strings",
        lambda values, dtype: pd.array(list(values), dtype=dtype),
        {
            "values": (("a", None), ("b", None), ("", None), ("a", "b")),
            "dtype": (pd.StringDtype("python"), pd.StringDtype("python", na_value=np.nan)),
        },
    ),
    Species(
        "numpy in pandas", lambda values: pd.array(np.array(values), dtype=np.dtype("i8")), {"values": ((1, 2), (1, 3))}
    ),
    Species(
        "frame",
        frame,
        {
            "values": ((1, 2), (1, 0)),
            "dtypes": (("i8", "f8"), ("i8", "i8"), ("f8", "i8"), ("Int64", "category"), (object, object)),
            "columns": ("ab", "ba", "aa"),
            "named": (None, "c"),
            "index": ((0, 1), ("x", "y")),
            "attrs": _ATTRS,
            "duplicates": (True,),
        },
        {"by column": column_by_column},
    ),
    Species(
        "no duplicates",
        lambda duplicates: pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=duplicates),
        {"duplicates": (True, False)},
    ),
    Species(
        "index of a frame",
        lambda index: pd.DataFrame({"a": range(2)}, index=index()),
        {
            "index": (
                lambda: pd.date_range("2024", periods=2, freq="D"),
                lambda: pd.DatetimeIndex(["2024-01-01", "2024-01-02"]),
                lambda: pd.RangeIndex(2),
                lambda: pd.Index([0, 1]),
            )
        },
    ),
    Species("subclass", subclass, {"kind": (Measured, Sheet), "values": ((1, 2), (1, 3)), "unit": (None, "m", "k")}),
    Species(
        "kind",
        subclass,
        {"kind": (Measured, Sheet, pd.Series, pd.DataFrame), "values": ((1, 2), (1, 3)), "unit": (None,)},
    ),
]
