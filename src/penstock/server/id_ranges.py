"""The ids of a long table in few bytes. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_LONG = 5000


def in_ranges(ids: Sequence[int]) -> list[tuple[int, int, int]] | None:
    """`[start, step, count]` one after another; None where that would not be shorter, or the ids are few."""
    if len(ids) <= _LONG:
        return None
    ranges: list[tuple[int, int, int]] = []
    at = 0
    while at < len(ids):
        step = ids[at + 1] - ids[at] if at + 1 < len(ids) else 1
        end = at + 1
        while end < len(ids) and ids[end] - ids[end - 1] == step:
            end += 1
        ranges.append((ids[at], step, end - at))
        at = end
        if 3 * len(ranges) >= len(ids):
            return None
    return ranges
