"""polars: frames and series of every dtype, lazy frames, expressions, dtypes and schemas."""

from __future__ import annotations

import datetime
import decimal
from typing import Any

import polars as _polars

from tests.unit.artifacts.zoo import Species

pl: Any = _polars
_WORDS = ("a", "b")
_TYPED: tuple[tuple[Any, Any], ...] = (
    *(
        (_WORDS, dtype)
        for dtype in (pl.String, pl.Categorical, pl.Enum(["a", "b"]), pl.Enum(["b", "a"]), pl.Enum(["a", "b", "c"]))
    ),
    *(
        ((1, None), dtype)
        for dtype in (pl.Int64, pl.Int8, pl.UInt8, pl.Float64, pl.Float32, pl.Duration("ns"), pl.Duration("ms"))
    ),
    *(
        ((1, 0), dtype)
        for dtype in (
            pl.Int64,
            pl.Datetime("ns"),
            pl.Datetime("us"),
            pl.Datetime("us", "UTC"),
            pl.Datetime("us", "Europe/Berlin"),
            pl.Time,
            pl.Date,
        )
    ),
    *(((decimal.Decimal("1.5"),), dtype) for dtype in (pl.Decimal(10, 1), pl.Decimal(10, 2), pl.Decimal(12, 1))),
    *(([[1, 2]], dtype) for dtype in (pl.List(pl.Int64), pl.List(pl.Int8), pl.Array(pl.Int64, 2))),
    *(([{"a": 1}], dtype) for dtype in (pl.Struct({"a": pl.Int64}), pl.Struct({"a": pl.Int8}))),
    *(((None,), dtype) for dtype in (pl.Null, pl.Int64, pl.String, pl.Boolean)),
    ((1.0, float("nan")), pl.Float64),
    ((b"a",), pl.Binary),
    (("a",), pl.String),
    (("a" * 20, "b" * 20, ""), pl.String),
    (("a" * 20, "b" * 20, None), pl.String),
    (("a" * 20, "b" * 20, None), pl.Categorical),
    ((True, None), pl.Boolean),
)
_PLAIN = (
    pl.Int64,
    pl.Datetime("us"),
    pl.Datetime("us", "UTC"),
    pl.Datetime("ns"),
    pl.Enum(["a"]),
    pl.Enum(["b"]),
    pl.Decimal(10, 1),
    pl.List(pl.Int8),
    pl.Int64(),
)
_EXPRESSIONS = (pl.col("a"), pl.col("b"), pl.col("a") + 1, pl.col("a") + 2, pl.lit(datetime.date(2024, 1, 1)), pl.all())


def of(typed: Any, name: str) -> Any:
    values, dtype = typed
    return pl.Series(name, list(values), dtype=dtype, strict=False)


def frame(columns: Any, values: Any, dtype: Any) -> Any:
    return pl.DataFrame({name: pl.Series(list(values), dtype=dtype) for name in columns})


def lazy(values: Any, number: int) -> Any:
    return pl.LazyFrame({"a": list(values)}).with_columns(b=pl.col("a") + number)


def in_pieces(value: Any) -> Any:
    """The same values in more than one piece of memory."""
    return pl.concat([value[:1], value[1:]], rechunk=False)


def sliced(value: Any) -> Any:
    return pl.concat([value, value])[: len(value)]


SPECIES = [
    Species("series", of, {"typed": _TYPED, "name": ("", "a")}, {"in pieces": in_pieces, "sliced": sliced}),
    Species(
        "sorted or not",
        lambda last: pl.Series([1, last]),
        {"last": (2, 3)},
        {"a sort flag": lambda value: value.set_sorted()},
    ),
    Species(
        "frame",
        frame,
        {"columns": ("ab", "ba", "a"), "values": ((1, 2), (1, 3)), "dtype": (pl.Int64, pl.Int8, pl.Float64)},
        {"in pieces": in_pieces, "sliced": sliced},
    ),
    Species("no columns", lambda height: pl.DataFrame(height=height), {"height": (0, 1, 2)}),
    Species(
        "no rows",
        lambda schema: pl.DataFrame(schema=schema),
        {"schema": ({}, {"a": pl.Int64}, {"a": pl.Int8}, {"b": pl.Int64})},
    ),
    Species("lazy frame", lazy, {"values": ((1, 2), (1, 3)), "number": (1, 2)}),
    Species("expression", lambda value: value, {"value": _EXPRESSIONS}),
    Species("dtype", lambda value: value, {"value": _PLAIN}),
    Species(
        "schema",
        lambda given: pl.Schema(given),
        {"given": ({}, {"a": pl.Int64}, {"a": pl.Int8}, {"a": pl.Int64, "b": pl.Int8}, {"b": pl.Int8, "a": pl.Int64})},
    ),
]
