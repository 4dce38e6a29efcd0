"""A zygote's process, seen from the executor: started, told what to do, listened to, ended."""

from __future__ import annotations

import _socket
import os
import struct
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from penstock.executors.interpreters import Interpreter
from penstock.executors.spare_zygote import SpareZygote, take_spare
from penstock.model.specs import Places, RunSpec
from penstock.model.tuples import NamedTuple
from penstock.worker import channel, log_files, posix

_CLOSE_S = 3.0
_LAST_WORDS_S = 1.0
_WORDS = 4000  # bytes of them that are told


class Death(NamedTuple):
    """A worker's end, as its zygote saw it."""

    status: int | None = None  # as waitpid gives it; None: nobody saw it, since the zygote is dead too
    peak_bytes: int = 0  # 0: not measured
    overrun_bytes: int = 0  # what it had when it was ended for going beyond its limit; 0: it was not
    system_kill: bool = False  # the system ran out of memory and killed a process at about that time
    cpu_s: float = 0.0  # of the attempt that it ran, as are the next two; 0: unknown, or none ran
    read_bytes: int = 0
    written_bytes: int = 0
    refused: str = ""  # why there never was a process; "": there was one
    lost: str = ""  # what became of the container that it was in; "": it was in none, which lives


class ZygoteProcess:
    """One zygote: all its workers have the same interpreter and number of threads. It starts at once, and nobody waits
    for it.

    It takes a process that was started before, if there is one; a new one starts from `environ` (None: this process's
    variables).
    """

    def __init__(
        self,
        spec: RunSpec,
        places: Places,
        interpreter: Interpreter,
        threads: int,
        name: str,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.interpreter = interpreter
        self.threads = threads
        self._scratch = places.scratch
        self._log = places.log(f"{name}.log")
        self._pids: dict[int, int] = {}  # of the workers that live, by number
        self._near = self._start(environ)
        self.fd: int = self._near.fileno()
        self._send(channel.SETUP, (self._log, interpreter.setup(spec, places)))

    def _start(self, environ: Mapping[str, str] | None) -> Any:
        """Start the process, and give this end of its socket."""
        spare = take_spare(self.interpreter, self.threads)
        if spare is None:
            spare = SpareZygote(self.interpreter, self.threads, self._log, environ)
        self._mark, self._pid = spare.mark, spare.pid
        return spare.near

    def order(self, order: channel.WorkerRequest, fds: tuple[int, int]) -> None:
        """Ask for a worker with these descriptors, as `WorkerQueue.far_fds` has them."""
        self._send(channel.WORKER, tuple(order), fds)

    def kill(self, number: int) -> None:
        """Ask for the end of a worker and all it started; its death will be told."""
        self._send(channel.KILL, (number,))

    def limit(self, number: int, limit_bytes: int | None) -> None:
        self._send(channel.LIMITED, (number, limit_bytes))

    def hear(self, said: Callable[[bytes, Any], None]) -> bool:
        """Pass on what the zygote has said; False: it is dead."""
        while True:
            try:
                data: bytes = self._near.recv(channel.ROOM, _socket.MSG_DONTWAIT)
            except BlockingIOError:
                return True
            except ConnectionResetError:
                return False
            if not data:
                return False
            kind, content = self.unwrap(data)
            if kind == channel.STARTED:
                self._pids[content[0]] = content[1]
                continue
            if kind == channel.DIED:
                self._pids.pop(content[0], None)
            said(kind, content)

    def unwrap(self, message: bytes) -> tuple[bytes, Any]:
        """Kind and content of what it says."""
        return channel.unwrap(message)

    def unwrapping(self) -> Callable[[bytes], tuple[bytes, Any]]:
        """What gives kind and content of what a worker of it says; raises MalformedError where it is not trusted,
        rightly."""
        return channel.unwrap

    def death(self) -> Death:
        """How its workers died, once it is cleared away: unseen, with it."""
        return Death()

    def last_words(self) -> str:
        """What the zygote printed, the end of it: the user's module at its import, or why it could not go on."""
        try:
            with open(self._log, "rb") as file:
                file.seek(max(0, os.fstat(file.fileno()).st_size - _WORDS))
                return "\n".join(line.text for line in log_files.read(file.read(_WORDS)))
        except OSError:
            return ""

    def clear(self) -> None:
        """The zygote is dead: end what it leaves, wherever that went."""
        self._near.close()
        posix.has_ended(self._pid, 0.0)
        mark = self._mark.encode()
        began = time.monotonic()
        until = began + _CLOSE_S
        dying = set(self._pids.values())  # a process on its way out shows no environment any more
        while time.monotonic() < until:
            found = posix.marked(mark)
            # What masks the words of the dead ends by itself when it has written them.
            is_late = time.monotonic() > began + _LAST_WORDS_S
            posix.kill(found if is_late else found - {self._pids.get(channel.LOG_FILTER, 0)})
            dying = {pid for pid in dying | found if posix.parent_of(pid) is not None}
            if not dying:
                break
            time.sleep(0.0005)

    def close(self) -> None:
        """End the zygote; the end of the socket is its order to end all workers. `wait` comes next."""
        self._near.close()

    def wait(self) -> None:
        """Wait for the end of a closed zygote, for a few seconds at most; then kill it and what it leaves."""
        if not posix.has_ended(self._pid, _CLOSE_S):
            posix.kill([self._pid])
            posix.has_ended(self._pid, 1.0)
            self.clear()
        log_files.remove_empty(self._log, opening=0)

    def _send(self, kind: bytes, content: tuple[Any, ...], fds: tuple[int, ...] = ()) -> None:
        message = channel.wrap(kind, content, self._scratch)
        rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, struct.pack(f"{len(fds)}i", *fds))] if fds else []
        with suppress(BrokenPipeError, ConnectionResetError):  # it is dead, which `hear` will say
            self._near.sendmsg([message], rights)
