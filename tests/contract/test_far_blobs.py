"""How blobs go up to every far tier, and come down again: once, whole, and on from where they were cut off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from penstock.artifacts import digests
from penstock.artifacts.folder import FolderStore
from penstock.errors import DamagedError, StoreError
from penstock.tiers.parts import Parts
from penstock.tiers.port import Tier
from penstock.tiers.tier_opening import open_tier
from penstock.tiers.tiered_store import TieredStore
from penstock.tiers.uploads import Uploads
from tests.tiers import KINDS, TierKind

PROJECT = "digits-1f3a"
SIZES = [0, 1, 100_000, (20 << 20) + 3]


class CutOff(Exception):
    """In the place of a kill."""


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> TierKind:
    return KINDS[request.param](request, tmp_path)


@pytest.fixture
def tier(kind: TierKind) -> Generator[Tier]:
    opened = open_tier(kind.url, PROJECT)
    yield opened
    opened.close()


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """As between two file systems."""

    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)


def data_of(size: int) -> bytes:
    return bytes(bytearray(range(251))) * (size // 251 + 1)


def put_near(store: FolderStore, size: int) -> tuple[bytes, int]:
    return store.put(data_of(size)[:size])


def quiet(_: int) -> None:
    """Nobody counts."""


def stores(tier: Tier, tmp_path: Path) -> tuple[TieredStore, TieredStore]:
    """Two projects' folders, or a driver's and an agent's."""
    near = TieredStore(FolderStore(tmp_path / "here"), lambda: [tier])
    return near, TieredStore(FolderStore(tmp_path / "there"), lambda: [tier])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("linked", [True, False])
def test_what_goes_up_comes_down(request: pytest.FixtureRequest, tier: Tier, tmp_path: Path, size: int, linked: bool):
    if not linked:
        request.getfixturevalue("no_links")
    here, there = stores(tier, tmp_path)
    digest, _ = here.put(data_of(size)[:size])
    with pytest.raises(DamagedError, match="is gone"):
        there.get(digest, size)
    here.send(digest, size, tier)
    assert bytes(tier.blobs.get(digest, size, verify=True)) == data_of(size)[:size]
    assert bytes(there.get(digest, size, verify=True)) == data_of(size)[:size]
    tier.blobs.delete(digest)
    assert there.is_here(digest, size)
    assert [(blob.digest, blob.size) for blob in there.list()] == [(digest, size)]
    assert os.listdir(tmp_path / "there" / "tmp") == []


def test_what_a_reader_of_a_link_writes_stays_its_own(tier: Tier, tmp_path: Path):
    here, there = stores(tier, tmp_path)
    digest, size = here.put(data_of(5 << 20))
    here.send(digest, size, tier)
    there.get(digest, size)[0] = 77
    for store in (here, there, tier.blobs):
        assert bytes(store.get(digest, size, verify=True)) == data_of(5 << 20)


def cut_off_at(limit: int):
    def told(done: int) -> None:
        if done > limit:
            raise CutOff

    return told


def test_a_transfer_goes_on_where_it_was_cut_off(no_links: None, kind: TierKind, tier: Tier, tmp_path: Path):
    here, there = FolderStore(tmp_path / "here"), FolderStore(tmp_path / "there")
    digest, size = put_near(here, 40 << 20)
    seen: list[int] = []
    with pytest.raises(CutOff):
        tier.blobs.take(digest, size, here.file_of(digest), cut_off_at(15 << 20))
    assert not tier.blobs.renew(digest, size)
    assert list(tier.blobs.list()) == []
    again = open_tier(kind.url, PROJECT)
    again.blobs.take(digest, size, here.file_of(digest), seen.append)
    assert seen[0] > 15 << 20
    assert seen[-1] == size

    seen.clear()
    with pytest.raises(CutOff):
        again.blobs.fetch(digest, size, Parts(there), cut_off_at(15 << 20))
    assert list(there.list()) == []
    again.blobs.fetch(digest, size, Parts(there), seen.append)
    assert seen[0] > 15 << 20
    assert bytes(there.get(digest, size, verify=True)) == data_of(size)[:size]
    again.close()


def test_what_is_left_of_a_cut_off_transfer_may_be_damaged(no_links: None, tier: Tier, tmp_path: Path):
    here, there = FolderStore(tmp_path / "here"), FolderStore(tmp_path / "there")
    digest, size = put_near(here, 20 << 20)
    tier.blobs.take(digest, size, here.file_of(digest), quiet)
    for rubbish in (b"rubbish", bytes(30 << 20)):
        Path(there.coming(f"{digests.text(digest)}.part")).write_bytes(rubbish)
        tier.blobs.fetch(digest, size, Parts(there), quiet)
        assert bytes(there.get(digest, size, verify=True)) == data_of(size)[:size]
        there.delete(digest)


