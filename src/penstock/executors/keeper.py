"""The keeper: a process that starts all containers of a driver, and removes each when nobody holds it any more.

It outlives whoever asked for a container, whatever killed it. It knows nothing of runs, and keeps nothing in memory
that matters: a note in a folder names each container before its engine is asked, locked while the keeper or its client
lives. `container_notes.sweep` takes what even a killed keeper leaves.
"""

from __future__ import annotations

import _socket
import math
import os
import select
import signal
import sys
import threading
import time
from contextlib import suppress
from typing import Any

from penstock.executors import container_notes
from penstock.model import containers, wire
from penstock.model.containers import ContainerEngine
from penstock.worker import keeper_client, posix
from penstock.worker.keeper_client import CONNECTED, ENDED, NOTED, SIGNAL, ContainerEnd, KeptRequest

_KILLED = 128 + signal.SIGKILL
_LINGER_S = 2.0
_LOOK_S = 0.05
_AGAIN_S = 0.1
_GRACE_S = 1.0
_HUNG_S = 1.0
"""After this the client is killed of a container that is gone: docker's may wait for ever for one removed by hand."""


class _Client:
    """One container, from its request to its removal. Runs in a thread of its own."""

    def __init__(self, connection: Any, folder: str) -> None:
        self._connection = connection
        self._folder = folder
        self._fds: list[int] = []
        self._unread = b""
        self._heard: list[Any] = []  # that nobody has seen to
        self._listener: Any = None
        self._has_ended = False
        self._is_removed = False  # by its engine, as it was asked to when it was started
        self._note: container_notes.ContainerNote
        self._request: KeptRequest
        self._engine: ContainerEngine

    def serve(self) -> None:
        """Until the container is gone. What fails ends this thread alone, and the client is told of it."""
        try:
            request = self._read_request()
            if request is not None:
                self._request, self._engine = request, ContainerEngine(*request.engine)
                end = self._kept()
                with suppress(OSError):
                    keeper_client.send(self._connection, (ENDED, *end))
        finally:
            self._close_fds()
            self._connection.close()

    def _read_request(self) -> KeptRequest | None:
        """None: nobody asks, since the connection only keeps this process alive."""
        while not self._heard:
            if not self._receive():
                return None
        return wire.shaped(KeptRequest, self._heard.pop(0))

    def _receive(self) -> bool:
        """Take in what the client has said; False: nothing, since it has let go."""
        data, fds = keeper_client.receive(self._connection)
        self._fds += fds
        frames, self._unread = keeper_client.split(self._unread + data)
        self._heard += frames
        return bool(data)

    def _close_fds(self, first: int = 0) -> None:
        while len(self._fds) > first:
            os.close(self._fds.pop())

    def _kept(self) -> ContainerEnd:
        """Note it, and keep it to its end."""
        request = self._request
        try:
            self._note = container_notes.ContainerNote(self._folder, self._engine, request.name, request.environ)
        except OSError as error:
            return ContainerEnd(failure=f"its name can't be noted in {self._folder}: {error.strerror}")
        failure = ""
        end = ContainerEnd()
        try:
            end = self._to_its_end()
        except Exception as error:  # noqa: BLE001  a container stays otherwise, and nobody learns of it
            failure = f"{type(error).__name__}: {error}"
            sys.excepthook(type(error), error, error.__traceback__)
        self._has_ended = True
        self._close_fds()  # now who waits for its end hears of it, however long its engine takes to clear away
        is_gone = self._is_removed or container_notes.remove(self._engine, request.name, request.environ)
        if is_gone and not failure:
            self._note.remove()
        else:
            self._note.close()  # the next sweep looks again
        return end._replace(failure=failure)

    def _to_its_end(self) -> ContainerEnd:
        request = self._request
        with suppress(OSError):  # it has died meanwhile, which the next look says
            keeper_client.send(self._connection, (NOTED,), (self._note.fd,))
        if request.socket:
            self._listener = keeper_client.listen(request.socket)
        kills = posix.killed_by_system()
        try:
            end = ContainerEnd(self._run())
        finally:
            if self._listener is not None:
                self._close_listener()
        self._is_removed = "--rm" in request.words and end.status is not None and 0 <= end.status < 125
        if "--rm" not in request.words and end.status:
            # Not every engine notices it on every system.
            is_said = container_notes.ran_out_of_memory(self._engine, request.name, request.environ)
            is_likely = end.status == _KILLED and posix.killed_by_system() > kills
            end = end._replace(out_of_memory=is_said or is_likely)
        return end

    def _run(self) -> int:
        """Run the engine's client to its end; gives its exit code."""
        pid = self._start()
        if not pid:
            return 127
        exited = -1
        try:
            exited = os.pidfd_open(pid)
            return self._watch(pid, exited)
        except BaseException:
            with suppress(OSError):  # it has been waited for
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
            raise
        finally:
            if exited >= 0:
                os.close(exited)

    def _start(self) -> int:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            *((os.POSIX_SPAWN_DUP2, fd, at) for at, fd in enumerate(self._fds[:2], 1)),
        ]
        words = self._request.words
        try:
            return os.posix_spawn(words[0], words, self._request.environ, file_actions=actions, setpgroup=0)
        except OSError as error:
            os.write(self._fds[1], f"{words[0]} can't be started: {error.strerror}\n".encode())
            return 0

    def _watch(self, pid: int, exited: int) -> int:
        while True:
            self._do_what_was_heard()
            poll = select.poll()
            for fd in (exited, self._connection.fileno()):
                poll.register(fd, select.POLLIN)
            listening = -1 if self._listener is None else self._listener.fileno()
            if self._listener is not None:
                poll.register(listening, select.POLLIN)
            ready = [fd for fd, _ in poll.poll()]
            if exited in ready:
                return _code(os.waitpid(pid, 0)[1])
            if listening in ready:
                self._hand_over()
            if self._connection.fileno() in ready and not self._hear():
                return self._end(pid, exited)

    def _hand_over(self) -> None:
        """Its first process has come: give it what it is to have."""
        peer_fd, _ = self._listener._accept()
        self._note.is_made()
        peer = _socket.socket(fileno=peer_fd)
        with suppress(OSError):
            keeper_client.send(peer, (CONNECTED,), self._fds[2:])
            keeper_client.send(self._connection, (CONNECTED,))
        peer.close()
        self._close_listener()
        self._close_fds(2)

    def _close_listener(self) -> None:
        self._listener.close()
        self._listener = None
        with suppress(OSError):
            os.unlink(self._request.socket)

    def _hear(self) -> bool:
        """Whether the client holds the container still."""
        try:
            return self._receive()
        except OSError:
            return False

    def _do_what_was_heard(self) -> None:
        heard, self._heard = self._heard, []
        for kind, *content in heard:
            if kind == SIGNAL:
                threading.Thread(target=self._signal, args=(str(content[0]),), daemon=True).start()

    def _signal(self, name: str) -> None:
        """Send its first process a signal, as soon as there is one."""
        words = containers.signal_words(self._engine, self._request.name, name)
        while not self._has_ended and container_notes.told(words, self._request.environ)[0]:
            time.sleep(_AGAIN_S)

    def _end(self, pid: int, exited: int) -> int:
        """Remove it. The engine may be making it just now: it is there only after a while, and is removed then."""
        has_been = bool(self._request.socket) and self._listener is None
        if has_been and _is_ready(exited, _GRACE_S):
            return _code(os.waitpid(pid, 0)[1])  # by itself, as a zygote does that nobody holds
        until = time.monotonic() + (_HUNG_S if has_been else container_notes.CREATING_S)
        while True:
            container_notes.remove(self._engine, self._request.name, self._request.environ, tries=1)
            if _is_ready(exited, _LOOK_S):
                return _code(os.waitpid(pid, 0)[1])
            if time.monotonic() > until:
                if not has_been:
                    raise TimeoutError(f"{self._engine.kind} neither made nor refused it")
                os.kill(pid, signal.SIGKILL)
                return _code(os.waitpid(pid, 0)[1])


