"""A zygote in a container, seen from the executor. The keeper starts it, and removes it when this process dies.

What it says is read as plain data alone, and its process numbers mean nothing here: they are the container's own.
"""

from __future__ import annotations

import _socket
import os
import select
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from penstock.executors import container_notes
from penstock.executors.capacity import GRANT
from penstock.executors.interpreters import THREAD_VARIABLES, Interpreter
from penstock.executors.spare_zygote import MARK
from penstock.executors.zygote_process import Death, ZygoteProcess
from penstock.model import containers, wire
from penstock.model.containers import Container, Mount
from penstock.model.specs import Places, RunSpec
from penstock.worker import channel, log_files, posix
from penstock.worker.bootstrap import bootstrap
from penstock.worker.gauge import GRACE_S
from penstock.worker.keeper_client import KeptContainer, KeptRequest
from penstock.worker.plain_channel import PlainMessages

_CLOSE_S = 3.0
_REMOVED_S = 5.0
_KILLED_S = GRACE_S + 5.0
"""So long a worker's end may take that was asked for, before its container is ended."""
_CLEARED_S = 40.0
"""So long an engine may take to remove it, before its workers are given up. Longer than it may take to make one."""
_REFUSED = (125, 126, 127)
"""Exit codes that the engines' clients give where there was no container, or no such program in it."""
_KILLED = (137, 143, 255)


