"""Object arrays of few texts: stored as a dictionary and codes, and the same value as before."""

from __future__ import annotations

import pickle
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.artifacts import digests, numpy_arrays, packed_strings, records, text_dictionary, walk
from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode, encode
from penstock.artifacts.folder import FolderStore

WORDS = [f"žluť {number:04d}" for number in range(5000)]
SIZE = (1 << 15) + (1 << 20) + 3  # three pieces


class Own(str):
    """No `str`, though equal to one."""


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


@pytest.fixture(params=["pyarrow", "numpy alone"])
def library(request: pytest.FixtureRequest, require: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "pyarrow":
        require("pyarrow")
    else:
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    return request.param


def words(size: int = SIZE) -> Any:
    return np.array(WORDS, dtype=object)[np.random.default_rng(0).integers(0, len(WORDS), size)]


def by_the_old_encoder(value: Any, patch: pytest.MonkeyPatch) -> bytes:
    with patch.context() as without:
        without.setattr(text_dictionary, "_SHORTEST", sys.maxsize)
        return identify(value).digest


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@settings(deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=16), data=st.data())
def test_what_a_dictionary_counts_as_is_what_its_texts_written_out_do(texts: list[str], data: st.DataObject):
    numbers = data.draw(st.lists(st.integers(0, len(texts) - 1), min_size=1, max_size=60))
    array = np.array(texts, dtype=object)[numbers]
    written_out = packed_strings.pack(array)
    assert written_out
    with_and_without: list[Any] = []
    for missing in ({}, {"pyarrow": None}):
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"_SHORTEST": 8, "_FIRST": 4, "_CHUNK": 5, "_MOST": 12}.items():
                patch.setattr(text_dictionary, name, value)
            for name, module in missing.items():
                patch.setitem(sys.modules, name, module)
            found = text_dictionary.find(array)
            if found is None:
                with_and_without.append(None)
                continue
            assert found.digests() == tuple(digests.digest(part.tobytes()) for part in written_out)
            again = text_dictionary.spread(packed_strings.unpack(found.offsets.tobytes(), found.data), found.codes)
            assert again.tolist() == array.tolist()
            with_and_without.append([part.tobytes() for part in found])
    assert with_and_without[0] == with_and_without[1]
    if len(array) < 8:
        assert with_and_without[0] is None
    elif len({*array}) <= 2:
        assert with_and_without[0] is not None


LEAVES = st.sampled_from([None, 0, 10**9, True, 1.5, float("nan"), 2j, "", "ž" * 2000, "\ud800", b"other", ("a", "b")])


@settings(deadline=None)
@given(objects=st.lists(LEAVES, min_size=1, max_size=6), data=st.data())
def test_few_objects_count_as_each_by_itself(objects: list[Any], data: st.DataObject):
    pool = np.empty(len(objects), dtype=object)
    for at, item in enumerate(objects):  # at once, numpy would take a tuple for a row
        pool[at] = item
    numbers = data.draw(st.lists(st.integers(0, len(objects) - 1), min_size=1, max_size=60))
    array = pool[np.array(numbers, dtype=np.intp)]
    found: list[Any] = []
    for many, spill, missing in ((sys.maxsize, 1 << 20, {}), (2, 0, {}), (2, 1 << 20, {"pyarrow": None})):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(numpy_arrays, "_MANY", many)
            patch.setattr(walk, "SPILL", max(spill, walk.SHORTEST_DIGESTED))
            patch.setattr(text_dictionary, "_FIRST", 7)
            patch.setattr(text_dictionary, "_CHUNK", 5)
            for name, module in missing.items():
                patch.setitem(sys.modules, name, module)
            found.append(identify([array, array]))
    assert found[0].digest
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("at", [5, 40_000])
def test_what_has_no_stable_form_is_named_by_its_place(at: int):
    array = np.array(["a", None] * 30_000, dtype=object)
    array[at] = threading.Lock()
    assert identify(array).culprit == f"value.flat[{at}] is a _thread.lock, which has no stable form"


