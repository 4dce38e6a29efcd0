"""Values as text and as files."""

from __future__ import annotations

import importlib.util
import json
import pickle
import resource
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from penstock.errors import UsageError
from penstock.reading.readable import readable, to_plain
from penstock.reading.saving import save


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


def arrays() -> list[tuple[Any, str, str]]:
    """A value, a suffix, and what the file holds, or "!" and why it is refused."""
    import numpy as np

    masked = np.ma.array([1.0, -9999.0, 3.0], mask=[False, True, False])
    fields = np.array([(1, 2.5)], [("a", "i4"), ("b", "f8")])

    class WithUnit(np.ndarray[Any, Any]):
        pass

    return [
        (masked, ".csv", '1.0\n""\n3.0\n'),
        (masked, ".npy", "!it would lose the mask; it can as .pkl, .csv"),
        (np.ma.array([[1, -9999], [3, 4]], mask=[[0, 1], [0, 0]]), ".csv", "1,\n3,4\n"),
        (np.ma.zeros((2, 2, 2)), ".csv", "!it has 3 dimensions; it can as .pkl"),
        (np.array([1, "a"], object), ".npy", "!it holds Python objects; it can as .pkl"),
        (np.array([1, "a"], object), ".csv", "!a cell can't hold object"),
        (fields, ".csv", "a,b\n1,2.5\n"),
        (fields.reshape(1, 1), ".csv", "!it has fields, and not one dimension"),
        (np.array(["a,b", "c\nd", 'e"f']), ".csv", '"a,b"\n"c\nd"\n"e""f"\n'),
        (np.array([b"a"]), ".csv", "!a cell can't hold |S1; it can as .npy, .pkl"),
        (np.array(["2026-01-02"], "M8[D]"), ".csv", "2026-01-02\n"),
        (np.array([0.1], np.float32), ".csv", "0.1\n"),
        (np.array(3), ".csv", "3\n"),
        (np.array([1], np.dtype("i4", metadata={"unit": "m"})), ".npy", "!it would lose its dtype"),
        (np.zeros(1).view(WithUnit), ".npy", "!it would lose that it is a WithUnit; it can as .pkl"),
        (np.zeros(1), ".xlsx", "!as .xlsx; it can as .npy, .csv, .pkl"),
        (np.zeros(1), ".png", "!as .png; it can as .npy, .csv, .pkl"),
    ]


def frames() -> list[tuple[Any, str, str]]:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    plain = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    levels = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", "n"])
    mixed = pd.DataFrame({"a": [1, "x"]}, dtype=object)
    sparse = pd.DataFrame({"a": pd.arrays.SparseArray([0, 1])})
    return [
        (plain[plain.a > 1], ".csv", ",a,b\n1,2,y\n"),
        (plain.set_index("b"), ".csv", "b,a\nx,1\ny,2\n"),
        (pd.DataFrame({"v": [1, 2]}, index=levels), ".csv", "k,n,v\na,1,1\nb,2,2\n"),
        (pd.DataFrame([[1, 2]], columns=levels), ".csv", "!its columns have several levels; it can as .parquet, .pkl"),
        (mixed, ".csv", "!column a holds values of several kinds, or objects; it can as .pkl"),
        (mixed, ".parquet", "!column a holds values of several kinds, or objects; it can as .pkl"),
        (pd.DataFrame({"a": [[1], [2]]}), ".csv", "!column a holds values of several kinds, or objects"),
        (pd.DataFrame({"a": [b"x"]}), ".csv", "!column a holds bytes; it can as .parquet, .pkl"),
        (pd.DataFrame({"a": [1j]}), ".parquet", "!column a is complex128; it can as .pkl"),
        (sparse, ".csv", "!column a is Sparse"),
        (sparse, ".parquet", "!column a is Sparse"),
        (
            pd.DataFrame([[1, 2]], columns=["a", "a"]),
            ".parquet",
            "!several columns have one name; it can as .csv, .pkl",
        ),
        (pd.DataFrame([[1, 2]], columns=["a", 1]), ".parquet", "!its columns' names are of several kinds"),
        (pd.Series([1, 2], name="s"), ".csv", "s\n1\n2\n"),
        (pd.Series([1, 2], name="s"), ".npy", "!as .npy; it can as .pkl, .parquet, .csv"),
        (pd.Index([1]), ".csv", "!as .csv; it can as .pkl"),
        (pl.DataFrame({"a": [1, None], "b": ["x", ""]}), ".csv", 'a,b\n1,x\n,""\n'),
        (pl.DataFrame({"a": [[1]]}), ".csv", "!column a is List"),
        (pl.DataFrame({"a": [b"x"]}), ".csv", "!column a is Binary; it can as .parquet, .pkl"),
        (pl.DataFrame({"a": [object()]}), ".parquet", "!column a is Object"),
        (pl.Series("s", [1]), ".csv", "s\n1\n"),
        (pl.DataFrame({"a": [1]}).lazy(), ".csv", "!as .csv; it can as .pkl"),
        (pa.table({"a": [[1]]}), ".csv", "!column a is list"),
        (pa.record_batch({"a": [1]}), ".csv", '"a"\n1\n'),
        (pa.array([1]), ".parquet", "!as .parquet; it can as .pkl"),
    ]


