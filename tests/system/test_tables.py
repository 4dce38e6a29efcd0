"""pandas, polars and pyarrow: what comes back is equal, columns are stored once, layout does not count."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode, encode
from penstock.artifacts.folder import FolderStore

ROWS = 20_000
COLUMNS = (
    *("int", "float", "bool", "text", "text objects", "mixed objects", "category", "zone", "naive", "delta", "period"),
    *("interval", "sparse", "Int64", "boolean", "string"),
)
ODD_FRAMES = (
    *("empty", "no rows", "no columns", "multi-index", "same names", "one dtype", "named axes", "dates", "strided"),
    "no duplicates",
)
Through = Callable[[Any], Any]


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture
def through(store: FolderStore) -> Through:
    """Encodes and decodes a value; its identity is the same before, at the encoding and afterwards."""

    def run(value: Any) -> Any:
        encoded = encode(value, store)
        found = decode(encoded.stored.record, store, verify=True)
        assert encoded.identity.culprit == ""
        assert identify(value).digest == encoded.identity.digest == identify(found).digest
        return found

    return run


@pytest.fixture(scope="session")
def pd(require: Callable[[str], None]) -> Any:
    require("pandas")
    import pandas

    return pandas


@pytest.fixture(scope="session")
def pl(require: Callable[[str], None]) -> Any:
    require("polars")
    import polars

    return polars


@pytest.fixture(scope="session")
def pa(require: Callable[[str], None]) -> Any:
    require("pyarrow")
    import pyarrow

    return pyarrow


def columns_of(pd: Any, rows: int) -> dict[str, Any]:
    half = rows // 2
    return {
        "int": np.arange(rows),
        "float": np.linspace(0, 1, rows),
        "bool": np.arange(rows) % 2 == 0,
        "text": [f"row {n}" for n in range(rows)],
        "text objects": pd.Series(["žluť"] * rows, dtype=object),
        "mixed objects": pd.Series([1, "a"] * half, dtype=object),
        "category": pd.Categorical(["u", "v"] * half, categories=["v", "u"], ordered=True),
        "zone": pd.date_range("2026", periods=rows, freq="s", tz="Europe/Berlin"),
        "naive": pd.date_range("2026", periods=rows, freq="s"),
        "delta": pd.to_timedelta(np.arange(rows), unit="s"),
        "period": pd.period_range("2000", periods=rows, freq="D"),
        "interval": pd.interval_range(0, rows),
        "sparse": pd.arrays.SparseArray([0, 1] * half),
        "Int64": pd.array([1, None] * half, dtype="Int64"),
        "boolean": pd.array([True, None] * half, dtype="boolean"),
        "string": pd.array(["a", None] * half, dtype="string"),
    }


@pytest.mark.parametrize("rows", [4, ROWS])
def test_a_frame_of_every_dtype(pd: Any, through: Through, rows: int):
    frame = pd.DataFrame(columns_of(pd, rows))
    assert tuple(frame.columns) == COLUMNS
    frame.attrs["unit"] = "mm"
    found = through(frame)
    pd.testing.assert_frame_equal(found, frame)
    assert found.attrs == {"unit": "mm"}
    found.iloc[0, 0] = 99
    assert frame.iloc[0, 0] == 0


@pytest.mark.parametrize("name", COLUMNS)
def test_each_column_alone(pd: Any, through: Through, name: str):
    series = pd.DataFrame(columns_of(pd, ROWS))[name]
    pd.testing.assert_series_equal(through(series), series)
    pd.testing.assert_index_equal(through(pd.Index(series)), pd.Index(series))


def test_arrow_backed_columns(pd: Any, pa: Any, through: Through):
    frame = pd.DataFrame({"a": pd.array(range(ROWS), dtype="int32[pyarrow]"), "b": [[1, 2]] * ROWS})
    frame["b"] = frame["b"].astype(pd.ArrowDtype(pa.list_(pa.int64())))
    pd.testing.assert_frame_equal(through(frame), frame)
    pd.testing.assert_frame_equal(through(frame[5:100]), frame[5:100])


def odd_frames(pd: Any) -> dict[str, Any]:
    grid = np.arange(24.0).reshape(6, 4)
    rows = pd.MultiIndex.from_product([[1, 2], list("abc")], names=["i", "j"])
    return {
        "empty": pd.DataFrame(),
        "no rows": pd.DataFrame({"a": pd.Series([], dtype="int64"), "b": pd.Series([], dtype=object)}),
        "no columns": pd.DataFrame(index=[1, 2]),
        "multi-index": pd.DataFrame(grid, index=rows, columns=pd.MultiIndex.from_product([["x", "y"], [1, 2]])),
        "same names": pd.DataFrame([[1, 2], [3, 4]], columns=["a", "a"]),
        "one dtype": pd.DataFrame(grid, columns=list("abcd")),
        "named axes": pd.DataFrame({"a": [1]}).rename_axis("r").rename_axis("c", axis=1),
        "dates": pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2026", periods=2, freq="D")),
        "strided": pd.DataFrame(np.arange(80_000.0).reshape(20_000, 4)),
        "no duplicates": pd.DataFrame({"a": [1]}).set_flags(allows_duplicate_labels=False),
    }


@pytest.mark.parametrize("name", ODD_FRAMES)
def test_odd_frames(pd: Any, through: Through, name: str):
    frames = odd_frames(pd)
    assert tuple(frames) == ODD_FRAMES
    frame = frames[name]
    found = through(frame)
    pd.testing.assert_frame_equal(found, frame, check_freq=True)
    assert found.flags == frame.flags


def test_scalars_of_pandas(pd: Any, through: Through):
    for value in (pd.Timestamp("2026", tz="UTC"), pd.Timedelta("1s"), pd.NaT, pd.NA, pd.Interval(0, 1)):
        assert repr(through(value)) == repr(value)


def test_a_new_column_is_all_that_is_written(pd: Any, store: FolderStore):
    frame = pd.DataFrame({"a": np.arange(ROWS), "b": [f"{n}" for n in range(ROWS)]})
    before = set(encode(frame, store).stored.blobs)
    after = set(encode(frame.assign(c=np.linspace(0, 1, ROWS)), store).stored.blobs)
    assert before < after
    assert len(after - before) == 1


def test_a_frame_passed_on_is_not_written_again(pd: Any, store: FolderStore, monkeypatch: pytest.MonkeyPatch):
    rows = 200_000
    frame = pd.DataFrame({"a": np.arange(rows), "s": [f"{n}" for n in range(rows)], "o": pd.Series(["x"] * rows)})
    stored = encode(frame, store).stored
    found = decode(stored.record, store)
    monkeypatch.setattr(os, "write", lambda *_: pytest.fail("written again"))
    assert encode(found, store).stored == stored


def test_how_a_frame_lies_in_memory_does_not_count(pd: Any):
    by_column = pd.DataFrame({"a": np.arange(5.0), "b": np.arange(5.0) + 1})
    by_row = pd.DataFrame(np.column_stack([np.arange(5.0), np.arange(5.0) + 1]), columns=["a", "b"])
    assert identify(by_column) == identify(by_row) == identify(by_column[::-1][::-1].set_index(by_column.index))


def test_looking_at_a_frame_does_not_change_it(pd: Any):
    frame = pd.DataFrame(columns_of(pd, 100)).set_index("text")
    before = identify(frame)
    frame.describe()
    frame.loc["row 5"]
    frame["category"].cat.categories.get_loc("u")
    frame["zone"].dt.hour.unique()
    assert identify(frame) == before


def test_a_frame_with_a_lock_inside_names_it(pd: Any):
    import threading

    frame = pd.DataFrame({"a": pd.Series([1, threading.Lock()], dtype=object)})
    assert identify(frame).culprit == "value.arrays[0].flat[1] is a _thread.lock, which has no stable form"


def test_strings_are_the_same_without_arrow(pd: Any, pa: Any, store: FolderStore, tmp_path: Path):
    strings = np.array(["a", "žluť", ""] * ROWS, dtype=object)
    encoded = encode(strings, store)
    code = f"""
