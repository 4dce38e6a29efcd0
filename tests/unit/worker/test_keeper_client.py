"""What the keeper and its clients say to each other."""

from __future__ import annotations

import socket
from typing import Any

from penstock.worker import keeper_client


class _ReadAtOnce:
    """A socket whose other end reads what is sent, and closes, before the sender comes to the next line."""

    def __init__(self) -> None:
        self.ours, self._theirs = socket.socketpair()
        self.read = b""

    def sendmsg(self, *what: Any) -> int:
        sent = self.ours.sendmsg(*what)
        self.read = self._theirs.recv(1 << 16)
        self._theirs.close()
        return sent

    def sendall(self, data: bytes) -> None:
        self.ours.sendall(data)


def test_who_reads_all_and_closes_is_no_failure() -> None:
    connection = _ReadAtOnce()
    keeper_client.send(connection, (keeper_client.CONNECTED,))
    connection.ours.close()
    assert keeper_client.split(connection.read) == ([(keeper_client.CONNECTED,)], b"")
