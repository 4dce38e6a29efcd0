"""What only a folder as store has to care for: files, renames, full disks, mappings."""

from __future__ import annotations

import errno
import os
from collections.abc import Container
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from penstock.artifacts import digests
from penstock.artifacts.folder import FolderStore
from penstock.errors import DamagedError, StoreError

BIG = 3 << 20


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def sweep(store: FolderStore, before: float, needed: Container[bytes] = frozenset()) -> tuple[int, int]:
    """How many blobs went, and bytes that their age has spared."""
    swept = store.sweep(needed, before, remove=True)
    return swept.blobs, swept.spared_bytes


def files_of(store: FolderStore) -> list[Path]:
    return [path for path in Path(store.root).rglob("*") if path.is_file()]


def test_a_blob_lies_under_its_digest(store: FolderStore):
    digest, _ = store.put(b"x")
    text = digests.text(digest)
    assert files_of(store) == [Path(store.root) / text[3:5] / text]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("size", [10, BIG])
def test_a_full_disk_leaves_nothing_half_written(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch, number: int, size: int
):
    def full(fd: int, data: Any) -> int:
        raise OSError(number, "")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StoreError, match=r"can't be written: the disk (is full|quota is used up)"):
        store.put(bytes(size))
    assert files_of(store) == []


def test_a_failing_source_leaves_nothing_half_written(store: FolderStore):
    def chunks() -> Any:
        yield b"x"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put_chunks(chunks())
    assert files_of(store) == []


def test_a_folder_that_is_none_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"the store .*file.* can't be written: Not a directory"):
        FolderStore(tmp_path / "file").put(b"x")


def test_before_a_put_nothing_is_made(tmp_path: Path):
    store = FolderStore(tmp_path / "store")
    assert list(store.list()) == []
    assert store.sweep(set(), store.now(), remove=False).blobs == 0
    with pytest.raises(DamagedError, match="is gone"):
        store.get(digests.digest(b"x"), 1)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("size", [10, BIG])
def test_a_put_of_what_is_there_renews_its_age(store: FolderStore, size: int):
    store.put(bytes(size))
    (path,) = files_of(store)
    os.utime(path, (1, 1))
    store.put(bytes(size))
    assert path.stat().st_mtime > 1
    assert files_of(store) == [path]


@pytest.mark.parametrize("size", [10, BIG])
def test_a_put_mends_what_is_damaged(store: FolderStore, size: int):
    digest, _ = store.put(bytes(size))
    (path,) = files_of(store)
    with path.open("r+b") as file:
        file.write(b"x")
    store.put(bytes(size))
    assert store.get(digest, size, verify=True) == bytes(size)


def test_a_truncated_blob_is_written_again(store: FolderStore):
    digest, size = store.put(b"hello")
    (path,) = files_of(store)
    path.write_bytes(b"he")
    store.put(b"hello")
    assert bytes(store.get(digest, size)) == b"hello"


@pytest.mark.parametrize("size", [100, BIG])
def test_a_flipped_bit_is_found_where_it_is_looked_for(store: FolderStore, size: int):
    digest, _ = store.put(bytes(size))
    (path,) = files_of(store)
    path.write_bytes(bytes(size - 1) + b"\x01")
    store.get(digest, size)
    with pytest.raises(DamagedError, match=f"blob {digests.text(digest)} holds other bytes"):
        store.get(digest, size, verify=True)


def test_what_is_mapped_is_not_written_again(store: FolderStore, monkeypatch: pytest.MonkeyPatch):
    digest, size = store.put(bytes(BIG))
    array = np.frombuffer(store.get(digest, size), "u1")
    monkeypatch.setattr(os, "write", lambda *_: pytest.fail("written again"))
    assert store.put(array) == (digest, size)


def test_what_is_mapped_and_changed_is_another_blob(store: FolderStore):
    digest, size = store.put(bytes(BIG))
    array = np.frombuffer(store.get(digest, size), "u1")
    array[5] = 1
    other, _ = store.put(array)
    assert other != digest
    assert bytes(store.get(other, size, verify=True)) == array.tobytes()


