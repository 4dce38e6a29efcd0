"""What a step prints in the flow's own process: to stderr, where the user sees it, and into a log file.

stdout belongs to the flow's body, which may print something that another program reads.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Any, cast

from penstock.artifacts.masking import masked
from penstock.worker.attempt import is_attempt_s
from penstock.worker.capture import LineStream, level_letter


class _TeeStream(io.TextIOBase):
    """Text of the attempt goes to the terminal and the log; text of anybody else to where it went before."""

    def __init__(self, before: Any, terminal: Any, line: LineStream) -> None:
        self._before = before
        self._terminal = terminal
        self.line = line

    def write(self, text: str, /) -> int:
        if is_attempt_s():
            self._terminal.write(masked(text))
            self.line.write(text)
        else:
            self._before.write(text)
        return len(text)

    def flush(self) -> None:
        self._before.flush()
        self._terminal.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return bool(self._terminal.isatty())

    def fileno(self) -> int:
        return int(self._terminal.fileno())

    @property
    def encoding(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._terminal.encoding

    @property
    def buffer(self) -> Any:
        return self._before.buffer


class Tee:
    """Takes the standard streams, and the handlers of `logging` that write to them, for as long as an attempt runs."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._lines = (LineStream(self._fd, b"o"), LineStream(self._fd, b"e"))
        self._streams: tuple[Any, Any] = (None, None)
        self._handlers: list[tuple[Any, Any]] = []
        self._depth = 0

    def size(self) -> int:
        """How long the log is."""
        return os.fstat(self._fd).st_size

    def begin(self, attempt: str) -> None:
        """An attempt begins; another one may run already, in another thread."""
        self._depth += 1
        for line in self._lines:
            line.mark = attempt.encode()
        if self._depth > 1:
            return
        self._streams = out, err = sys.stdout, sys.stderr
        sys.stdout = _TeeStream(out, err, self._lines[0])
        sys.stderr = _TeeStream(err, err, self._lines[1])
        logging = sys.modules.get("logging")
        if logging is not None:
            for handler in (*logging.getLogger().handlers, logging.lastResort):
                if isinstance(handler, logging.StreamHandler) and getattr(handler, "stream", None) in (
                    out,
                    err,
                    sys.stderr,
                ):
                    self._follow(handler)

    def end(self) -> None:
        """The attempt is over; what it wrote without a newline is written now."""
        for line in self._lines:
            line.finish_line()
        self._depth -= 1
        if self._depth == 0:
            for handler, before in self._handlers:
                del handler.emit
                if before is not None:
                    handler.stream = before
            self._handlers.clear()
            sys.stdout, sys.stderr = self._streams

    def close(self) -> None:
        """Close the log; an empty one is removed."""
        empty = self.size() == 0
        os.close(self._fd)
        if empty:
            os.unlink(self._path)

    def _follow(self, handler: Any) -> None:
        tee, emit = cast("_TeeStream", sys.stderr), handler.emit
        before = handler.__dict__.get("stream")  # logging's last resort asks for sys.stderr each time
        self._handlers.append((handler, before))
        if before is not None:
            handler.stream = tee

        def emit_with_level(record: Any) -> None:
            line = tee.line
            line.finish_line()
            line.level = level_letter(record.levelno)
            try:
                emit(record)
            finally:
                line.level = b"-"

        handler.emit = emit_with_level
