"""What every far tier promises of its objects; runs on each implementation. test_blob_store.py is for its blobs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from penstock.errors import StoreError
from penstock.tiers.port import Tier
from penstock.tiers.tier_opening import open_tier
from tests.tiers import KINDS, TierKind

PROJECT = "digits-1f3a"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> TierKind:
    return KINDS[request.param](request, tmp_path)


@pytest.fixture
def tier(kind: TierKind) -> Generator[Tier]:
    opened = open_tier(kind.url, PROJECT)
    yield opened
    opened.close()


def test_what_is_put_is_got(tier: Tier):
    for size in (0, 1, 5 << 20):
        data = os.urandom(size)
        tier.put(f"mail/n/{size}", data)
        assert tier.get(f"mail/n/{size}") == data


def test_what_is_not_there_is_none(tier: Tier):
    assert tier.get("mail/n/up/00000001") is None
    assert tier.list("mail/") == []
    tier.delete(["mail/n/up/00000001"])
    tier.put("mail/n/up/00000002", b"x")
    assert tier.get("mail/n/up/00000001") is None


def test_a_put_takes_the_place_of_what_is_there(tier: Tier):
    tier.put("owner", b"first, and long")
    tier.put("owner", b"then")
    assert tier.get("owner") == b"then"


def test_a_listing_is_sorted_and_of_all_depths(tier: Tier):
    names = [f"mail/n/up/a.{agent}/{number:08}" for agent in (2, 10) for number in (10, 2)]
    for name in ["owner", "mail/other/x", "mail/nn/up/x", *names]:
        tier.put(name, b"")
    assert tier.list("mail/n/") == sorted(names)
    assert tier.list("mail/n/up/a.2/") == [f"mail/n/up/a.2/{number:08}" for number in (2, 10)]
    assert tier.list("mail/n/up/none/") == []


def test_what_was_removed_is_gone(tier: Tier):
    names = [f"mail/n/up/{number:08}" for number in range(1, 300)]
    for name in names:
        tier.put(name, b"letter")
    tier.delete(iter(names[:-1]))
    tier.delete(names[:2])
    assert tier.list("mail/n/") == names[-1:]
    assert tier.get(names[0]) is None
    tier.put(names[0], b"again")
    assert tier.get(names[0]) == b"again"


def test_nothing_is_left_of_what_was_removed(kind: TierKind, tier: Tier):
    tier.put("mail/n/up/a.0001/00000001", b"x")
    tier.put("mail/n/down/a/1/00000001", b"x")
    tier.delete(["mail/n/up/a.0001/00000001", "mail/m/up/x"])
    tier.put("mail/n/up/a.0001/00000002", b"x")
    tier.delete(["mail/n/down/a/1/00000001", "mail/n/up/a.0001/00000002"])
    assert tier.list("mail/") == []
    tier.close()
    (folder,) = kind.folder.iterdir()
    assert [path.name for path in folder.iterdir()] == ["tmp"]


def test_projects_don_t_see_one_another(kind: TierKind, tier: Tier):
    tier.put("owner", b"mine")
    other = open_tier(kind.url, "other")
    assert other.get("owner") is None
    other.put("owner", b"theirs")
    other.close()
    assert tier.get("owner") == b"mine"


def test_an_agent_there_sees_the_same(tier: Tier):
    tier.put("mail/n/down/1", b"do this")
    there = open_tier(tier.url, PROJECT)
    assert there.get("mail/n/down/1") == b"do this"
    there.put("mail/n/up/1", b"done")
    assert tier.get("mail/n/up/1") == b"done"
    assert tier.list("mail/n/") == ["mail/n/down/1", "mail/n/up/1"]


def test_blobs_are_the_same_there(tier: Tier):
    digest, size = tier.blobs.put(b"a blob" * 1000)
    there = open_tier(tier.url, PROJECT)
    assert bytes(there.blobs.get(digest, size, verify=True)) == b"a blob" * 1000
    assert tier.list("mail/") == []


@pytest.mark.parametrize(
    "name", ["", "/", "/etc/x", "../x", "a/../../x", "a//b", "a/", "a/.x", "blobs/x", "tmp/x", "a b", "a\0", "é", "a\n"]
)
def test_no_name_leads_out(tier: Tier, name: str):
    calls: list[Callable[[], object]] = [
        lambda: tier.put(name, b""),
        lambda: tier.get(name),
        lambda: tier.delete([name]),
        lambda: tier.list(name.rstrip("/") + "/"),
    ]
    for call in calls[: 3 if name == "a/" else 4]:
        with pytest.raises(StoreError, match="is no name of an object in a tier"):
            call()


def test_who_reads_sees_one_of_the_whole_texts(kind: TierKind, tier: Tier):
    texts = [bytes([number]) * (200_000 + number) for number in range(8)]
    tier.put("heart", texts[0])
    done, seen = threading.Event(), set[bytes]()

    def read() -> None:
        other = open_tier(kind.url, PROJECT)
        while not done.is_set():
            seen.add(other.get("heart") or b"")
        other.close()

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(5):
        for text in texts:
            tier.put("heart", text)
    done.set()
    thread.join()
    assert seen <= set(texts)


def test_many_threads_use_one_tier(tier: Tier):
    def letters(agent: int) -> None:
        for number in range(20):
            tier.put(f"mail/n/{agent}/{number:08}", b"%d %d" % (agent, number))

    threads = [threading.Thread(target=letters, args=(agent,)) for agent in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tier.list("mail/n/")) == 160
    assert tier.get("mail/n/7/00000019") == b"7 19"


def test_a_writer_that_is_killed_leaves_nothing_that_looks_whole(kind: TierKind, tier: Tier):
    code = f"""
import itertools
from penstock.tiers.tier_opening import open_tier
tier = open_tier({kind.url!r}, {PROJECT!r})
for number in itertools.count(1):
    tier.put(f"mail/n/{{number:08}}", bytes([number % 256]) * 3_000_000)
    print(number, flush=True)
"""
    writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    for _ in range(3):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    names = tier.list("mail/n/")
    assert len(names) >= 3
    for name in names:
        assert tier.get(name) == bytes([int(name[-8:]) % 256]) * 3_000_000


def test_a_folder_that_is_not_there_is_not_made(kind: TierKind, tier: Tier):
    tier.put("owner", b"x")
    os.rename(kind.folder, kind.folder.with_name("unmounted"))
    calls: list[Callable[[], object]] = [lambda: tier.put("owner", b"y"), lambda: tier.blobs.put(b"y")]
    for call in calls:
        with pytest.raises(StoreError, match=f"{kind.folder.name}.* is not there.*mkdir -p"):
            call()
    assert not kind.folder.exists()
    os.rename(kind.folder.with_name("unmounted"), kind.folder)
    assert tier.get("owner") == b"x"
