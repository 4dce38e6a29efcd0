"""What every store of blobs promises; runs on each implementation."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.artifacts import codec, digests
from penstock.artifacts.folder import FolderStore
from penstock.artifacts.store import BlobInfo, BlobStore, SweptBlobs
from penstock.errors import DamagedError
from penstock.tiers.tier_opening import open_tier
from penstock.tiers.tiered_store import TieredStore
from tests.bucket import Bucket, BucketStore

SIZES = [0, 1, 1000, 64 << 10, (1 << 20) + 1, 5 << 20]
HOUR_S = 3_600.0
LONG_S = 10 * 86_400.0
"""Beyond the margin of every store, what a listing lags behind, and what a lock of the dead holds."""

Open = Callable[[], BlobStore]


class Kind(NamedTuple):
    """An implementation."""

    open: Open  # opens the same store again and again, as other processes would
    pass_time: Callable[[float], None]  # seconds
    code: str  # opens it in another process
    close: Callable[[], object] = int  # when it is not used any more


def folder_in(folder: Path) -> Kind:
    root = folder / "store"

    def pass_time(seconds: float) -> None:
        for file in root.rglob("*"):
            at = file.stat().st_mtime - seconds
            os.utime(file, (at, at))

    code = f"from penstock.artifacts.folder import FolderStore\nstore = FolderStore({os.fspath(root)!r})"
    return Kind(lambda: FolderStore(root), pass_time, code)


def bucket_in(folder: Path) -> Kind:
    folder.mkdir(exist_ok=True)
    bucket = Bucket(folder / "bucket")
    code = f"""from pathlib import Path
from penstock.tiers.tier_opening import open_tier
from penstock.tiers.tiered_store import TieredStore
from tests.bucket import Bucket, BucketStore
store = BucketStore(Bucket(Path({os.fspath(folder / "bucket")!r})))"""
    return Kind(lambda: BucketStore(bucket), bucket.pass_time, code)


def tier_in(folder: Path) -> Kind:
    folder.mkdir(exist_ok=True, parents=True)

    def pass_time(seconds: float) -> None:
        for file in folder.rglob("*"):
            at = file.stat().st_mtime - seconds
            os.utime(file, (at, at))

    code = (
        f"from penstock.tiers.tier_opening import open_tier\nstore = open_tier({folder.as_uri()!r}, 'digits-1').blobs"
    )
    return Kind(lambda: open_tier(folder.as_uri(), "digits-1").blobs, pass_time, code)


def tiered_in(folder: Path) -> Kind:
    far = tier_in(folder / "far")
    code = f"""{far.code}
