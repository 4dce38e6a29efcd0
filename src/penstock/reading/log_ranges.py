"""Parts of one log as lines: from a byte on, from a line or a time on, the last ones, or those that hold a text.

A part has whole lines. A line that is too long is cut, never inside of a character or of an escape sequence, and its
rest can be asked for. Where somebody writes still, the last line may lack its end: it is given as it stands, and again
with the next part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import msgspec

from penstock.model.tuples import NamedTuple
from penstock.model.words import utc
from penstock.reading.attempt_logs import WrittenLog
from penstock.reading.line_numbers import LineNumbers
from penstock.reading.log_lines import LEVELS
from penstock.worker import log_files

SHOWN = 16 << 10
"""Bytes of a line that are given at once."""
_AHEAD = 4096
"""Bytes of an escape sequence at most; what is longer is none."""
_KEPT = SHOWN + _AHEAD
_WINDOW = 1 << 20
_HEADS = {"debug": b"DIWEC", "info": b"IWEC", "warning": b"WEC", "error": b"EC", "critical": b"C"}
_SEARCHED = 64 << 20
"""Bytes that one search looks through."""
_ESCAPE = re.compile(
    rb"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]|[\]PX^_][^\x07\x1b\n]{0,4000}(?:\x07|\x1b\\)|[ -/]{0,8}[0-OQ-WYZ`-~\\])"
)


class PartLine(msgspec.Struct, frozen=True):
    """A line of a log, or a piece of a long one."""

    offset: int  # where it begins
    number: int | None  # from 1; None: lines are being counted
    at: datetime | None  # None: written past `sys.stdout`, by C code or a sub-process
    level: str  # "debug", "info", "warning", "error", "critical"; "" where nobody named one
    stream: str  # "stdout" or "stderr"; "" where not known
    text: str  # with its escape sequences; of what was written over by carriage returns, how it ended
    cut: int = 0  # bytes of the line that are not in the text
    rest: int | None = None  # where they begin, if they follow: ask `from` there


class LogPart(msgspec.Struct, frozen=True, rename={"start": "from", "stop": "to"}):
    """Some lines of a log. Places are bytes of the file that it stands in: they stay as they are while it grows."""

    file: str  # its name; "": nothing was written yet
    begin: int  # where the log begins
    end: int  # where it ends so far
    start: int  # where these lines begin
    stop: int  # where to go on
    lines: tuple[PartLine, ...]
    is_over: bool  # nobody writes there any more
    is_open: bool = False  # the last line lacks its end, and comes again from `to` on


class _Line(NamedTuple):
    """A line of a file."""

    start: int
    end: int  # behind its newline
    data: bytes  # as much of it as may be shown
    has_newline: bool

    @property
    def size(self) -> int:
        return self.end - self.start - self.has_newline


def part(log: WrittenLog, numbers: LineNumbers, start: int, most: int, count: int) -> LogPart:
    """The lines that begin in so many bytes from a place on, but not more than `count`."""
    end = log.size()
    start = _aligned(log, min(max(start, log.begin), end))
    found, stop, is_open = list[PartLine](), start, False
    number, token = numbers.at(start), log.place.token()
    for line in _lines(log, start, end):
        if line.start - start >= most or len(found) >= count:
            break
        if log_files.mark_lines(line.data + b"\n", token):
            if not log.is_over and log.is_anothers(line.data, token):
                break
        else:
            found += _shown(log, line, number, token)
            if not line.has_newline and not log.is_over:
                is_open = True
                break
            number = number and number + 1
        stop = line.end
    return LogPart(log.place.name, log.begin, end, start, stop, tuple(found), log.is_over, is_open)


def tail(log: WrittenLog, numbers: LineNumbers, most: int, count: int) -> LogPart:
    """The last lines, in so many bytes, but not more than `count`."""
    end, given = log.size(), count
    start = max(log.begin, end - most)
    data = log.place.read(start, end - start)
    at = len(data) - data.endswith(b"\n")
    while count and at >= 0:
        at, count = data.rfind(b"\n", 0, at), count - 1
    newline = data.find(b"\n") if start > log.begin else -1
    return part(log, numbers, start + max(at, newline if newline < len(data) - 1 else -1) + 1, most, given)


def from_line(log: WrittenLog, numbers: LineNumbers, number: int, count: int) -> LogPart:
    """So many lines from the line of a number on, or fewer where they are long."""
    return part(log, numbers, numbers.offset(number, log.size()), _WINDOW, count)


def from_time(log: WrittenLog, numbers: LineNumbers, time: float, count: int) -> LogPart:
    """So many lines from the first on that was written at a time (UTC, seconds) or later; where several threads write
    and times go back, from about there."""
    end, token = log.size(), log.place.token()
    low, high = log.begin, end  # it begins at one of them, or between them
    while high - low > _WINDOW:
        middle = (low + high) // 2
        found = _first_timed(log, middle, high, token)
        if found is None or found[1] >= time:
            high = middle
        else:
            low = found[0]
    first = next((line.start for line in _lines(log, low, end) if (_time(line, token) or -1.0) >= time), end)
    return part(log, numbers, first, _WINDOW, count)


def _first_timed(log: WrittenLog, start: int, end: int, token: bytes) -> tuple[int, float] | None:
    """Where the first whole line behind a place begins that has a time, and that time."""
    lines = _lines(log, start, end)
    next(lines, None)  # it may have begun before
    return next(((line.start, at) for line in lines if (at := _time(line, token)) is not None), None)


def _time(line: _Line, token: bytes) -> float | None:
    return next((at for _, _, (at, *_) in log_files.placed(line.data + b"\n", "", token) if at is not None), None)


def whole_text(log: WrittenLog) -> Iterator[bytes]:
    """All of it as it was printed, in pieces of bytes: without times, levels and marks."""
    at, end, token = log.begin, log.size(), log.place.token()
    while at < end and (data := log.place.read(at, min(_WINDOW, end - at))):
        data = data[: data.rfind(b"\n") + 1] or data
        at += len(data)
        texts = [line.text for line in log_files.read(data, "", token)]
        yield "".join(text + "\n" for text in texts).encode()


def search(
    log: WrittenLog, numbers: LineNumbers, text: str, with_case: bool, start: int, limit: int, level: str = ""
) -> LogPart:
    """The lines that hold a text, from a place on, in the next 64 MiB. Of a long line the pieces that hold it. `level`:
    those of it or of a worse one alone; "": all."""
    end = log.size()
    start = at = _aligned(log, min(max(start, log.begin), end))
    sought, found, token = text if with_case else text.lower(), list[PartLine](), log.place.token()
    levels = LEVELS[LEVELS.index(level) :] if level else ()
    may_have = re.compile(rb" [%b][-oe] " % _HEADS[level]).search if level else bool

    def holds(words: str) -> bool:
        return sought in (words if with_case else words.lower())

    while at < min(end, start + _SEARCHED) and len(found) < limit:
        data = log.place.read(at, min(_WINDOW, end - at))
        data = data[: data.rfind(b"\n") + 1] or data
        if not data:
            break
        stop = at + len(data)
        if may_have(data) and holds(data.decode(errors="backslashreplace")):
            for line in _pieces(log, at, end):
                if line.start >= stop or len(found) >= limit:
                    stop = min(stop, line.start)
                    break
                if log_files.mark_lines(line.data + b"\n", token):
                    continue
                for hit in _shown(log, line, None, token):
                    if holds(hit.text) and (not levels or hit.level in levels):
                        found.append(msgspec.structs.replace(hit, number=numbers.at(hit.offset)))
        at = stop
    return LogPart(log.place.name, log.begin, end, start, at, tuple(found), log.is_over)


def _lines(log: WrittenLog, start: int, end: int) -> Iterator[_Line]:
    """Lines from a place on. Of a long one no more than is shown is kept, and its end is looked for."""
    while start < end and (data := log.place.read(start, min(_WINDOW, end - start))):
        at = 0
        while (newline := data.find(b"\n", at)) >= 0:
            yield _Line(start + at, start + newline + 1, data[at : min(newline, at + _KEPT)], True)
            at = newline + 1
        if (at == 0 or start + len(data) >= end) and at < len(data):
            stop, has_newline = _line_end(log, start + len(data), end)
            yield _Line(start + at, stop, data[at : at + _KEPT], has_newline)
            at = stop - start
        start += at


def _pieces(log: WrittenLog, start: int, end: int) -> Iterator[_Line]:
    """The same, of a long line each piece: what holds the end of one piece and the beginning of the next is found."""
    for line in _lines(log, start, end):
        yield line
        at = line.start
        while line.end - at > SHOWN:
            at = _aligned(log, at + SHOWN - _AHEAD)
            yield _Line(
                at, line.end, log.place.read(at, min(_KEPT, line.end - line.has_newline - at)), line.has_newline
            )


def _line_end(log: WrittenLog, start: int, end: int) -> tuple[int, bool]:
    """Behind the next newline, or the end where there is none."""
    while start < end and (data := log.place.read(start, min(_WINDOW, end - start))):
        if (newline := data.find(b"\n")) >= 0:
            return start + newline + 1, True
        start += len(data)
    return start, False


def _shown(log: WrittenLog, line: _Line, number: int | None, token: bytes) -> Iterator[PartLine]:
    """A line as it is given: two, where the line before it was never ended."""
    data, rest = line.data, None
    if line.size > SHOWN:
        if b"\r" in data:
            data = log.place.read(line.end - line.has_newline - SHOWN, SHOWN)
        else:
            data = data[: whole_until(data, SHOWN)]
            rest = line.start + len(data)
    cut = line.size - len(data)
    for _, _, (at, level, stream, text, _) in log_files.placed(data + b"\n", "", token):
        if "\r" in text:
            text = text.rstrip("\r").rpartition("\r")[2]
        yield PartLine(line.start, number, None if at is None else utc(at), level, stream, text, cut, rest)


def _aligned(log: WrittenLog, at: int) -> int:
    """The same place, or that before it where a character or an escape sequence begins that would be split."""
    start = max(log.begin, at - _AHEAD)
    return start + whole_until(log.place.read(start, at - start + _AHEAD), at - start)


def whole_until(data: bytes, at: int) -> int:
    """Where the data can be cut: there, or a little before."""
    for escape in _ESCAPE.finditer(data, max(0, at - _AHEAD), at + _AHEAD):
        if escape.start() >= at:
            break
        if escape.end() > at:
            return escape.start()
    if 0 < at < len(data):
        for back in range(1, min(4, at + 1)):
            lead = data[at - back]
            if lead >= 0xC0:  # of 2, 3 or 4 bytes
                return at - back if back < 2 + (lead >= 0xE0) + (lead >= 0xF0) and data[at] & 0xC0 == 0x80 else at
            if lead < 0x80:
                break
    return at
