"""A program as a child of this process: started, listened to until it ends, and ended with all that it has started.

What it prints goes line by line through the streams of this process, so that it is the attempt's. One thread waits for
its two streams, its records and its end.
"""

from __future__ import annotations

import atexit
import codecs
import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any, Callable, Dict, NoReturn, Optional, Protocol, Sequence

from penstock.errors import OutOfMemoryError, WorkerLostError
from penstock.model.tuples import NamedTuple
from penstock.sdk.this_process import this_process
from penstock.worker import child_start, posix
from penstock.worker.gauge import GRACE_S

_PIECE = 1 << 16
_LAST_BYTES = 4096
_LAST_LINES = 10
_TURNS = 64
"""So many reads empty a pipe whose writers are dead; one that lives on must not hold anybody up."""
_PATIENCE_MS = 50
"""How often a program is looked at where the system has no descriptor that tells of its end."""


class Ending(Protocol):
    """How whoever watches the process asks for the end of an attempt whose program is to have a moment for it."""

    def program(self, pid: int) -> None:
        """The program that runs now; 0: none does."""
        ...

    def is_ending(self) -> bool:
        """Whether the attempt is to end: this process is killed as soon as its program is gone."""
        ...


class ChildEnd(NamedTuple):
    """How a program has ended."""

    status: int  # its exit code; -9: SIGKILL has ended it
    last: str  # its last lines

    def told(self, title: str) -> str:
        """What an error says where it has failed."""
        number = -self.status
        if number > 0:
            how = f"was killed by signal {number} ({signal.strsignal(number)})"
        else:
            how = f"exited with {self.status}"
            if self.status > 128 and self.status - 128 in set(signal.Signals):
                how += f", as a shell says of signal {self.status - 128} ({signal.strsignal(self.status - 128)})"
        return self.with_last_lines(f"{title} {how}")

    def with_last_lines(self, message: str) -> str:
        return f"{message}; its last lines:\n{self.last}" if self.last else message


