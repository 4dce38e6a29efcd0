from __future__ import annotations

import datetime
import gc
import json
import math
import re
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import polars
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.artifacts import codec, layouts, records
from penstock.artifacts.folder import FolderStore
from penstock.errors import DamagedError, NotFoundError, UsageError
from penstock.model.outcomes import Stored
from penstock.reading import column_statistics, sorted_rows
from penstock.reading.column_statistics import ColumnStatistics, statistics
from penstock.reading.stored_tables import StoredTable

np: Any = numpy
pd: Any = pandas
pa: Any = pyarrow
pl: Any = polars  # whose annotations are partial


class Trap:
    """Tells where it is unpickled."""

    def __reduce__(self) -> Any:
        return (pytest.fail, ("it was unpickled",))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    return FolderStore(tmp_path_factory.mktemp("store"))


def stored(value: Any, store: FolderStore) -> Stored:
    return codec.encode(value, store, layout=True).stored


def opened(value: Any, store: FolderStore) -> StoredTable:
    return StoredTable(stored(value, store), store, "digits/1/load/1")


def place(table: StoredTable, name: str) -> int:
    return [column.name for column in table.columns].index(name)


def statistics_of(table: StoredTable, name: str) -> ColumnStatistics:
    return statistics(table, place(table, name))


def plain(value: Any, of_texts: bool = False) -> Any:
    """A value of a frame as a page has it."""
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, float) and math.isnan(value) and of_texts:
        return None
    if isinstance(value, (pd.Timestamp, np.datetime64)):
        return re.sub(r"(\.\d{3})000\b", r"\1", pd.Timestamp(value).isoformat())
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (pd.Timedelta, datetime.timedelta)):
        return value.total_seconds()
    return value.item() if isinstance(value, np.generic) else value


def same(left: list[Any], right: list[Any]) -> bool:
    def key(value: Any) -> Any:
        return "nan" if isinstance(value, float) and math.isnan(value) else value

    return list(map(key, left)) == list(map(key, right))


ROWS = 11
MANY = 20_000  # whose numbers are a blob


def frame(rows: int) -> Any:
    at = np.arange(rows)
    times = pd.to_datetime(np.where(at % 5 == 3, np.datetime64("NaT"), np.datetime64("2026-03-01T12:00:00.5") + at))
    return pd.DataFrame(
        {
            "whole": at,
            "small": at.astype("i2"),
            "real": np.where(at % 7 == 2, np.nan, at / 3),
            "half": (at / 4).astype("f2"),
            "truth": at % 2 == 0,
            "text": [f"é{n % 13}" for n in at],
            "object text": np.array([f"t{n}" for n in at], object),
            "few texts": np.array([f"t{n % 3}" for n in at], object),
            "maybe": pd.array([None if n % 3 == 0 else int(n) for n in at], dtype="Int64"),
            "maybe true": pd.array([None if n % 3 == 0 else bool(n % 2) for n in at], dtype="boolean"),
            "string": pd.array([None if n % 4 == 1 else f"s{n}" for n in at], dtype="string[python]"),
            "time": times,
            "zoned": pd.date_range("2026-03-01", periods=rows, freq="s", tz="UTC"),
            "span": pd.to_timedelta(at, unit="s"),
            "kind": pd.Categorical.from_codes(at % 3 - 1, ["u", "v"]),
            "number kind": pd.Categorical(at % 3),
            "arrow": pd.array([None if n % 3 == 0 else int(n) for n in at], dtype="int32[pyarrow]"),
            "arrow truth": pd.array([None if n % 3 == 0 else bool(n % 2) for n in at], dtype="bool[pyarrow]"),
            "big endian": at.astype(">i4"),
        },
        index=pd.Index([f"row {n}" for n in at], name="key"),
    )


