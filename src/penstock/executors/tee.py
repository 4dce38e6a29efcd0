"""What a step prints in the flow's own process: to stderr, where the user sees it, and into a log file.

stdout belongs to the flow's body, which may print something that another program reads.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from penstock.artifacts.masking import masked
from penstock.model.visible import visible
from penstock.shadows import standard
from penstock.worker import logs
from penstock.worker.attempt import is_attempt_of
from penstock.worker.capture import LineStream, Room, level_letter

if TYPE_CHECKING:
    from penstock.model.specs import RunSpec


class _Layer:
    """What one tee has laid over something that all of the process share. Other tees may lie above when it ends: then
    it stays, and lets all pass, until they take it along."""

    def __init__(self, before: Any) -> None:
        self.before = before
        self.is_over = False

    def beneath(self) -> Any:
        """What is to be there once this one is not."""
        before = self.before
        while isinstance(before, _Layer) and before.is_over:
            before = before.before
        return before


class _TeeStream(_Layer, io.TextIOBase):
    """Text of the run's attempts goes to the terminal and the log; text of anybody else to where it went before."""

    def __init__(self, before: Any, terminal: Any, line: LineStream, is_mine: Callable[[], bool]) -> None:
        super().__init__(before)
        self._terminal = terminal
        self._is_mine = is_mine
        self._line = line

    def write(self, text: str, /) -> int:
        if not self.is_over and self._is_mine():
            self._terminal.write(self._shown(masked(text)))
            self._line.write(text)
        else:
            self.before.write(text)
        return len(text)

    def _shown(self, text: str) -> str:
        """What a terminal may have of it; a progress bar goes back to the beginning of its line."""
        return "\r".join(visible(part, colours=True) for part in text.split("\r")) if self.isatty() else text

    def flush(self) -> None:
        self.before.flush()
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
        return self.before.buffer


class _Emit(_Layer):
    """`emit` of a handler: what the run's attempts log has its level in the log."""

    def __init__(self, before: Any, line: LineStream, is_mine: Callable[[], bool]) -> None:
        super().__init__(before)
        self._line = line
        self._is_mine = is_mine

    def __call__(self, record: Any) -> None:
        if self.is_over or not self._is_mine():
            self.before(record)
            return
        line = self._line
        line.finish_line()
        line.level = level_letter(record.levelno)
        try:
            self.before(record)
        finally:
            line.level = b"-"


class Tee:
    """Takes the standard streams, and the handlers of `logging` that write to them, for as long as an attempt of a run
    runs. Other runs of the process have tees of their own: begin and end them one at a time."""

    def __init__(self, path: str, spec: RunSpec) -> None:
        self._path = path
        self._spec = spec
        self._fd = logs.begin(path)
        room, token = Room(), logs.token_of(path)
        self._lines = (LineStream(self._fd, b"o", room, token), LineStream(self._fd, b"e", room, token))
        self._layers: list[tuple[Any, str, _Layer]] = []  # what has it, and as what
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
        self._lines[0].room.begin(self._spec.log_bytes)
        out, err = sys.stdout, sys.stderr
        output = _TeeStream(out, err, self._lines[0], self._is_mine)
        errors = _TeeStream(err, err, self._lines[1], self._is_mine)
        self._lay(sys, "stdout", output)
        self._lay(sys, "stderr", errors)
        logging = standard("logging")
        if logging is not None:
            shown = [_bottom(out), _bottom(err)]
            for handler in (*logging.getLogger().handlers, logging.lastResort):
                if isinstance(handler, logging.StreamHandler) and _bottom(getattr(handler, "stream", None)) in shown:
                    self._follow(handler, err)

    def end(self) -> None:
        """The attempt is over; what it wrote without a newline is written now."""
        for line in self._lines:
            line.finish_line()
        self._depth -= 1
        if self._depth == 0:
            for _, _, layer in self._layers:
                layer.is_over = True
            while self._layers:
                _lift(*self._layers.pop())

    def close(self) -> None:
        """Close the log; an empty one is removed."""
        empty = self.size() <= logs.OPENING
        os.close(self._fd)
        if empty:
            os.unlink(self._path)

    def _is_mine(self) -> bool:
        return is_attempt_of(self._spec)

    def _follow(self, handler: Any, terminal: Any) -> None:
        line = self._lines[1]
        before = handler.__dict__.get("stream")  # logging's last resort asks for sys.stderr each time
        if before is not None:
            self._lay(handler, "stream", _TeeStream(before, terminal, line, self._is_mine))
        self._lay(handler, "emit", _Emit(handler.emit, line, self._is_mine))

    def _lay(self, owner: Any, name: str, layer: _Layer) -> None:
        setattr(owner, name, layer)
        self._layers.append((owner, name, layer))


def _bottom(stream: Any) -> Any:
    """The stream that lies beneath all layers, also those of other tees."""
    while isinstance(stream, _TeeStream):
        stream = stream.before
    return stream


def _lift(owner: Any, name: str, layer: _Layer) -> None:
    """Take a layer away, unless another lies above it, or somebody has put something of their own there."""
    if getattr(owner, name, None) is not layer:
        return
    beneath, of_class = layer.beneath(), getattr(owner.__class__, name, None)
    if of_class is not None and getattr(beneath, "__func__", None) is of_class:
        delattr(owner, name)
    else:
        setattr(owner, name, beneath)
