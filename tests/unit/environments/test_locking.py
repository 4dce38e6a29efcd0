from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from penstock.environments import locking


def test_what_is_held_is_not_unshared(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    first, second = locking.share(file), locking.share(file)
    os.close(first)
    assert locking.is_shared(file)
    with pytest.raises(BlockingIOError), locking.unshared(file):
        pass
    os.close(second)
    assert not locking.is_shared(file)


def test_nobody_holds_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert not locking.is_shared(tmp_path / "file")
    with locking.unshared(tmp_path / "file"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_can_only_be_read_is_looked_at_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, open_ = tmp_path / "file", os.open
    file.touch()

    def refuse_writing(path: Path, flags: int, *more: int) -> int:
        if flags & os.O_RDWR:
            raise PermissionError
        return open_(path, flags, *more)

    monkeypatch.setattr(os, "open", refuse_writing)
    fd = locking.share(file)
    assert locking.is_shared(file)
    os.close(fd)
    assert not locking.is_shared(file)


def test_who_wants_to_hold_what_is_being_removed_waits_and_finds_it_gone(tmp_path: Path) -> None:
    file, found = tmp_path / "file", list[type[BaseException]]()
    file.touch()

    def hold() -> None:
        try:
            locking.share(file)
        except FileNotFoundError as error:
            found.append(type(error))

    thread = threading.Thread(target=hold)
    with locking.unshared(file):
        thread.start()
        thread.join(0.05)
        assert thread.is_alive()
        file.unlink()
    thread.join(60)
    assert found == [FileNotFoundError]


def test_files_that_killed_processes_left_are_removed_and_those_of_live_ones_stay(tmp_path: Path) -> None:
    for name in ("left.lock", "live.lock", "locks/left.lock", "locks/kept.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with locking.alone(tmp_path / "live.lock", None):
        locking.tidy([tmp_path, tmp_path / "locks"])
        assert {file.name for file in tmp_path.rglob("*.*")} == {"live.lock", "kept.txt"}
