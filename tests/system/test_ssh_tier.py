"""A far tier by ssh, whose connection is cut, whose host is gone for a while, and whose disk is full."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from penstock.artifacts.folder import FolderStore
from penstock.errors import StoreError
from penstock.tiers import ssh_connection
from penstock.tiers.parts import Parts
from penstock.tiers.port import Tier
from penstock.tiers.tier_opening import open_tier
from tests.sshd import Sshd, served

DATA = bytes(range(256)) * (80 << 10)  # 20 MiB


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Sshd]:
    with served(tmp_path / "sshd") as sshd:
        monkeypatch.setenv("PENSTOCK_SSH", sshd.command)
        yield sshd


@pytest.fixture
def said() -> list[str]:
    """What the user was told."""
    return []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "far").mkdir()
    return tmp_path / "far"


@pytest.fixture
def tier(server: Sshd, folder: Path, said: list[str]) -> Generator[Tier]:
    opened = open_tier(f"ssh://login{folder}", "digits-1", said.append)
    yield opened
    opened.close()


def once(at: int, act: Callable[[], None]) -> Callable[[int], None]:
    """Does something when so many bytes have come, the first time."""
    acted = False

    def told(done: int) -> None:
        nonlocal acted
        if done >= at and not acted:
            acted = True
            act()

    return told


def test_a_transfer_goes_on_when_the_connection_is_cut(server: Sshd, tier: Tier, tmp_path: Path, said: list[str]):
    here, there = FolderStore(tmp_path / "here"), FolderStore(tmp_path / "there")
    digest, size = here.put(DATA)
    tier.blobs.take(digest, size, here.file_of(digest), once(5 << 20, server.cut))
    assert len(said) == 2
    assert said[0].startswith("login can't be reached (")
    assert said[0].endswith("); trying again for 1 min 0 s")
    assert said[1].startswith("login is reached again, after ")
    tier.blobs.fetch(digest, size, Parts(there), once(5 << 20, server.cut))
    assert bytes(there.get(digest, size, verify=True)) == DATA
    assert len(said) == 4


def test_a_host_that_is_gone_for_a_while_is_waited_for(server: Sshd, tier: Tier, said: list[str]):
    tier.put("mail/x", b"x")
    server.stop()
    server.cut()
    back = threading.Timer(2.0, server.start)
    back.start()
    assert tier.get("mail/x") == b"x"
    back.join()
    assert len(said) == 2


def test_a_host_that_stays_away_is_an_error_that_says_what_to_look_at(
    server: Sshd, tier: Tier, monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path
):
    monkeypatch.setattr(ssh_connection, "PATIENCE_S", 1.0)
    short = open_tier(f"ssh://login{folder}", "digits-1")
    short.put("mail/x", b"x")
    server.stop()
    server.cut()
    with pytest.raises(
        StoreError, match=r"the far tier at login can't be reached: .*Connection refused.*`ssh -v login`"
    ):
        short.get("mail/x")
    server.start()
    assert short.get("mail/x") == b"x"
    short.close()


def client(server: Sshd, tmp_path: Path, old: str, new: str) -> str:
    """The command of a user whose configuration is another one."""
    text = (server.folder / "client").read_text()
    assert old in text
    (tmp_path / "client").write_text(text.replace(old, new))
    return f"ssh -F {tmp_path / 'client'}"


@pytest.mark.parametrize(
    ("old", "new", "mend"),
    [
        ("{folder}/user\n", "{folder}/none\n", r"Permission denied.*`ssh-copy-id login`"),
        ("{folder}/known", "{folder}/none", r"Host key verification failed.*connect once by hand.*`ssh login`"),
        ("127.0.0.1", "no-such-host.invalid", r"Could not resolve hostname.*there is no such host"),
    ],
)
def test_what_ssh_complains_of_is_told_at_once_with_what_mends_it(
    server: Sshd, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: str, new: str, mend: str
):
    words = [text.replace("{folder}", os.fspath(server.folder)) for text in (old, new)]
    monkeypatch.setenv("PENSTOCK_SSH", client(server, tmp_path, *words))
    tier = open_tier(f"ssh://login{folder}", "digits-1")
    with pytest.raises(StoreError, match=mend):
        tier.get("mail/x")
    tier.close()


def stand_in(tmp_path: Path, script: str) -> str:
    """A program in the place of ssh."""
    (tmp_path / "ssh").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "ssh").chmod(0o700)
    return os.fspath(tmp_path / "ssh")


def test_a_host_without_python_says_so(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PENSTOCK_SSH", stand_in(tmp_path, "echo 'sh: 1: exec: python3: not found' >&2; exit 127"))
    with pytest.raises(
        StoreError, match=r"python3: not found: the far tier needs `python3` there, version 3.6 or newer"
    ):
        open_tier(f"ssh://login{folder}", "digits-1").get("mail/x")


def test_an_old_python_and_a_talkative_login_will_do(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interpreter: Callable[[str], Path]
):
    python = interpreter("python3.6")
    script = f'echo Welcome; for last; do :; done; PATH="{python.parent}:$PATH" exec sh -c "$last"'
    monkeypatch.setenv("PENSTOCK_SSH", stand_in(tmp_path, script))
    tier = open_tier(f"ssh://login{folder}", "digits-1")
    digest, size = tier.blobs.put(DATA)
    assert bytes(tier.blobs.get(digest, size, verify=True)) == DATA
    tier.put("mail/x", b"x")
    assert tier.list("mail/") == ["mail/x"]
    assert tier.blobs.renew(digest, size)
    with tier.blobs.held(alone=True):
        assert tier.blobs.sweep({b""}, tier.blobs.now() + 100, remove=True).blobs == 1
    tier.close()


@pytest.mark.parametrize("options", ["size=2m", "ro"])
def test_a_full_or_read_only_folder_is_told(
    server: Sshd, mounted: Callable[[str], Path], options: str, said: list[str]
):
    folder = mounted("size=2m")
    if options == "ro":
        first = open_tier(f"ssh://login{folder}", "digits-1")
        first.put("mail/x", b"x")
        first.close()
        folder = mounted("ro")
    tier = open_tier(f"ssh://login{folder}", "digits-1", said.append)
    words = "the disk is full" if options != "ro" else "the file system is read-only"
    with pytest.raises(StoreError, match=f"the store login:{folder}.* can't be used: {words}"):
        tier.blobs.put(DATA)
    if options != "ro":
        tier.put("mail/x", b"x")  # what was cut off does not fill the disk
    assert tier.get("mail/x") == b"x"
    assert list(tier.blobs.list()) == []
    assert said == []
    tier.close()
