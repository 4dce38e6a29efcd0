"""An array is drawn as what numpy makes of it, and nothing of it is read that is not drawn."""

from __future__ import annotations

import json
import math
import struct
import zlib
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.artifacts import codec
from penstock.artifacts.folder import FolderStore
from penstock.errors import DamagedError, NotFoundError, UsageError
from penstock.reading.array_images import Channels, picture
from penstock.reading.stored_tables import StoredTable

np: Any = numpy


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> FolderStore:
    return FolderStore(tmp_path_factory.mktemp("store"))


def opened(value: Any, store: FolderStore, **changed: Any) -> StoredTable:
    kept = codec.encode(value, store, layout=True).stored
    layout = json.dumps(json.loads(kept.layout) | changed)
    return StoredTable(kept._replace(layout=layout), store)


def pixels(data: bytes) -> Any:
    width, height, _, colour = struct.unpack_from(">IIBB", data, 16)
    begin = data.index(b"IDAT")
    packed = data[begin + 4 : begin + 4 + int.from_bytes(data[begin - 4 : begin], "big")]
    rows = np.frombuffer(zlib.decompress(packed), "u1").reshape(height, -1)
    colours = {0: 1, 4: 2, 2: 3, 6: 4}[colour]
    return rows[:, 1:].reshape(height, width, colours)


SHAPES = st.lists(st.integers(1, 7), min_size=2, max_size=5)


@settings(deadline=None)
@given(SHAPES, st.data())
def test_a_picture_is_a_slice_of_the_array(store: FolderStore, shape: list[int], data: st.DataObject) -> None:
    value = np.arange(math.prod(shape), dtype="u1").reshape(shape)
    if data.draw(st.booleans()):
        value = np.asfortranarray(value)
    channels: Channels = data.draw(st.sampled_from(["", "none", "last", "first"]))
    at = [data.draw(st.integers(0, length - 1)) for length in shape[: data.draw(st.integers(0, len(shape) - 2))]]
    most = data.draw(st.integers(1, 9))
    rest = shape[len(at) :]
    axis = -3 if channels == "first" else -1
    has_colours = len(rest) > 2 and rest[axis] <= 4 and channels != "none"
    if channels in ("last", "first") and not has_colours:
        with pytest.raises(UsageError, match=f"no axis has 1 to 4 colours {channels}"):
            picture(opened(value, store), at, most, most, channels=channels)
        return
    found = pixels(picture(opened(value, store), at, most, most, channels=channels))
    expected = value[(*at, *(0,) * (len(rest) - (3 if has_colours else 2)))]
    if has_colours and channels == "first":
        expected = np.moveaxis(expected, 0, -1)
    step = max(1, math.ceil(expected.shape[0] / most), math.ceil(expected.shape[1] / most))
    assert (found == expected[::step, ::step].reshape(*expected[::step, ::step].shape[:2], -1)).all()
    assert max(found.shape[:2]) <= most


@settings(deadline=None)
@given(st.lists(st.floats(), min_size=4, max_size=4), st.sampled_from(["", "uint8", "float"]))
def test_any_numbers_are_drawn(store: FolderStore, numbers: list[float], scale: Any) -> None:
    found = pixels(picture(opened(np.array(numbers).reshape(2, 2), store), scale=scale))
    assert found.shape == (2, 2, 1)
    if scale:
        most = 255.0 if scale == "uint8" else 1.0
        shown = [min(max(0.0 if math.isnan(one) else one, 0.0), most) * (255.0 / most) for one in numbers]
        assert np.abs(found.reshape(4) - np.array(shown)).max() <= 0.5 + 1e-9


def test_what_is_missing_is_black(store: FolderStore) -> None:
    value = np.ma.MaskedArray(np.full((2, 2), 200, "u1"), [[0, 1], [0, 0]])
    assert pixels(picture(opened(value, store), scale="uint8")).tolist() == [[[200], [0]], [[200], [200]]]


def test_of_a_huge_array_as_much_is_read_as_is_drawn(store: FolderStore) -> None:
    value = np.full(16, 7, "u1")
    table = opened(value, store, shape=[1 << 30, 1 << 30], strides=[0, 0])
    found = pixels(picture(table, width=64, height=32))
    assert (found.shape, found.max()) == ((32, 32, 1), 7)


@pytest.mark.parametrize(
    "wrong",
    [
        {"shape": [1 << 40, 1 << 40]},
        {"shape": [5, 4]},
        {"shape": [4, 4], "strides": [4, 8]},
        {"begin": 3},
        {"begin": -1},
    ],
)
def test_a_layout_that_is_damaged_reads_nothing_else(store: FolderStore, wrong: dict[str, Any]) -> None:
    with pytest.raises(DamagedError):
        picture(opened(np.zeros((4, 4), "u1"), store, **({"shape": [4, 4], "strides": [4, 1]} | wrong)))


def test_what_is_no_picture(store: FolderStore) -> None:
    for value in (np.arange(4), np.array(3.0), np.zeros((0, 3)), np.array([["a"]]), np.zeros((2, 2), "M8[s]")):
        with pytest.raises(UsageError):
            picture(opened(value, store))
    with pytest.raises(UsageError, match="complex128"):
        picture(opened(np.zeros((2, 2), complex), store))
    with pytest.raises(NotFoundError, match="axis 0 has 3 places, from 0 on: there is no 3"):
        picture(opened(np.zeros((3, 9, 9)), store), [3])
    with pytest.raises(UsageError, match="2 places leave less than two of 3 axes: name 1 at most"):
        picture(opened(np.zeros((3, 9, 9)), store), [0, 0])
