"""Ranges stand for the ids that they were made of."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from penstock.server.id_ranges import in_ranges


def expanded(ranges: list[tuple[int, int, int]]) -> list[int]:
    return [start + step * n for start, step, count in ranges for n in range(count)]


def test_few_ids_stand_as_they_are():
    assert in_ranges(list(range(5000))) is None


def test_all_runs_newest_first_are_one_range():
    assert in_ranges(list(range(10_000, 0, -1))) == [(10_000, -1, 10_000)]


def test_ids_in_no_order_stand_as_they_are():
    ids = list(range(10_000))
    random.Random(1).shuffle(ids)
    assert in_ranges(ids) is None


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(-3, 3), st.integers(1, 2000)), min_size=4, max_size=9))
def test_ranges_give_the_ids_back(parts: list[tuple[int, int, int]]):
    ids = expanded([*parts, (0, 1, 5001)])
    ranges = in_ranges(ids)
    assert ranges is not None
    assert expanded(ranges) == ids
    assert 3 * len(ranges) < len(ids)
