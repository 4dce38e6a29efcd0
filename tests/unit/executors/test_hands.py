"""A worker's queue as its executor sees it, while the worker reads from the same socket."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.executors.worker_queue import Sent, WorkerQueue
from penstock.model.events import Ended, Hint
from penstock.model.outcomes import Outcome, to_plain
from penstock.model.specs import Attempt, Function
from penstock.worker import channel


class Far:
    """The worker's end of the socket, with a worker that reads a message between two reads of the executor."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self.taken: list[bytes] = []
        self._reads = 0

    def recv(self, *args: Any) -> bytes:
        self._reads += 1
        if self._reads == 2:
            self.taken.append(self._socket.recv(channel.ROOM))
        return self._socket.recv(*args)

    def close(self) -> None:
        self._socket.close()


def test_what_is_taken_back_is_what_came_back_even_where_the_worker_reads_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hands = WorkerQueue(1, "worker", "worker.log", None)
    heard: list[Ended | Hint] = []
    hands.posts_to(heard.append, lambda attempt, left: None, lambda attempt, line: None)
    socket: Any = hands._far  # pyright: ignore[reportPrivateUsage]
    far = Far(socket)
    monkeypatch.setattr(hands, "_far", far)
    for name in "abcd":
        attempt = Attempt(name, b"", Function("m", "f"), (), None, False)
        hands.send(Sent(name, attempt, channel.wrap(channel.ATTEMPT, (name,), "")))
    far.taken.append(socket.recv(channel.ROOM))  # `a` runs

    back = [item.id for item in hands.take_back()]

    assert back == ["b", "d"]
    assert [channel.unwrap(message)[1] for message in far.taken] == [("a",), ("c",)]
    for name in ("a", "c"):
        socket.send(channel.wrap(channel.OUTCOME, (name, to_plain(Outcome("done"))), ""))
    hands.read()
    assert [event.attempt for event in heard] == ["a", "c"]
    assert hands.is_idle
    hands.close()
