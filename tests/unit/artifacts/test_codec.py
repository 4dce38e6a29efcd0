"""Values through records and blobs, and back."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import io
import os
import pickle
import random
import socket
import subprocess
import sys
import threading
import traceback
import types
import weakref
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode, encode, inspect_record
from penstock.artifacts.folder import FolderStore
from penstock.errors import DamagedError, NotStorableError, StoreError, UsageError
from penstock.model.edges import Edge, Ref
from tests.unit.artifacts import samples
from tests.unit.artifacts.test_canonical import described, values

SAMPLES = samples.make()
ARRAYS = samples.make_arrays()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def through(value: Any, store: FolderStore) -> Any:
    return decode(encode(value, store).stored.record, store, verify=True)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=values)
def test_what_is_encoded_is_decoded(store: FolderStore, value: Any):
    encoded = encode(value, store)
    found = decode(encoded.stored.record, store)
    assert described(found) == described(value)
    assert encoded.stored.digest == encoded.identity.digest == identify(found).digest


@pytest.mark.parametrize("name", SAMPLES)
def test_every_kind_comes_back(store: FolderStore, name: str):
    value = SAMPLES[name]
    encoded = encode(value, store)
    found = decode(encoded.stored.record, store)
    assert type(found) is type(value)
    assert identify(found) == identify(value) == encoded.identity


@pytest.mark.parametrize("name", ARRAYS)
def test_every_array_comes_back(store: FolderStore, name: str):
    value = ARRAYS[name]
    encoded = encode(value, store)
    found = decode(encoded.stored.record, store, verify=True)
    assert type(found) is type(value)
    assert found.dtype == value.dtype
    np.testing.assert_array_equal(found, value)
    assert identify(found) == identify(value) == encoded.identity
    if isinstance(found, np.ndarray):
        assert found.flags.writeable
        assert found.flags.f_contiguous == value.flags.f_contiguous or not value.flags.c_contiguous


def test_a_small_value_is_one_small_record(store: FolderStore):
    stored = encode(5, store).stored
    assert stored.blobs == ()
    assert stored.size == len(stored.record) < 20
    assert inspect_record(stored.record) == ()
    assert list(store.list()) == []


@pytest.mark.parametrize("value", ["x" * 20_000, bytes(100_000), [str(n) for n in range(10_000)], bytearray(1 << 20)])
def test_a_record_stays_small(store: FolderStore, value: Any):
    stored = encode(value, store).stored
    assert len(stored.record) < 100
    assert [digest for digest, _ in inspect_record(stored.record)] == list(stored.blobs)
    assert stored.size == len(stored.record) + sum(size for _, size in inspect_record(stored.record))
    assert decode(stored.record, store, verify=True) == value


def test_a_large_buffer_is_a_blob_of_its_bytes(store: FolderStore):
    array = np.arange(50_000.0)
    stored = encode({"a": array, "b": 1}, store).stored
    ((digest, size),) = inspect_record(stored.record)
    assert size == array.nbytes
    assert bytes(store.get(digest, size)) == array.tobytes()


def test_a_value_passed_on_is_not_written_again(store: FolderStore, monkeypatch: pytest.MonkeyPatch):
    stored = encode([np.arange(1e6), np.arange(1e6).reshape(1000, 1000).T], store).stored
    found = decode(stored.record, store)
    monkeypatch.setattr(os, "write", lambda *_: pytest.fail("written again"))
    again = encode(found, store).stored
    assert again.digest == stored.digest
    assert again.blobs == stored.blobs


def test_equal_buffers_are_stored_once_and_read_apart(store: FolderStore):
    array = np.arange(50_000.0)
    one, other = through([array, array.copy()], store)
    assert len(list(store.list())) == 1
    one[0] = 7
    assert other[0] == 0


def test_what_was_one_object_stays_one(store: FolderStore):
    array = np.arange(50_000.0)
    one, other, view = through([array, array, array[:10]], store)
    assert one is other
    one[0] = 7
    assert view[0] == 0


def test_what_a_step_writes_stays_its_own(store: FolderStore):
    record = encode(np.zeros(1_000_000), store).stored.record
    decode(record, store)[:] = 1
    assert decode(record, store, verify=True).sum() == 0


def test_a_strided_view_is_never_copied_as_a_whole(store: FolderStore):
    base = np.zeros((4096, 2048))  # 64 MiB, of which the view has half
    view = base[:, ::2]
    assert peak_of(lambda: encode(view, store)) < 16 << 20
    np.testing.assert_array_equal(through(view, store), view)


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_large_array_is_never_copied_as_a_whole(store: FolderStore, order: Any):
    array = np.ones((2048, 4096), order=order)
    assert peak_of(lambda: encode(array, store)) < 16 << 20


def test_large_bytes_are_never_copied_as_a_whole(store: FolderStore):
    data = bytes(64 << 20)
    assert peak_of(lambda: encode([data], store)) < 16 << 20


def peak_of(call: Callable[[], Any]) -> int:
    import tracemalloc

    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_temporary_array_is_never_taken_for_another(store: FolderStore):
    class Halves:
        """Makes its arrays only when it is pickled: each may lie where the one before lay."""

        def __init__(self, start: int) -> None:
            self.start = start

        def __reduce__(self) -> Any:
            return np.add, (np.full(50_000, self.start), 0)

    found = through([Halves(n) for n in range(20)], store)
    assert [array[0] for array in found] == list(range(20))
    assert identify([Halves(n) for n in range(20)]).digest != identify([Halves(0) for n in range(20)]).digest


def test_foreign_buffers_go_out_of_band(store: FolderStore):
    class Wrapped:
        def __init__(self, data: Any) -> None:
            self.data = data

        def __reduce_ex__(self, protocol: Any) -> Any:
            return Wrapped, (pickle.PickleBuffer(self.data),)

    found = through(Wrapped(bytes(range(256)) * 400), store)
    assert bytes(found.data) == bytes(range(256)) * 400
    assert sum(blob.size == 256 * 400 for blob in store.list()) == 1


class Future(Edge):
    def __init__(self, number: int) -> None:
        self.number = number

    def edge_identity(self) -> bytes:
        return b"key%d" % self.number

    def edge_ref(self) -> Ref:
        return Ref(self.number)

    def __reduce__(self) -> Any:
        raise AssertionError("an edge is never looked into")


def test_edges_are_references(store: FolderStore):
    one, other = Future(1), Future(2)
    encoded = encode({"a": [one, 5, other], "b": one, "p": samples.Point(1, other)}, store)
    assert encoded.edges == (one, other)
    assert encoded.identity.edges
    found = decode(encoded.stored.record, store, refs=("first", "second"))
    assert found == {"a": ["first", 5, "second"], "b": "first", "p": samples.Point(1, "second")}


@pytest.mark.parametrize("at", [0, 2, 5, 10, -1])
def test_a_changed_record_is_damage(store: FolderStore, at: int):
    record = bytearray(encode({"a": 1}, store).stored.record)
    record[at] ^= 1
    with pytest.raises(DamagedError):
        decode(bytes(record), store)
    with pytest.raises(DamagedError):
        inspect_record(bytes(record))


@pytest.mark.parametrize("length", [0, 1, 11, 12, 20])
def test_a_truncated_record_is_damage(store: FolderStore, length: int):
    with pytest.raises(DamagedError, match=r"a record is truncated"):
        decode(encode("some text", store).stored.record[:length], store)


def test_a_record_of_a_newer_version_is_refused(store: FolderStore):
    body = bytes(8)
    with pytest.raises(DamagedError, match="a record of version 2 was written by a newer Penstock"):
        decode(b"PS\x02\x00" + zlib.crc32(body).to_bytes(4, "little") + body, store)


@pytest.mark.parametrize("value", [np.zeros(100_000), "x" * 100_000])
def test_a_damaged_blob_is_named(store: FolderStore, value: Any):
    stored = encode(value, store).stored
    (digest,) = stored.blobs
    path = Path(store.root) / digest[1:2].hex() / f"b3-{digest[1:].hex()}"
    data = bytearray(path.read_bytes())
    data[-10] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedError, match=f"blob b3-{digest[1:].hex()} holds other bytes"):
        decode(stored.record, store, verify=True)
    path.write_bytes(data[:-1])
    with pytest.raises(DamagedError, match="bytes instead of"):
        decode(stored.record, store)
    path.unlink()
    with pytest.raises(DamagedError, match="is gone"):
        decode(stored.record, store)


def generator() -> Any:
    yield 1


def culprits() -> dict[str, Any]:
    lock = threading.Lock()
    return {
        "result.model.lock is a _thread.lock": samples.Plain(model=samples.Plain(lock=lock)),
        "result.y['a'][1] is a _thread.lock": samples.Point(1, {"a": [0, lock]}),
        "result[1] is a generator": (1, generator()),
        "result is a _thread.RLock": threading.RLock(),
        "result.args[0] is a _thread.lock": functools.partial(print, lock),
        "result.held is a _thread.lock": closing_over(lock),
        "result.__defaults__[0] is a _thread.lock": with_a_default(lock),
        "result.b is a frame": samples.Slotted(1, sys._getframe()),
        "result[0] is a generator": samples.Names([generator()]),
    }


def closing_over(held: Any) -> Any:
    return lambda: held


def with_a_default(lock: Any) -> Any:
    return lambda default=lock: default


@pytest.mark.parametrize("expected", culprits())
def test_what_cannot_be_stored_is_named(store: FolderStore, expected: str):
    with pytest.raises(NotStorableError) as caught:
        encode(culprits()[expected], store)
    assert str(caught.value) == f"{expected}, which can't be pickled"
    assert caught.value.__cause__ is None  # frames of picklers, and words that it has already


def test_open_files_and_sockets_are_refused(store: FolderStore, tmp_path: Path):
    with (
        open(tmp_path / "f", "w+") as file,
        pytest.raises(NotStorableError, match=r"data\[0\] is an open file, .* path"),
    ):
        encode([file], store, where="data")
    with socket.socket() as peer, pytest.raises(NotStorableError, match=r"result is a socket\.socket, "):
        encode(peer, store)
    assert through(io.BytesIO(b"x"), store).read() == b"x"


def test_the_words_of_a_failing_getstate_are_kept(store: FolderStore):
    class Stubborn:
        def __getstate__(self) -> Any:
            raise RuntimeError("not today")

    with pytest.raises(
        NotStorableError, match=r"result\[0\] is a .*Stubborn, which can't be pickled: not today"
    ) as caught:
        encode([Stubborn()], store)
    cause = caught.value.__cause__
    assert cause is not None
    assert [frame.name for frame in traceback.extract_tb(cause.__traceback__)] == ["__getstate__"]


def test_a_deep_value_is_no_crash(store: FolderStore):
    value: Any = 1
    for _ in range(100_000):
        value = [value]
    with pytest.raises(NotStorableError, match="result is nested too deeply to be pickled"):
        encode(value, store)


def test_what_has_no_stable_form_is_stored_still(store: FolderStore):
    value: Any = 1
    for _ in range(220):
        value = [value]
    stored = encode(value, store).stored
    assert stored.digest == b""
    assert stored.culprit.startswith("result[0][0]")
    assert decode(stored.record, store) == value


class Missing:
    pass


MISSING, NOTHING = Missing(), object()
ONE_MARK, OTHER_MARK = samples.Mark(), samples.Mark()


@pytest.mark.parametrize(
    "value",
    [
        *(..., NotImplemented, dataclasses.MISSING, inspect.Parameter.empty, MISSING, NOTHING, ONE_MARK, OTHER_MARK),
        *(random.random.__self__, np.random.mtrand._rand),
        *(type(None), type(...), types.FunctionType, samples.Color.RED),
    ],
)
def test_what_is_compared_with_is_comes_back_as_itself(store: FolderStore, value: Any):
    assert through([value], store)[0] is value
    assert through(samples.Plain(held=value), store).held is value
    assert identify(value).culprit == ""


def test_generators_that_libraries_have_by_themselves_go_by_name(store: FolderStore, require: Callable[[str], None]):
    for function in (random.choice, random.random, np.random.normal):
        before = identify(function)
        function(*[[1, 2, 3]] if function is random.choice else [])
        assert identify(function) == before
        assert through(function, store) == function
    require("torch")
    import torch

    assert through([torch.default_generator], store)[0] is torch.default_generator


def test_a_method_that_was_bound_by_hand_comes_back(store: FolderStore):
    value = samples.Plain(a=3)
    by_hand = types.MethodType(lambda self: self.a, value)
    assert through(by_hand, store)() == 3
    assert through(samples.Names(["a"]).index, store)("a") == 0
    other = types.MethodType(lambda self: -self.a, value)
    assert identify(by_hand).digest not in (b"", identify(other).digest)


def test_a_class_made_at_run_time_is_the_same_in_another_process(store: FolderStore, tmp_path: Path):
    class Slotted:
        __slots__ = ("a",)

        @functools.cached_property
        def lazy(self) -> int:
            return 1

    @dataclasses.dataclass(frozen=True)
    class Local:
        a: int
        b: list[int] = dataclasses.field(default_factory=list)

    slotted: Any = Slotted()
    slotted.a = 1
    values = [slotted, Local(1, [2]), Slotted, Local]
    file = tmp_path / "record"
    file.write_bytes(encode(values, store).stored.record)
    code = """
