from __future__ import annotations

import math

import pytest

from penstock.model.quantities import format_bytes, parse_bytes, parse_seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2GiB", 2 * 2**30),
        ("500MB", 500 * 10**6),
        ("1.5 kib", 1536),
        ("64Ki", 65536),
        ("12", 12),
        (" 3 b ", 3),
        (4096, 4096),
        (1e3, 1000),
        ("9007199254740993", 9007199254740993),
    ],
)
def test_sizes(text: str, expected: int) -> None:
    assert parse_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "GiB", "2 gallons", "-1", "1 2", "٣", -1, True, math.nan, math.inf])
def test_what_is_no_size_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size; write bytes, or a text such as"):
        parse_bytes(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1536, "1.5 KiB"), (150 << 20, "150 MiB"), (3 << 29, "1.5 GiB")],
)
def test_sizes_for_people(count: int, text: str) -> None:
    assert format_bytes(count) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90), ("1h30m", 5400), ("500ms", 0.5), ("1d 2h", 93600), ("1.5m", 90), ("7", 7), (0.25, 0.25), (3, 3)],
)
def test_durations(text: str, expected: float) -> None:
    assert parse_seconds(text) == expected


@pytest.mark.parametrize("text", ["", "s", "1x", "1h30", "h1", "-1s", -0.5, True, math.inf])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write seconds, or a text such as"):
        parse_seconds(text)
