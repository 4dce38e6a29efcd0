"""One thread at a time sleeps at the inbox: who gets the watch, and who gives way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

from penstock.engine.inbox_watch import Watch


class Inbox:
    """Where the driver's thread of these tests sleeps."""

    def __init__(self) -> None:
        self.bell = threading.Event()
        self.watch = Watch(self.bell.set)
        self.slept = threading.Semaphore(0)
        self.ends = False

    def drive(self) -> None:
        while not self.ends:
            self.watch.resume()
            self.slept.release()
            self.bell.wait()
            self.bell.clear()
            self.watch.pause()


@contextmanager
def driven() -> Generator[Inbox]:
    inbox = Inbox()
    thread = threading.Thread(target=inbox.drive)
    thread.start()
    try:
        yield inbox
    finally:
        inbox.ends = True
        inbox.watch.relieve()
        while thread.is_alive():
            inbox.bell.set()
            thread.join(0.01)


def in_thread(fn: Callable[[], bool]) -> bool:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(fn()))
    thread.start()
    thread.join()
    return found[0]


def never() -> bool:
    return False


def test_a_guest_wakes_the_driver_s_thread_and_takes_its_place() -> None:
    with driven() as inbox:
        inbox.slept.acquire()
        assert inbox.watch.borrow(never)
        inbox.watch.give_back()


def test_there_is_one_guest_at_a_time() -> None:
    with driven() as inbox:
        assert inbox.watch.borrow(never)
        assert not in_thread(lambda: inbox.watch.borrow(never))
        inbox.watch.give_back()
        assert in_thread(lambda: inbox.watch.borrow(never) and inbox.watch.give_back() is None)


def test_the_driver_s_thread_comes_back_when_the_guest_has_gone() -> None:
    with driven() as inbox:
        inbox.slept.acquire()
        for _ in range(50):
            assert inbox.watch.borrow(never)
            inbox.watch.give_back()
        assert inbox.slept.acquire(timeout=30)


def test_the_driver_s_thread_comes_back_at_once_when_it_is_called() -> None:
    with driven() as inbox:
        inbox.slept.acquire()
        assert inbox.watch.borrow(never)
        inbox.watch.give_back()
        inbox.watch.relieve()
        assert inbox.slept.acquire(timeout=30)


def test_the_driver_s_thread_takes_no_place_for_which_a_guest_waits() -> None:
    rung, served = threading.Event(), threading.Event()
    watch = Watch(rung.set)
    watch.resume()

    def visit() -> None:
        assert watch.borrow(never)
        served.set()
        watch.give_back()

    guest = threading.Thread(target=visit)
    guest.start()
    rung.wait()
    watch.relieve()  # a call that was meant for the time before
    watch.pause()
    watch.resume()
    assert served.is_set()
    guest.join()


def test_nobody_waits_for_a_watch_that_is_kept_to_the_end() -> None:
    watch = Watch(lambda: None)
    watch.resume()  # and never paused: the run is over
    assert not watch.borrow(lambda: True)
    assert not watch.borrow(lambda: True)
