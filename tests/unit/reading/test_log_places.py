"""Logs as places that are read by parts."""

from __future__ import annotations

import os
from pathlib import Path

from penstock.cli.live_display import newest_line
from penstock.reading.log_places import LogPlace, places_in
from penstock.worker import log_files
from tests.recorded import line


def test_a_log_is_read_by_parts(tmp_path: Path):
    (tmp_path / "w1.log").write_bytes(b"0123456789")
    (tmp_path / "a2.log").touch()
    (tmp_path / "other.txt").touch()
    names = [place.name for place in places_in(str(tmp_path))]
    assert names == ["a2.log", "w1.log"]
    log = LogPlace(str(tmp_path), "w1.log")
    assert (log.worker, log.size()) == ("w1", 10)
    assert [log.read(2, 3), log.read(8, 5), log.read(20, 5)] == [b"234", b"89", b""]


def test_one_that_is_gone_is_empty(tmp_path: Path):
    log = LogPlace(str(tmp_path / "none"), "w1.log")
    assert (log.size(), log.read(0, 10), log.token(), log.changed_at()) == (0, b"", b"", 0.0)
    assert places_in(str(tmp_path / "none")) == []


def test_the_newest_line_is_that_of_the_log_that_was_written_to_last(tmp_path: Path):
    assert newest_line(str(tmp_path / "none")) == ""
    assert newest_line(str(tmp_path)) == ""
    for name, at in (("w1.log", 3), ("w2.log", 5), ("w3.log", 4)):
        path = str(tmp_path / name)
        os.close(log_files.begin(path))
        with open(path, "ab") as file:
            token = log_files.token_of(path)
            file.write(line(f"first of {name}").replace(b"\x1e", b"\x1e" + token + b" ") + b"last of " + name.encode())
        os.utime(path, (at, at))
    assert newest_line(str(tmp_path)) == "last of w2.log"
