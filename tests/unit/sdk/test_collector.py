"""The collector is put back as the user had it."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest

from penstock.sdk.collector import seldom

USERS = (500, 7, 8)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The user's own thresholds."""
    before = gc.get_threshold()
    gc.set_threshold(*USERS)
    yield
    gc.set_threshold(*before)


def test_it_runs_more_seldom_inside():
    with seldom():
        assert gc.get_threshold()[0] > 10 * USERS[0]
        with seldom():
            pass
        assert gc.get_threshold()[0] > 10 * USERS[0]
    assert gc.get_threshold() == USERS


def test_a_failure_puts_it_back_too():
    with pytest.raises(KeyError), seldom():
        raise KeyError
    assert gc.get_threshold() == USERS


@pytest.mark.parametrize("thresholds", [(0, 10, 10), (1_000_000, 10, 10)])
def test_one_that_is_off_or_even_more_seldom_stays(thresholds: tuple[int, int, int]):
    gc.set_threshold(*thresholds)
    with seldom():
        assert gc.get_threshold() == thresholds
    assert gc.get_threshold() == thresholds


def test_what_is_set_meanwhile_stays():
    with seldom():
        gc.set_threshold(1234, 5, 6)
    assert gc.get_threshold() == (1234, 5, 6)


def test_the_last_of_several_threads_puts_it_back():
    first_is_in, second_is_over = threading.Event(), threading.Event()

    def first() -> None:
        with seldom():
            first_is_in.set()
            assert second_is_over.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    assert first_is_in.wait(10)
    with seldom():
        pass
    assert gc.get_threshold() != USERS
    second_is_over.set()
    thread.join(10)
    assert gc.get_threshold() == USERS
