"""The process between what workers write and their log files, where an environment has secrets: it masks all of it.

What goes through `sys.stdout` is masked before it is written. This reaches the rest: programs that a step starts, C
code, the last words of a crash. It is a process of its own, so that it writes to the end what a worker wrote that was
killed, and is forked before the user's module is imported, while that is safe everywhere. It ends by itself, after the
zygote and all workers.
"""

from __future__ import annotations

import _socket
import array
import os
import select
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Callable, Dict, NoReturn, Optional

from penstock.artifacts import masking
from penstock.model.tuples import NamedTuple
from penstock.worker import log_files, posix

if TYPE_CHECKING:
    from penstock.artifacts.finder import Finder

HEAD = "\x1e((?:[0-9a-f]{8} )?\\d{1,11}\\.\\d{3} (?:[-DIWEC][oe] |@- [^\n#]*#\\d+\n))"
"""What `capture.py` writes before a line, as a pattern: digits of a time must not be taken for a value."""
_ROOM = 1 << 16
_TURNS = 64
"""So many reads empty any pipe; whoever writes on and on must not hold up the answer."""

_PATIENCE_S = 2.0
_SIZE, _LAST, _STREAM, _END = b"?", b"!", b"+", b"."


class FilteredStream(NamedTuple):
    """One end of a stream: where a process writes, and where it asks how far its log has come."""

    fd: int
    sync: Any

    def size(self) -> int:
        """How long the log is, with all that was written before. Blocks until that is there."""
        self.sync.send(_SIZE)
        return int.from_bytes(self.sync.recv(9)[1:], sys.byteorder)

    def close(self) -> None:
        """The writer is dead. Blocks until all that it wrote is in its log, for two seconds at most."""
        with suppress(OSError):
            self.sync.settimeout(_PATIENCE_S)
            self.sync.send(_LAST)
            while self.sync.recv(9)[:1] not in (_LAST, b""):
                pass  # an answer that came too late for the dead
        self.sync.close()


