"""Finds some texts in others, and puts a mask in their place. Knows nothing of where they come from."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Iterable, Iterator, List, Optional, Set, Tuple

MASK = "***"
_HEAD = 16
"""Characters. By so many at its beginning a text is looked for; a pattern of whole keys takes long to compile."""


class Finder:
    """Finds some texts in others. `wanted` is not empty; `kept`: a pattern of what is passed over with all in it; a
    plain character comes first in it, and it has one group."""

    def __init__(self, wanted: Iterable[str], kept: str = "") -> None:
        self._wanted = sorted(set(wanted))
        longest_first = sorted(self._wanted, key=len, reverse=True)
        self.longest = len(longest_first[0])
        heads = dict.fromkeys(text[:_HEAD] for text in longest_first)
        self._candidates = {
            head: tuple(text for text in longest_first if text.startswith(head) or head.startswith(text))
            for head in heads
        }
        # Each choice begins with a plain character: so `re` jumps to where one of these stands.
        self._search = re.compile("|".join([*map(re.escape, heads), *filter(None, [kept])])).search
        self._search_kept = re.compile(kept).search if kept else None

    def masked(self, text: str) -> str:
        """The text with a mask in the place of each that is found."""
        parts: List[str] = []
        at = 0
        for start, end in self._found(text):
            parts += text[at:start], MASK
            at = end
        return "".join(parts) + text[at:] if parts else text

    def is_in(self, text: str) -> bool:
        """Whether one of them is in the text."""
        return next(self._found(text), None) is not None

    def open_at(self, text: str) -> int:
        """Where something begins that the end of the text cuts off; the text's length: nothing is cut off."""
        first = max(0, len(text) - self.longest + 1)
        inside: Optional[Set[int]] = None
        for at in self._may_be_open(text):
            if self._begins(text[at:]):
                if inside is None:
                    inside = self._inside(text, first)
                if at not in inside:
                    return at
        return len(text)

    def _may_be_open(self, text: str) -> Iterator[int]:
        """From left to right: where a head stands near enough to the end, and each place that is too near for one."""
        size = len(text)
        places: Set[int] = set()
        for head, candidates in self._candidates.items():
            at = text.find(head, max(0, size - len(candidates[0]) + 1))
            while at >= 0:
                places.add(at)
                at = text.find(head, at + 1)
        places.update(range(max(0, size - _HEAD + 1), size))
        return iter(sorted(places))

    def _begins(self, tail: str) -> bool:
        """In their order those that begin with the tail, and go on, stand right behind it."""
        place = bisect_right(self._wanted, tail)
        return place < len(self._wanted) and self._wanted[place].startswith(tail)

    def _inside(self, text: str, first: int) -> Set[int]:
        """The places, from `first` on, within what is found or passed over, without its first."""
        spans = self._found(text, with_kept=True)
        return {at for start, end in spans if end > first for at in range(max(first, start + 1), end)}

    def _found(self, text: str, with_kept: bool = False) -> Iterator[Tuple[int, int]]:
        """Where each begins and ends, from left to right."""
        search, at = self._search, 0
        if not any(head in text for head in self._candidates):  # told ten times as fast, and true of most texts
            if self._search_kept is None or not with_kept:
                return
            search = self._search_kept
        while True:
            found = search(text, at)
            if found is None:
                return
            start, at = found.span()
            if not found.lastindex:
                at = self._end(text, start, found[0])
            elif not with_kept:
                continue
            if at > start:
                yield start, at
            else:
                at = start + 1

    def _end(self, text: str, start: int, head: str) -> int:
        """Where the longest ends that begins at `start` with this head; `start`: none does."""
        for candidate in self._candidates[head]:
            if text.startswith(candidate, start):
                return start + len(candidate)
        return start