def test_mappings_are_forgotten_with_their_last_view(store: FolderStore):
    digest, size = store.put(bytes(BIG))
    view = store.get(digest, size)
    assert store.holds(view)
    copy = memoryview(bytearray(view))
    assert not store.holds(copy)


def test_many_small_mappings_do_not_use_up_the_descriptors(store: FolderStore):
    before = len(os.listdir("/proc/self/fd"))
    kept = [store.get(*store.put(number.to_bytes(2, "little") * (1 << 19))) for number in range(300)]
    assert len(os.listdir("/proc/self/fd")) - before < 290
    assert [bytes(view[:2]) for view in kept] == [number.to_bytes(2, "little") for number in range(300)]


# A sweep looks at a blob aside, where nobody renews it unseen, and may be killed there.


@pytest.fixture
def aside(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """The digest of a blob, b"x", that a sweep which was killed has set aside."""

    def die(path: str) -> None:
        raise KeyboardInterrupt

    digest, _ = store.put(b"x")
    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", die)
        with pytest.raises(KeyboardInterrupt):
            store.sweep(set(), 1e10, remove=True)
    assert [path.parent.name for path in files_of(store)] == ["tmp"]
    os.utime(files_of(store)[0], (1e9, 1e9))
    return digest


def place(store: FolderStore, digest: bytes) -> Path:
    return Path(store.root) / digests.text(digest)[3:5] / digests.text(digest)


def test_what_was_set_aside_counts_as_stored(store: FolderStore, aside: bytes):
    assert list(store.list()) == [(aside, 1)]
    assert store.sweep(set(), 1e9 + 1, remove=False) == (1, 1, 0, 0, 0)


def test_who_reads_what_was_set_aside_puts_it_back_as_needed_now(store: FolderStore, aside: bytes):
    assert bytes(store.get(aside, 1)) == b"x"
    assert files_of(store) == [place(store, aside)]
    assert sweep(store, 1e9 + 1) == (0, 1)


@pytest.mark.parametrize("need", ["renew", "put"])
def test_who_needs_what_was_set_aside_puts_it_back(store: FolderStore, aside: bytes, need: str):
    assert store.renew(aside, 1) if need == "renew" else store.put(b"x") == (aside, 1)
    assert files_of(store) == [place(store, aside)]
    assert sweep(store, 1e9 + 1) == (0, 1)


def test_the_next_sweep_removes_what_was_set_aside(store: FolderStore, aside: bytes):
    assert sweep(store, 1e9) == (0, 1)
    assert list(store.list()) == [(aside, 1)]
    assert sweep(store, 1e9 + 1) == (1, 0)
    assert files_of(store) == []
    assert sweep(store, 1e9 + 1) == (0, 0)


def test_what_is_needed_is_put_back(store: FolderStore, aside: bytes):
    assert sweep(store, 1e10, needed={aside}) == (0, 0)
    assert files_of(store) == [place(store, aside)]


def test_what_is_renewed_while_a_sweep_looks_at_it_is_put_back(store: FolderStore, monkeypatch: pytest.MonkeyPatch):
    digest, size = store.put(b"x")
    os.utime(place(store, digest), (1e9, 1e9))
    rename = os.rename

    def renew_first(old: str, new: str) -> None:
        assert FolderStore(store.root).renew(digest, size)
        rename(old, new)

    monkeypatch.setattr(os, "rename", renew_first)
    assert sweep(store, 1e9 + 1) == (0, 1)
    assert files_of(store) == [place(store, digest)]


def test_what_was_stored_again_since_is_listed_once(store: FolderStore, aside: bytes):
    place(store, aside).write_bytes(b"x")
    assert len(list(store.list())) == 1
    assert sweep(store, 1e10) == (1, 0)
    assert files_of(store) == []