def test_an_array_of_few_texts_is_small_and_counts_as_before(
    library: str, store: FolderStore, monkeypatch: pytest.MonkeyPatch
):
    array = words()
    stored = encode(array, store).stored
    assert stored.digest == by_the_old_encoder(array, monkeypatch)
    assert stored.size < 2 * SIZE + 200_000
    found = decode(stored.record, store, verify=True)
    assert found.dtype == object
    assert found.flags.writeable
    assert found.tolist() == array.tolist()
    assert encode(found, store).stored == stored, "what is passed on is stored anew"


def test_records_are_the_same_with_pyarrow_and_without(
    require: Callable[[str], None], store: FolderStore, monkeypatch: pytest.MonkeyPatch
):
    require("pyarrow")
    array = words()
    here = encode(array, store).stored
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert encode(array, store).stored == here
    assert decode(here.record, store).tolist() == array.tolist()


@pytest.mark.parametrize("order", ["C", "F"])
def test_every_order_in_memory_counts_alike(store: FolderStore, order: Any):
    array = words(1 << 17).reshape(4, -1)
    laid = np.array(array, order=order)[:, ::2]
    stored = encode(laid, store).stored
    assert stored.digest == identify(array[:, ::2].copy()).digest
    assert stored.size < 2 * laid.size + 200_000
    assert decode(stored.record, store).tolist() == laid.tolist()


@pytest.mark.parametrize(
    "other", [None, float("nan"), 7, b"word", Own("word"), np.str_("word"), "\ud800"], ids=lambda other: repr(other)
)
@pytest.mark.parametrize("at", [0, 70_000])
def test_what_is_no_text_is_told(library: str, monkeypatch: pytest.MonkeyPatch, other: Any, at: int):
    array = np.array([WORDS[0]] * 80_000, dtype=object)
    assert text_dictionary.find(array) is not None
    array[at] = other
    assert text_dictionary.find(array) is None
    assert identify(array) == identify([array])._replace(digest=by_the_old_encoder(array, monkeypatch))


def test_what_was_never_set_is_no_text(library: str):
    assert text_dictionary.find(np.empty(1 << 16, dtype=object)) is None


@pytest.mark.parametrize(
    "numbers",
    [range(70_000), [*[0] * 34_000, *range(60_000)], [*[0] * 300_000, *range(70_000)]],
    ids=["from the start", "later", "beyond two bytes"],
)
def test_many_texts_are_written_out(library: str, numbers: Any):
    assert text_dictionary.find(np.array([f"{number}" for number in numbers], dtype=object)) is None


def test_a_record_does_not_tell_which_objects_are_shared(
    library: str, store: FolderStore, monkeypatch: pytest.MonkeyPatch
):
    shared = words(300_000)
    apart = np.array([text.encode().decode() for text in shared], dtype=object)
    assert apart[0] is not shared[0]
    in_part = np.concatenate([shared[:150_000], apart[150_000:]])
    stored = encode(shared, store).stored
    assert stored == encode(apart, store).stored == encode(in_part, store).stored
    assert stored.size < 2 * shared.size + 200_000
    assert stored.digest == by_the_old_encoder(apart, monkeypatch)


def test_a_column_keeps_its_dtype(require: Callable[[str], None], store: FolderStore):
    require("pandas")
    import pandas as pd

    frame = pd.DataFrame({"number": np.arange(1 << 17), "word": pd.Series(words(1 << 17), dtype=object)})
    stored = encode(frame, store).stored
    found = decode(stored.record, store)
    assert found["word"].dtype == object
    pd.testing.assert_frame_equal(found, frame)
    found.loc[0, "word"] = "other"
    assert found["word"].tolist() == ["other", *frame["word"][1:]], "an element is its own, its text is shared"
    assert identify(found).digest != stored.digest


def test_the_pinned_layout_of_a_dictionary():
    """Two texts and four codes as they stand in a record: docs/formats.md, Record."""

    class Pinned:
        def __reduce__(self) -> Any:
            from penstock.artifacts import rebuild

            offsets = bytearray.fromhex("0000000000000000 0200000000000000 0300000000000000")
            return rebuild.strings, (offsets, bytearray(b"abc"), (2, 2), bytearray.fromhex("0100 0000 0100 0100"))

    found = decode(records.build((), pickle.dumps(Pinned(), 5)), FolderStore("nowhere"))
    assert found.tolist() == [["c", "ab"], ["c", "c"]]