@pytest.mark.parametrize("rows", [0, 1, ROWS, MANY])
def test_a_page_of_a_frame_has_what_the_frame_has(store: FolderStore, rows: int) -> None:
    value = frame(rows)
    table = opened(value, store)
    assert table.rows == rows
    assert [column.name for column in table.columns] == ["key", *value.columns]
    assert all(column.is_readable for column in table.columns) or not rows  # no object is no text
    for offset in {0, max(0, rows - 7), rows // 2}:
        page = table.page(offset, 7)
        part = value.iloc[offset : offset + 7]
        assert page.offset == min(offset, rows)
        assert page.values[0] == list(part.index)
        for column, found in zip(page.columns[1:], page.values[1:], strict=True):
            expected = [plain(one, column.type in ("text", "category")) for one in part[column.name]]
            assert same(found, expected), column.name


NUMBERS = st.sampled_from(["i1", "i4", "<i8", ">f4", "f8", "u2", "?", "M8[s]", "m8[ms]", "U3", "S2", "f2"])


@settings(deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=4), st.integers(0, 9), st.data())
def test_pages_of_any_frame_of_numbers(store: FolderStore, kinds: list[str], rows: int, data: st.DataObject) -> None:
    columns = {}
    for at, kind in enumerate(kinds):
        raw = data.draw(st.lists(st.integers(0, 100), min_size=rows, max_size=rows))
        columns[f"c{at}"] = np.array(raw, "i8").astype(kind)
    value = np.rec.fromarrays(list(columns.values()), names=list(columns)) if len(columns) > 1 else columns["c0"]
    table = opened(np.asarray(value), store)
    assert table.rows == rows
    if not rows:
        return
    offset, limit = data.draw(st.integers(0, rows)), data.draw(st.integers(1, 9))
    page = table.page(offset, limit)
    for found, array in zip(page.values, columns.values(), strict=True):
        part = array[offset : offset + limit]
        expected = [one.decode() if isinstance(one, bytes) else plain(one) for one in part.tolist()]
        if array.dtype.kind == "M":
            expected = [np.datetime64(one).astype("M8[s]").item().isoformat() for one in part]
        assert same(found, expected)


@pytest.mark.parametrize(
    "value",
    [
        np.arange(12.0).reshape(3, 4),
        np.asfortranarray(np.arange(12).reshape(3, 4)),
        np.arange(40_000.0).reshape(4, 10_000)[:, ::2],
        np.ma.MaskedArray(np.arange(4), [0, 1, 0, 0]),
        np.arange(4)[::-1],
        np.array(["a", "bcd"]),
        np.array(["a", "bcd"], object),
        np.array(["few", "texts"] * 50_000, object)[:400],
        np.array(3.0),
    ],
    ids=lambda value: f"{type(value).__name__} {value.dtype} {value.shape}",
)
def test_a_page_of_an_array_has_its_rows(store: FolderStore, value: Any) -> None:
    table = opened(value, store)
    flat = value.reshape(1) if not value.ndim else value
    expected = [[plain(one) for one in row] for row in flat.reshape(flat.shape[0], -1).T.tolist()]
    page = table.page(0, 500)
    assert [list(column) for column in page.values] == expected[:1000]
    assert table.shape == value.shape


