"""Asks the keeper (`executors/keeper.py`) for a container, and holds it: who lets go, or dies, has it removed.

On the connection both sides send frames: a length, and plain data. One request begins it, with descriptors: where the
container's output goes, and for a zygote what its first process is to get from a socket that it finds. The keeper's
first answer brings a descriptor of the container's note, which is locked as long as either side lives.
"""

from __future__ import annotations

import _socket
import array
import os
import select
import struct
import time
from contextlib import suppress
from typing import Any, Dict, List, Optional, Sequence, Tuple

from penstock.model import wire
from penstock.model.containers import Container
from penstock.model.tuples import NamedTuple

NOTED = "noted"  # keeper -> client: the container's name is written down; the engine is asked now
CONNECTED = "connected"  # keeper -> client: its first process has what it was to get
ENDED = "ended"  # keeper -> client: it has ended, and is removed
SIGNAL = "signal"  # client -> keeper: send its first process a signal

LENGTH = struct.Struct("<I")
_PEER = struct.Struct("3i")  # process, user, group
_LOOK_S = 0.02
PATIENCE_S = 3.0
"""So long another keeper may take to be there in the place of one that was killed."""
_ROOM = 1 << 16
_FDS = 8


class KeptRequest(NamedTuple):
    """A container that is wanted."""

    engine: Tuple[Any, ...]  # a `ContainerEngine`
    name: str
    words: Tuple[str, ...]  # of `model.containers.run_words`
    environ: Dict[str, str]  # of the engine's client
    socket: str = ""  # where its first process gets a descriptor; "": it gets none


class ContainerEnd(NamedTuple):
    """How a container ended."""

    status: Optional[int] = None  # exit code; negative: by which signal the engine's client ended; None: nobody knows
    out_of_memory: bool = False  # the kernel killed it for that
    failure: str = ""  # what the keeper could not do, so that it ended it; "": there is none


class KeptContainer:
    """One container. Whoever made it, and every process that was forked meanwhile, holds it until `close`."""

    def __init__(self, container: Container, request: KeptRequest, fds: Sequence[int]) -> None:
        """Raises OSError where the keeper is gone, and none comes in its place for some seconds. `fds`: for the
        container's output and errors, and one that its first process gets where the request names a socket."""
        self.name = request.name
        self.engine = container.engine
        self.end: Optional[ContainerEnd] = None
        self.is_connected = False
        self._note = -1
        self._read = b""
        self._socket = _connected(container.keeper)
        try:
            send(self._socket, tuple(request), fds)
        except BaseException:
            self._socket.close()
            raise

    def fileno(self) -> int:
        """Readable when the keeper has said something."""
        return self._socket.fileno()

    def signal(self, name: str) -> None:
        """Send its first process a signal: "TERM". It may be gone."""
        with suppress(OSError):
            send(self._socket, (SIGNAL, name))

    def wait(self, timeout_s: float) -> bool:
        """Until it has ended and is removed, or the keeper is gone; whether that was in this time. 0.0: look once."""
        until = time.monotonic() + timeout_s
        while self.end is None:
            poll = select.poll()
            poll.register(self._socket, select.POLLIN)
            if not poll.poll(1000 * max(0.0, until - time.monotonic())):
                return False
            self.hear()
        return True

    def hear(self) -> None:
        """Take in what the keeper has said; blocks where it has said nothing."""
        try:
            data, fds = receive(self._socket)
        except OSError:
            data, fds = b"", []
        for fd in fds:
            self._note = fd
        if not data:
            self.end = self.end or ContainerEnd()
            return
        frames, self._read = split(self._read + data)
        for kind, *content in frames:
            if kind == CONNECTED:
                self.is_connected = True
            elif kind == ENDED:
                self.end = wire.shaped(ContainerEnd, tuple(content))

    def release(self) -> None:
        """Have it removed; `wait` says when it is."""
        with suppress(OSError):
            self._socket.shutdown(_socket.SHUT_WR)

    def give_up(self) -> None:
        """Wait no longer for what the keeper says: it has ended, and nobody has seen how. From any thread."""
        with suppress(OSError):
            self._socket.shutdown(_socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go: the keeper removes it, and nobody waits for that."""
        self._socket.close()
        if self._note >= 0:
            os.close(self._note)
            self._note = -1


def _connected(path: str) -> Any:
    """A connection to a keeper. What the user's variables hold goes by it, so that nobody else may listen there."""
    until = time.monotonic() + PATIENCE_S
    while True:
        connection: Any = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        try:
            connection.connect(path)
            _, user, _ = _PEER.unpack(connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, _PEER.size))
            if user != os.geteuid():
                raise PermissionError(f"it is user {user} who listens at {path}")
            return connection
        except BaseException as error:
            connection.close()
            is_missing = isinstance(error, (ConnectionRefusedError, FileNotFoundError))
            if not is_missing or time.monotonic() > until:
                raise
        time.sleep(_LOOK_S)


def is_of_here(connection: Any) -> bool:
    """Whether who is at the other end has the files that this process has: a container may see the socket, and what is
    asked for there runs outside. One that has gone meanwhile is of nowhere."""
    process, _, _ = _PEER.unpack(connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, _PEER.size))
    try:
        return os.readlink(f"/proc/{process}/ns/mnt") == os.readlink("/proc/self/ns/mnt")
    except OSError:
        return False


def listen(path: str) -> Any:
    """A socket that listens at a path of any length."""
    listener = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        listener.bind(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    finally:
        os.close(folder)
    return listener


def send(connection: Any, content: Tuple[Any, ...], fds: Sequence[int] = ()) -> None:
    """Send a frame, and descriptors with its first byte."""
    body = wire.pack(content)
    data = LENGTH.pack(len(body)) + body
    rights = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    sent = connection.sendmsg([data], rights)
    if sent < len(data):  # to send nothing fails where the other end has read all, and closed
        connection.sendall(data[sent:])


def receive(connection: Any) -> Tuple[bytes, List[int]]:
    """Some bytes, b"" where the other end is closed, and the descriptors that came with them."""
    data, ancillary, _, _ = connection.recvmsg(_ROOM, _socket.CMSG_SPACE(4 * _FDS))
    fds = [fd for _, _, sent in ancillary for (fd,) in struct.iter_unpack("i", sent[: len(sent) // 4 * 4])]
    for fd in fds:
        os.set_inheritable(fd, False)
    return data, fds


def split(data: bytes) -> Tuple[List[Any], bytes]:
    """The contents of the frames that are complete, and what is left of the bytes."""
    found: List[Any] = []
    while len(data) >= LENGTH.size:
        (length,) = LENGTH.unpack_from(data)
        if len(data) < LENGTH.size + length:
            break
        found.append(wire.unpack(data[LENGTH.size : LENGTH.size + length]))
        data = data[LENGTH.size + length :]
    return found, data
