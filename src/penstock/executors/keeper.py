"""The keeper: a process that starts all containers of a driver, and removes each when nobody holds it any more.

It outlives whoever asked for a container, whatever killed it. It knows nothing of runs, and keeps nothing in memory
that matters: a note in a folder names each container before its engine is asked, locked while the keeper or its client
lives. `container_notes.sweep` takes what even a killed keeper leaves.
"""

from __future__ import annotations

import _socket
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
_GRACE_S = 1.0
_HUNG_S = 1.0
"""After this the client is killed of a container that is gone: docker's may wait for ever for one removed by hand."""

_CREATING_S = 30.0
"""So long the engine may take to make a container that nobody wants any more, before its client is killed."""


class _Client:
    """One container, from its request to its removal. Runs in a thread of its own."""

    def __init__(self, connection: Any, address: str, folder: str) -> None:
        self._connection = connection
        self._address = address
        self._folder = folder
        self._fds: list[int] = []
        self._unread = b""
        self._listener: Any = None
        self._note: container_notes.ContainerNote
        self._request: KeptRequest
        self._engine: ContainerEngine

    def serve(self) -> None:
        """Until the container is gone. What fails ends this thread alone, and stands in the keeper's errors."""
        try:
            request = self._read_request()
            if request is not None:
                self._request, self._engine = request, ContainerEngine(*request.engine)
                self._serve()
        finally:
            for fd in self._fds:
                os.close(fd)
            self._connection.close()

    def _read_request(self) -> KeptRequest | None:
        """None: nobody asks, since the connection only keeps this process alive."""
        while True:
            data, fds = keeper_client.receive(self._connection)
            self._fds += fds
            if not data:
                return None
            frames, self._unread = keeper_client.split(self._unread + data)
            if frames:
                return wire.shaped(KeptRequest, frames[0])

    def _serve(self) -> None:
        request = self._request
        self._note = container_notes.ContainerNote(
            self._folder, self._engine, request.name, request.environ, self._address
        )
        with suppress(OSError):  # it has died meanwhile, which the next look says
            keeper_client.send(self._connection, (NOTED,), (self._note.fd,))
        if request.socket:
            self._listener = keeper_client.listen(request.socket)
        kills = posix.killed_by_system()
        pid = self._start()
        end = ContainerEnd(self._watch(pid))
        if self._listener is not None:
            self._listener.close()
            with suppress(OSError):
                os.unlink(request.socket)
        if "--rm" not in request.words and end.status:
            # Not every engine notices it on every system.
            is_said = container_notes.ran_out_of_memory(self._engine, request.name, request.environ)
            is_likely = end.status == _KILLED and posix.killed_by_system() > kills
            end = end._replace(out_of_memory=is_said or is_likely)
        is_gone = "--rm" in request.words and end.status is not None and 0 <= end.status < 125
        if is_gone or container_notes.remove(self._engine, request.name, request.environ):
            self._note.remove()
        else:
            self._note.close()
        with suppress(OSError):
            keeper_client.send(self._connection, (ENDED, *end))

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

    def _watch(self, pid: int) -> int | None:
        """Until the engine's client has ended; gives its exit code."""
        if not pid:
            return 127
        exited = os.pidfd_open(pid)
        try:
            while True:
                watched = [exited, self._connection.fileno()]
                if self._listener is not None:
                    watched.append(self._listener.fileno())
                ready, _, _ = select.select(watched, [], [])
                if exited in ready:
                    return _code(os.waitpid(pid, 0)[1])
                if self._listener is not None and self._listener.fileno() in ready:
                    self._hand_over()
                if self._connection.fileno() in ready and not self._hear():
                    return self._end(pid, exited)
        finally:
            os.close(exited)

    def _hand_over(self) -> None:
        """Its first process has come: give it what it is to have."""
        peer_fd, _ = self._listener._accept()
        peer = _socket.socket(fileno=peer_fd)
        with suppress(OSError):
            keeper_client.send(peer, (CONNECTED,), self._fds[2:])
            keeper_client.send(self._connection, (CONNECTED,))
        peer.close()
        self._listener.close()
        self._listener = None
        while len(self._fds) > 2:
            os.close(self._fds.pop())
        with suppress(OSError):
            os.unlink(self._request.socket)

    def _hear(self) -> bool:
        """Do what the client asks for; False: it holds the container no longer."""
        try:
            data, fds = keeper_client.receive(self._connection)
        except OSError:
            return False
        self._fds += fds
        frames, self._unread = keeper_client.split(self._unread + data)
        for kind, *content in frames:
            if kind == SIGNAL:
                words = containers.signal_words(self._engine, self._request.name, content[0])
                threading.Thread(target=container_notes.told, args=(words, self._request.environ), daemon=True).start()
        return bool(data)

    def _end(self, pid: int, exited: int) -> int | None:
        """Remove it. The engine may be making it just now: it is there only after a while, and is removed then."""
        has_been = bool(self._request.socket) and self._listener is None
        if has_been and select.select([exited], [], [], _GRACE_S)[0]:
            return _code(os.waitpid(pid, 0)[1])  # by itself, as a zygote does that nobody holds
        until = time.monotonic() + (_HUNG_S if has_been else _CREATING_S)
        while True:
            container_notes.remove(self._engine, self._request.name, self._request.environ, tries=1)
            if select.select([exited], [], [], _LOOK_S)[0]:
                return _code(os.waitpid(pid, 0)[1])
            if time.monotonic() > until:
                os.kill(pid, signal.SIGKILL)
                return _code(os.waitpid(pid, 0)[1])


def _code(status: int) -> int:
    return os.waitstatus_to_exitcode(status)


class _Living:
    """How many connections there are."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def change(self, by: int) -> None:
        with self._lock:
            self.count += by

    def serve(self, client: _Client) -> None:
        try:
            client.serve()
        finally:
            self.change(-1)


def main(fd: int) -> None:
    """The keeper's process. `fd`: the socket that it listens at; its command says at which path, and where notes are.

    It ends when nobody has held anything for a while, and the last connection is closed.
    """
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    listener: Any = _socket.socket(fileno=fd)
    os.set_inheritable(fd, False)
    address, notes = sys.argv[1:]
    os.chdir(os.path.dirname(address))  # podman leaves a file `oom` where its client has started
    living = _Living()
    idle_since, had_some = time.monotonic(), False
    while living.count or time.monotonic() < idle_since + _LINGER_S:
        if living.count and had_some:  # a look at whether it lives is over at once, and no reason to live on
            idle_since = time.monotonic()
        had_some = bool(living.count)
        if select.select([listener], [], [], _LINGER_S / 4)[0]:
            connection_fd, _ = listener._accept()  # what `socket.accept` calls, which costs an import
            client = _Client(_socket.socket(fileno=connection_fd), address, notes)
            living.change(1)
            threading.Thread(target=living.serve, args=(client,)).start()
    listener.close()
    container_notes.forget_keeper(notes, address)
