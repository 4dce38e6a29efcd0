"""Keys and signals, as whoever waits for them is given them."""

from __future__ import annotations

import signal
import sys
import weakref

import pytest

from penstock.cli.keyboard import Keyboard


class _Thing:
    pass


def test_an_interrupt_that_python_drops_is_told_in_the_next_pause(monkeypatch: pytest.MonkeyPatch):
    dropped: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", dropped.append)
    thing = _Thing()
    seen = weakref.ref(thing, lambda _: signal.raise_signal(signal.SIGINT))
    with Keyboard() as keyboard:
        del thing
        assert seen() is None
        assert len(dropped) == 1
        with pytest.raises(KeyboardInterrupt):
            keyboard.pause(60)
        assert keyboard.pause(0) == []


def test_an_interrupt_ends_a_pause_and_what_else_goes_on():
    before = signal.getsignal(signal.SIGINT)
    with Keyboard(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
