"""What every store of blobs promises; runs on each implementation."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from penstock.artifacts import digests
from penstock.artifacts.folder import FolderStore
from penstock.artifacts.store import BlobStore
from penstock.errors import DamagedError

SIZES = [0, 1, 1000, 64 << 10, (1 << 20) + 1, 5 << 20]

Open = Callable[[], BlobStore]


@pytest.fixture(params=["folder"])
def open_store(tmp_path: Path) -> Open:
    """Opens the same store again and again, as other processes would."""
    return lambda: FolderStore(tmp_path / "store")


def data_of(size: int) -> bytes:
    return np.random.default_rng(size).bytes(size)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_is_got(open_store: Open, size: int):
    data = data_of(size)
    digest, stored = open_store().put(data)
    assert (digest, stored) == (digests.digest(data), size)
    assert bytes(open_store().get(digest, size, verify=True)) == data


@pytest.mark.parametrize("size", SIZES)
def test_chunks_are_one_blob(open_store: Open, size: int):
    data = data_of(size)
    store = open_store()
    pieces = [data[at : at + 700_000] for at in range(0, size, 700_000)]
    assert store.put_chunks(pieces) == store.put(data)
    assert len(list(store.list())) == 1


@pytest.mark.parametrize("make", [bytearray, memoryview, lambda data: np.frombuffer(data, "u1")])
def test_any_contiguous_buffer_will_do(open_store: Open, make: Callable[[bytes], object]):
    data = data_of(4000)
    assert open_store().put(make(data)) == (digests.digest(data), 4000)


@pytest.mark.parametrize("size", [1000, 3 << 20])
def test_what_a_reader_writes_stays_its_own(open_store: Open, size: int):
    data = data_of(size)
    digest, _ = open_store().put(data)
    view = open_store().get(digest, size)
    view[0] = (view[0] + 1) % 256
    assert bytes(open_store().get(digest, size, verify=True)) == data


def test_a_blob_that_is_gone_is_damage(open_store: Open):
    digest = digests.digest(b"never put")
    with pytest.raises(DamagedError, match=f"blob {digests.text(digest)} is gone"):
        open_store().get(digest, 9)
    assert digest not in {blob.digest for blob in open_store().list()}


def test_another_size_is_damage(open_store: Open):
    digest, _ = open_store().put(b"four")
    with pytest.raises(DamagedError, match="has 4 bytes instead of 5"):
        open_store().get(digest, 5)


def test_delete_says_whether_there_was_one(open_store: Open):
    digest, size = open_store().put(data_of(3 << 20))
    view = open_store().get(digest, size)
    assert digest in {blob.digest for blob in open_store().list()}
    assert open_store().delete(digest)
    assert not open_store().delete(digest)
    assert digest not in {blob.digest for blob in open_store().list()}
    assert digests.digest(view) == digest


def test_listing_shows_digest_size_and_age(open_store: Open):
    expected = {open_store().put(data_of(size)) for size in SIZES}
    assert {(blob.digest, blob.size) for blob in open_store().list()} == expected


def test_many_writers_of_the_same_bytes_make_one_blob(open_store: Open):
    data = data_of(3 << 20)
    found: list[tuple[bytes, int]] = []
    threads = [threading.Thread(target=lambda: found.append(open_store().put(data))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(digests.digest(data), len(data))] * 4
    assert len(list(open_store().list())) == 1


def test_a_writer_that_is_killed_leaves_no_blob(open_store: Open, tmp_path: Path):
    code = """
import os, signal, sys
from penstock.artifacts.folder import FolderStore
def chunks():
    yield bytes(5 << 20)
    os.kill(os.getpid(), signal.SIGKILL)
FolderStore(sys.argv[1]).put_chunks(chunks())
"""
    assert subprocess.run([sys.executable, "-c", code, os.fspath(tmp_path / "store")], check=False).returncode == -9
    assert list(open_store().list()) == []


def test_what_is_needed_is_renewed_and_what_is_not_there_can_t_be(open_store: Open):
    store = open_store()
    digest, size = store.put(data_of(1000))
    (old,) = store.list()
    assert store.renew(digest, size)
    (new,) = store.list()
    assert new.modified_at >= old.modified_at
    assert not store.renew(digest, size + 1)
    assert store.delete(digest)
    assert not store.renew(digest, size)


def test_a_blob_that_was_needed_since_is_not_deleted(open_store: Open):
    store = open_store()
    digest, size = store.put(data_of(1000))
    (blob,) = store.list()
    assert not store.delete(digest, blob.modified_at - 1)
    assert store.renew(digest, size)
    assert store.delete(digest, blob.modified_at + 3600)
    assert not store.delete(digest, blob.modified_at + 3600)
    assert list(store.list()) == []
