"""What a worker says, as its executor takes it: of its own attempts alone, and only so much."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from penstock.executors import worker_queue
from penstock.executors.worker_queue import WorkerQueue
from penstock.model.events import Ended, Hint
from penstock.model.outcomes import Log, Outcome, Stored, to_plain
from penstock.model.specs import Attempt, Function, attempts_to_plain
from penstock.worker import channel

_DONE = Outcome("done", Stored(b"d", b"r", "{}"))


class Talk:
    """A queue with an attempt in flight, and what comes of what its worker says."""

    def __init__(self) -> None:
        self.queue = WorkerQueue(1, "a", "a.log", None, "/")
        self.posted: list[Ended | Hint] = []
        self.broken: list[str] = []
        self.queue.posts_to(self.posted.extend, _never, _never, _never, self.broken.append)
        self.queue.send([Attempt("own#1", b"k", Function("m", "f", None, ()), (), None, False)])

    def say(self, kind: bytes, *content: Any) -> None:
        self.say_bytes(channel.framed(channel.wrap(kind, content, "/")))

    def say_bytes(self, data: bytes) -> None:
        self.queue._far.sendall(data)  # pyright: ignore[reportPrivateUsage]  the worker's end
        self.queue.read()


def _never(*_: Any) -> None:
    raise AssertionError


@pytest.fixture
def talk() -> Iterator[Talk]:
    talk = Talk()
    yield talk
    talk.queue.close()


def test_of_many_only_so_many_are_written_and_more_once_half_of_them_have_ended(talk: Talk) -> None:
    more = [Attempt(f"{number}#1", b"k", Function("m", "f", None, ()), (), None, False) for number in range(600)]
    talk.queue.send(more)
    assert len(talk.queue.unsent) == 600 - 511
    for number, attempt in enumerate(["own#1", *(one.id for one in more[:255])]):
        assert len(talk.queue.unsent) == 600 - 511, number
        talk.say(channel.OUTCOME, attempt, to_plain(_DONE))
    assert not talk.queue.unsent
    assert len(talk.queue.take_back()) == 600 - 255


def test_its_own_attempt(talk: Talk) -> None:
    talk.say(channel.OUTCOME, "own#1", to_plain(_DONE))
    assert talk.posted == [Ended("own#1", _DONE)]
    assert not talk.queue.runs


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (channel.OUTCOME, ("others#1", to_plain(_DONE))),
        (channel.OUTCOME, ("own#1", to_plain(_DONE._replace(log=Log("b.log", 0, 1))))),
        (channel.RETIRES, ("others#1", ())),
    ],
)
def test_what_is_not_its_own(talk: Talk, kind: bytes, content: tuple[Any, ...]) -> None:
    talk.say(kind, *content)
    assert len(talk.broken) == 1
    assert talk.queue.runs
    talk.say(channel.OUTCOME, "own#1", to_plain(_DONE))  # nothing counts any more
    assert talk.posted == []
    assert len(talk.broken) == 1


def test_the_same_once_more(talk: Talk) -> None:
    talk.say(channel.OUTCOME, "own#1", to_plain(_DONE))
    talk.say(channel.OUTCOME, "own#1", to_plain(_DONE))
    assert len(talk.posted) == len(talk.broken) == 1


def test_a_hint_that_comes_too_late(talk: Talk) -> None:
    talk.say(channel.OUTCOME, "own#1", to_plain(_DONE))
    talk.say(channel.HINT, "own#1", (), None)
    assert len(talk.posted) == 1
    assert talk.broken == []


def test_a_message_without_an_end(talk: Talk) -> None:
    talk.say_bytes(b"\xff\xff\xff\x7f" + b"x" * channel.ROOM)
    assert talk.broken == ["a message without an end"]


def test_long_ones_are_encoded_a_few_times_each(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[int] = []

    def counted(attempts: Iterable[Attempt]) -> Any:
        plain = attempts_to_plain(attempts)
        encoded.append(len(plain))
        return plain

    monkeypatch.setattr(worker_queue, "attempts_to_plain", counted)
    name = "x" * 8_000
    many = [Attempt(f"{number}#1{name}", b"k", Function("m", "f", None, ()), (), None, False) for number in range(600)]
    contents, _ = talk.queue.far_fds
    os.set_blocking(contents, False)
    talk.queue.send(many)
    for attempt in ["own#1", *(one.id for one in many)]:
        talk.say(channel.OUTCOME, attempt, to_plain(_DONE))
        with suppress(BlockingIOError):
            while os.read(contents, 1 << 20):
                pass
    assert talk.queue.is_idle
    assert sum(encoded) < 8 * len(many)
