"""Times and sizes as a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from penstock.model import words


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.084, "84 ms"), (2.54, "2.5 s"), (725, "12 min 5 s"), (11000, "3 h 3 min"), (180000, "2 d 2 h")],
)
def test_durations(seconds: float | None, text: str):
    assert words.duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(512, "512 B"), (3_600_000, "3.4 MiB"), (1 << 50, "1024.0 TiB")])
def test_sizes(count: int, text: str):
    assert words.size(count) == text


def test_moments():
    now = datetime.now(UTC).astimezone().replace(hour=12)
    assert words.when(now, now) == f"{now:%H:%M:%S}"
    assert words.when(now - timedelta(days=1), now) == f"yesterday {now:%H:%M}"
    assert words.when(datetime(2020, 2, 3, 12, tzinfo=UTC), now).startswith("2020-02-0")


def test_counts_and_lines():
    assert (words.plural(1, "task"), words.plural(1200, "task")) == ("1 task", "1,200 tasks")
    assert words.one_line("a\n b", 80) == "a b"
    assert words.one_line("abcdef", 4) == "abc…"
    assert words.number(0.1 + 0.2) == "0.3"
