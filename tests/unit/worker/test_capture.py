"""What is printed comes back as lines, whatever is printed."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.worker import logs
from penstock.worker.capture import LineStream, level_letter


class Captured:
    """A stream and the file that it writes to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fd = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_APPEND)
        self.out = LineStream(self.fd, b"o")
        self.err = LineStream(self.fd, b"e")

    def lines(self) -> list[logs.LogLine]:
        self.out.finish_line()
        return list(logs.read(self.path.read_bytes()))

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
    assert [line.text for line in logs.read(captured.path.read_bytes())] == ["half a line"]


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
    assert list(logs.read(b"")) == []


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


@given(st.lists(st.text(st.characters(exclude_characters="\r\n\x1e", exclude_categories=["Cs"])), min_size=1))
def test_every_text_comes_back(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    captured = Captured(tmp_path_factory.mktemp("any") / "log")
    captured.out.write("\n".join(texts) + "\n")
    assert captured.texts() == texts
    os.close(captured.fd)


@given(st.binary())
def test_every_raw_output_can_be_read(data: bytes) -> None:
    assert "".join(line.text for line in logs.read(data)).count("\n") == 0