class LogFilter:
    """The process, seen from the zygote."""

    def __init__(self, pid: int, control: Any) -> None:
        self.pid = pid
        self._control = control
        self._own: Optional[FilteredStream] = None

    def own_outlet(self, log: str) -> int:
        """The stream of the zygote itself: the descriptor that it writes to."""
        self._own = self.stream(log, own=True)
        return self._own.fd

    def stream(self, log: str, own: bool = False) -> FilteredStream:
        """A new stream into a log file. `own`: the zygote's, of which no attempt writes a line."""
        try:
            file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if own else log_files.begin(log)
        except OSError:  # a full disk must not end the zygote, and with it all that runs
            file = os.open(os.devnull, os.O_WRONLY)
        given = [file]  # to the process that masks
        target, near = -1, None
        try:
            source, target = os.pipe()
            given.append(source)
            near, far = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
            given.append(far.detach())
            rights = array.array("i", [source, file, given[-1]])
            self._control.sendmsg([_STREAM], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
        except OSError:  # no descriptor is left
            if target >= 0:
                os.close(target)
            if near is not None:
                near.close()
            raise
        finally:
            for fd in given:
                os.close(fd)
        return FilteredStream(target, near)

    def leave(self) -> None:
        self._control.close()
        if self._own is not None:
            self._own.sync.close()

    def end(self) -> None:
        """Wait until all that was written is in the logs, for two seconds at most. The process is gone then."""
        with suppress(OSError):
            self._control.send(_END)
        posix.has_ended(self.pid, _PATIENCE_S)


def start(control: Any, log: str, log_bytes: int = 0) -> Optional[LogFilter]:
    """Fork the process; None: no value is hidden. `control`: the zygote's socket, which nobody else may hold; `log`:
    the zygote's log file, where the executor looks for what has ended it; `log_bytes`: what is kept of an attempt's
    output; 0: all."""
    finder = masking.finder_of_bytes(HEAD)
    if finder is None:
        return None
    # Here: where it must say what has ended it, the process may have no descriptor left to import it with.
    from traceback import format_exc

    near, far = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
    pid = os.fork()
    if pid == 0:
        control.close()
        near.close()
        _run(_Process(far, lambda: RunningMask(finder), log_bytes), log, format_exc)
    far.close()
    return LogFilter(pid, near)


def _run(process: _Process, log: str, format_exc: Callable[[], str]) -> NoReturn:
    """Be the process. What ends it too early stands in the zygote's log: with it end the zygote and all workers."""
    status = 1
    try:
        process.run()
        status = 0
    except BaseException:  # noqa: BLE001  the last boundary: a forked process must not unwind into the zygote's frames
        _note(masking.masked(format_exc()), log)
    finally:
        os._exit(status)


def _note(text: str, log: str) -> None:
    fd = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(fd, f"what masks the lines of workers has failed:\n{text}".encode("utf-8", "backslashreplace"))
    os.close(fd)


class RunningMask:
    """Masks one stream that comes piece by piece: what may be the beginning of a value waits for more. `finder`: finds
    the values in bytes that were decoded as latin-1."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._held = ""

    def feed(self, data: bytes) -> bytes:
        """What of the stream is sure by now."""
        text = self._held + data.decode("latin-1")
        sure = self._finder.open_at(text)
        self._held = text[sure:]
        return self._finder.masked(text[:sure]).encode("latin-1")

    def rest(self) -> bytes:
        """What was waiting; nothing more comes. The better part of a value is masked as well."""
        from penstock.artifacts.finder import MASK

        held, self._held = self._held, ""
        text = self._finder.masked(held)
        return (MASK if text == held and len(held) >= masking.SHORTEST else text).encode("latin-1")


class _Stream:
    """One writer's: bytes come out of `source` and go, masked, to the file `log`."""

    def __init__(self, source: int, log: int, sync: Any, mask: RunningMask, log_bytes: int) -> None:
        self.source, self.log, self.sync = source, log, sync
        self._mask = mask
        # The worker itself stops before, with a word.
        self._most = log_bytes + log_files.SLACK if log_bytes else 1 << 62
        self._written = 0  # by the attempt
        os.set_blocking(source, False)
        sync.setblocking(False)

    def pass_on(self) -> int:
        """Write what has come; gives the number of bytes, -1 where there is nothing now, 0 where nobody writes."""
        try:
            data = os.read(self.source, _ROOM)
        except BlockingIOError:
            return -1
        self._write(self._mask.feed(data))
        return len(data)

    def finish(self) -> None:
        for _ in range(_TURNS):
            if self.pass_on() <= 0:
                break
        self._write(self._mask.rest())

    def answer(self) -> bool:
        """Say how long the log is; False: nobody asks any more."""
        try:
            asked = self.sync.recv(1)
            self.finish()
            self.sync.send(asked + os.lseek(self.log, 0, os.SEEK_END).to_bytes(8, sys.byteorder))
            self._written = 0  # a worker asks when an attempt has ended
        except BlockingIOError:
            return True
        except OSError:  # the asker is dead
            return False
        return bool(asked)

    def _write(self, data: bytes) -> None:
        data = data[: self._most - self._written]
        self._written += len(data)
        with suppress(OSError):  # a full disk: what is printed is lost, and nobody may have to wait for it
            while data:
                data = data[os.write(self.log, data) :]

    def close(self) -> None:
        os.close(self.source)
        os.close(self.log)
        self.sync.close()


class _Process:
    """The loop of the process."""

    def __init__(self, control: Any, new_mask: Callable[[], RunningMask], log_bytes: int) -> None:
        self._log_bytes = log_bytes
        self._control = control
        self._new_mask = new_mask
        self._streams: Dict[int, _Stream] = {}  # by both descriptors that are watched
        self._poll = select.poll()
        self._poll.register(control.fileno(), select.POLLIN)
        self._goes_on = True

    def run(self) -> None:
        """Serve until the zygote and all writers are gone."""
        while self._goes_on or self._streams:
            for fd, _ in self._poll.poll():
                if fd == self._control.fileno():
                    self._hear()
                elif fd in self._streams:
                    self._serve(self._streams[fd], fd)

    def _hear(self) -> None:
        said, ancillary, _, _ = self._control.recvmsg(1, _socket.CMSG_SPACE(12))
        if said == _STREAM:
            rights = array.array("i", ancillary[0][2][:12])
            stream = _Stream(rights[0], rights[1], _socket.socket(fileno=rights[2]), self._new_mask(), self._log_bytes)
            for fd in (stream.source, stream.sync.fileno()):
                self._streams[fd] = stream
                self._poll.register(fd, select.POLLIN)
            return
        self._poll.unregister(self._control.fileno())
        self._goes_on = False
        if said == _END:  # else the zygote was killed: its workers are dying
            for stream in set(self._streams.values()):
                stream.finish()
            os._exit(0)

    def _serve(self, stream: _Stream, fd: int) -> None:
        if fd == stream.source:
            if stream.pass_on() == 0:
                self._forget(fd)
        elif not stream.answer():
            self._forget(fd)
            self._forget(stream.source)
            stream.close()

    def _forget(self, fd: int) -> None:
        if self._streams.pop(fd, None) is not None:
            self._poll.unregister(fd)