from penstock.artifacts.folder import FolderStore
from penstock.tiers.tiered_store import TieredStore
store = TieredStore(FolderStore({os.fspath(folder / "near")!r}), lambda: [])"""

    def pass_time(seconds: float) -> None:
        for file in folder.rglob("*"):
            at = file.stat().st_mtime - seconds
            os.utime(file, (at, at))

    def opened() -> BlobStore:
        tier = open_tier((folder / "far").as_uri(), "digits-1")
        return TieredStore(FolderStore(folder / "near"), lambda: [tier])

    return Kind(opened, pass_time, code)


def ssh_in(folder: Path) -> Kind:
    """With this host in the place of another one: test_ssh_tier.py has a real sshd."""
    far = tier_in(folder)
    url = folder.as_uri().replace("file://", "ssh://here")
    tier = open_tier(url, "digits-1")
    code = far.code.replace(folder.as_uri(), url)
    return Kind(lambda: tier.blobs, far.pass_time, code, tier.close)


KINDS = {"folder": folder_in, "bucket": bucket_in, "tier": tier_in, "tiered": tiered_in, "ssh": ssh_in}


@pytest.fixture(autouse=True, scope="module")
def this_host_by_ssh(tmp_path_factory: pytest.TempPathFactory) -> Generator[None]:
    """What stands for ssh runs its last word here."""
    ssh = tmp_path_factory.mktemp("ssh") / "ssh"
    python = ssh.with_name("python3")
    python.symlink_to(sys.executable)
    ssh.write_text(f'#!/bin/sh\nfor last; do :; done\nPATH="{python.parent}:$PATH" exec sh -c "$last"\n')
    ssh.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PENSTOCK_SSH", os.fspath(ssh))
        yield


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Kind]:
    kind = KINDS[request.param](tmp_path)
    yield kind
    kind.close()


@pytest.fixture
def open_store(kind: Kind) -> Open:
    return kind.open


def listed(kind: Kind) -> list[BlobInfo]:
    """What a listing shows once it has caught up."""
    kind.pass_time(HOUR_S)
    return list(kind.open().list())


def sweep(store: BlobStore, needed: set[bytes], before: float | None = None) -> SweptBlobs:
    """What was counted is what goes."""
    before = store.now() if before is None else before
    counted = store.sweep(needed, before, remove=False)
    with store.held(alone=True):
        assert store.sweep(needed, before, remove=True) == counted
    return counted


def is_there(store: BlobStore, digest: bytes, size: int) -> bool:
    try:
        return digests.agrees(store.get(digest, size), digest)
    except DamagedError:
        return False


def killed(kind: Kind, code: str) -> None:
    """Run code in a process that ends itself."""
    code = f"import os, signal\n{kind.code}\n{code}\nos.kill(os.getpid(), signal.SIGKILL)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9


def data_of(size: int) -> bytes:
    return np.random.default_rng(size).bytes(size)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_is_got(open_store: Open, size: int):
    data = data_of(size)
    digest, stored = open_store().put(data)
    assert (digest, stored) == (digests.digest(data), size)
    assert bytes(open_store().get(digest, size, verify=True)) == data


@pytest.mark.parametrize("size", SIZES)
def test_chunks_are_one_blob(kind: Kind, size: int):
    data = data_of(size)
    store = kind.open()
    pieces = [data[at : at + 700_000] for at in range(0, size, 700_000)]
    assert store.put_chunks(pieces) == store.put(data)
    assert listed(kind) == [(digests.digest(data), size)]


def test_a_chunk_is_valid_until_the_next_one(open_store: Open):
    def chunks() -> Iterator[memoryview]:
        buffer = bytearray(300_000)
        for number in range(5):
            buffer[:] = bytes([number]) * len(buffer)
            yield memoryview(buffer)

    digest, size = open_store().put_chunks(chunks())
    assert bytes(open_store().get(digest, size)) == b"".join(bytes([number]) * 300_000 for number in range(5))


def numbers_of(data: bytes) -> object:
    return np.frombuffer(data, "u1")


MAKERS: list[Callable[[bytes], object]] = [bytearray, memoryview, numbers_of]


@pytest.mark.parametrize("make", MAKERS)
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


def test_another_size_is_damage(open_store: Open):
    digest, _ = open_store().put(b"four")
    with pytest.raises(DamagedError, match="has 4 bytes instead of 5"):
        open_store().get(digest, 5)


def test_delete_says_whether_there_was_one(kind: Kind):
    digest, size = kind.open().put(data_of(3 << 20))
    view = kind.open().get(digest, size)
    assert listed(kind) == [(digest, size)]
    assert kind.open().delete(digest)
    assert not kind.open().delete(digest)
    assert not is_there(kind.open(), digest, size)
    assert listed(kind) == []
    assert digests.digest(view) == digest


def test_listing_shows_digest_and_size(kind: Kind):
    expected = {kind.open().put(data_of(size)) for size in SIZES}
    assert set(listed(kind)) == expected


def test_many_writers_of_the_same_bytes_make_one_blob(kind: Kind):
    data = data_of(3 << 20)
    found: list[tuple[bytes, int]] = []
    threads = [threading.Thread(target=lambda: found.append(kind.open().put(data))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(digests.digest(data), len(data))] * 4
    assert len(listed(kind)) == 1


def test_what_is_put_is_seen_by_other_processes(kind: Kind):
    killed(kind, "store.put(b'from there')")
    assert bytes(kind.open().get(digests.digest(b"from there"), 10)) == b"from there"


def test_values_need_no_more_than_the_port(open_store: Open):
    value = {"array": np.arange(300_000), "text": "x" * 100_000, "small": [1, 2]}
    stored = codec.encode(value, open_store()).stored
    assert len(stored.blobs) >= 1
    back = codec.decode(stored.record, open_store(), verify=True)
    assert (back["array"] == value["array"]).all()
    assert (back["text"], back["small"]) == (value["text"], value["small"])


CUT_OFF = """
def chunks():
    yield bytes(5 << 20)
    os.kill(os.getpid(), signal.SIGKILL)
