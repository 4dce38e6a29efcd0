"""What a worker prints, logs and warns, as lines of its log file.

A log file is what the worker's descriptors 1 and 2 write to: bytes, append-only. A line that went through `sys.stdout`
or `sys.stderr` has a head:

    0x1E, token, space, seconds since the epoch with three decimals, space, level, stream, space, text, newline

where the token is the log's own: eight hexadecimal digits that its first line has drawn (0x1E, `=`, token, newline), so
that nothing that is printed past the streams can pass for such a line. The level is D, I, W, E or C (debug, info,
warning, error, critical; `-` where nobody named one), the stream `o` or `e`. A line of more than 65,536 characters is
written as several. A head may stand in the middle of a line, where raw output ended without a newline. All bytes
without a head are kept as they were written: output of C code, of sub-processes, binary. A carriage return ends a line
as a newline does, so that a progress bar can be followed. Before the first line that an attempt writes to a stream
stands a mark, with the level `@`, the stream `-` and the attempt's id as text: whoever follows the file learns whose
line it is before the attempt's outcome says which slice is its own. `worker/log_files.py` reads it.

Of an attempt no more is kept than its run's settings say; what is beyond is dropped, with a word in the log.

Knows nothing of attempts but their ids.
"""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from threading import get_ident
from time import time
from typing import Any, Callable, Dict, Generator, List, Optional, Tuple

from penstock.artifacts.masking import masked, settled
from penstock.worker.hooks import ImportHooks
from penstock.worker.log_files import LONGEST, no_more, pieces, start_of_head

_ENDLESS = 1 << 62
_installed: List[LineStream] = []
"""This process's stdout and stderr, which share one room."""


class Room:
    """What an attempt may still write, in all its streams. `whose`: as the word that no more is kept calls it."""

    def __init__(self, whose: str = "this attempt") -> None:
        self.whose = whose
        self.left = _ENDLESS  # bytes
        self.limit = 0  # 0: there is none
        self.is_told = False

    def begin(self, limit: int) -> None:
        self.left, self.limit, self.is_told = limit or _ENDLESS, limit, False


def level_letter(levelno: Optional[int]) -> bytes:
    """The letter for a level of `logging`. None: a record that was made by hand has none."""
    if levelno is None:
        return b"-"
    return b"D" if levelno < 20 else b"I" if levelno < 30 else b"W" if levelno < 40 else b"E" if levelno < 50 else b"C"


class _Unended:
    """What one thread has written of a line, and at which level it writes."""

    __slots__ = ("level", "size", "texts")

    def __init__(self) -> None:
        self.texts: List[str] = []
        self.size = 0
        self.level = b"-"


class LineStream(io.TextIOBase):
    """A text stream that writes whole lines, with heads, straight to a descriptor: nothing is lost by a kill.

    Each thread has a line of its own: `print` writes its text and its newline one by one. There is no lock, which a
    fork could leave locked. `opened`: what closes the descriptor when it is forgotten.
    """

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(
        self, fd: int, stream: bytes, room: Optional[Room] = None, token: bytes = b"", opened: Any = None
    ) -> None:
        self._fd = fd
        self._opened = opened
        self.room = room or Room()
        self.set_token(token)
        self._stream = stream
        self.unended: Dict[int, _Unended] = {}  # by thread
        self.mark = b""  # the attempt's id, until its first line
        self.lost: Optional[Callable[[OSError], None]] = None  # told what can't be written; None: the writer is
        self._bytes = io.FileIO(fd, "wb", closefd=False)

    @property
    def buffer(self) -> io.FileIO:
        """For bytes. A wrapper of a program's closes it when it is thrown away: then there is another one."""
        if self._bytes.closed:
            self._bytes = io.FileIO(self._fd, "wb", closefd=False)
        return self._bytes

    def close(self) -> None:
        """Ends its lines: the stream is the process's, and not the program's to close."""
        self.finish_lines()

    def detach(self) -> io.FileIO:
        """For a wrapper that a program makes in this stream's place; the stream itself goes on."""
        self.finish_lines()
        return self.buffer

    def set_token(self, token: bytes) -> None:
        """Write into a log that has this token; empty: that has none."""
        self._head = start_of_head(token)

    @property
    def name(self) -> str:
        return "<stdout>" if self._stream == b"o" else "<stderr>"

    def fileno(self) -> int:
        return self._fd

    def writable(self) -> bool:
        return True

    def reconfigure(self, **options: Any) -> None:
        """Accepted, since programs call it on `sys.stdout`; the log's encoding stays."""

    def write(self, text: str, /) -> int:
        mine = self.unended.get(get_ident()) or self._begin_thread()
        if "\n" not in text and "\r" not in text:
            mine.texts.append(text)
            mine.size += len(text)
            if mine.size > LONGEST:
                self._write_settled(mine)
            return len(text)
        whole = "".join(mine.texts) + text
        if whole.find("\n") == len(whole) - 1 <= LONGEST and "\r" not in whole:  # nearly always: one line that ends
            mine.texts.clear()
            mine.size = 0
            self._emit([whole[:-1]], mine.level)
            return len(text)
        lines = whole.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        rest = lines.pop()
        mine.texts = [rest] if rest else []
        mine.size = len(rest)
        if "\r" in whole:  # an empty piece is the start of a progress bar's next state
            lines = [line for line in lines if line]
        if len(whole) > LONGEST:
            lines = [piece for line in lines for piece in pieces(masked(line))]
        self._emit(lines, mine.level)
        return len(text)

    @contextmanager
    def at_level(self, letter: bytes) -> Generator[None, None, None]:
        """What this thread writes inside has a level, and begins a line."""
        mine = self.unended.get(get_ident()) or self._begin_thread()
        self._finish(mine)
        mine.level = letter
        try:
            yield
        finally:
            mine.level = b"-"

    def finish_lines(self) -> None:
        """Write what has no newline yet, of all threads."""
        for mine in list(self.unended.values()):
            self._finish(mine)

    def _begin_thread(self) -> _Unended:
        return self.unended.setdefault(get_ident(), _Unended())

    def _finish(self, mine: _Unended) -> None:
        if mine.texts:
            line, mine.texts, mine.size = "".join(mine.texts), [], 0
            self._emit([line], mine.level)

    def _write_settled(self, mine: _Unended) -> None:
        """Write what is pending, but for what may be the beginning of a secret."""
        whole = "".join(mine.texts)
        sure = settled(whole) if len(whole) < 2 * LONGEST else len(whole)
        mine.texts, mine.size = [whole[sure:]], len(whole) - sure
        self._emit(list(pieces(masked(whole[:sure]))) if sure else [], mine.level)

    def _emit(self, lines: List[str], level: bytes) -> None:
        room = self.room
        if not lines or room.is_told:
            return
        head = b"%b%.3f %b%b " % (self._head, time(), level, self._stream)
        data = b"".join([head + masked(line).encode("utf-8", "backslashreplace") + b"\n" for line in lines])
        if self.mark:
            mark, self.mark = self.mark, b""
            data = self._head + b"%.3f @- %b\n" % (time(), mark) + data
        room.left -= len(data)
        if room.left <= 0:
            data = self._what_fits(data, len(data) + room.left)
        try:
            self._write_all(data)
            if room.left <= 0 and not room.is_told:
                self.tell_limit()
        except OSError as error:
            if self.lost is None:
                raise
            self.lost(error)

    def _write_all(self, data: bytes) -> None:
        written = os.write(self._fd, data)
        while written < len(data):
            data = data[written:]
            written = os.write(self._fd, data)

    def _what_fits(self, data: bytes, left: int) -> bytes:
        """The whole lines for which there is room left."""
        self.room.left = 0
        return data[: data.rfind(b"\n", 0, max(0, left)) + 1]

    def tell_limit(self) -> None:
        """Say in the log that no more is kept."""
        self.room.left, self.room.is_told = 0, True
        os.write(self._fd, self._head + b"%.3f We %s\n" % (time(), no_more(self.room.limit, self.room.whose).encode()))