PLAIN: list[tuple[Any, str, str]] = [
    ({1: 2}, ".json", "!it holds a key that is no text, but a int; it can as .pkl"),
    ({"a": float("nan")}, ".json", "!it holds NaN or infinity; it can as .pkl"),
    ({"a": b"x"}, ".json", "!it holds a bytes; it can as .pkl"),
    ([{"a": [{2: 1}]}], ".json", "!it holds a key that is no text"),
    ("hello", ".json", "!it is no JSON; it can as .txt, .pkl"),
    ('{"a": 1}', ".json", '{"a": 1}'),
    ("hello", ".md", "hello"),
    ("hello", ".npy", "!it is text; it can as .txt, .pkl"),
    ("\ud800", ".txt", "!it holds halves of characters; it can as .pkl"),
    (Odd, ".png", "!as .png; it can as .pkl"),
    (Odd, ".joblib", "!as .joblib; it can as .pkl"),
]


@pytest.mark.parametrize("library", ["", "numpy", "pandas"])
def test_a_file_says_what_the_value_says_or_is_not_written(
    tmp_path: Path, require: Callable[[str], None], library: str
):
    for name in {"": (), "numpy": ("numpy",), "pandas": ("pandas", "polars", "pyarrow")}[library]:
        require(name)
    for number, (value, suffix, held) in enumerate({"": lambda: PLAIN, "numpy": arrays, "pandas": frames}[library]()):
        to = tmp_path / f"{number}{suffix}"
        if not held.startswith("!"):
            assert save(value, to).read_text() == held
            continue
        with pytest.raises(UsageError) as caught:
            save(value, to)
        assert held[1:] in str(caught.value)
        assert not to.exists()


@pytest.mark.parametrize("make", [arrays, frames])
def test_in_a_folder_each_value_finds_a_file_that_can_hold_it(
    tmp_path: Path, require: Callable[[str], None], make: Callable[[], list[tuple[Any, str, str]]]
):
    for name in ("numpy", "pandas", "polars", "pyarrow"):
        require(name)
    for number, (value, _, held) in enumerate(make()):
        if "Object" not in held and "WithUnit" not in held:  # these can't even be pickled
            assert save(value, tmp_path, name=str(number)).exists()


def test_parquet_gives_the_same_frame_again(tmp_path: Path, require: Callable[[str], None]):
    require("pandas")
    require("pyarrow")
    import pandas as pd

    index = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["k", "n"])
    frame = pd.DataFrame(
        {
            "n": [1, 2],
            "t": ["x", None],
            "c": pd.Categorical(["u", "v"], ordered=True),
            "d": pd.to_datetime(["2026-01-02", None]).tz_localize("UTC"),
            "p": pd.period_range("2026-01", periods=2, freq="M"),
        },
        index=index,
    )
    pd.testing.assert_frame_equal(pd.read_parquet(save(frame, tmp_path / "f.parquet")), frame)
    wide = pd.DataFrame([[1, 2]], columns=index)
    pd.testing.assert_frame_equal(pd.read_parquet(save(wide, tmp_path / "w.parquet")), wide)


def test_figures_become_pictures(tmp_path: Path, require: Callable[[str], None]):
    require("matplotlib")
    require("PIL")
    from matplotlib.figure import Figure
    from PIL import Image

    figure = Figure()
    figure.subplots().plot([1, 2])
    for suffix, head in ((".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF"), (".JPG", b"\xff\xd8")):
        assert save(figure, tmp_path / f"f{suffix}").read_bytes().startswith(head)
    assert save(figure, tmp_path, name="figure").name == "figure.png"
    with pytest.raises(UsageError, match=r"a Figure can't be saved as .npy; it can as .png, .svg"):
        save(figure, tmp_path / "f.npy")
    image = Image.new("RGBA", (2, 2))
    assert save(image, tmp_path, name="image").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UsageError, match=r"an? Image can't be saved as .jpg: cannot write mode RGBA as JPEG; it can"):
        save(image, tmp_path / "i.jpg")


