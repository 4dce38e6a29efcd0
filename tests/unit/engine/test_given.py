"""Results that no attempt makes, which tasks may need."""

from __future__ import annotations

import pytest

from penstock.engine.facts import Given, Settle, Settling, Stop, StopMode
from tests.unit.engine.rig import Rig, done, settled, started


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_a_task_waits_for_what_is_given(first: bool):
    rig = Rig()
    if first:
        rig.send(Given(7, True, b"seven"))
        assert started(rig.submit(1, deps=(7,))) == [1]
    else:
        assert rig.submit(1, deps=(7,)) == []
        assert started(rig.send(Given(7, True, b"seven"))) == [1]


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_a_task_fails_with_what_it_was_to_be_given(first: bool):
    rig = Rig()
    commands = rig.send(Given(7, False)) if first else []
    commands += rig.submit(1, deps=(7,))
    commands += rig.send(Given(7, False))
    assert commands == [Settle(1, 0, Settling.UPSTREAM, 7)]


def test_what_is_given_twice_counts_once():
    rig = Rig()
    rig.submit(1, deps=(7,))
    assert started(rig.send(Given(7, True, b"seven"), Given(7, False), Given(7, True, b"other"))) == [1]
    rig.end(1)
    assert rig.machine.settled[7] == b"seven"


def test_a_task_is_replayed_where_it_is_given_the_same():
    for given, how in ((b"seven", [(1, Settling.REUSED)]), (b"other", [])):
        rig = Rig()
        rig.submit(1, deps=(7,), replay=done(b"r", b"<seven>"))
        assert settled(rig.send(Given(7, True, given))) == how


def test_a_run_that_stops_does_not_wait_for_what_will_be_given():
    rig = Rig()
    rig.submit(1, deps=(7,))
    rig.send(Stop(StopMode.DRAIN))
    assert rig.machine.resting
    assert started(rig.send(Given(7, True))) == []