@pytest.mark.parametrize("rows", [0, ROWS, MANY])
def test_a_page_of_arrow_and_polars_tables(store: FolderStore, rows: int) -> None:
    at = list(range(rows))
    given_ = {
        "a": [None if n % 3 == 0 else n for n in at],
        "s": [None if n % 4 == 0 else f"s{n}" for n in at],
        "f": [n / 2 for n in at],
        "t": [n % 2 == 0 for n in at],
    }
    kinds = pa.schema({"a": pa.int64(), "s": pa.string(), "f": pa.float32(), "t": pa.bool_()})
    table = pa.table(given_, schema=kinds)
    table = table.append_column("d", pa.array([datetime.date(2026, 1, 1)] * rows, pa.date32()))
    table = table.append_column("k", pa.array(["u", "v"] * rows, pa.string())[:rows].dictionary_encode())
    table = table.append_column("z", pa.array([1_000_000] * rows, pa.timestamp("us", "UTC")))
    given_ |= {"d": ["2026-01-01"] * rows, "k": [["u", "v"][n % 2] for n in at]}
    given_ |= {"z": ["1970-01-01T00:00:01+00:00"] * rows}
    halves = pa.concat_tables([table[: rows // 2].combine_chunks(), table[rows // 2 :].combine_chunks()])
    for value in (table, halves):
        found = opened(value, store)
        assert found.rows == rows
        assert all(column.is_readable for column in found.columns), found.columns
        page = found.page(rows // 3, 6)
        for column, values in zip(page.columns, page.values, strict=True):
            assert values == given_[column.name][rows // 3 : rows // 3 + 6], column.name
    polars = opened(pl.DataFrame(table.drop_columns(["k"])), store)
    assert polars.rows == rows
    page = polars.page(rows // 3, 6, [1, 0])
    assert [column.name for column in page.columns] == ["s", "a"]
    assert list(page.values) == [given_[name][rows // 3 : rows // 3 + 6] for name in ("s", "a")]


def test_a_page_of_a_tensor(store: FolderStore, require: Callable[[str], None]) -> None:
    require("torch")
    import torch as _torch

    torch: Any = _torch
    value = torch.arange(24, dtype=torch.bfloat16).reshape(4, 6)[1:, ::2]
    assert [list(column) for column in opened(value, store).page().values] == value.T.tolist()


def test_levels_series_and_ranges(store: FolderStore) -> None:
    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", "n"])
    page = opened(pd.DataFrame({"x": [1.5, 2.5]}, index=index), store).page()
    assert [(column.name, column.is_index) for column in page.columns] == [("k", True), ("n", True), ("x", False)]
    assert list(page.values) == [["a", "b"], [1, 2], [1.5, 2.5]]
    page = opened(pd.Series([1, 2], name="x", index=pd.RangeIndex(5, 9, 2)), store).page()
    assert list(page.values) == [[5, 7], [1, 2]]
    wide = pd.DataFrame(np.ones((2, 2)), columns=pd.MultiIndex.from_product([["a"], [1, 2]]))
    assert [column.name for column in opened(wide, store).columns] == ["a/1", "a/2"]


def test_a_column_of_objects_says_so_and_nothing_is_unpickled(store: FolderStore) -> None:
    value = pd.DataFrame({"good": [1, 2], "bad": [Trap(), None]})
    table = opened(value, store)
    assert [(column.name, column.is_readable) for column in table.columns] == [("good", True), ("bad", False)]
    assert list(table.page().values) == [[1, 2], [None, None]]
    assert statistics_of(table, "good").max == 2
    with pytest.raises(UsageError, match="'bad' holds objects"):
        statistics_of(table, "bad")
    with pytest.raises(UsageError, match="digits/1/load/1 holds objects, which no layout tells"):
        opened(np.array([Trap(), 3], object), store)
    with pytest.raises(UsageError, match="is no array and no table, or was stored by an older Penstock"):
        opened({"a": np.arange(3)}, store)


def test_small_values_that_are_no_arrays_have_no_layout(store: FolderStore) -> None:
    for value in (3, "x", [1, 2], {"a": 1}, np.float64(0.5), np.dtype("i4"), None, Trap):
        assert stored(value, store).layout == ""


def test_what_a_page_is_asked_for_wrongly(store: FolderStore) -> None:
    table = opened(pd.DataFrame({"depth": [1, 2]}), store)
    for wrong in (-1, 1):
        with pytest.raises(NotFoundError, match=f"digits/1/load/1 has no column {wrong}: its 1 columns count from 0"):
            table.page(columns=[wrong])
    for wrong in ({"offset": -1}, {"limit": 0}, {"limit": 501}):
        with pytest.raises(UsageError, match="1 to 500 rows"):
            table.page(**wrong)
    assert table.page(5).values == ([],)


def test_a_layout_that_is_damaged_reads_nothing_else(store: FolderStore, tmp_path: Path) -> None:
    kept = stored(pd.DataFrame({"a": np.arange(MANY)}), store)
    for wrong in (kept.layout[:-3], "[]", kept.layout.replace('"kind":"table"', '"kind":3')):
        with pytest.raises((DamagedError, UsageError)):
            StoredTable(kept._replace(layout=wrong), store)
    for place in ("[9,0,160000]", "[0,0,160008]", "[0,-8,160000]"):
        layout = kept.layout.replace("[0,0,160000]", place)
        assert layout != kept.layout
        with pytest.raises(DamagedError):
            StoredTable(kept._replace(layout=layout), store).page(0, 10)


def test_a_wide_table_keeps_as_many_columns_as_there_is_room_for(store: FolderStore) -> None:
    value = pd.DataFrame({f"a column of a long name, number {n}": [n, "x"] for n in range(2000)})
    kept = stored(value, store)
    assert len(kept.layout) <= layouts.LIMIT
    table = StoredTable(kept, store)
    assert len(table.columns) + table.more == 2000


@settings(deadline=None)
@given(st.lists(st.text("aé😀", max_size=30), min_size=1, max_size=8), st.integers(0, 200))
def test_long_texts_are_cut_where_a_page_would_be_too_large(store: FolderStore, texts: list[str], most: int) -> None:
    longest = max(20, most // len(texts))
    kinds: list[Any] = [
        pd.Series(texts, dtype=object),
        pd.Series(pd.array(texts, dtype="string[python]")),
        pd.Series(pd.Categorical(texts)),
        np.array(texts, "U30"),
        pl.Series(texts),
        pa.table({"": texts}),
    ]
    for value in kinds:
        table = opened(value, store)
        for order in (None, list(range(len(texts)))):
            page = table.page(columns=[len(table.columns) - 1], most_text=most, order=order)
            assert page.values[0] == [text[:longest] for text in texts]
            assert page.cut == sum(len(text) > longest for text in texts)
            assert page.cut_at == (longest if page.cut else None)


def test_of_a_text_that_is_very_long_only_the_beginning_is_read(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = opened(pd.Series(["x" * 10_000_000, None, "y"], dtype="string[python]"), store)
    read: list[int] = []
    taken = table.bytes_of

    class Seen:
        def __init__(self, data: memoryview) -> None:
            self.data = data

        def __getitem__(self, at: slice) -> memoryview:
            read.append(at.stop - at.start)
            return self.data[at]

    monkeypatch.setattr(table, "bytes_of", lambda at: Seen(taken(at)) if at[2] > 1_000_000 else taken(at))
    page = table.page(most_text=3000)
    assert [text and len(text) for text in page.values[0]] == [1000, None, 1]
    assert (page.cut, page.cut_at) == (1, 1000)
    assert max(read) <= 4 * 1001


CELLS = st.none() | st.integers(-5, 5)


@settings(deadline=None)
@given(st.lists(CELLS, max_size=30), st.booleans(), st.sampled_from(["numbers", "texts", "reals", "ipc"]))
def test_rows_are_sorted_and_what_is_missing_comes_last(
    store: FolderStore, cells: list[int | None], downwards: bool, kind: str
) -> None:
    texts = [None if cell is None else f"t{cell}" for cell in cells]
    made: dict[str, Any] = {
        "numbers": pd.DataFrame({"at": range(len(cells)), "x": pd.array(cells, dtype="Int64")}),
        "texts": pd.DataFrame({"at": range(len(cells)), "x": pd.array(texts, dtype="string[python]")}),
        "reals": pd.DataFrame({"at": range(len(cells)), "x": [math.nan if one is None else one / 2 for one in cells]}),
        "ipc": pl.DataFrame({"at": pl.Series(range(len(cells)), dtype=pl.Int64), "x": pl.Series(cells, dtype=pl.Int8)}),
    }
    table = opened(made[kind], store)
    order = sorted_rows.order(table, place(table, "x"), downwards)
    kept: list[Any] = texts if kind == "texts" else cells
    there = [at for at, cell in enumerate(kept) if cell is not None]
    expected = sorted(there, key=lambda at: kept[at], reverse=downwards)
    assert order == expected + [at for at, cell in enumerate(kept) if cell is None]
    page = table.page(1, 5, [place(table, "at")], order)
    assert page.values == (order[1:6],)


def test_what_is_not_sorted(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    table = opened(pd.DataFrame({"bad": [Trap(), None], "good": [1, 2]}), store)
    with pytest.raises(UsageError, match="column 0 holds objects"):
        sorted_rows.order(table, 0)
    monkeypatch.setattr(sorted_rows, "MOST_ROWS", 1)
    with pytest.raises(UsageError, match="2 rows are too many to be sorted here, 1 at most"):
        sorted_rows.order(table, 1)


def test_a_table_that_nobody_looks_at_is_not_kept_open(store: FolderStore) -> None:
    table = opened(pd.DataFrame({"x": np.arange(MANY)}), store)
    assert table.page(0, 1).values == ([0],)
    known = weakref.ref(table)
    del table
    gc.collect()
    assert known() is None


def test_all_of_an_array_and_elements_that_are_one(store: FolderStore) -> None:
    found = statistics(opened(np.arange(24.0).reshape(2, 3, 4), store))
    assert (found.count, found.min, found.max) == (24, 0.0, 23.0)
    kept = stored(np.arange(6, dtype="i8"), store)
    layout = json.loads(kept.layout) | {"shape": [1 << 40], "strides": [0]}  # as torch's `expand` has it
    table = StoredTable(kept._replace(layout=json.dumps(layout)), store)
    assert (table.rows, table.page(1 << 39, 3).values) == (1 << 40, ([0, 0, 0],))
    with pytest.raises(UsageError, match="has 2 columns: name one by its place"):
        statistics(opened(pd.DataFrame({"a": [1], "b": [2]}), store))


def test_statistics_of_very_many_values_are_those_of_some_pieces(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(column_statistics, "_PIECE", 100)
    monkeypatch.setattr(column_statistics, "_READ", 500)
    found = statistics(opened(np.arange(2050.0), store))
    assert (found.count, found.read, sum(found.counts)) == (2050, 450, 450)
    assert (found.min, found.max) == (0.0, 2049.0)


@settings(deadline=None)
@given(st.lists(st.floats(), min_size=1, max_size=20))
def test_statistics_of_any_numbers(store: FolderStore, numbers: list[float]) -> None:
    found = statistics(opened(np.array(numbers), store))
    finite = [number for number in numbers if math.isfinite(number)]
    assert sum(found.counts) == len(finite)
    assert all(map(math.isfinite, found.edges))
    if finite:
        assert (found.min, found.max, found.edges[0]) == (min(finite), max(finite), min(finite))
        assert all(min(finite) <= value <= max(finite) for _, value in found.quantiles)


@settings(deadline=None)
@given(st.lists(st.floats(width=32) | st.just(math.nan), max_size=50))
def test_statistics_agree_with_numpy_s(store: FolderStore, numbers: list[float]) -> None:
    value = np.array(numbers, "f4")
    found = statistics(opened(value, store))
    finite = value[np.isfinite(value)].astype(float)
    assert (found.count, found.nulls) == (len(value), int(np.isnan(value).sum()))
    assert found.infinite == len(value) - found.nulls - len(finite)
    if not len(finite):
        assert (found.min, found.counts) == (None, ())
        return
    assert (found.min, found.max) == (finite.min(), finite.max())
    assert found.mean == pytest.approx(finite.mean(), rel=1e-6, abs=1e-30)
    assert dict(found.quantiles)[0.5] == pytest.approx(np.median(finite), rel=1e-6)
    assert sum(found.counts) == len(finite)
    assert len(found.edges) == len(found.counts) + 1 == 41


def test_statistics_of_all_kinds_of_columns(store: FolderStore) -> None:
    value = frame(MANY)
    table = opened(value, store)
    assert statistics_of(table, "maybe").nulls == int(value["maybe"].isna().sum())
    assert statistics_of(table, "arrow").nulls == int(value["arrow"].isna().sum())
    assert statistics_of(table, "time").nulls == int(value["time"].isna().sum())
    assert statistics_of(table, "time").min == value["time"].min().timestamp()
    assert statistics_of(table, "span").max == value["span"].max().total_seconds()
    assert dict(statistics_of(table, "kind").top) == {str(k): n for k, n in value["kind"].value_counts().items()}
    assert statistics_of(table, "kind").nulls == int(value["kind"].isna().sum())
    assert dict(statistics_of(table, "truth").top) == {"True": MANY // 2, "False": MANY // 2}
    assert len(statistics_of(table, "text").top) == 13
    assert statistics_of(table, "big endian").max == MANY - 1
    polars = opened(pl.DataFrame({"a": [1.0, None, 3.0], "b": ["x", None, "x"]}), store)
    assert (statistics_of(polars, "a").mean, statistics_of(polars, "a").nulls) == (2.0, 1)
    assert (statistics_of(polars, "b").top, statistics_of(polars, "b").nulls) == ((("x", 2),), 1)


def test_every_layout_that_is_written_names_bytes_that_are_there(store: FolderStore) -> None:
    kept = stored(frame(ROWS), store)
    parsed = records.parse(kept.record)
    skeleton = parsed.skeleton or bytes(store.get(*parsed.skeleton_blob))
    assert layouts.layout(skeleton, parsed.parts) == kept.layout
    assert layouts.layout(skeleton[:-40], parsed.parts) == '{"version":1,"kind":"none"}'
