"""Sockets, and the server on them. Knows nothing of what is answered."""

from __future__ import annotations

import errno
import ipaddress
import os
import platform
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from penstock.errors import UsageError
from penstock.model.tuples import NamedTuple
from penstock.server.connections import Connection
from penstock.server.limits import LIMITS

PORT = 8123
_TRIED = 20  # ports, from the usual one on
_OWN = ("127.0.0.1", "::1")
_NAMES = ("127.0.0.1", "[::1]", "localhost")
_LISTENS = "0A"  # in /proc/net/tcp


class Listening(NamedTuple):
    """Sockets of one port."""

    sockets: tuple[socket.socket, ...]
    port: int
    hosts: frozenset[str]  # as `Host` may name them
    address: str  # "127.0.0.1:8123", as one types it
    is_local: bool  # only this machine reaches them


def listen(port: int | None, name: str = "") -> Listening:
    """Listen on this machine's own addresses, or on those of a name. `port` None: the usual one, or the next that is
    free; 0: any. Raises UsageError, which names who holds the port."""
    places = list(_places(name))
    for tried in [port] if port is not None else range(PORT, PORT + _TRIED):
        try:
            sockets = _bound(places, tried)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                place = f"{name}, port {tried}" if name else f"port {tried}"
                raise UsageError(f"can't listen on {place}: {error.strerror or error}") from None
            continue
        return _listening(sockets, name)
    if port is None:
        raise UsageError(f"all ports from {PORT} to {PORT + _TRIED - 1} are in use: name a free one with --port")
    raise UsageError(
        f"port {port} is in use by {holder(port) or 'a process of another user'}: name another with --port"
    )


def _listening(sockets: list[socket.socket], name: str) -> Listening:
    places = [ipaddress.ip_address(one.getsockname()[0]) for one in sockets]
    named = [f"[{name}]" if ":" in name else name.lower()] if name else []
    if any(place.is_unspecified for place in places):  # it stands for all addresses, and for no name of the machine
        named.insert(0, platform.node().lower())
    port: int = sockets[0].getsockname()[1]
    names = [*named, *_NAMES]
    hosts = [f"{one}:{port}" for one in names] + (names if port == 80 else [])
    return Listening(
        tuple(sockets), port, frozenset(hosts), f"{names[0]}:{port}", all(place.is_loopback for place in places)
    )


def serve(app: Any, listening: Listening, on_ready: Callable[[], None], on_end: Callable[[], None]) -> None:
    """Answer until the process is interrupted or told to end. `on_ready` is called once requests are taken, `on_end`
    once no more are, while those that were are still being answered."""
    config = uvicorn.Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level="error",  # whatever a client sends, the terminal stays quiet
        h11_max_incomplete_event_size=LIMITS.url_bytes + LIMITS.header_bytes,
        timeout_graceful_shutdown=5,  # far more than connections have then
    )

    class _Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            on_ready()

        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            on_end()
            await super().shutdown(sockets)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            self.should_exit, self.force_exit = True, self.should_exit  # rather than by the signal, after all

    _Server(config).run(list(listening.sockets))


def holder(port: int) -> str:
    """Who listens on a port of this machine: `process 4711 (python -m http.server)`; "": that can't be seen."""
    inodes = {f"socket:[{inode}]" for inode in _inodes(port)}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if any(os.readlink(fd) in inodes for fd in (folder / "fd").iterdir()):
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                return f"process {folder.name} ({words[:80]})"
        except OSError:  # it belongs to somebody else, or has ended
            continue
    return ""


def _inodes(port: int) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        try:
            lines = Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for columns in map(str.split, lines):
            local, state, inode = columns[1], columns[3], columns[9]
            if state == _LISTENS and int(local.rpartition(":")[2], 16) == port:
                yield inode


def _places(name: str) -> Iterator[tuple[socket.AddressFamily, str]]:
    if not name:
        yield socket.AF_INET, _OWN[0]
        if socket.has_ipv6:
            yield socket.AF_INET6, _OWN[1]
        return
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # the second of what can be no name
        told = getattr(error, "strerror", "") or "it is no name"
        raise UsageError(f"--host {name}: {told}; write a name or an address of this machine") from None
    for family, _, _, _, address in dict.fromkeys(found):
        yield family, str(address[0])


def _bound(places: list[tuple[socket.AddressFamily, str]], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for family, address in places:
            one = socket.socket(family, socket.SOCK_STREAM)
            sockets.append(one)
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                one.bind((address, port))
            except OSError as error:
                if len(sockets) == 1 or error.errno == errno.EADDRINUSE:
                    raise
                sockets.pop().close()  # IPv6 is off here
                continue
            one.listen(128)
            port = one.getsockname()[1]
    except BaseException:
        for one in sockets:
            one.close()
        raise
    return sockets