class ChildProcess:
    """A program that was started."""

    def __init__(
        self, command: Sequence[str], folder: str, environ: Dict[str, str], ending: Optional[Ending] = None
    ) -> None:
        self._ending = ending
        self._outputs = environ.get("PENSTOCK_OUTPUTS", "")
        self._is_worker = ending is not None
        self._alone = posix.has_children() is False
        self._system_kills = this_process.the_one(_SystemKills)
        path = child_start.found(command[0], environ)
        pipes = [os.pipe() for _ in range(3)]
        self._ends = [ours for ours, _ in pipes]
        # Above all numbers that the child is to have, so that none is overwritten before it is copied.
        theirs = [child_start.high(fd) for _, fd in pipes]
        try:
            self.pid = child_start.start(path, command, folder, environ, theirs)
        except BaseException:
            _close(self._ends)
            raise
        finally:
            _close(theirs)
        self._pid_fd = posix.process_fd(self.pid)

    def run(self, record: Callable[[bytes], None]) -> ChildEnd:
        """Wait for its end; `record` takes what it writes to its descriptor of records. Raises OutOfMemoryError and
        WorkerLostError where the machine has ended it."""
        if self._ending is not None:
            self._ending.program(self.pid)
        has_ended = False
        try:
            last = self._passed_on(record)
            has_ended = True
        finally:
            if not has_ended:  # interrupted
                self._ask_to_end()
            status = self._end_all()
            _close([*self._ends, *([] if self._pid_fd is None else [self._pid_fd])])
            if self._ending is not None:
                self._ending.program(0)
                if self._ending.is_ending():
                    _await_kill()
        if status == -signal.SIGKILL:
            if self._system_kills.are_more():
                raise OutOfMemoryError("the system ran out of memory and killed the program (SIGKILL)")
            raise WorkerLostError("the program was killed from outside (SIGKILL)")
        return ChildEnd(status, last)

    def _passed_on(self, record: Callable[[bytes], None]) -> str:
        """Pass on what it writes until it has ended; gives its last lines."""
        printed = _Printed()
        takers: Dict[int, Callable[[bytes], None]] = dict(
            zip(self._ends, (printed.taker(sys.stdout), printed.taker(sys.stderr), record))
        )
        poll = select.poll()
        for fd in takers:
            os.set_blocking(fd, False)
            poll.register(fd, select.POLLIN)
        if self._pid_fd is not None:
            poll.register(self._pid_fd, select.POLLIN)
        while True:
            # Without that descriptor its end is seen by looking.
            ready = [fd for fd, _ in poll.poll(None if self._pid_fd is not None else _PATIENCE_MS)]
            for fd in takers.keys() & ready:
                if _pass_on(fd, takers[fd]) == 0:
                    poll.unregister(fd)
                    del takers[fd]
            if self._pid_fd in ready or (self._pid_fd is None and self._is_dead()):
                break
        self._kill_group()
        for fd, take in takers.items():
            for _ in range(_TURNS):
                if _pass_on(fd, take) <= 0:
                    break
        return printed.last_lines()

    def _is_dead(self) -> bool:
        """Leaves it to be waited for."""
        if hasattr(os, "waitid"):
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        return posix.parent_of(self.pid) is None

    def _kill_group(self) -> None:
        """Before it is waited for: as long as it is not, nobody else has the number of its group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _ask_to_end(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGTERM)
        until = time.monotonic() + GRACE_S
        while not self._is_dead() and time.monotonic() < until:
            time.sleep(0.005)

    def _end_all(self) -> int:
        """End it and all that it has started; gives its status."""
        self._kill_group()
        if not self._is_dead():  # it was interrupted, and what it has started is still known by it
            posix.kill([self.pid, *posix.descendants(self.pid, posix.Family().look(fresh=True))])
        _, status = os.waitpid(self.pid, 0)
        if self._is_worker and self._alone:
            _end_children()
        elif self._outputs and not self._is_worker:
            # What went away from its parents has become somebody else's; only its variables say whose it was.
            posix.kill(posix.marked(f"PENSTOCK_OUTPUTS={self._outputs}\0".encode()))
        return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


class _SystemKills:
    """How many processes the system has killed, since this process looked last, because it ran out of memory."""

    def __init__(self) -> None:
        self._seen = posix.killed_by_system()

    def are_more(self) -> bool:
        before, self._seen = self._seen, posix.killed_by_system()
        return self._seen > before


class _Printed:
    """What a program prints: into the streams of this process, and its end for an error."""

    def __init__(self) -> None:
        self._last = b""

    def taker(self, stream: Any) -> Callable[[bytes], None]:
        """Takes the bytes that go to a stream; b"": there are no more."""
        into_text = codecs.getincrementaldecoder("utf-8")("backslashreplace")

        def take(data: bytes) -> None:
            text = into_text.decode(data, final=not data)
            if text:
                stream.write(text)
            self._last = (self._last + data)[-_LAST_BYTES:]

        return take

    def last_lines(self) -> str:
        return "\n".join(self._last.decode("utf-8", "backslashreplace").splitlines()[-_LAST_LINES:])


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)


def _pass_on(fd: int, take: Callable[[bytes], None]) -> int:
    """Pass on what is there; gives the number of bytes, 0 where nobody writes any more, -1 where there is nothing."""
    try:
        data = os.read(fd, _PIECE)
    except BlockingIOError:
        return -1
    take(data)
    return len(data)


def _end_children() -> None:
    """End what has become this process's own child: it had none before."""
    me = os.getpid()
    while posix.has_children():
        children = posix.Family().look(fresh=True)
        posix.kill(posix.descendants(me, children))
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _await_kill() -> NoReturn:
    """The attempt was ended: nothing that it might say counts any more."""
    while True:
        time.sleep(60)


def folder_of_process() -> str:
    """A folder that lasts as long as this process."""
    return this_process.the_one(_ProcessFolder).path


class _ProcessFolder:
    def __init__(self) -> None:
        import shutil
        import tempfile

        self.path = tempfile.mkdtemp(prefix="penstock-programs-")
        atexit.register(shutil.rmtree, self.path, True)