import dataclasses, sys
from penstock.artifacts.canonical import identify
from penstock.artifacts.codec import decode
from penstock.artifacts.folder import FolderStore
slotted, local, *classes = values = decode(open(sys.argv[1], "rb").read(), FolderStore(sys.argv[2]))
print(identify(values).digest.hex(), slotted.a, hasattr(slotted, "__dict__"), dataclasses.replace(local, a=5).a)
print(*(kind.__qualname__ for kind in classes))
"""
    command = [sys.executable, "-c", code, os.fspath(file), os.fspath(store.root)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert printed[0] == f"{identify(values).digest.hex()} 1 False 5"
    assert printed[1] == f"{Slotted.__qualname__} {Local.__qualname__}"


def test_local_code_travels_by_value(store: FolderStore):
    @dataclasses.dataclass
    class Local:
        n: int

        def double(self) -> int:
            return 2 * self.n

    code = f"""
import sys
from penstock.artifacts.codec import decode
from penstock.artifacts.folder import FolderStore
local, add = decode(bytes.fromhex(sys.argv[1]), FolderStore({os.fspath(store.root)!r}))
print(local.double(), add(1))
"""
    record = encode([Local(4), lambda x: x + 10], store).stored.record.hex()
    assert subprocess.check_output([sys.executable, "-c", code, record], text=True) == "8 11\n"


def test_a_full_store_is_a_store_error(store: FolderStore, monkeypatch: pytest.MonkeyPatch):
    def full(*_: Any) -> Any:
        raise OSError(28, "")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreError, match="the disk is full"):
        encode(np.zeros(100_000), store)


def test_decoding_keeps_nothing_alive(store: FolderStore):
    found = through(np.zeros(1_000_000), store)
    gone = weakref.ref(found)
    del found
    assert gone() is None


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "empty").mkdir(parents=True)
    (folder / "weights.bin").write_bytes(bytes(100_000))
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)
    (folder / "latest").symlink_to("weights.bin")
    return folder


def test_files_and_folders_are_stored_with_their_content(store: FolderStore, folder: Path, tmp_path: Path):
    stored = encode({"all": folder, "one": folder / "run.sh"}, store, files=True).stored
    (folder / "run.sh").unlink()
    found = decode(stored.record, store, files_into=tmp_path / "new")
    assert found["one"].read_text() == "#!/bin/sh\n"
    assert os.access(found["one"], os.X_OK)
    assert sorted(path.name for path in found["all"].iterdir()) == ["empty", "latest", "run.sh", "weights.bin"]
    assert (found["all"] / "latest").read_bytes() == bytes(100_000)
    assert found["all"].name == "model"


def test_a_restored_file_is_a_copy(store: FolderStore, folder: Path, tmp_path: Path):
    stored = encode(folder / "weights.bin", store, files=True).stored
    decode(stored.record, store, files_into=tmp_path).write_bytes(b"changed")
    assert decode(stored.record, store, verify=True, files_into=tmp_path).read_bytes() == bytes(100_000)


def test_an_argument_path_is_a_path(store: FolderStore, folder: Path):
    assert through([folder, folder / "missing"], store) == [folder, folder / "missing"]


def test_without_a_place_for_files_it_says_so(store: FolderStore, folder: Path):
    stored = encode(folder, store, files=True).stored
    with pytest.raises(UsageError, match="the value holds the file model"):
        decode(stored.record, store)


def test_small_values_do_not_import_cloudpickle():
    code = """
import sys, tempfile
from penstock.artifacts.codec import decode, encode
from penstock.artifacts.folder import FolderStore
from tests.unit.artifacts import samples
store = FolderStore(tempfile.mkdtemp())
for value in (1, "a", [1, {"a": (2,)}], samples.Point(1), samples.add, samples.Color.RED):
    assert decode(encode(value, store).stored.record, store) == value
print("cloudpickle" in sys.modules, "numpy" in sys.modules)
"""
    root = Path(__file__).parents[3]
    assert subprocess.check_output([sys.executable, "-c", code], cwd=root, text=True) == "False False\n"


def test_stdout_is_itself(store: FolderStore):
    with contextlib.redirect_stdout(io.StringIO()):
        assert through(sys.stderr, store) is sys.stderr
