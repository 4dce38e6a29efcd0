"""A worker's queue as its executor sees it, while the worker reads from the same sockets."""

from __future__ import annotations

import _socket
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penstock.executors.worker_queue import WorkerQueue
from penstock.model.events import Ended, Hint
from penstock.model.outcomes import Outcome, to_plain
from penstock.model.specs import Attempt, Function, Resolved
from penstock.worker import channel
from penstock.worker.loop import Worker


class Bench:
    """A queue, what it has posted, and the worker's ends of its sockets."""

    def __init__(self, folder: Path) -> None:
        self.queue = WorkerQueue(1, "worker", "worker.log", None, str(folder))
        self.ended: list[str] = []
        self.refused: list[str] = []
        self.malformed: list[str] = []
        self.queue.posts_to(
            self._heard,
            lambda attempt, left: None,
            lambda attempt, line: None,
            lambda attempt, error: self.refused.append(attempt),
            self.malformed.append,
        )
        contents, line = self.queue.far_fds
        self.contents: Any = _socket.socket(fileno=_socket.dup(contents))
        self.line: Any = _socket.socket(fileno=_socket.dup(line))
        self.queue.handed_over()

    def _heard(self, events: list[Ended | Hint]) -> None:
        self.ended.extend(event.attempt for event in events)

    def begin(self) -> int:
        """The ticket that the worker reads."""
        (ticket,) = channel.TICKET.unpack(self.line.recv(channel.TICKET.size))
        return ticket

    def content(self) -> tuple[int, list[str]]:
        """The first ticket of a message, and the ids of the attempts in it."""
        data = self.contents.recv(channel.ROOM)
        (first,) = channel.TICKET.unpack_from(data)
        return first, [plain[0] for plain in channel.unwrap(data[channel.TICKET.size :])[1]]

    def end(self, *attempts: str) -> None:
        for name in attempts:
            message = channel.wrap(channel.OUTCOME, (name, to_plain(Outcome("done"))), "")
            self.line.send(channel.framed(message))

    def close(self) -> None:
        self.contents.close()
        self.line.close()
        self.queue.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def attempt(name: str, size: int = 0) -> Attempt:
    return Attempt(name, b"", Function("m", "f"), (Resolved("x", b"x" * size),), None, False)


def test_attempts_go_in_one_message_and_begin_one_by_one(bench: Bench) -> None:
    bench.queue.send([attempt(name) for name in "abc"])
    assert bench.content() == (0, ["a", "b", "c"])
    assert (bench.begin(), bench.begin()) == (0, 1)
    bench.end("a", "b")
    bench.queue.read()
    assert bench.ended == ["a", "b"]
    assert not bench.queue.is_idle


def test_one_that_comes_alone_to_a_worker_that_waits_is_begun_without_a_ticket(bench: Bench) -> None:
    bench.queue.send([attempt("a")])
    assert (bench.content(), bench.begin()) == ((0, ["a"]), 0)  # it may take long until a new worker begins
    bench.end("a")
    bench.queue.read()

    bench.queue.send([attempt("b")])
    assert bench.contents.recv(channel.ROOM)[channel.TICKET.size :].startswith(channel.LONE)
    with pytest.raises(BlockingIOError):
        bench.line.recv(channel.TICKET.size, _socket.MSG_DONTWAIT)
    assert bench.queue.take_back() == []
    assert bench.queue.runs


class Reading(Worker):
    """How a worker comes to its attempts; it does nothing else."""

    def __init__(self, bench: Bench) -> None:
        for socket in (bench.contents, bench.line):
            socket.setblocking(False)
        self._contents, self._line = bench.contents, bench.line
        self._orders = deque()

    def begin(self) -> str | None:
        """The attempt that it begins; None: it would wait."""
        try:
            order = self._next()
        except BlockingIOError:
            return None
        assert isinstance(order, Attempt)
        return order.id


ACTS = st.lists(st.one_of(st.integers(1, 3), st.sampled_from(["begin", "begin", "end", "end", "take back"])))


