"""A program as a child of this process: started, listened to until it ends, and ended with all that it has started.

What it prints goes line by line through the streams of this process, so that it is the attempt's. One thread waits for
its two streams, its records and its end.
"""

from __future__ import annotations

import atexit
import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Callable, Dict, Optional, Sequence

from penstock.errors import OutOfMemoryError, WorkerLostError
from penstock.sdk.this_process import this_process
from penstock.worker import child_start, posix
from penstock.worker.child_output import ChildEnd, Ending, Printed, await_kill, drain, pass_on
from penstock.worker.gauge import GRACE_S

_PATIENCE_MS = 50
"""How often a program is looked at where the system has no descriptor that tells of its end."""


class ChildProcess:
    """A program that was started."""

    def __init__(
        self, command: Sequence[str], folder: str, environ: Dict[str, str], ending: Optional[Ending] = None
    ) -> None:
        self._ending = ending
        self._outputs = environ.get("PENSTOCK_OUTPUTS", "")
        self._is_worker = ending is not None
        self._alone = posix.has_children() is False
        self._system_kills = this_process.the_one(SystemKills)
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
                    await_kill()
        if status == -signal.SIGKILL:
            if self._system_kills.are_more():
                raise OutOfMemoryError("the system ran out of memory and killed the program (SIGKILL)")
            raise WorkerLostError("the program was killed from outside (SIGKILL)")
        return ChildEnd(status, last)

    def _passed_on(self, record: Callable[[bytes], None]) -> str:
        """Pass on what it writes until it has ended; gives its last lines."""
        printed = Printed()
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
                if pass_on(fd, takers[fd]) == 0:
                    poll.unregister(fd)
                    del takers[fd]
            if self._pid_fd in ready or (self._pid_fd is None and self._is_dead()):
                break
        self._kill_group()
        drain(takers)
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


class SystemKills:
    """How many processes the system has killed, since this process looked last, because it ran out of memory."""

    def __init__(self) -> None:
        self._seen = posix.killed_by_system()

    def are_more(self) -> bool:
        before, self._seen = self._seen, posix.killed_by_system()
        return self._seen > before


def _close(fds: Sequence[int]) -> None:
    for fd in fds:
        os.close(fd)


def _end_children() -> None:
    """End what has become this process's own child: it had none before."""
    me = os.getpid()
    while posix.has_children():
        children = posix.Family().look(fresh=True)
        posix.kill(posix.descendants(me, children))
        with suppress(ChildProcessError):
            os.waitpid(-1, 0)


def folder_of_process() -> str:
    """A folder that lasts as long as this process."""
    return this_process.the_one(_ProcessFolder).path


class _ProcessFolder:
    def __init__(self) -> None:
        import shutil
        import tempfile

        self.path = tempfile.mkdtemp(prefix="penstock-programs-")
        atexit.register(shutil.rmtree, self.path, True)