def _is_ready(fd: int, timeout_s: float) -> bool:
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return bool(poll.poll(timeout_s * 1000))


def _code(status: int) -> int:
    return os.waitstatus_to_exitcode(status)


class _Living:
    """The connections that there are, by when each was made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: dict[_Client, float] = {}

    def add(self, client: _Client) -> None:
        with self._lock:
            self._since[client] = time.monotonic()

    def is_held(self) -> bool:
        """Whether somebody holds one. A look at whether this process lives is over at once: no reason to live on."""
        with self._lock:
            return min(self._since.values(), default=math.inf) < time.monotonic() - _LOOK_S

    def serve(self, client: _Client) -> None:
        try:
            client.serve()
        finally:
            with self._lock:
                del self._since[client]


def main(fd: int) -> None:
    """The keeper's process. `fd`: the socket that it listens at; its command says at which path, and where notes are.

    It ends when nobody has held anything for a while.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    listener: Any = _socket.socket(fileno=fd)
    os.set_inheritable(fd, False)
    address, notes = sys.argv[1:]
    os.chdir(os.path.dirname(address))  # podman leaves a file `oom` where its client has started
    living = _Living()
    held_at = time.monotonic()
    while time.monotonic() < held_at + _LINGER_S:
        if living.is_held():
            held_at = time.monotonic()
        if _is_ready(fd, _LINGER_S / 4):
            try:
                connection_fd, _ = listener._accept()  # what `socket.accept` calls, which costs an import
            except OSError:  # no descriptor is left: there are some again when a container has ended
                time.sleep(_LOOK_S)
                continue
            connection = _socket.socket(fileno=connection_fd)
            if not keeper_client.is_of_here(connection):
                connection.close()
                continue
            client = _Client(connection, notes)
            living.add(client)
            threading.Thread(target=living.serve, args=(client,)).start()
    listener.close()
    container_notes.forget_keeper(notes, address)
