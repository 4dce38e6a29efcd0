"""What makes values readable by other versions of Python and of libraries; `system/test_foreign.py` runs those."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.artifacts import by_value, codec, digests, rebuild, renamed
from penstock.artifacts.folder import FolderStore
from penstock.errors import DamagedError


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def again(value: Any, store: FolderStore) -> Any:
    return codec.decode(codec.encode(value, store).stored.record, store)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (("pathlib._local", "PurePosixPath"), ("pathlib", "PurePosixPath")),
        (("pytz", "_UTC"), ("penstock.artifacts.renamed", "utc")),
        (("_pypy_generic_alias", "GenericAlias"), ("types", "GenericAlias")),
        (("no_such", "name"), None),
        (("pathlib._local", "no_such"), None),
    ],
)
def test_names_that_moved(written: tuple[str, str], found: tuple[str, str] | None):
    import importlib

    assert renamed.find(*written) is (found and getattr(importlib.import_module(found[0]), found[1]))


def test_a_moved_name_is_found_in_small_and_in_large_values(store: FolderStore):
    local = b"cpathlib._local\nPurePosixPath\n(Va/b\ntR."
    with pytest.raises(ModuleNotFoundError):
        pickle.loads(local)
    from penstock.artifacts import records

    assert str(codec.decode(records.build((), local), store)) == "a/b"
    in_blob = records.build_with_blob((), *store.put(local))
    assert str(codec.decode(in_blob, store)) == "a/b"


def test_time_zones_of_pytz_without_it():
    import datetime

    noon = datetime.datetime(2026, 7, 1, 12)
    zones = (renamed.zone("Europe/Prague", 7200, 3600, "CEST"), renamed.utc(), renamed.fixed_offset(-90))
    assert [noon.replace(tzinfo=zone).utcoffset() for zone in zones] == [
        datetime.timedelta(minutes=minutes) for minutes in (120, 0, -90)
    ]


def test_code_by_value_is_for_this_python_alone(store: FolderStore):
    factor = 3

    def scale(x: int) -> int:
        return factor * x

    assert again(scale, store)(2) == 6
    assert again({"f": lambda x: x + 1}, store)["f"](2) == 3
    _, (python, make, args, place, source) = by_value.reduce_code(None, scale.__code__)
    assert python == f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"
    assert (place, source) == (__file__, ())
    assert rebuild.code(python, make, args).co_filename == "<dynamic-code>"  # as it was written before it had a place
    assert again(scale, store).__code__.co_filename == __file__
    with pytest.raises(TypeError, match=r"is code for pypy 3\.9 and can't run in .*: write it in a module"):
        rebuild.code("pypy 3.9", make, args)


def test_a_digest_whose_algorithm_is_missing_is_not_checked(store: FolderStore, monkeypatch: pytest.MonkeyPatch):
    digest, size = store.put(b"x" * 1000)
    other, _ = store.put(b"y" * 1000)
    path, other_path = (next(Path(store.root).glob(f"??/{digests.text(one)}")) for one in (digest, other))
    path.write_bytes(other_path.read_bytes())
    with pytest.raises(DamagedError, match="other bytes"):
        store.get(digest, size, verify=True)
    monkeypatch.setitem(sys.modules, "blake3", None)
    digests._algorithm.cache_clear()
    try:
        assert bytes(store.get(digest, size, verify=True)) == b"y" * 1000
        own, size = store.put(b"z" * 1000)
        assert own[:1] == b"\2"
        next(Path(store.root).glob(f"??/{digests.text(own)}")).write_bytes(other_path.read_bytes())
        with pytest.raises(DamagedError, match="other bytes"):
            store.get(own, size, verify=True)
    finally:
        digests._algorithm.cache_clear()


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 20_000])
def test_texts_are_the_same_bytes_with_pyarrow_and_without(
    monkeypatch: pytest.MonkeyPatch, require: Callable[[str], None], count: int, missing: bool
):
    require("pyarrow")
    import numpy as np
    import pyarrow as pa

    from penstock.artifacts import packed_strings

    values = [None if missing and number % 3 == 0 else f"žluť {number}" for number in range(count)]
    whole = pa.chunked_array([pa.array(values[:5], pa.string()), pa.array(values[5:], pa.string())])
    packed = [
        packed_strings.pack_missing(np.array(values, dtype=object)),
        packed_strings.pack_missing(whole),
        packed_strings.pack_missing(pa.chunked_array([pa.array(["cut", *values], pa.large_string())]).slice(1)),
    ]
    parts = [[bytes(part) for part in (offsets, data, *(valid or ()))] for offsets, data, valid in packed]
    there = [value is not None for value in values]
    for offsets, data, *valid in parts:
        assert (offsets, data) == tuple(parts[0][:2])
        assert packed_strings.bits(valid[0], count).tolist() == there if valid else all(there)
        wanted = [value or "" for value in values]
        assert packed_strings.unpack(offsets, data).tolist() == wanted
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "pyarrow", None)
            assert packed_strings.unpack(offsets, data).tolist() == wanted


@pytest.mark.parametrize("dtype", ["str", "string[python]", "string[pyarrow]", "object"])
@pytest.mark.parametrize("arrow", [True, False])
def test_pandas_strings_keep_their_dtype_where_they_can(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch, require: Callable[[str], None], dtype: str, arrow: bool
):
    require("pandas")
    require("pyarrow")
    import pandas as pd

    series = pd.Series(["a", None, "", "žluť"] * 5000, dtype=dtype, name="s")
    found = again(series, store)
    pd.testing.assert_series_equal(found, series)
    assert str(found.dtype) == str(series.dtype)
    assert type(found.array) is type(series.array)
    record = codec.encode(series, store).stored.record
    if not arrow:
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "pyarrow", None)
            pd.testing.assert_series_equal(codec.decode(record, store), series, check_dtype=False)


def test_a_dtype_of_strings_comes_back_as_itself_or_as_that_of_objects(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch, require: Callable[[str], None]
):
    require("pandas")
    import numpy as np
    import pandas as pd

    from penstock.artifacts import rebuild as parts

    dtypes = [pd.StringDtype("python"), pd.StringDtype("python", na_value=np.nan)]
    assert again(dtypes, store) == dtypes
    assert np.isnan(again(dtypes, store)[1].na_value)
    monkeypatch.setattr(parts, "_string_dtype", lambda *_: None)
    assert parts.pandas_string_dtype("python", True) == np.dtype(object)


@pytest.mark.parametrize("kind", ["coo_matrix", "coo_array", "dok_matrix", "dok_array"])
def test_sparse_matrices_come_back_as_their_kind(store: FolderStore, require: Callable[[str], None], kind: str):
    require("scipy")
    import numpy as np
    from scipy import sparse

    value = getattr(sparse, kind)(np.array([[0, 1.5], [2, 0], [0, 0]], "f4"))
    found = again(value, store)
    assert (type(found), found.dtype, found.shape) == (type(value), value.dtype, (3, 2))
    assert (found.todense() == value.todense()).all()
    value.note = "mine"
    assert again(value, store).note == "mine"


def test_classes_that_other_pythons_read_wrongly_go_by_their_numbers(store: FolderStore):
    import statistics

    assert again([statistics.NormalDist(1, 2)], store) == [statistics.NormalDist(1, 2)]


def test_odd_texts_keep_what_pandas_makes_of_them(store: FolderStore, require: Callable[[str], None]):
    require("pandas")
    import pandas as pd

    series = pd.Series(pd.array(["a", "\ud800", None], dtype="string[python]"))
    assert again(series, store).tolist() == series.tolist()


def test_random_generators_go_on_where_they_were(store: FolderStore, require: Callable[[str], None]):
    require("numpy")
    import numpy as np

    generator, state = np.random.default_rng(5), np.random.RandomState(5)
    generator.random(3)
    state.normal(size=3)  # keeps a second one for the next call
    kinds = [getattr(np.random, name)(7) for name in ("MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64")]
    twin, twin_state, twins, seed = again((generator, state, kinds, np.random.SeedSequence(3).spawn(2)[1]), store)
    assert (twin.random(5) == generator.random(5)).all()
    assert (twin_state.normal(size=5) == state.normal(size=5)).all()
    for one, other in zip(kinds, twins, strict=True):
        assert (one.random_raw(5) == other.random_raw(5)).all()
    assert (twin.spawn(1)[0].random(3) == generator.spawn(1)[0].random(3)).all()
    assert (
        seed.spawn(1)[0].generate_state(2) == np.random.SeedSequence(3).spawn(2)[1].spawn(1)[0].generate_state(2)
    ).all()


def test_dtypes_with_fields(store: FolderStore, require: Callable[[str], None]):
    require("numpy")
    import numpy as np

    inner = np.dtype([("x", "<f4"), ("y", "U3", (2, 2))])
    for dtype in (
        np.dtype([("a", "i1"), ("b", "f8")], align=True),
        np.dtype([(("title", "a"), "i1"), ("b", inner)]),
        np.dtype({"names": ["a", "b"], "formats": ["i4", "i2"], "offsets": [4, 0], "itemsize": 16}),
        np.dtype((np.record, [("a", "O")])),
        np.dtype([]),
    ):
        found = again([dtype], store)[0]
        assert found == dtype
        assert (found.isalignedstruct, found.type) == (dtype.isalignedstruct, dtype.type)
        array = np.zeros(3, dtype)
        assert again(array, store).dtype == dtype
