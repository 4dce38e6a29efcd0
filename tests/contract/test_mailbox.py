"""The contract of `engine.ports.Mailbox`: on the driver's own, and on the one that the executors are tested with."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from penstock.engine.mailbox import Inbox
from penstock.engine.ports import Mailbox
from penstock.model.events import Notice
from tests.contract.executor_bench import STUCK_S, FakeMailbox


class OneTurn:
    """The driver's inbox, turned as the driver's thread does."""

    def __init__(self) -> None:
        self.inbox = Inbox()
        self.events: list[Any] = []

    def turn(self, timeout_s: float, between: Callable[[], None] = lambda: None) -> None:
        self.inbox.wait(timeout_s)
        between()
        self.inbox.hear()
        self.events += self.inbox.take()


@pytest.fixture(params=["inbox", "fake"])
def turned(request: pytest.FixtureRequest) -> Any:
    return OneTurn() if request.param == "inbox" else FakeMailbox()


@pytest.fixture
def mailbox(turned: Any) -> Mailbox:
    return turned.inbox if isinstance(turned, OneTurn) else turned


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_events_come_in_order(turned: Any, mailbox: Mailbox) -> None:
    for text in ("one", "two", "three"):
        mailbox.post(Notice(text))
    turned.turn(STUCK_S)
    assert turned.events == [Notice("one"), Notice("two"), Notice("three")]


def test_an_event_of_another_thread_ends_the_wait(turned: Any, mailbox: Mailbox) -> None:
    thread = threading.Thread(target=mailbox.post, args=(Notice("hello"),))
    thread.start()
    while not turned.events:
        turned.turn(STUCK_S)
    thread.join()
    assert turned.events == [Notice("hello")]


def test_what_can_be_read_is_told_until_it_is_read(turned: Any, mailbox: Mailbox, pipe: tuple[int, int]) -> None:
    told: list[str] = []
    mailbox.watch(pipe[0], lambda: told.append("readable"))
    turned.turn(0.0)
    assert told == []
    os.write(pipe[1], b"x")
    turned.turn(STUCK_S)
    turned.turn(STUCK_S)
    assert told == ["readable", "readable"]
    os.read(pipe[0], 1)
    turned.turn(0.0)
    mailbox.unwatch(pipe[0])
    os.write(pipe[1], b"x")
    turned.turn(0.0)
    assert told == ["readable", "readable"]


def test_who_is_told_may_stop_watching_another(turned: Any, mailbox: Mailbox) -> None:
    """As the death of a zygote takes its workers with it, in the same turn in which they spoke."""
    told: list[int] = []
    pipes = [os.pipe(), os.pipe()]

    def stop_watching(told_of: int, other: int) -> None:
        told.append(told_of)
        mailbox.unwatch(other)
        os.close(other)

    (first, _), (second, _) = pipes
    mailbox.watch(first, lambda: stop_watching(first, second))
    mailbox.watch(second, lambda: stop_watching(second, first))
    for _, write in pipes:
        os.write(write, b"x")
    turned.turn(STUCK_S)
    assert len(told) == 1
    for end in {told[0], pipes[0][1], pipes[1][1]}:
        os.close(end)


def test_the_driver_forgets_what_another_thread_stopped_watching(pipe: tuple[int, int]) -> None:
    """A thread that submits may take a turn between the wait of the driver's thread and its own turn."""
    turned, told = OneTurn(), list[str]()
    turned.inbox.watch(pipe[0], lambda: told.append("readable"))
    os.write(pipe[1], b"x")
    turned.turn(STUCK_S, between=lambda: turned.inbox.unwatch(pipe[0]))
    assert told == []