def test_plotly_s_figures(tmp_path: Path, require: Callable[[str], None]):
    require("plotly")
    from plotly.graph_objects import Figure

    figure = Figure()
    assert "<html" in save(figure, tmp_path, name="it").read_text()
    assert (tmp_path / "it.html").exists()
    if importlib.util.find_spec("kaleido") is None:
        with pytest.raises(UsageError, match=r"pip install kaleido; it can as .html, .json"):
            save(figure, tmp_path / "it.png")


def test_sparse_matrices(tmp_path: Path, require: Callable[[str], None]):
    require("scipy")
    import numpy as np
    from scipy import sparse

    found = sparse.load_npz(save(sparse.csr_array(np.eye(2)), tmp_path, name="m"))
    assert found.toarray().tolist() == np.eye(2).tolist()
    with pytest.raises(UsageError, match=r"it is sparse; it can as .npz, .pkl"):
        save(sparse.csr_array(np.eye(2)), tmp_path / "m.npy")
    assert save(sparse.lil_array(np.eye(2)), tmp_path, name="l").name == "l.pkl"


def test_tensors(tmp_path: Path, require: Callable[[str], None]):
    require("torch")
    import numpy as np
    import torch

    tensor = torch.arange(3.0, requires_grad=True)
    assert torch.load(save(tensor, tmp_path, name="t")).tolist() == [0.0, 1.0, 2.0]
    assert np.load(save(tensor, tmp_path / "t.npy")).tolist() == [0.0, 1.0, 2.0]
    with pytest.raises(UsageError, match=r"numpy has no torch.bfloat16; it can as .pt"):
        save(tensor.bfloat16(), tmp_path / "b.npy")


def _too_large(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path):
    (tmp_path / "a.txt").write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    _too_large(1000)
    try:
        with pytest.raises(UsageError, match=r"a.txt can't be written: File too large; free some space, or name"):
            save("x" * 10_000, tmp_path / "a.txt", force=True)
    finally:
        _too_large(before)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.txt", "old")]


@pytest.mark.parametrize(
    ("to", "why"),
    [
        ("none/a.json", "there is no folder .*none; make it with: mkdir -p "),
        ("folder", ""),
        ("/proc/a.json", "can't be written: .*; name another place"),
        ("/dev/null", "/dev/null is no file"),
        (f"{'n' * 300}.json", "File name too long; name another place"),
        ("there.json", "is there already"),
        ("dangling.json", "is there already"),
    ],
)
def test_what_stands_in_the_way_is_said(tmp_path: Path, to: str, why: str):
    (tmp_path / "folder" / "value.json").mkdir(parents=True)
    (tmp_path / "there.json").touch()
    (tmp_path / "dangling.json").symlink_to("nowhere")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match=why or "value.json is there already"):
        save({"a": 1}, tmp_path / to)
    with pytest.raises(UsageError, match="is a folder, and not replaced"):
        save({"a": 1}, tmp_path / "folder", force=True)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_is_replaced_and_nothing_is_written_through_it(tmp_path: Path):
    (tmp_path / "precious.json").write_text("precious")
    (tmp_path / "link.json").symlink_to("precious.json")
    save({"a": 1}, tmp_path / "link.json", force=True)
    assert (tmp_path / "precious.json").read_text() == "precious"
    assert not (tmp_path / "link.json").is_symlink()


def test_a_folder_takes_the_place_of_another(tmp_path: Path):
    for name in ("new", "old/new"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / f"of-{name[:3]}").touch()
    save(tmp_path / "new", tmp_path / "old", force=True)
    assert [path.name for path in (tmp_path / "old" / "new").iterdir()] == ["of-new"]
    assert [path.name for path in (tmp_path / "old").iterdir()] == ["new"]


def test_json_holds_no_other_keys_but_in_documents():
    assert to_plain({1: 2}) is None
    assert to_plain({1: 2}, any_keys=True) == {"1": 2}
    assert readable({1: 2}) == "{1: 2}"