store.put_chunks(chunks())
"""


def test_a_writer_that_is_killed_leaves_no_blob_and_a_sweep_what_it_leaves(kind: Kind):
    killed(kind, CUT_OFF)
    assert listed(kind) == []
    store = kind.open()
    assert sweep(store, set(), store.now() - 2 * HOUR_S) == (0, 0, 0, 0, 0)
    kind.pass_time(LONG_S)
    assert sweep(store, set()) == (0, 0, 1, 5 << 20, 0)
    assert sweep(store, set()) == (0, 0, 0, 0, 0)


def test_what_is_not_there_can_t_be_renewed(open_store: Open):
    digest, size = open_store().put(data_of(1000))
    assert open_store().renew(digest, size)
    assert not open_store().renew(digest, size + 1)
    assert open_store().delete(digest)
    assert not open_store().renew(digest, size)


# Sweeping.


def test_a_sweep_takes_what_nobody_needs(kind: Kind):
    store = kind.open()
    (kept, _), (gone, size) = store.put(data_of(1000)), store.put(data_of(2000))
    kind.pass_time(LONG_S)
    assert sweep(store, {kept}) == (1, size, 0, 0, 0)
    assert is_there(kind.open(), kept, 1000)
    assert not is_there(kind.open(), gone, size)
    assert listed(kind) == [(kept, 1000)]


def test_a_sweep_spares_what_was_put_since(kind: Kind):
    store = kind.open()
    digest, size = store.put(data_of(1000))
    kind.pass_time(HOUR_S)
    assert sweep(store, set(), store.now() - 2 * HOUR_S) == (0, 0, 0, 0, size)
    assert is_there(store, digest, size)


@pytest.mark.parametrize("need", ["put", "put_chunks", "renew"])
def test_a_sweep_spares_what_was_needed_since(kind: Kind, need: str):
    store, data = kind.open(), data_of(1000)
    digest, size = store.put(data)
    kind.pass_time(LONG_S)
    before = store.now()
    if need == "renew":
        assert kind.open().renew(digest, size)
    else:
        assert (kind.open().put(data) if need == "put" else kind.open().put_chunks([data])) == (digest, size)
    kind.pass_time(HOUR_S)
    assert sweep(store, set(), before - HOUR_S).blobs == 0
    assert is_there(store, digest, size)


@pytest.mark.parametrize("need", ["put", "renew"])
def test_what_is_needed_while_a_sweep_goes_on_is_there_afterwards(kind: Kind, need: str):
    for _ in range(3):
        data = [number.to_bytes(2, "big") * 40 for number in range(40)]
        blobs = [kind.open().put(each) for each in data]
        kind.pass_time(LONG_S)
        store, had = kind.open(), set[bytes]()
        before = store.now()

        def needs(data: list[bytes] = data, had: set[bytes] = had) -> None:
            other = kind.open()
            for each in reversed(data):
                if need == "put" or other.renew(digests.digest(each), len(each)):
                    had.add(other.put(each)[0] if need == "put" else digests.digest(each))

        thread = threading.Thread(target=needs)
        with store.held(alone=True):
            thread.start()
            store.sweep(set[bytes](), before, remove=True)
        thread.join()
        assert [digest for digest, size in blobs if digest in had and not is_there(store, digest, size)] == []


@pytest.mark.parametrize("age_s", [0.0, 23.5 * HOUR_S, 24.5 * HOUR_S])
def test_what_nothing_refers_to_yet_is_held(kind: Kind, age_s: float):
    store = kind.open()
    digest, size = store.put(data_of(1000))
    kind.pass_time(age_s)
    done = threading.Event()

    def sweeps() -> None:
        other = kind.open()
        with other.held(alone=True):
            other.sweep(set[bytes](), other.now(), remove=True)
        done.set()

    thread = threading.Thread(target=sweeps)
    with store.held():
        assert store.renew(digest, size)
        kind.pass_time(HOUR_S)
        thread.start()
        done.wait(0.1)  # so long one that does not hold has time to show it
        assert is_there(store, digest, size)
    thread.join()


def test_one_sweep_at_a_time(kind: Kind):
    inside, most = 0, 0

    def sweeps() -> None:
        nonlocal inside, most
        with kind.open().held(alone=True):
            inside += 1
            most = max(most, inside)
            time.sleep(0.01)
            inside -= 1

    threads = [threading.Thread(target=sweeps) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_a_sweep_that_is_killed_is_in_nobody_s_way(kind: Kind):
    store = kind.open()
    store.put(b"x")
    killed(kind, "store.held(alone=True).__enter__()")
    kind.pass_time(LONG_S)
    assert sweep(store, set()).blobs == 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["put", "renew", "delete"]), st.integers(0, 3)),
        st.tuples(st.just("pass"), st.integers(1, 60)),  # hours
        st.tuples(st.just("sweep"), st.sets(st.integers(0, 3)), st.integers(0, 60)),  # needed; how far back, in hours
    ),
    max_size=25,
)


@pytest.mark.parametrize("name", KINDS)
@settings(max_examples=25)
@given(steps=STEPS)
def test_what_is_needed_is_there_and_what_is_not_goes_in_the_end(
    name: str, tmp_path_factory: pytest.TempPathFactory, steps: list[Any]
):
    kind = KINDS[name](tmp_path_factory.mktemp("any"))
    store = kind.open()
    data = [bytes([number]) * (number + 1) for number in range(4)]
    blobs = [(digests.digest(each), len(each)) for each in data]
    hours, needed_at, there = 0, dict[int, int](), set[int]()  # what must be there
    for what, on, *more in steps:
        if what == "put" or (what == "renew" and store.renew(*blobs[int(on)])):
            assert what == "renew" or store.put(data[on]) == blobs[on]
            there.add(on)
            needed_at[on] = hours
        elif what == "renew":
            assert on not in there
        elif what == "delete":
            assert store.delete(blobs[int(on)][0]) or on not in there
            there.discard(on)
        elif what == "pass":
            hours += on
            kind.pass_time(on * HOUR_S)
        else:
            since = hours - more[0]
            sweep(store, {blobs[number][0] for number in on}, store.now() - more[0] * HOUR_S - HOUR_S / 2)
            there = {number for number in there if number in on or needed_at[number] >= since}
        assert all(is_there(store, *blobs[number]) for number in there)
    kind.pass_time(LONG_S)
    sweep(store, set())
    kind.pass_time(HOUR_S)
    assert list(store.list()) == []
    kind.close()