@example([2, "begin", "take back", "end", 1])
@example([1, "begin", "end", 2, "take back", 1])  # the worker meets the content of those two, and waits for a ticket
@given(ACTS)
def test_each_attempt_is_begun_once_or_taken_back_in_order(tmp_path_factory: pytest.TempPathFactory, acts: Any) -> None:
    bench = Bench(tmp_path_factory.getbasetemp())
    worker, runs = Reading(bench), list[str]()
    sent, begun, back = list[str](), list[str](), list[str]()

    def begin() -> None:
        if not runs and (name := worker.begin()) is not None:
            runs.append(name)
            begun.append(name)

    def end() -> None:
        if runs:
            bench.end(runs.pop())
            bench.queue.read()

    for act in [*acts, *["begin", "end"] * 3 * len(acts)]:
        if act == "begin":
            begin()
        elif act == "end":
            end()
        elif act == "take back":
            back += [one.id for one in bench.queue.take_back()]
        else:
            new = [f"{number}" for number in range(len(sent), len(sent) + act)]
            sent += new
            bench.queue.send([attempt(name) for name in new])
    bench.close()
    assert begun == bench.ended == sorted(begun, key=int)
    assert sorted(begun + back, key=int) == sent
    assert bench.queue.is_idle


def test_what_is_taken_back_is_what_the_worker_has_not_begun(bench: Bench) -> None:
    bench.queue.send([attempt(name) for name in "abcd"])
    assert bench.begin() == 0

    assert [one.id for one in bench.queue.take_back()] == ["b", "c", "d"]
    bench.queue.send([attempt("c")])

    assert bench.begin() == 4  # none of those that were taken back is begun
    assert [bench.content(), bench.content()] == [(0, ["a", "b", "c", "d"]), (4, ["c"])]
    bench.end("a", "c")
    bench.queue.read()
    assert bench.ended == ["a", "c"]
    assert bench.queue.is_idle


def test_what_is_taken_back_is_what_came_back_even_where_the_worker_reads_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Far:
        """The queue's own end of the worker's socket: gives a ticket at a time, and the worker takes every other."""

        reads = 0

        def recv(self, size: int, flags: int) -> bytes:
            self.reads += 1
            if self.reads == 2:
                taken.append(bench.begin())
            return bench.line.recv(channel.TICKET.size, flags)

        def close(self) -> None:
            pass

    far: Any = bench.queue._far  # pyright: ignore[reportPrivateUsage]
    monkeypatch.setattr(bench.queue, "_far", Far())
    bench.queue.send([attempt(name) for name in "abcd"])
    taken = [bench.begin()]

    assert [one.id for one in bench.queue.take_back()] == ["b", "d"]
    assert taken == [0, 2]
    bench.end("a", "c")
    bench.queue.read()
    assert bench.ended == ["a", "c"]
    assert bench.queue.is_idle
    far.close()


def test_long_attempts_go_through_files_and_these_go_with_what_is_taken_back(bench: Bench, tmp_path: Path) -> None:
    bench.queue.send([attempt("a"), attempt("b", channel.LIMIT), attempt("c", channel.LIMIT // 2)])
    assert len(list(tmp_path.iterdir())) == 1
    assert bench.content() == (0, ["a"])
    assert [one.id for one in bench.queue.take_back()] == ["a", "b", "c"]
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_for_a_long_attempt_refuses_that_one_alone(bench: Bench, tmp_path: Path) -> None:
    tmp_path.rmdir()
    bench.queue.send([attempt("a"), attempt("b", channel.LIMIT), attempt("c")])
    assert bench.refused == ["b"]
    assert bench.content() == (0, ["a"])
    assert bench.content() == (1, ["c"])
    tmp_path.mkdir()


def test_what_a_worker_has_no_room_for_goes_once_it_has_read(bench: Bench) -> None:
    names = [f"{number}" for number in range(400)]
    bench.queue.send([attempt(name, channel.LIMIT // 2) for name in names])
    assert bench.queue.unsent
    seen: list[str] = []
    while len(seen) < len(names):
        for name in bench.content()[1]:
            seen.append(name)
            bench.begin()
            bench.end(name)
        bench.queue.read()
    assert seen == bench.ended == names


def test_a_worker_that_is_dead_keeps_what_it_gets_for_others(bench: Bench) -> None:
    bench.queue.send([attempt("a")])
    assert bench.begin() == 0
    bench.contents.close()
    bench.queue.send([attempt("b")])
    assert [one.id for one in bench.queue.take_back()] == ["b"]
    assert bench.queue.pop().id == "a"
    assert bench.queue.is_idle


def test_outcomes_that_come_in_pieces_are_heard_once_they_are_whole(bench: Bench) -> None:
    bench.queue.send([attempt("a"), attempt("b")])
    said = b"".join(
        channel.framed(channel.wrap(channel.OUTCOME, (name, to_plain(Outcome("done"))), "")) for name in "ab"
    )
    for at in range(len(said)):
        bench.line.send(said[at : at + 1])
        bench.queue.read()
        assert len(bench.ended) == (at >= len(said) // 2 - 1) + (at == len(said) - 1)
    assert bench.ended == ["a", "b"]
