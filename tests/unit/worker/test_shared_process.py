"""What attempts in the flow's own process change of it, and what is there afterwards."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from penstock.worker.shared_process import SharedProcess


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """Whatever a test does, the process is as before."""
    cwd, kind = os.getcwd(), type(os.environ)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("FIRST", "SECOND", "SHARED", "ADDED"):
            patch.setenv(name, "")
            patch.delenv(name)
        yield
    os.chdir(cwd)
    assert type(os.environ) is kind


def elsewhere(work: Callable[[], object]) -> None:
    """Do it in another thread, and wait for it."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_they_are_as_they_were_when_the_last_one_has_left(tmp_path: Path) -> None:
    before = os.getcwd(), dict(os.environ)
    shared_process = SharedProcess()
    for _ in range(2):
        first = shared_process.enter([("FIRST", "1")])
        second = shared_process.enter([("SECOND", "2")])
        os.chdir(tmp_path)
        os.environ["ADDED"] = "1"
        del os.environ["PATH"]
        shared_process.leave(first)
        assert ("FIRST" in os.environ, os.environ["SECOND"], os.getcwd()) == (False, "2", str(tmp_path))
        shared_process.leave(second)
        assert (os.getcwd(), dict(os.environ)) == before


def test_each_guest_takes_its_own_variables_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHARED", "before")
    shared_process = SharedProcess()
    first = shared_process.enter([("SHARED", "1"), ("FIRST", "1")])
    second = shared_process.enter([("SHARED", "2")])
    shared_process.leave(second)
    assert os.environ["SHARED"] == "1"
    third = shared_process.enter([("SHARED", "3")])
    shared_process.leave(first)
    assert (os.environ["SHARED"], "FIRST" in os.environ) == ("3", False)
    shared_process.leave(third)
    assert os.environ["SHARED"] == "before"


def test_what_others_set_meanwhile_stays() -> None:
    shared_process = SharedProcess()
    guest = shared_process.enter([("FIRST", "1")])
    elsewhere(lambda: os.environ.update(ADDED="by the body"))
    shared_process.leave(guest)
    assert ("FIRST" in os.environ, os.environ["ADDED"]) == (False, "by the body")


def test_before_has_nothing_of_the_guests() -> None:
    shared_process = SharedProcess()
    known = shared_process.before()
    assert known == dict(os.environ)
    guest = shared_process.enter([("FIRST", "1"), ("PATH", "/nowhere")])
    os.environ["SECOND"] = "2"
    assert shared_process.before() == known
    elsewhere(lambda: os.environ.update(ADDED="by the body"))
    assert shared_process.before() == {**known, "ADDED": "by the body"}
    shared_process.leave(guest)


def test_who_can_t_enter_is_no_guest() -> None:
    before = dict(os.environ)
    shared_process = SharedProcess()
    with pytest.raises(ValueError, match="null"):
        shared_process.enter([("FIRST", "1"), ("SECOND", "\0")])
    assert dict(os.environ) == before
    shared_process.leave(shared_process.enter([("FIRST", "2")]))
    assert dict(os.environ) == before


def test_a_directory_that_is_gone_is_told_and_harms_nobody(tmp_path: Path) -> None:
    shared_process = SharedProcess()
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    guest = shared_process.enter([("FIRST", "1")])
    gone.rmdir()
    assert isinstance(shared_process.leave(guest), FileNotFoundError)
    assert "FIRST" not in os.environ
    later = shared_process.enter([("FIRST", "2")])
    assert os.environ["FIRST"] == "2"
    os.chdir(tmp_path)
    assert shared_process.leave(later) is None
    assert os.getcwd() == str(tmp_path)