import sys
sys.modules["pyarrow"] = None
from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode
from penstock.artifacts.folder import FolderStore
found = decode(bytes.fromhex({encoded.stored.record.hex()!r}), FolderStore({os.fspath(store.root)!r}))
print(found[:3].tolist(), len(found), identify(found).digest.hex())
"""
    printed = subprocess.check_output([sys.executable, "-X", "utf8", "-c", code], encoding="utf-8")
    assert printed == f"['a', 'žluť', ''] {3 * ROWS} {encoded.stored.digest.hex()}\n"


def test_polars(pl: Any, through: Through):
    half = ROWS // 2
    frame = pl.DataFrame(
        {
            "int": range(ROWS),
            "text": [f"{n}" for n in range(ROWS)],
            "list": [[1, 2]] * ROWS,
            "struct": [{"a": 1}] * ROWS,
            "category": pl.Series(["a", "b"] * half, dtype=pl.Categorical),
            "enum": pl.Series(["a", "b"] * half, dtype=pl.Enum(["a", "b"])),
            "zone": pl.Series([None] * ROWS, dtype=pl.Datetime("us", "UTC")),
        }
    )
    found = through(frame)
    assert found.equals(frame)
    assert found.schema == frame.schema
    assert through(frame["text"]).equals(frame["text"])
    assert through(pl.DataFrame()).is_empty()
    assert identify(pl.concat([frame[:5], frame[5:]], rechunk=False)) == identify(frame)


def test_a_new_polars_column_is_all_that_is_written(pl: Any, store: FolderStore):
    frame = pl.DataFrame({"a": range(ROWS)})
    before = set(encode(frame, store).stored.blobs)
    after = set(encode(frame.with_columns(b=pl.col("a") * 2), store).stored.blobs)
    assert before < after


def test_arrow(pa: Any, through: Through):
    half = ROWS // 2
    table = pa.table(
        {
            "int": range(ROWS),
            "null": [None, 1] * half,
            "text": [f"{n}" for n in range(ROWS)],
            "dictionary": pa.array(["a", "b"] * half).dictionary_encode(),
            "list": [[1, 2]] * ROWS,
            "bool": [True, None] * half,
        },
        metadata={"k": "v"},
    )
    for value in (table, table.to_batches()[0], table["text"], table["int"].chunk(0), table.slice(7, 100)):
        found = through(value)
        assert type(found) is type(value)
        assert found.equals(value)
    assert through(table.schema) == table.schema
    assert identify(pa.concat_tables([table.slice(0, 9), table.slice(9)])) == identify(table)


def test_a_slice_of_a_table_does_not_store_it_whole(pa: Any, store: FolderStore):
    table = pa.table({"a": np.arange(1_000_000), "b": [f"{n}" for n in range(1_000_000)]})
    assert encode(table.slice(500_000, 10), store).stored.size < 4000