class _Stdin(io.TextIOWrapper):
    """`sys.stdin`, which is the process's as well."""

    def close(self) -> None:
        """Does nothing."""


def install(hooks: ImportHooks) -> None:
    """Take over this process's standard streams, `warnings` and the stream handlers of `logging`."""
    room = Room()
    _installed[:] = LineStream(1, b"o", room), LineStream(2, b"e", room)
    sys.stdout = sys.__stdout__ = _installed[0]
    sys.stderr = sys.__stderr__ = _installed[1]
    sys.stdin = sys.__stdin__ = _Stdin(io.BufferedReader(io.FileIO(0, "rb", closefd=False)))
    hooks.when_imported("logging", lambda logging: teach_logging(logging, _itself))
    hooks.when_imported("warnings", lambda warnings: teach_warnings(warnings, _itself))


def write_to(fd: int) -> None:
    """The process's descriptors 1 and 2 are this one now, which is given up."""
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    os.close(fd)


def write_into(token: bytes) -> None:
    """The standard streams go into a log with this token now."""
    for stream in _installed:
        stream.set_token(token)


def begin(attempt: str, limit: int = 0) -> None:
    """From now on what is written belongs to this attempt. `limit`: so many bytes are kept; 0: all."""
    out, err = _installed
    out.mark = err.mark = attempt.encode()
    err.room.begin(limit)


def tell_limit() -> None:
    """Say in the log that no more of the attempt is kept, where that was not said."""
    _, err = _installed
    if not err.room.is_told:
        err.tell_limit()


def finish_lines() -> None:
    """Write what the standard streams hold of unfinished lines."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, LineStream) and stream.unended:
            stream.finish_lines()


LineOf = Callable[[Any], Optional[LineStream]]
"""Gives what writes the lines of a stream into a log; None: nothing does."""


def _itself(stream: Any) -> Optional[LineStream]:
    return stream if isinstance(stream, LineStream) else None


def teach_logging(logging: Any, line_of: LineOf) -> Tuple[Any, str, Any, Any]:
    """Have the handlers that write to streams tell the level. Gives what was changed: whose attribute, its name, its
    value before and now."""
    # A handler of our own on the root logger would turn the user's `basicConfig` into a no-op.
    emit = logging.StreamHandler.emit

    def emit_with_level(self: Any, record: Any) -> None:
        line = line_of(self.stream)
        if line is None:
            emit(self, record)
            return
        with line.at_level(level_letter(record.levelno)):
            emit(self, record)

    logging.StreamHandler.emit = emit_with_level
    return logging.StreamHandler, "emit", emit, emit_with_level


def teach_warnings(warnings: Any, line_of: LineOf) -> Tuple[Any, str, Any, Any]:
    """Have warnings that are shown on stderr be of level "warning". Gives what `teach_logging` gives."""
    show = warnings.showwarning

    def show_with_level(
        message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
    ) -> None:
        kept = line_of(sys.stderr) if file is None else None
        if kept is None:
            show(message, category, filename, lineno, file, line)
            return
        with kept.at_level(b"W"):
            show(message, category, filename, lineno, file, line)

    warnings.showwarning = show_with_level
    return warnings, "showwarning", show, show_with_level
