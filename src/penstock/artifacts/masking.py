"""Values of secrets are kept out of all that people read: lines, failures, previews.

A value is looked for as it is, line by line, and in the forms that programs write it in: as a literal, as JSON, in a
URL, in base64. Knows nothing of where the values come from.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any, Dict, Iterable, Iterator, List, Optional, Set, Tuple

MASK = "***"
SHORTEST = 4
"""Characters. Shorter values would mask half of every text, and are no secrets."""

_URL_SAFE = str.maketrans("+/", "-_")
_CODEC = "utf-8", "surrogateescape"  # what an environment variable holds need not be text


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


_forms: Dict[str, None] = {}
_texts: Optional[Finder] = None
_bytes: Optional[Finder] = None


def hide(values: Iterable[str]) -> None:
    """From now on these values are masked too, in this process and in those that are forked from it."""
    global _texts, _bytes
    before = len(_forms)
    _forms.update((form, None) for value in values for form in forms(value))
    if len(_forms) > before:
        _texts = Finder(_forms)
        _bytes = _texts if all(map(str.isascii, _forms)) else finder_of_bytes()


def finder_of_bytes(kept: str = "") -> Optional[Finder]:
    """Finds the values in bytes that were decoded as latin-1; None: there are none."""
    return Finder((form.encode(*_CODEC).decode("latin-1") for form in _forms), kept) if _forms else None


def masked(text: str) -> str:
    """The text without the values."""
    return text if _texts is None else _texts.masked(text)


def settled(text: str) -> int:
    """How much of a text, of which more is to come, is in no value that its end cuts off."""
    return len(text) if _texts is None else _texts.open_at(text)


def cut(text: str, most: int) -> str:
    """At most so many characters of the text, without the values and without the beginning of one that was cut off."""
    return text[:most] if _texts is None else _cut(text, most, _texts)


def cut_bytes(data: Any, most: int) -> bytes:
    """The same of bytes or a bytearray."""
    if _bytes is None:
        return bytes(data[:most])
    return _cut(bytes(data[: most + _bytes.longest + 1]).decode("latin-1"), most, _bytes).encode("latin-1")


def _cut(text: str, most: int, finder: Finder) -> str:
    window = text[: most + finder.longest]
    return finder.masked(window if len(window) == len(text) else window[: finder.open_at(window)])[:most]


def holds(data: Any) -> bool:
    """Whether one of the values is in a bytes-like object."""
    if _bytes is None:
        return False
    return _bytes.is_in(bytes(data).decode("latin-1"))


def forms(value: str) -> Iterator[str]:
    """What a value may be written as. Nothing where it is too short to be told from any other text."""
    if len(value) < SHORTEST:
        return
    texts = [value, *map(str.strip, value.splitlines())]
    found = {*texts, *_in_url(value), *_in_base64(value.encode(*_CODEC))}
    for text in texts:
        found.update(_in_literals(text))
    yield from (form for form in found if len(form) >= SHORTEST)


def _in_literals(text: str) -> Iterator[str]:
    """Python chooses the quotes, and what it escapes, by what else is in a literal."""
    import json

    for quote in "'\"":
        for literal in (repr(quote + text), repr((quote + text).encode(*_CODEC))[1:]):
            yield literal[1:-1].partition(quote)[2]
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]


def _in_url(text: str) -> Iterator[str]:
    from urllib.parse import quote, quote_plus

    data = text.encode(*_CODEC)
    yield from (quote(data), quote(data, safe=""), quote_plus(data))


def _in_base64(data: bytes) -> Iterator[str]:
    """In both alphabets, at each of the three places in a group at which it may begin, as behind the user's name of
    HTTP's basic authentication; without the characters that depend on what stands beside it. Not in lines."""
    from binascii import b2a_base64

    for before in range(3):
        coded = b2a_base64(bytes(before) + data, newline=False).decode()
        sure = (before + len(data)) * 8 // 6
        part = coded[-(-before * 8 // 6) : sure]
        yield part
        yield part.translate(_URL_SAFE)
