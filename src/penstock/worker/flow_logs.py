"""The logs of what runs in the flow's own process: of its attempts, and of the flow's body.

An attempt is shown on stderr: stdout belongs to the body, which may print something that another program reads. The
body's lines go where they always went. Of both, what goes through `sys.stdout` and `sys.stderr` is kept.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Tuple

from penstock.worker import log_files
from penstock.worker.capture import LineStream, Room

if TYPE_CHECKING:
    from penstock.model.specs import RunSpec
    from penstock.worker.flow_streams import Streams


class _Open:
    """A log file that is open until nobody writes there any more: a thread may, while another one closes the log, and
    the number of a closed descriptor is soon another file's."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def __del__(self) -> None:
        os.close(self.fd)


_Lines = Tuple[LineStream, LineStream]


def _lines_into(path: str, room: Room) -> _Lines:
    """What writes to a log: stdout's lines, and stderr's. Raises OSError."""
    log = _Open(log_files.begin(path))
    token = log_files.token_of(path)
    return LineStream(log.fd, b"o", room, token, log), LineStream(log.fd, b"e", room, token, log)


class Tee:
    """The log of a run's attempts, for as long as one of them runs. Begin and end them one at a time."""

    aside = True

    def __init__(self, path: str, spec: RunSpec, streams: Streams) -> None:
        self._path = path
        self._spec = spec
        self._streams = streams
        self._lines = _lines_into(path, Room())
        self._depth = 0

    def size(self) -> int:
        return os.fstat(self._lines[0].fileno()).st_size

    def begin(self, attempt: str) -> None:
        """An attempt begins; another one may run already, in another thread."""
        self._depth += 1
        for line in self._lines:
            line.mark = attempt.encode()
        if self._depth == 1:
            self._lines[0].room.begin(self._spec.log_bytes)
            self._streams.enter(self._spec, self)

    def end(self) -> None:
        """The attempt is over; what it wrote without a newline is written now."""
        try:
            for line in self._lines:
                line.finish_lines()
        finally:  # the disk may be full
            self._depth -= 1
            if self._depth == 0:
                self._streams.leave(self._spec)

    def close(self) -> None:
        """An empty log is removed."""
        log_files.remove_empty(self._path)

    def line(self, which: int) -> Optional[LineStream]:
        return self._lines[which]


class BodyLog:
    """The log of a flow's body under one driver; there is no file before it has written something.

    `most`: so many bytes are kept; 0: all. `said` is told where nothing more can be kept, which stops no body.
    """

    aside = False

    def __init__(self, path: str, most: int, streams: Streams, said: Callable[[str], None]) -> None:
        self._path = path
        self._streams = streams
        self._said = said
        self._room = Room("the flow's body")
        self._room.begin(most)
        self._lock = threading.Lock()  # held by who opens it, and by nobody while he writes: a fork may happen then
        self._lines: Optional[_Lines] = None
        self._is_over = False
        self._runs: List[Any] = []

    def __enter__(self) -> BodyLog:
        return self

    def __exit__(self, *_: object) -> None:
        for run in self._runs:
            self._streams.leave(run)
        self.finish_lines()
        with self._lock:
            self._is_over, self._lines = True, None

    def take(self, run: Any) -> None:
        """What this `session.Run`'s body writes is kept."""
        self._streams.enter(run, self)
        self._runs.append(run)

    def finish_lines(self) -> None:
        """What was written without a newline is written now."""
        for line in self._lines or ():
            line.finish_lines()

    def line(self, which: int) -> Optional[LineStream]:
        """What keeps a stream; None: nothing is kept any more."""
        lines = self._lines or self._open()
        return None if lines is None else lines[which]

    def _open(self) -> Optional[_Lines]:
        with self._lock:
            if self._lines is None and not self._is_over:
                try:
                    lines = _lines_into(self._path, self._room)
                except OSError as error:
                    self._lose(error)
                    return None
                for line in lines:
                    line.lost = self._lose
                self._lines = lines
            return self._lines

    def _lose(self, error: OSError) -> None:
        """A full disk, say: the body has asked for nothing to be kept, and goes on."""
        if self._is_over:
            return
        self._is_over, self._lines = True, None
        self._said(f"what the flow's body prints is shown, and no more of it is kept: {error}")