def test_what_is_damaged_there_is_no_blob_here(no_links: None, kind: TierKind, tier: Tier, tmp_path: Path):
    here, there = stores(tier, tmp_path)
    digest, size = here.put(data_of(5 << 20))
    here.send(digest, size, tier)
    (file,) = kind.folder.rglob(f"{digests.text(digest)}")
    file.write_bytes(bytes(size))
    with pytest.raises(DamagedError, match="is gone"):
        there.get(digest, size)
    assert list(there.list()) == []
    tier.blobs.delete(digest)
    here.send(digest, size, tier)
    assert bytes(there.get(digest, size, verify=True)) == data_of(5 << 20)


def test_what_is_damaged_here_is_not_sent(no_links: None, tier: Tier, tmp_path: Path):
    here = FolderStore(tmp_path / "here")
    digest, size = put_near(here, 5 << 20)
    Path(here.file_of(digest)).write_bytes(bytes(size))
    with pytest.raises(DamagedError, match="other bytes"):
        tier.blobs.take(digest, size, here.file_of(digest), quiet)
    assert list(tier.blobs.list()) == []


def test_what_is_damaged_here_is_mended_from_there(no_links: None, tier: Tier, tmp_path: Path):
    here, _ = stores(tier, tmp_path)
    digest, size = here.put(data_of(5 << 20))
    here.send(digest, size, tier)
    Path(here.near.file_of(digest)).write_bytes(bytes(size))
    assert bytes(here.get(digest, size, verify=True)) == data_of(5 << 20)


def test_it_comes_down_once_however_many_ask(no_links: None, kind: TierKind, tier: Tier, tmp_path: Path):
    here, _ = stores(tier, tmp_path)
    digest, size = here.put(data_of(30 << 20))
    here.send(digest, size, tier)
    code = f"""
import os
from penstock.artifacts.folder import FolderStore
from penstock.tiers.tier_opening import open_tier
from penstock.tiers.tiered_store import TieredStore
from penstock.tiers import parts
tier = open_tier({kind.url!r}, {PROJECT!r})
fetched = []
fill = parts.Parts._fill
parts.Parts._fill = lambda *given: (fetched.append(1), fill(*given))
os.link = None
store = TieredStore(FolderStore({os.fspath(tmp_path / "there")!r}), lambda: [tier])
parts.Parts._linked = lambda *_: False
store.get({digest!r}, {size}, verify=True)
tier.close()
print(len(fetched))
"""
    readers = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(4)]
    assert sum(int(reader.communicate()[0]) for reader in readers) == 1
    assert [reader.returncode for reader in readers] == [0] * 4


def test_who_is_killed_amid_a_transfer_is_in_nobody_s_way(no_links: None, kind: TierKind, tier: Tier, tmp_path: Path):
    here, there = stores(tier, tmp_path)
    digest, size = here.put(data_of(30 << 20))
    here.send(digest, size, tier)
    code = f"""
import os, signal
from penstock.artifacts.folder import FolderStore
from penstock.tiers.tier_opening import open_tier
from penstock.tiers import parts
parts.Parts._linked = lambda *_: False
tier = open_tier({kind.url!r}, {PROJECT!r})
near = FolderStore({os.fspath(tmp_path / "there")!r})
told = lambda done: done > 10 << 20 and os.kill(os.getpid(), signal.SIGKILL)
tier.blobs.fetch({digest!r}, {size}, parts.Parts(near), told)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -signal.SIGKILL
    assert list(there.list()) == []
    assert bytes(there.get(digest, size, verify=True)) == data_of(30 << 20)


def test_several_wait_for_one_upload(tier: Tier, tmp_path: Path):
    here, there = stores(tier, tmp_path)
    blobs = [here.put(data_of(100_000 + number)) for number in range(20)]
    uploads, errors = Uploads(here, tier), list[Exception | None]()
    over = threading.Semaphore(0)
    orders = [blobs[start : start + 5] for start in range(16)]
    waits = [
        order for order in orders if not uploads.send(order, lambda error: (errors.append(error), over.release())[-1])
    ]
    assert waits[0] == orders[0]
    for _ in waits:
        over.acquire()
    assert errors == [None] * len(waits)
    assert uploads.send(blobs, errors.append)
    assert len(errors) == len(waits)
    assert all(there.bring(*blob) for blob in blobs)


def test_an_upload_of_what_is_nowhere_fails(tier: Tier, tmp_path: Path):
    here, _ = stores(tier, tmp_path)
    blob = here.put(data_of(1000))
    with pytest.raises(StoreError, match=r"is gone from .*here, and from the far tier"):
        Uploads(here, tier).send_now([blob, (digests.digest(b"never"), 5)])
    assert tier.blobs.renew(*blob)


def test_who_finds_all_here_asks_nobody(tmp_path: Path):
    def unreachable() -> list[Tier]:
        raise StoreError("the far tier can't be reached")

    store = TieredStore(FolderStore(tmp_path / "here"), unreachable)
    digest, size = store.put(data_of(1000))
    assert store.renew(digest, size)
    assert bytes(store.get(digest, size, verify=True)) == data_of(1000)
    with pytest.raises(StoreError, match="can't be reached"):
        store.get(digests.digest(b"x"), 1)
