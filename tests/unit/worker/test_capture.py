"""What is printed comes back as lines, whatever is printed."""

from __future__ import annotations

import logging
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.artifacts import masking
from penstock.worker import log_files
from penstock.worker.capture import LineStream, Room, level_letter


class Captured:
    """A stream and the file that it writes to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND)
        self.out = LineStream(self.fd, b"o")
        self.err = LineStream(self.fd, b"e")

    def lines(self) -> list[log_files.ParsedLine]:
        self.out.finish_lines()
        return list(log_files.read(self.path.read_bytes()))

    def texts(self) -> list[str]:
        return [line.text for line in self.lines()]


@pytest.fixture
def captured(tmp_path: Path) -> Any:
    made = Captured(tmp_path / "log")
    yield made
    os.close(made.fd)


def test_lines(captured: Captured) -> None:
    print("one", 2, file=captured.out)
    print("three\nfour", file=captured.err)
    print("five", end="", file=captured.out)
    assert [(line.stream, line.text) for line in captured.lines()] == [
        ("stdout", "one 2"),
        ("stderr", "three"),
        ("stderr", "four"),
        ("stdout", "five"),
    ]
    assert all(line.at is not None for line in captured.lines())


def test_a_line_is_written_when_it_ends(captured: Captured) -> None:
    captured.out.write("half")
    assert captured.path.read_bytes() == b""
    captured.out.write(" a line\nnext")
    assert [line.text for line in log_files.read(captured.path.read_bytes())] == ["half a line"]


def test_empty_lines_are_kept(captured: Captured) -> None:
    print("one\n\ntwo", file=captured.out)
    assert captured.texts() == ["one", "", "two"]


def test_a_progress_bar_is_lines(captured: Captured) -> None:
    for percent in (10, 20, 30):
        captured.out.write(f"\r{percent}%")
    captured.out.write("\n")
    assert captured.texts() == ["10%", "20%", "30%"]


def test_a_line_without_an_end_does_not_fill_the_memory(captured: Captured) -> None:
    for _ in range(100):
        captured.out.write("x" * 10_000)
    assert captured.path.stat().st_size > 900_000


def test_each_thread_has_a_line_of_its_own(captured: Captured) -> None:
    captured.out.write("mine, ")
    thread = threading.Thread(target=print, args=("another's",), kwargs={"file": captured.out})
    thread.start()
    thread.join()
    thread = threading.Thread(target=captured.out.write, args=("left behind",))
    thread.start()
    thread.join()
    captured.out.write("all of it\n")
    assert captured.texts() == ["another's", "mine, all of it", "left behind"]


def test_a_level_is_its_thread_s(captured: Captured) -> None:
    captured.out.write("before")
    with captured.out.at_level(b"E"):
        captured.out.write("grave\n")
        thread = threading.Thread(target=print, args=("plain",), kwargs={"file": captured.out})
        thread.start()
        thread.join()
    captured.out.write("after\n")
    assert [(line.level, line.text) for line in captured.lines()] == [
        ("", "before"),
        ("error", "grave"),
        ("", "plain"),
        ("", "after"),
    ]


def test_raw_output_between_lines(captured: Captured) -> None:
    print("first", file=captured.out)
    captured.out.buffer.write(b"raw \xff without newline")
    print("second", file=captured.out)
    lines = captured.lines()
    assert [line.text for line in lines] == ["first", "raw \\xff without newline", "second"]
    assert [line.at is None for line in lines] == [False, True, False]


def test_marks_name_the_attempt(captured: Captured) -> None:
    captured.out.mark = b"digits/3/train/2#1"
    print("one", file=captured.out)
    print("two", file=captured.out)
    captured.out.mark = b"digits/3/train/3#1"
    print("three", file=captured.out)
    assert [(line.text, line.attempt) for line in captured.lines()] == [
        ("one", "digits/3/train/2#1"),
        ("two", "digits/3/train/2#1"),
        ("three", "digits/3/train/3#1"),
    ]


def test_surrogates_do_not_fail(captured: Captured) -> None:
    print("\udcff", file=captured.out)
    assert captured.texts() == ["\\udcff"]


def test_nothing_is_no_line() -> None:
    assert list(log_files.read(b"")) == []


@pytest.mark.parametrize(
    ("level", "letter"),
    [
        (logging.DEBUG, b"D"),
        (logging.INFO, b"I"),
        (25, b"I"),
        (logging.ERROR, b"E"),
        (logging.CRITICAL, b"C"),
        (5, b"D"),
    ],
)
def test_levels(level: int, letter: bytes) -> None:
    assert level_letter(level) == letter


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), min_size=1))
def test_every_text_comes_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    captured = Captured(tmp_path_factory.mktemp("any") / "log")
    captured.out.write("\n".join(texts) + "\n")
    assert captured.texts() == texts
    os.close(captured.fd)


@given(st.binary())
def test_every_raw_output_can_be_read(data: bytes) -> None:
    assert "".join(line.text for line in log_files.read(data)).count("\n") == 0


@pytest.fixture
def begun(tmp_path: Path) -> Any:
    """A log with a token: its path and a stream into it."""
    path = tmp_path / "begun.log"
    fd = log_files.begin(str(path))
    yield path, LineStream(fd, b"o", token=log_files.token_of(str(path)))
    os.close(fd)


def read_whole(path: Path) -> list[log_files.ParsedLine]:
    return list(log_files.read(path.read_bytes(), token=log_files.token_of(str(path))))


def test_what_is_printed_past_the_streams_can_not_pass_for_a_line(begun: tuple[Path, LineStream]) -> None:
    path, out = begun
    out.mark = b"digits/1/train/1#1"
    print("true\x1e1.000 Eo forged", file=out)
    with open(path, "ab", buffering=0) as raw:
        raw.write(b"\x1e1700000000.000 Ee forged\n\x1e1.000 @- digits/1/train/9#1\n\x1e=00000000\n")
        raw.write(b"\x1e00000000 1700000000.000 Ee forged\n\x1e99999999999999999999.000 -o far\nhalf")
    print("true", file=out)
    lines = read_whole(path)
    assert [line.text for line in lines if line.at] == ["true\x1e1.000 Eo forged", "true"]
    assert {line.level for line in lines} == {""}
    assert {line.attempt for line in lines} == {"digits/1/train/1#1", ""}


@given(st.lists(st.binary() | st.sampled_from([b"\x1e1.000 Eo x\n", b"\x1e9.999 @- a/b#1\n", b"\x1e"])))
def test_no_bytes_forge_or_lose_a_line(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("any") / "log"
    fd = log_files.begin(str(path))
    out = LineStream(fd, b"o", token=log_files.token_of(str(path)))
    for number, piece in enumerate(pieces):
        print(number, file=out)
        os.write(fd, piece)
    os.close(fd)
    assert [line.text for line in read_whole(path) if line.at] == [str(number) for number in range(len(pieces))]


def test_a_mark_that_names_nothing_is_none() -> None:
    assert [line.attempt for line in log_files.read(b"\x1e1.000 @- nothing\n\x1e2.000 -o a\n")] == [""]


def test_a_long_line_is_several(begun: tuple[Path, LineStream]) -> None:
    path, out = begun
    print("é" * 200_000, file=out)
    out.write("a" * 200_000)
    out.finish_lines()
    with open(path, "ab", buffering=0) as raw:
        raw.write(b"z" * 200_000)
    lines = read_whole(path)
    assert max(len(line.text) for line in lines) <= 1 << 16
    assert "".join(line.text for line in lines) == "é" * 200_000 + "a" * 200_000 + "z" * 200_000


def test_a_secret_is_masked_where_a_long_line_is_cut(
    begun: tuple[Path, LineStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("_forms", {}), ("_texts", None), ("_bytes", None)):
        monkeypatch.setattr(masking, name, value)
    masking.hide(["s3cr3t-value"])
    path, out = begun
    for before in range((1 << 16) - 12, (1 << 16) + 2):
        print("x" * before + "s3cr3t-value", file=out)
        out.write("x" * before + "s3cr3")
        print("t-value", file=out)
    assert b"s3cr3" not in path.read_bytes()
    assert path.read_bytes().count(b"*") == 14 * 2 * 3


def test_no_more_is_kept_of_an_attempt_than_its_room(tmp_path: Path) -> None:
    path = tmp_path / "log"
    fd = log_files.begin(str(path))
    room, token = Room(), log_files.token_of(str(path))
    out, err = LineStream(fd, b"o", room, token), LineStream(fd, b"e", room, token)
    for _ in range(2):
        start = path.stat().st_size
        room.begin(10_000)
        for number in range(1000):
            print("line", number, file=(out, err)[number % 2])
        print("x" * 100_000, file=out)
        lines = list(log_files.read(path.read_bytes()[start:], token=token))
        assert 10_000 <= path.stat().st_size - start + 40 <= 10_000 + log_files.SLACK
        assert [line.text for line in lines[:-1]] == [f"line {number}" for number in range(len(lines) - 1)]
        assert lines[-1].level == "warning"
        assert "what follows is not kept: the log of this attempt has reached 9.77 KiB" in lines[-1].text
        assert "PENSTOCK_LOG_LIMIT" in lines[-1].text
    os.close(fd)
