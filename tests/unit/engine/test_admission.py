"""What fits, runs; nothing is oversubscribed; older calls go first, and large ones are not overtaken for ever."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.engine.admission import UNCOUNTED_LANES, why_never
from penstock.engine.facts import Start
from penstock.engine.schedule import HOLD_S
from penstock.model.events import Profile
from penstock.model.options import Growth, Options
from penstock.model.states import Cause
from tests.unit.engine.rig import GIB, Rig, started


@pytest.mark.parametrize(
    ("options", "at_once"),
    [
        ({"cpu": 1}, 4),
        ({"cpu": 1.5}, 2),
        ({"cpu": 0.1}, 40),
        ({"cpu": 0.5, "memory_bytes": 3 * GIB}, 2),
        ({"cpu": 0.5, "gpu": 1}, 2),
        ({"cpu": 0.5, "limits": ("db",)}, 3),
        ({"cpu": 0.5, "limits": ("db", "api")}, 1),
        ({"cpu": 0.5, "limits": ("db", "db")}, 3),
        ({"cpu": 0}, UNCOUNTED_LANES),
    ],
)
def test_as_many_run_at_once_as_fit(options: dict[str, Any], at_once: int):
    rig = Rig(cpu=4, memory_bytes=8 * GIB, gpus=("0", "1"), limits={"db": 3, "api": 1})
    first = started(rig.submit(*range(1, 101), **options))
    assert first == list(range(1, at_once + 1))
    assert started(rig.end(1)) == [at_once + 1]


def test_nothing_is_lost_after_many_grants_of_a_tenth():
    rig = Rig(cpu=0.3)
    for task in range(1, 3001, 3):
        assert started(rig.submit(task, task + 1, task + 2, cpu=0.1)) == [task, task + 1, task + 2]
        for each in (task, task + 1, task + 2):
            rig.end(each)


def test_each_attempt_gets_gpus_of_its_own():
    rig = Rig(cpu=4, gpus=("0", "1", "2"))
    commands = rig.submit(1, gpu=2) + rig.submit(2, gpu=1)
    assert [command.lane.gpus for command in commands if isinstance(command, Start)] == [("0", "1"), ("2",)]
    rig.end(1)
    commands = rig.submit(3, gpu=1)
    assert [command.lane.gpus for command in commands if isinstance(command, Start)] == [("0",)]


def test_a_lane_says_what_was_granted():
    rig = Rig(cpu=4)
    (start,) = rig.submit(1, cpu=1.5, memory_bytes=GIB)
    assert isinstance(start, Start)
    assert (start.lane.cpu, start.lane.memory_bytes) == (1.5, GIB)


def test_executors_have_pools_of_their_own_and_limits_hold_across_them():
    rig = Rig(cpu=1, limits={"db": 2}, cluster=Profile(8, GIB))
    assert started(rig.submit(1, 2)) == [1]
    assert started(rig.submit(3, 4, 5, on="cluster", limits=("db",))) == [3, 4]
    assert started(rig.submit(6, on="cluster")) == [6]


def test_an_executor_without_bounds_takes_whatever_it_is_given_and_gives_all_of_it_back():
    rig = Rig(cluster=Profile(None, None, unnamed_gpus=None))
    large = {"cpu": 1e6, "memory_bytes": 2**60, "gpu": 1000, "on": "cluster"}
    assert why_never(Options(**large), Profile(None, None, unnamed_gpus=None), {}) == ""
    commands = rig.submit(*range(1, 101), **large) + rig.submit(*range(101, 301), on="cluster", cpu=0)
    assert started(commands) == list(range(1, 301))
    assert {command.lane.unnamed_gpus for command in commands if isinstance(command, Start)} == {0, 1000}
    for task in range(1, 301):
        rig.end(task)
    assert started(rig.submit(301, **large)) == [301]


def test_memory_grows_without_bounds_where_there_are_none():
    rig = Rig(cluster=Profile(None, None))
    growth = Growth(GIB, 1000 * GIB)
    rig.submit(1, on="cluster", memory_bytes=GIB, growth=growth)
    (_, again) = rig.end(1, Cause.OUT_OF_MEMORY)
    assert isinstance(again, Start)
    assert again.lane.memory_bytes == 2 * GIB


def test_gpus_without_names_are_counted():
    rig = Rig(cluster=Profile(None, None, unnamed_gpus=3))
    assert started(rig.submit(1, 2, on="cluster", gpu=2)) == [1]
    assert started(rig.submit(3, 4, on="cluster", gpu=1)) == [3]
    assert started(rig.end(1)) == [2]
    assert "has 3" in why_never(Options(gpu=4, on="cluster"), Profile(None, None, unnamed_gpus=3), {})


def test_older_calls_go_first():
    rig = Rig(cpu=1)
    rig.submit(1)
    rig.submit(2, step="a")
    rig.submit(3, step="b")
    rig.submit(4, step="a")
    order = [started(rig.end(task)) for task in (1, 2, 3)]
    assert order == [[2], [3], [4]]


def test_lanes_that_become_free_at_once_go_to_older_calls_first():
    rig = Rig(cpu=2)
    rig.submit(1, cpu=2)
    rig.submit(2, step="a")
    rig.submit(3, step="b")
    rig.submit(4, step="a")
    assert started(rig.end(1)) == [2, 3]


class TestOvertaking:
    def test_small_calls_overtake_a_large_one_for_a_while_and_no_longer(self):
        rig = Rig(cpu=2)
        rig.submit(1, step="small")
        rig.submit(2, step="large", cpu=2)
        assert started(rig.submit(3, 4, 5, step="small")) == [3]
        rig.now += HOLD_S / 2
        assert started(rig.end(1)) == [4]
        rig.now += HOLD_S
        assert started(rig.end(3)) == []
        assert started(rig.end(4)) == [2]
        assert started(rig.end(2)) == [5]

    def test_what_waits_for_a_limit_holds_nobody_who_does_not_need_it(self):
        rig = Rig(cpu=4, limits={"db": 1})
        rig.submit(1, step="query", limits=("db",))
        rig.submit(2, step="report", limits=("db",))
        rig.wait(2 * HOLD_S)
        assert started(rig.submit(3, step="other")) == [3]
        assert started(rig.submit(4, step="query", limits=("db",))) == []
        assert started(rig.end(1)) == [2]

    def test_what_waits_for_a_gpu_holds_nobody_who_does_not_need_one(self):
        rig = Rig(cpu=4, gpus=("0",))
        rig.submit(1, step="a", gpu=1)
        rig.submit(2, step="b", gpu=1)
        rig.wait(2 * HOLD_S)
        assert started(rig.submit(3, step="c")) == [3]

    def test_a_kind_that_runs_is_not_starved_and_holds_nobody(self):
        rig = Rig(cpu=3)
        rig.submit(1, 2, step="large", cpu=2)
        rig.wait(2 * HOLD_S)
        assert started(rig.submit(3, step="small")) == [3]

    def test_what_is_short_is_not_queued_ahead_of_an_older_call(self):
        rig = Rig(cpu=1, depth=8)
        rig.make_short()
        rig.submit(1)
        rig.submit(2, step="other")
        assert started(rig.submit(*range(3, 20))) == []
        assert started(rig.end(1, wall_s=0.001)) == [2]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(on="clutser"), "[executors.clutser]"),
        (Options(limits=("dbx",)), "[limits] dbx = 1"),
        (Options(limits=("none",)), "at least 1"),
        (Options(cpu=5), "it asks for cpu=5, and executor 'process' has 4"),
        (Options(memory_bytes=9 * GIB), "it asks for 9.00 GiB of memory, and executor 'process' has 8.00 GiB"),
        (Options(gpu=1), "it asks for gpu=1, and executor 'process' has 0"),
        (Options(cpu=4.5), "lower the step's cpu=, or give the executor more with `--max-workers 5` or"),
        (Options(cpu=4.5), "[executors.process] max_workers = 5 in penstock.toml"),
        (Options(memory_bytes=9 * GIB), '[executors.process] memory = "9GiB" in penstock.toml'),
        (Options(gpu=1), "[executors.process] gpus = 1 in penstock.toml"),
    ],
)
def test_what_can_never_fit_says_why(options: Options, words: str):
    profiles = {"process": Profile(4, 8 * GIB, table="executors.process")}
    assert words in why_never(options, profiles.get(options.on), {"db": 1, "none": 0})


def test_an_executor_that_no_setting_enlarges_gets_no_such_advice():
    why = why_never(Options(cpu=5, on="inline"), Profile(4, 8 * GIB), {})
    assert why.endswith("executor 'inline' has 4; lower the step's cpu=")


def test_an_amount_may_be_as_large_as_a_number():
    assert "has 4" in why_never(Options(cpu=1e308), Profile(4, 8 * GIB), {})
    assert why_never(Options(cpu=1e308), Profile(1e308, 8 * GIB), {}) == ""


def test_what_fits_has_no_reason_not_to():
    options = Options(cpu=4, memory_bytes=8 * GIB, limits=("db",))
    assert why_never(options, Profile(4, 8 * GIB), {"db": 1}) == ""
