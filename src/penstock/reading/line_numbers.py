"""Which line of a log stands where, without reading all of it each time. Of a log that grows, only what is new is
counted; of one that was cut, all anew."""

from __future__ import annotations

import threading
from array import array
from bisect import bisect_left, bisect_right

from penstock.reading.log_places import LogPlace
from penstock.worker import log_files

_BLOCK = 1 << 18
_AT_ONCE = 64 << 20  # bytes that are counted while somebody waits; of more, in a thread
_CHECKED = 64  # bytes before where the count has come to, which are the same as long as the log was not cut


class LineNumbers:
    """Of what one log holds from a place on, but for the marks of attempts. For many threads."""

    def __init__(self, place: LogPlace, begin: int) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._counting = False  # in a thread
        self._offsets, self._numbers = array("Q", [begin]), array("Q", [1])  # of lines, one for each block
        self._token, self._last = b"", b""

    def at(self, offset: int) -> int | None:
        """The number of the line that this byte belongs to, from 1; None: that is being counted."""
        if offset < self._offsets[0]:
            return 1
        with self._lock:
            self._check()
            if offset - self._offsets[-1] > _AT_ONCE:
                if not self._counting:
                    self._counting = True
                    threading.Thread(target=self._count, args=(offset,), daemon=True).start()
                return None
        self._count_to(offset)
        with self._lock:
            block = bisect_right(self._offsets, offset) - 1
            start, number = self._offsets[block], self._numbers[block]
        return number + _lines(self._place.read(start, offset - start), self._token)

    def offset(self, number: int, end: int) -> int:
        """Where the line of this number begins; `end`: there are not so many before it."""
        self._count_to(end, number)
        with self._lock:
            block = max(0, bisect_left(self._numbers, number) - 1)
            start, first = self._offsets[block], self._numbers[block]
        while first < number and (data := self._whole(start, end)):
            lines = _lines(data, self._token)
            if lines >= number - first:
                return start + _end_of(data, number - first, self._token)
            start, first = start + len(data), first + lines
        return start if first == number else end

    def _count(self, end: int) -> None:
        try:
            self._count_to(end)
        finally:
            self._counting = False

    def _count_to(self, end: int, number: int = 1 << 62) -> None:
        """Up to there, or to that line. The last block is left: it is counted by whoever asks, until it is full."""
        is_done = False
        while not is_done:
            with self._lock:
                self._check()
                start = self._offsets[-1]
                is_done = end - start < _BLOCK or self._numbers[-1] >= number
                if not is_done and (whole := self._whole(start, end)):
                    self._offsets.append(start + len(whole))
                    self._numbers.append(self._numbers[-1] + _lines(whole, self._token))
                    self._last = whole[-_CHECKED:]
                elif not is_done:
                    return

    def _check(self) -> None:
        self._token = self._token or self._place.token()
        reached = self._offsets[-1]
        if self._last and self._place.read(reached - len(self._last), len(self._last)) != self._last:
            del self._offsets[1:], self._numbers[1:]
            self._last = b""

    def _whole(self, start: int, end: int) -> bytes:
        """The next block's whole lines; a part of one that is longer than that."""
        data = self._place.read(start, min(_BLOCK, end - start))
        return data[: data.rfind(b"\n") + 1] or data


def _lines(data: bytes, token: bytes) -> int:
    """How many lines end in it, without those that are marks."""
    return data.count(b"\n") - len(log_files.mark_lines(data, token))


def _end_of(data: bytes, number: int, token: bytes) -> int:
    """Behind which byte so many have ended."""
    marks, at = set(log_files.mark_lines(data, token)), 0
    while number:
        number -= at not in marks
        at = data.index(b"\n", at) + 1
    return at
