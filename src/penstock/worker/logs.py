"""Reads what `worker/capture.py` writes."""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple, Optional

_HEAD = re.compile(rb"\x1e(\d+\.\d{3}) ([-DIWEC@])([-oe]) ")
_LEVELS = {b"-": "", b"D": "debug", b"I": "info", b"W": "warning", b"E": "error", b"C": "critical"}


class LogLine(NamedTuple):
    """One line of an attempt's log, without its newline."""

    at: Optional[float]  # UTC, seconds since the epoch; None: written past `sys.stdout`, by C code or a sub-process
    level: str  # "debug" ... "critical"; "" where nobody named one
    stream: str  # "stdout" or "stderr"; "" where not known
    text: str  # bytes that are not UTF-8 are shown as \\xff
    attempt: str = ""  # "digits/3/train/2#1"; "" where no mark says it, as for all that has no time


def read(data: bytes, attempt: str = "") -> Iterator[LogLine]:
    """The lines of a log file, or of a slice of one; `attempt`: whose mark stands before it."""
    for raw in data.split(b"\n") if not data.endswith(b"\n") else data[:-1].split(b"\n"):
        head = _HEAD.search(raw)
        if head is None:
            if raw or data:
                yield LogLine(None, "", "", _text(raw))
            continue
        if head.start() > 0:
            yield LogLine(None, "", "", _text(raw[: head.start()]))
        if head[2] == b"@":
            attempt = _text(raw[head.end() :])
            continue
        stream = "stdout" if head[3] == b"o" else "stderr"
        yield LogLine(float(head[1]), _LEVELS[head[2]], stream, _text(raw[head.end() :]), attempt)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
