"""What a step should ask for, from what its attempts have used."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.model.options import Options
from penstock.reading.resource_structs import SpreadInfo
from penstock.reading.suggesting import ENOUGH, History, spread, suggest
from penstock.sdk.keywords import changed, grow

MIB, GIB = 1 << 20, 1 << 30


def history(**known: Any) -> History:
    return History(**{"wall_s": (), "cores": (), "peak_bytes": (), "out_of_memory": (), "timeouts_s": (), **known})


def test_a_spread_holds_what_was_measured() -> None:
    assert spread([]) is None
    assert spread([3.0]) == SpreadInfo(3.0, 3.0, 3.0)
    assert spread(range(100, 0, -1)) == SpreadInfo(50, 95, 100)
    assert spread([1, 2, 3, 10]) == SpreadInfo(2, 10, 10)


@pytest.mark.parametrize(
    ("peaks", "text"),
    [
        ([1, 1, 1], '"64MiB"'),
        ([64 * MIB] * 3, '"80MiB"'),
        ([100 * MIB, 101 * MIB, 300 * MIB], '"384MiB"'),
        ([820 * MIB] * 3, '"1.25GiB"'),
        ([GIB] * 3, '"1.25GiB"'),
        ([3 * GIB] * 3, '"4GiB"'),
        ([5 * GIB, 3 * GIB, 4 * GIB], '"7GiB"'),
        ([GIB] * 9 + [6 * GIB], 'grow("1.25GiB", to="8GiB")'),
        ([GIB] * 3 + [6 * GIB], '"8GiB"'),
    ],
)
def test_memory_is_the_highest_peak_and_a_quarter_more(peaks: list[int], text: str) -> None:
    found = suggest(history(peak_bytes=peaks, wall_s=[1.0] * len(peaks)))
    assert found.text == f'@step(memory={text}, timeout="1m")'
    assert found.notes == ()


@pytest.mark.parametrize(
    ("peaks", "short", "text"),
    [
        ([], [GIB], '"2GiB"'),
        ([900 * MIB], [GIB], '"2GiB"'),  # too few to tell how little would do
        ([900 * MIB] * 4, [GIB, 400 * MIB], '"2GiB"'),
        ([200 * MIB] * 4, [GIB], 'grow("256MiB", to="2GiB")'),
        ([2 * GIB] * 3, [GIB], '"2.5GiB"'),  # it got more since then, and that sufficed
    ],
)
def test_what_ran_out_of_memory_needs_twice_as_much(peaks: list[int], short: list[int], text: str) -> None:
    found = suggest(history(peak_bytes=peaks, out_of_memory=short, wall_s=[1.0] * len(peaks)))
    assert f"memory={text}" in found.text
    assert found.notes[0].endswith("ran out of memory, with up to 1.0 GiB")


def test_what_ran_out_of_memory_unmeasured_is_told_alone() -> None:
    found = suggest(history(out_of_memory=[0, 0]))
    assert found.text == ""
    assert found.notes == ("2 attempts ran out of memory", "no attempt done: too few to tell what else to ask for")


@pytest.mark.parametrize(
    ("cores", "cpu"),
    [([0.01] * 5, 1), ([1.05] * 5, 1), ([1.2] * 5, 2), ([3.9] * 5, 4), ([1.0] * 19 + [7.0], 1), ([1.0, 1.0], None)],
)
def test_cpu_is_what_nineteen_of_twenty_kept_busy(cores: list[float], cpu: int | None) -> None:
    assert suggest(history(cores=cores, wall_s=[1.0] * len(cores))).cpu == cpu


@pytest.mark.parametrize(
    ("walls", "late", "text"),
    [
        ([0.1] * 3, [], "1m"),
        ([21.0] * 3, [], "2m"),
        ([500.0, 1.0, 1.0], [], "30m"),
        ([7000.0] * 3, [], "6h"),
        ([40_000.0] * 3, [], "2d"),
        ([28_000.0] * 3, [], "1d"),
        ([10.0] * 3, [60.0], "2m"),
        ([100.0] * 3, [60.0], "5m"),
        ([], [3600.0], "2h"),
    ],
)
def test_a_timeout_leaves_time(walls: list[float], late: list[float], text: str) -> None:
    assert f'timeout="{text}"' in suggest(history(wall_s=walls, timeouts_s=late)).text


def test_too_few_attempts_tell_nothing() -> None:
    found = suggest(history(wall_s=[1.0] * 2, cores=[1.0] * 2, peak_bytes=[GIB] * 2))
    assert (found.text, found.cpu, found.memory_bytes, found.timeout_s) == ("", None, None, None)
    assert found.notes == ("2 attempts done: too few to tell what else to ask for",)


def test_memory_that_was_not_measured_is_said() -> None:
    found = suggest(history(wall_s=[1.0] * 5, cores=[1.0] * 5, peak_bytes=[GIB] * 3))
    assert found.notes == ("the memory of 2 attempts was not measured",)
    assert suggest(history(wall_s=[1.0] * 5, cores=[1.0] * 5)).text == '@step(cpu=1, timeout="1m")'


_SIZES = st.lists(st.integers(1, 1 << 40), max_size=30)
_TIMES = st.lists(st.floats(0.001, 1e7), max_size=30)


@given(_TIMES, st.lists(st.floats(0.0, 64.0), max_size=30), _SIZES, _SIZES, _TIMES)
def test_what_is_suggested_can_be_pasted_and_holds_all_that_was_seen(
    walls: list[float], cores: list[float], peaks: list[int], short: list[int], late: list[float]
) -> None:
    found = suggest(History(walls, cores, peaks, short, late))
    if not found.text:
        assert len(walls) < ENOUGH
        return
    options = changed(Options(), "step", eval(found.text.replace("@step", "dict", 1), {"grow": grow}))
    assert options.memory_bytes == found.memory_bytes
    assert (options.growth.to_bytes if options.growth else None) == found.grow_to_bytes
    assert options.timeout_s == found.timeout_s
    assert found.cpu is None or options.cpu == found.cpu >= 1
    if found.memory_bytes is not None:
        assert max(peaks + short) < (found.grow_to_bytes or found.memory_bytes)
    if found.timeout_s is not None:
        assert max(walls + late) < found.timeout_s