class ContainedZygote(ZygoteProcess):
    """One container, and the zygote in it."""

    def __init__(
        self,
        spec: RunSpec,
        places: Places,
        interpreter: Interpreter,
        threads: int,
        name: str,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._malformed = self._late = ""
        self._is_over = self._is_given_up = False
        self._timers: dict[int, threading.Timer] = {}  # by worker: it is to be dead by then; -1: the container
        self._messages = PlainMessages(places.scratch)
        self._seen = _mounts(interpreter.setup(spec, places)[1])
        super().__init__(spec, places, interpreter, threads, name, environ)
        # Both what the zygote says, and what the keeper says of its container.
        self._watched = select.epoll()
        for one in (self._near, self._kept):
            self._watched.register(one.fileno(), select.EPOLLIN)
        self.fd = self._watched.fileno()

    def _start(self, environ: Mapping[str, str] | None) -> Any:
        assert self.interpreter.container is not None
        self._container = container = _seeing(self.interpreter.container, self._seen)
        inherited = os.environ if environ is None else environ
        name = f"penstock-{uuid.uuid4().hex[:16]}"
        variables = _variables(self.interpreter, self.threads, inherited, self._scratch)
        command = bootstrap(container.python, "contained", f"{name}.socket", self.interpreter.kit)
        words = containers.run_words(container, name, tuple(command), variables, self._scratch)
        socket = os.path.join(self._scratch, f"{name}.socket")
        self._environ = containers.client_environ(variables, _without_mark(inherited))
        request = KeptRequest(tuple(container.engine), name, tuple(words), self._environ, socket)
        near, far = posix.message_pair()
        log = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            self._kept = KeptContainer(container, request, (log, log, far.fileno()))
        except OSError:
            near.close()
            raise
        finally:
            far.close()
            os.close(log)
        return near

    def unwrap(self, message: bytes) -> tuple[bytes, Any]:
        return self._messages.zygote_s(message)

    def unwrapping(self) -> Callable[[bytes], tuple[bytes, Any]]:
        return self._messages.worker_s

    def kill(self, number: int) -> None:
        super().kill(number)
        self._is_due(number, _KILLED_S, self._lose)

    def hear(self, said: Callable[[bytes, Any], None]) -> bool:
        """False: it is dead, and its container removed."""
        for fd, _ in self._watched.poll(0):
            if fd == self._kept.fileno():
                self._kept.hear()
                if self._kept.end is not None:
                    self._watched.unregister(fd)
            elif not self._hear_zygote(said):
                self._watched.unregister(fd)
                self._is_over = True
                self._kept.release()
                self._is_due(-1, _CLEARED_S, self._give_up)
        return not self._is_over or self._kept.end is None

    def _hear_zygote(self, said: Callable[[bytes, Any], None]) -> bool:
        def take(kind: bytes, content: Any) -> None:
            if kind == channel.DIED and content[0] in self._timers:
                self._timers.pop(content[0]).cancel()
            said(kind, content)

        try:
            return super().hear(take)
        except wire.MalformedError as error:
            self._malformed = str(error)
            return False

    def _is_due(self, what: int, after_s: float, late: Callable[[], None]) -> None:
        if what not in self._timers:
            timer = self._timers[what] = threading.Timer(after_s, late)
            timer.daemon = True
            timer.start()

    def _lose(self) -> None:
        """It does not do what it is told. In a thread: the driver's hears the end of the socket."""
        self._late = f"it did not end a worker within {_KILLED_S:.0f} s"
        with suppress(OSError):
            self._near.shutdown(_socket.SHUT_RDWR)

    def _give_up(self) -> None:
        self._is_given_up = True
        self._kept.give_up()

    def clear(self) -> None:
        self._let_go()
        end = self._kept.end
        if (self._malformed or self._late) and end is not None and end.status is None:
            # Nobody else removes it any more.
            of_engine = self._container.engine, self._kept.name, self._environ
            threading.Thread(target=container_notes.remove, args=of_engine, daemon=True).start()

    def _let_go(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._near.close()
        self._kept.close()
        self._watched.close()

    def death(self) -> Death:
        what = f"the container {self._kept.name} of {self._container.engine.kind}"
        if self._malformed:
            return Death(lost=f"{what} was ended, since it sent what no worker sends ({self._malformed})")
        if self._late:
            return Death(lost=f"{what} was ended, since {self._late}")
        end = self._kept.end
        if self._is_given_up or end is None:
            by_hand = " ".join(containers.remove_words(self._container.engine, self._kept.name))
            return Death(lost=f"{what} ended, and its engine does not remove it: {by_hand}")
        if end.failure:
            return Death(lost=f"{what} was ended, since its keeper failed ({end.failure})")
        status = end.status
        if status is None:
            return Death(
                lost=f"nobody saw how {what} ended, since what starts containers was killed: see whether the system's "
                "memory ran out"
            )
        if not self._kept.is_connected:
            image, kind = containers.short_id(self._container.image), self._container.engine.kind
            return Death(
                lost=f"{what} did not start (exit code {status}): see whether its image is there, by `{kind} image "
                f"inspect {image}`, and whether `{kind} run` starts another one"
            )
        if status in _KILLED or status in _REFUSED or status < 0:
            return Death(lost=f"{what} was removed or killed from outside, or its engine stopped (exit code {status})")
        return Death()

    def close(self) -> None:
        self._near.shutdown(_socket.SHUT_WR)

    def wait(self) -> None:
        """Until no worker of it runs any more; what the engine then clears away is the keeper's."""
        poll = select.poll()
        poll.register(self._near, select.POLLIN)
        if not poll.poll(_CLOSE_S * 1000):
            self._kept.release()
            self._kept.wait(_REMOVED_S)
        self._let_go()
        log_files.remove_empty(self._log, opening=0)


def _mounts(places: tuple[Any, ...]) -> tuple[Mount, ...]:
    """What workers use of a run's places: they write where a process would, and read the user's sources."""
    found = Places(*places)
    written = [found.store, found.scratch, found.checkpoints, found.logs, found.cwd]
    read = [*found.sys_path, os.path.dirname(found.module_path), found.sources]
    return (*(Mount(path, True) for path in written), *(Mount(path) for path in read if os.path.isabs(path)))


def _seeing(container: Container, mounts: tuple[Mount, ...]) -> Container:
    """The container with these mounts beside its own, without those that would hide what its image needs."""
    there = [mount for mount in mounts if os.path.exists(mount.path) and not container.lacks(mount.path)]
    return container._replace(mounts=containers.merged((*container.mounts, *there)))


def _variables(interpreter: Interpreter, threads: int, environ: Mapping[str, str], scratch: str) -> dict[str, str]:
    """What a container of it finds, beside its image's own: nothing of outside that would lead it to what is there."""
    home = os.path.join(scratch, "home")
    os.makedirs(home, exist_ok=True)
    ours = {name: value for name, value in _without_mark(environ).items() if name.startswith("PENSTOCK_")}
    own = dict.fromkeys((*THREAD_VARIABLES, GRANT), str(threads))
    user = "" if interpreter.container is None else posix.user_name(interpreter.container.user)
    return {**ours, **own, "HOME": home, "USER": user, **dict(interpreter.variables)}


def _without_mark(environ: Mapping[str, str]) -> dict[str, str]:
    """Nobody is to take the engine's client for a process of a zygote."""
    return {name: value for name, value in environ.items() if name != MARK}
