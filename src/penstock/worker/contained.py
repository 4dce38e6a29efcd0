"""A zygote that is the first process of a container: it is given its socket by the keeper, and finds itself alone."""

from __future__ import annotations

import _socket
import os
import signal
from typing import Any, NoReturn

from penstock.worker import keeper_client, zygote


def main(path: str) -> NoReturn:
    """The process. `path`: of the socket, seen from the folder that it starts in, which is never too long."""
    connection: Any = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.connect(path)
    _, fds = keeper_client.receive(connection)
    connection.close()
    # The system keeps a signal from a first process that has said nothing of it: `podman stop` would wait in vain.
    signal.signal(signal.SIGTERM, _end)
    zygote.main(fds[0])


def _end(number: int, _: Any) -> None:
    os._exit(128 + number)
