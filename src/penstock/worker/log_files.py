"""Reads what `worker/capture.py` writes; begins the files, and cuts them."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from functools import lru_cache
from time import time
from typing import Any, AnyStr, Iterator, List, Optional, Tuple

from penstock.model.quantities import format_bytes
from penstock.model.tuples import NamedTuple

MARK = b"\x1e"
"""What each head begins with."""
LONGEST = 1 << 16
"""Characters of a line that is written, bytes of one that is read. What is longer is several, so that a line without an
end can't fill the memory."""
OPENING = 11
"""Bytes of a log in which nobody has written yet."""
SLACK = 4096
"""Bytes beyond what is kept of an attempt's log, for the word that says so."""
_LEVELS = {b"-": "", b"D": "debug", b"I": "info", b"W": "warning", b"E": "error", b"C": "critical"}
_ATTEMPT = rb".+/.+#\d{1,9}"
_BODY_LOG = r"flow\.(\d{1,9})\.log"
_HEX = b"0123456789abcdef"


def body_log(driver: str) -> str:
    """The file of what a flow's body prints under a driver. Those of workers have a hyphen in their names."""
    return f"flow.{driver}.log"


def driver_of(file: str) -> int:
    """Which driver's body a log is of, from 1; 0: it is a worker's."""
    found = re.fullmatch(_BODY_LOG, file)
    return int(found[1]) if found else 0


class ParsedLine(NamedTuple):
    """One line of an attempt's log, without its newline."""

    at: Optional[float]  # UTC, seconds since the epoch; None: written past `sys.stdout`, by C code or a sub-process
    level: str  # "debug" ... "critical"; "" where nobody named one
    stream: str  # "stdout" or "stderr"; "" where not known
    text: str  # bytes that are not UTF-8 are shown as \\xff
    attempt: str = ""  # "digits/3/train/2#1"; "" where no mark says it, as for all that has no time


def begin(log: str) -> int:
    """A descriptor that appends to a log; a new one gets a token. Raises OSError."""
    fd = os.open(log, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    if os.fstat(fd).st_size == 0:
        with suppress(OSError):  # a full disk: what can't be told from what a step has forged is better than no step
            os.write(fd, MARK + f"={os.urandom(4).hex()}\n".encode())
    return fd


def remove_empty(log: str, opening: int = OPENING) -> None:
    """Remove a log in which nobody has written more than its opening; of the zygote's, that is nothing."""
    with suppress(OSError):
        if os.stat(log).st_size <= opening:
            os.unlink(log)


def token_of(log: str) -> bytes:
    """What is in each head of a log; empty for one that has none, as all had that are older."""
    try:
        with open(log, "rb", buffering=0) as file:
            return _opened(file.read(OPENING))
    except OSError:
        return b""


def _opened(data: bytes) -> bytes:
    """The token, where the data begins as a log does; else empty."""
    token = data[2:10]
    begins = data[:2] == MARK + b"=" and data[10:OPENING] == b"\n" and not token.strip(_HEX)
    return token if begins else b""


def cut(log: str, start: int, most: int) -> int:
    """Cut off what an attempt's programs wrote beyond the most bytes that are kept, with a word; gives where the log
    ends. Nobody may write any more. Raises OSError."""
    token = token_of(log)
    os.truncate(log, start + most)
    with open(log, "ab", buffering=0) as file:
        file.write(start_of_head(token) + b"%.3f We %b\n" % (time(), no_more(most).encode()))
        return file.tell()


def start_of_head(token: bytes) -> bytes:
    """What each head in a log with this token begins with; empty: the log has none."""
    return MARK + (token + b" " if token else b"")


def no_more(most: int, whose: str = "this attempt") -> str:
    """The word in a log of which somebody has written more than is kept."""
    return (
        f"Penstock: what follows is not kept: the log of {whose} has reached {format_bytes(most)}. How much is "
        "kept is `log_limit` in penstock.toml, or PENSTOCK_LOG_LIMIT"
    )


@lru_cache(maxsize=64)
def head_of(token: Optional[bytes]) -> Any:
    """The pattern of the heads with a token; empty: with none; None: with any, or none."""
    told = rb"(?:[0-9a-f]{8} )?" if token is None else token + b" " if token else b""
    return re.compile(MARK + told + rb"(\d{1,11}\.\d{3}) ([-DIWEC@])([-oe]) ")


def read(data: bytes, attempt: str = "", token: Optional[bytes] = None) -> Iterator[ParsedLine]:
    """The lines of a log file, or of a slice of one. `attempt`: whose mark stands before it; `token`: the log's,
    without which a line may be forged."""
    return (line for _, _, line in placed(data, attempt, token))


def placed(data: bytes, attempt: str, token: Optional[bytes]) -> Iterator[Tuple[int, str, ParsedLine]]:
    """The same, each line after how many bytes it ends (all pieces of a long one at its end), and whose mark stands
    last before it."""
    search, end = head_of(token).search, 0
    for raw in data.split(b"\n") if not data.endswith(b"\n") else data[:-1].split(b"\n"):
        end += len(raw) + 1
        head = search(raw)
        if head is None:
            if (raw or data) and not _opened(raw + b"\n"):
                yield from _raw(end, attempt, raw)
            continue
        if head.start() > 0:
            yield from _raw(end, attempt, raw[: head.start()])
        text = raw[head.end() :]
        if head[2] == b"@":
            attempt = _text(text) if re.fullmatch(_ATTEMPT, text) else attempt
            continue
        stream = "stdout" if head[3] == b"o" else "stderr"
        for piece in pieces(text):
            yield end, attempt, ParsedLine(float(head[1]), _LEVELS[head[2]], stream, _text(piece), attempt)


def marks(data: bytes, token: bytes) -> Iterator[Tuple[int, str]]:
    """Where in the data marks stand, and of which attempts."""
    if b" @- " not in data:  # most have none, and this is a hundred times as fast
        return
    for head in head_of(token).finditer(data):
        text = data[head.end() : data.find(b"\n", head.end())] if head[2] == b"@" else b""
        if re.fullmatch(_ATTEMPT, text):
            yield head.start(), _text(text)


def mark_lines(data: bytes, token: bytes) -> List[int]:
    """Where whole lines begin that are marks, and thus no lines to whoever reads. The data begins with a line."""
    if b" @- " not in data:
        return []
    found = (head.start() for head in head_of(token).finditer(data) if head[2] == b"@")
    return [at for at in found if (at == 0 or data[at - 1 : at] == b"\n") and data.find(b"\n", at) >= 0]


def _raw(end: int, attempt: str, raw: bytes) -> Iterator[Tuple[int, str, ParsedLine]]:
    for piece in pieces(raw):
        yield end, attempt, ParsedLine(None, "", "", _text(piece))


def pieces(line: AnyStr) -> Iterator[AnyStr]:
    """A line as lines that are not too long; at least one."""
    yield line[:LONGEST]
    for at in range(LONGEST, len(line), LONGEST):
        yield line[at : at + LONGEST]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "backslashreplace")
