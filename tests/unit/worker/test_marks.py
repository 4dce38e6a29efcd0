"""Whose a line is stands in the log file before the outcome says so."""

from __future__ import annotations

import os

from penstock.worker import log_files
from penstock.worker.capture import LineStream


def test_the_first_line_of_an_attempt_comes_after_its_mark():
    reading, writing = os.pipe()
    stream = LineStream(writing, b"o")
    stream.write("before\n")
    stream.mark = b"digits/1/train/2#1"
    stream.write("one\ntwo\n")
    os.write(writing, b"raw")
    stream.mark = b"digits/1/train/3#1"
    stream.write("three\n")
    os.close(writing)
    with open(reading, "rb") as file:
        data = file.read()
    assert [(line.text, line.attempt) for line in log_files.read(data)] == [
        ("before", ""),
        ("one", "digits/1/train/2#1"),
        ("two", "digits/1/train/2#1"),
        ("raw", ""),
        ("three", "digits/1/train/3#1"),
    ]
    assert data.count(b"@- ") == 2


def test_a_reader_that_goes_on_knows_the_mark_before():
    (line,) = log_files.read(b"\x1e1.000 -o more\n", "digits/1/train/2#1")
    assert line == log_files.ParsedLine(1.0, "", "stdout", "more", "digits/1/train/2#1")
