"""What a machine with another clock says of when an attempt ran is told by the clock of this one."""

from __future__ import annotations

import pytest

from penstock.executors.far_clocks import told_here
from penstock.model.outcomes import Usage

SENT_AT, HEARD_AT, DAY_S = 1000.0, 1100.0, 86_400.0


@pytest.mark.parametrize("began_at", [999.0, 1005.0, 1090.5, 0.0])
def test_what_may_be_so_stays(began_at: float):
    assert told_here(Usage(began_at, 10.0), SENT_AT, HEARD_AT).began_at == began_at


@pytest.mark.parametrize("off_s", [DAY_S, -DAY_S, 3600.0])
def test_of_a_clock_that_is_off_it_has_just_ended(off_s: float):
    usage = Usage(1080.0 + off_s, 10.0, 7.5)
    assert told_here(usage, SENT_AT, HEARD_AT) == usage._replace(began_at=1090.0)


def test_nothing_ran_before_it_was_sent():
    assert told_here(Usage(5.0, 500.0), SENT_AT, HEARD_AT).began_at == SENT_AT


def test_of_what_an_earlier_driver_sent_only_the_end_is_known():
    assert told_here(Usage(5.0, 10.0), 0.0, HEARD_AT).began_at == 5.0
    assert told_here(Usage(HEARD_AT, 10.0), 0.0, HEARD_AT).began_at == HEARD_AT - 10.0
