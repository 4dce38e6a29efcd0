"""Values as text and as files."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from penstock.client.saving import readable, save, to_plain
from penstock.errors import UsageError


@dataclass
class Trained:
    depth: int
    accuracy: float


class Odd:
    def __repr__(self) -> str:
        return "<odd>"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", "a\nb"),
        (7, "7"),
        (None, "None"),
        (b"\x00", "b'\\x00'"),
        ({"a": [1, 2]}, '{\n  "a": [\n    1,\n    2\n  ]\n}'),
        (Trained(2, 0.5), "Trained(depth=2, accuracy=0.5)"),
        ([Odd()], "[<odd>]"),
        ({1.0: float("nan")}, "{1.0: nan}"),
    ],
)
def test_a_value_as_text(value: Any, text: str):
    assert readable(value) == text


def test_a_file_as_text(tmp_path: Path):
    (tmp_path / "a.txt").write_text("words")
    (tmp_path / "b.bin").write_bytes(b"\xff\xfe\x00")
    assert readable(tmp_path / "a.txt") == "words"
    assert readable(tmp_path / "b.bin") == "a file b.bin of 3 bytes"
    assert readable(tmp_path).endswith("with 2 files: a.txt, b.bin")


def test_what_json_can_hold():
    assert to_plain([Trained(2, 0.5), (1, "x")]) == [{"depth": 2, "accuracy": 0.5}, [1, "x"]]
    assert to_plain({"a": Odd()}) is None


def test_numbers_of_numpy_are_numbers(require: Callable[[str], None]):
    require("numpy")
    import numpy as np

    assert to_plain({"a": np.float32(0.5), "b": np.int64(3)}) == {"a": 0.5, "b": 3}


@pytest.mark.parametrize(
    ("value", "suffix"), [({"a": 1}, ".json"), ("text", ".txt"), (b"bytes", ".bin"), (Odd, ".pkl"), (3, ".json")]
)
def test_the_kind_of_file_follows_from_the_value(tmp_path: Path, value: Any, suffix: str):
    assert save(value, tmp_path, name="it") == tmp_path / f"it{suffix}"


def test_files_can_be_read_again(tmp_path: Path):
    assert json.loads(save({"a": [1]}, tmp_path / "a.json").read_text()) == {"a": [1]}
    assert pickle.loads(save({"a": [1]}, tmp_path / "a.pkl").read_bytes()) == {"a": [1]}
    assert save("a\r\nb", tmp_path / "notes.md").read_bytes() == b"a\r\nb"
    assert save(b"\x00\xff", tmp_path / "model.onnx").read_bytes() == b"\x00\xff"


def test_arrays(tmp_path: Path, require: Callable[[str], None]):
    require("numpy")
    import numpy as np

    array = np.arange(6).reshape(2, 3)
    assert np.load(save(array, tmp_path, name="a")).tolist() == array.tolist()
    assert (tmp_path / "a.npy").exists()
    assert save(array, tmp_path / "a.csv").read_text() == "0,1,2\n3,4,5\n"
    with pytest.raises(UsageError, match=r"a ndarray can't be saved as .parquet; it can as .npy, .csv, .pkl"):
        save(array, tmp_path / "a.parquet")


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_tables(tmp_path: Path, require: Callable[[str], None], library: str):
    require(library)
    require("pyarrow")
    import importlib

    from pyarrow import parquet

    module = importlib.import_module(library)
    columns = {"a": [1, 2], "b": ["x", "y"]}
    table = module.table(columns) if library == "pyarrow" else module.DataFrame(columns)
    assert parquet.read_table(save(table, tmp_path, name="t")).to_pydict() == columns
    assert (tmp_path / "t.parquet").exists()
    assert save(table, tmp_path / "t.csv").read_text().replace('"', "") == "a,b\n1,x\n2,y\n"


def test_a_file_or_folder_is_copied(tmp_path: Path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("a")
    (tmp_path / "to").mkdir()
    assert save(source / "a.txt", tmp_path / "to").read_text() == "a"
    assert (tmp_path / "to" / "a.txt").exists()
    assert (save(source, tmp_path / "to", name="unused") / "a.txt").read_text() == "a"
    assert (tmp_path / "to" / "source").is_dir()


def test_nothing_is_overwritten_unless_it_is_said(tmp_path: Path):
    save("old", tmp_path / "a.txt")
    with pytest.raises(UsageError, match=r"a.txt is there already; overwrite it with --force"):
        save("new", tmp_path / "a.txt")
    assert save("new", tmp_path / "a.txt", force=True).read_text() == "new"
    with pytest.raises(UsageError, match="no folder"):
        save("new", tmp_path / "none" / "a.txt")


def test_what_can_not_be_written_leaves_nothing(tmp_path: Path):
    with pytest.raises(UsageError, match=r"a generator can't be saved as \.pkl: cannot pickle"):
        save((item for item in ()), tmp_path / "a.pkl")
    assert list(tmp_path.iterdir()) == []


class Mute:
    def __repr__(self) -> str:
        raise RuntimeError("no word")


@pytest.mark.parametrize("value", [Mute(), [Mute()], {"a": Mute()}])
def test_a_value_that_can_not_show_itself_says_why(value: Any):
    assert readable(value) == f"a {type(value).__name__} that can't be shown: RuntimeError: no word"


def test_json_holds_no_half_of_a_character():
    assert to_plain(["\ud800"]) is None
    assert readable(["\ud800"]) == r"['\ud800']"
