"""Values as files, in each format, and back; and what a format can't hold."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.specs import Attempt, Function, Program, attempts_from_plain, attempts_to_plain
from penstock.worker import json_values, value_files
from penstock.worker.value_files import MalformedFileError, UnfitError

Require = Callable[[str], None]


@pytest.fixture
def imported(require: Require) -> Callable[[str], Any]:
    """A library, where it is there."""

    def find(name: str) -> Any:
        require(name.partition(".")[0])
        return import_module(name)

    return find


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
NAMES = st.text(max_size=5)
PAIRS = st.lists(st.tuples(NAMES, NAMES), max_size=2).map(tuple)
FILES = st.lists(st.tuples(NAMES, st.binary()), max_size=2).map(tuple)
WORDS = st.lists(NAMES).map(tuple)
RECORDS = st.none() | st.binary()
WORKS = st.builds(Function, NAMES, NAMES, RECORDS, WORDS) | st.builds(
    Program, NAMES, NAMES, WORDS, PAIRS, PAIRS, NAMES, NAMES, FILES, RECORDS, NAMES, PAIRS
)


@given(PLAIN)
def test_json_gives_back_what_it_was_given(value: Any) -> None:
    assert json_values.read(json_values.written(value)) == value


@given(WORKS)
def test_work_of_either_kind_reaches_a_worker_as_it_is(work: Function | Program) -> None:
    sent = Attempt("digits/1/train/1#1", b"key", work, (), None, False)
    (found,) = attempts_from_plain(attempts_to_plain([sent]))
    assert found == sent
    assert type(found.work) is type(work)


def again(value: Any, kind: str, folder: Path, tables: str = "") -> Any:
    path, _ = value_files.write(value, kind, str(folder / "value"))
    return value_files.read(kind or path.rpartition(".")[2], path, tables)


@pytest.mark.parametrize(("kind", "value"), [("text", "é\n"), ("text", ""), ("bytes", b"\0\xff"), ("json", [1, None])])
def test_plain_values_are_as_they_were(kind: str, value: Any, tmp_path: Path) -> None:
    assert again(value, kind, tmp_path) == value


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow"])
def test_tables_come_back_as_the_kind_that_went_in(library: str, kind: str, tmp_path: Path, require: Require) -> None:
    require("pyarrow")
    require(library)
    made = import_module(library)
    columns = {"a": [1, 2, 3], "b": ["x", "y", "zé"], "c": [0.5, None, 2.0]}
    table = made.table(columns) if library == "pyarrow" else made.DataFrame(columns)
    path, found = value_files.write(table, kind, str(tmp_path / "table"))
    assert found == library
    back = value_files.read(kind, path, library)
    assert type(back) is type(table)
    assert back.equals(table)


def test_numbers_of_rows_are_no_column_of_csv_and_any_other_index_is(tmp_path: Path, imported: Any) -> None:
    pandas = imported("pandas")
    table = pandas.DataFrame({"a": [3, 1, 2]})
    named = pandas.DataFrame({"a": [1]}, index=pandas.Index([7], name="id"))
    levels = pandas.DataFrame({"a": [1]}, index=pandas.MultiIndex.from_tuples([(1, 2)]))
    for one, first in (
        (table[table.a != 1], "a"),
        (table.sort_values("a"), "a"),
        (table[1:], "a"),
        (named, "id,a"),
        (pandas.DataFrame({"a": [1]}, index=["x"]), ",a"),
        (levels, ",,a"),
    ):
        path, _ = value_files.write(one, "csv", str(tmp_path / "table"))
        assert Path(path).read_text().splitlines()[0] == first


def test_arrays_are_as_they_were(tmp_path: Path, imported: Any) -> None:
    np = imported("numpy")
    for array in (np.arange(6.0).reshape(2, 3), np.arange(1 << 18), np.array(3)):
        back = again(array, "npy", tmp_path)
        assert type(back) is np.ndarray
        assert back.dtype == array.dtype
        assert (back == array).all()
    assert again([1, 2], "npy", tmp_path).tolist() == [1, 2]


def test_tensors_by_name(tmp_path: Path, imported: Any, require: Require) -> None:
    np = imported("numpy")
    require("safetensors")
    back = again({"a": np.arange(3), "b": np.ones((2, 2))}, "safetensors", tmp_path)
    assert back["a"].tolist() == [0, 1, 2]
    assert back["b"].shape == (2, 2)


def test_pictures_come_back_as_files(tmp_path: Path, imported: Any) -> None:
    np = imported("numpy")
    image = imported("PIL.Image")
    back = again(np.zeros((2, 3, 3), "uint8"), "png", tmp_path)
    with image.open(back) as picture:
        assert picture.size == (3, 2)
    back.write_bytes(back.read_bytes()[:-30])
    with pytest.raises(MalformedFileError, match="ends too early"):
        value_files.read("png", str(back))


def test_a_path_goes_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "given.csv").write_text("a\n1\n")
    path, _ = value_files.write(tmp_path / "given.csv", "csv", str(tmp_path / "table"))
    assert Path(path).read_text() == "a\n1\n"
    path, _ = value_files.write(tmp_path / "given.csv", "html", str(tmp_path / "page"))
    assert path.endswith("page.html")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    (tmp_path / "folder" / "inner" / "x").write_text("x")
    path, _ = value_files.write(tmp_path / "folder", "folder", str(tmp_path / "copy"))
    assert (Path(path) / "inner" / "x").read_text() == "x"
    for wrong, kind in ((tmp_path / "folder", "csv"), (tmp_path / "given.csv", "folder"), (tmp_path / "none", "csv")):
        with pytest.raises(UnfitError, match="can't be given"):
            value_files.write(wrong, kind, str(tmp_path / "other"))


def test_what_suits_a_value_is_found(tmp_path: Path, imported: Any) -> None:
    np, pandas = imported("numpy"), imported("pandas")
    values: list[tuple[Any, str]] = [
        ("x", ".txt"), (b"x", ".bin"), ({"a": 1}, ".json"), ([1, 2], ".json"), (3, ".json"), (None, ".json"),
        (pandas.DataFrame({"a": [1]}), ".csv"), (np.arange(3), ".npy"),
    ]  # fmt: skip
    for value, ending in values:
        assert value_files.write(value, "", str(tmp_path / "value"))[0].endswith(ending), value


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"a": [math.nan]}, "at ['a'][0] it is nan"),
        (math.inf, "it is inf"),
        ({1: 2}, "it has the key 1"),
        ([{"x": {2}}], "at [0]['x'] it is a builtins.set"),
    ],
)
def test_what_json_can_t_hold_is_named_with_its_place(value: Any, where: str) -> None:
    with pytest.raises(ValueError, match="JSON") as told:
        json_values.written(value)
    assert where in str(told.value)


def test_a_value_that_a_format_can_t_hold_is_named_with_the_formats_that_can(tmp_path: Path, imported: Any) -> None:
    pandas, np = imported("pandas"), imported("numpy")
    cases: list[tuple[Any, str, str]] = [
        ({"a": 1}, "text", "is a dict, which text can't hold; what can: json"),
        ("x", "csv", "is a str, which csv can't hold; what can: json, text"),
        (pandas.DataFrame({"a": [1]}), "json", "what can: csv, parquet, arrow"),
        (np.arange(3), "csv", "is a numpy.ndarray, which csv can't hold; what can: npy"),
        (object(), "json", "is a object, which json can't hold. No format can"),
        ("x", "html", "a file (a Path) is expected; what can: json, text"),
        (pandas.DataFrame({"a": [1, "x"]}), "parquet", "its column 'a' holds int and str"),
        (pandas.DataFrame([[1, 2]], columns=["a", "a"]), "csv", "it has two columns 'a'"),
        (np.array([object()]), "npy", "its dtype is object"),
        ("\udc80", "text", "surrogates not allowed; what may hold it: json"),
    ]
    for value, kind, told in cases:
        with pytest.raises(UnfitError) as error:
            value_files.write(value, kind, str(tmp_path / "value"))
        assert told in str(error.value)


@pytest.mark.parametrize(
    ("kind", "data", "told"),
    [
        ("json", b"", "it is empty"),
        ("json", b"[Infinity]", "it holds Infinity"),
        ("json", b"[1e400]", "it holds 1e400"),
        ("text", b"a\xff", "it is no UTF-8: byte 0xff at 1"),
        ("npy", b"no", "it is no array"),
        ("csv", b"", "No columns to parse"),
        ("arrow", b"no", ""),
        ("png", b"GIF89a", "does not begin as a PNG"),
    ],
)
def test_what_is_not_what_its_format_says_is_refused(
    kind: str, data: bytes, told: str, tmp_path: Path, require: Require
) -> None:
    for library in ("numpy", "pandas", "pyarrow"):
        require(library)
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(MalformedFileError) as error:
        value_files.read(kind, str(tmp_path / "file"))
    assert told in str(error.value)
