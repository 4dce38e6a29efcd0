"""What holds in every world, whatever dies and whenever."""

from __future__ import annotations

import os
import random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.engine.admission import Admission
from penstock.engine.facts import StopMode
from penstock.model.options import Backoff, Growth, Options
from penstock.model.states import Cause
from tests.unit.engine.world import LIMITS, PROFILES, Crash, Driver, Spec, World, combine, made_of

EXAMPLES = 200 if os.environ.get("PENSTOCK_REQUIRE_ALL") == "1" else 30
quick = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def specs(draw: st.DrawFn, *, unstable: bool = True, fails: bool = True) -> dict[int, Spec]:
    """A flow of up to 16 calls, of up to three kinds."""
    kinds = draw(st.lists(st.builds(kind, *map(st.sampled_from, KIND)), min_size=1, max_size=3))
    made: dict[int, Spec] = {}
    for task in range(1, draw(st.integers(1, 16)) + 1):
        deps = draw(st.lists(st.sampled_from(sorted(made)), max_size=3)) if made else []
        troubles = draw(st.sampled_from(TROUBLES))
        step, wall_s, options = draw(st.sampled_from(kinds))
        cached = options.on == "local" and draw(st.integers(0, 2)) == 0
        made[task] = Spec(
            tuple(deps),
            options._replace(timeout_s=60.0 if "hang" in troubles else None, retries=len(troubles)),
            step,
            troubles,
            fails=fails and not cached and draw(st.integers(0, 7)) == 0,
            unstable=unstable and draw(st.integers(0, 3)) == 0,
            wall_s=wall_s,
            cached=cached,
        )
    return made


KIND = (
    ("a", "b"),  # step
    (0.001, 0.001, 1.0),  # wall_s
    ("local", "local", "cluster"),
    (0, 0.5, 1, 1, 2),  # cpu
    (None, None, 1, 3),  # memory_bytes
    ((), (), ("db",)),  # limits
    (0, 5),  # first_s of the backoff
)
TROUBLES = (
    *((), (), (), ("raise",), ("kill",), ("hang",), ("oom",)),
    *(("kill", "hang", "raise"), ("raise", "kill", "kill"), ("oom", "kill", "oom")),
)


def kind(
    step: str, wall_s: float, on: str, cpu: float, memory_bytes: int | None, limits: tuple[str, ...], first_s: float
) -> tuple[str, float, Options]:
    growth = Growth(memory_bytes, 4) if memory_bytes else None
    options = Options(cpu, memory_bytes, growth, limits=limits, on=on, backoff=Backoff(first_s=first_s))
    if cpu == 0.5 and (memory_bytes or 0) < 2:
        options = options._replace(lanes=2)
    return step, wall_s, options


ends = st.tuples(
    st.integers(0, 60), st.sampled_from(("crash", "crash", StopMode.DRAIN, StopMode.DETACH, StopMode.KILL))
)
"""How a driver ends, and after how many steps."""


def drive(world: World, rng: random.Random, after: int, how: Any) -> None:
    """A driver that does not see the end."""
    if how == "crash":
        try:
            Driver(world, rng, dies_after=after).run()
        except Crash:
            pass
    else:
        driver = Driver(world, rng)
        driver.run(stop=(after // 4, how))
        assert driver.machine.resting


def finish(world: World, rng: random.Random) -> Driver:
    """A driver that sees the end."""
    driver = Driver(world, rng)
    driver.run()
    return driver


def expected(specs: dict[int, Spec]) -> dict[int, bytes | None]:
    """What each call of an undisturbed run of stable steps ends in; None: it fails."""
    values: dict[int, bytes | None] = {}
    for task, spec in specs.items():
        found = [values[dep] for dep in spec.deps]
        if spec.fails or None in found:
            values[task] = None
        else:
            inputs = combine(tuple(value for value in found if value is not None)) if spec.deps else b""
            values[task] = made_of(task, spec, inputs)
    return values


def assert_everything_was_given_back(driver: Driver) -> None:
    machine, fresh = driver.machine, Admission(PROFILES, LIMITS)
    assert machine.tasks == machine.fresh == {}
    assert machine.in_flight == 0
    assert machine.resting
    assert machine.wake_at() is None
    assert machine._dependents == {}
    assert machine._ahead == 0
    assert machine._admission.busy == {}
    assert machine._admission.limits == fresh.limits
    for name, pool in machine._admission.pools.items():
        full = fresh.pools[name]
        assert (pool.cpu_millionths, pool.memory_bytes, pool.uncounted) == (
            full.cpu_millionths,
            full.memory_bytes,
            full.uncounted,
        )


@quick
@given(specs=specs(unstable=False), drivers=st.lists(ends, max_size=5), seed=st.integers(0, 2**32))
def test_the_final_results_are_those_of_an_undisturbed_run(specs: dict[int, Spec], drivers: Any, seed: int):
    world, rng = World(specs), random.Random(seed)
    for after, how in drivers:
        drive(world, rng, after, how)
    last = finish(world, rng)
    assert last.values == expected(specs)
    assert last.settled_times == dict.fromkeys(specs, 1)
    assert_everything_was_given_back(last)


@quick
@given(specs=specs(unstable=False), drivers=st.lists(ends, max_size=5), seed=st.integers(0, 2**32))
def test_nothing_is_lost_or_runs_twice_where_steps_are_moved_elsewhere(specs: dict[int, Spec], drivers: Any, seed: int):
    world, rng = World(specs), random.Random(seed)
    for after, how in drivers:
        drive(world, rng, after, how)
        world.edit(rng)
    last = finish(world, rng)
    assert last.values == expected(specs)
    assert_everything_was_given_back(last)


@quick
@given(
    specs=specs(unstable=False, fails=False),
    drivers=st.lists(st.tuples(st.integers(0, 60), st.sampled_from(("crash", StopMode.DETACH))), max_size=5),
    seed=st.integers(0, 2**32),
)
def test_what_outlives_its_driver_is_ended_by_none_that_crashes_or_detaches(
    specs: dict[int, Spec], drivers: Any, seed: int
):
    world, rng = World(specs), random.Random(seed)
    for after, how in drivers:
        drive(world, rng, after, how)
    finish(world, rng)
    ended = [each for each in world.executions if each.outcome and each.outcome[0] is Cause.CANCELLED]
    assert [each for each in ended if each.on == "cluster"] == []
    assert [each for each in world.executions if each.on == "cluster" and each.recalled] == []


@quick
@given(specs=specs(), drivers=st.lists(ends, max_size=5), seed=st.integers(0, 2**32))
def test_results_agree_with_each_other_where_steps_give_another_each_time(
    specs: dict[int, Spec], drivers: Any, seed: int
):
    world, rng = World(specs), random.Random(seed)
    for after, how in drivers:
        drive(world, rng, after, how)
    last = finish(world, rng)
    for task, value in last.values.items():
        if value is not None:
            deps = tuple(last.values[dep] or b"failed" for dep in specs[task].deps)
            assert value.startswith(made_of(task, specs[task], combine(deps) if deps else b""))
            assert world.rows[task].fingerprint == value
    assert_everything_was_given_back(last)


@quick
@given(specs=specs(), seed=st.integers(0, 2**32))
def test_replaying_a_finished_run_runs_nothing_and_changes_nothing(specs: dict[int, Spec], seed: int):
    world, rng = World(specs), random.Random(seed)
    first = finish(world, rng)
    for row in world.rows.values():
        row.delivered = row.status == "failed"
    executed, rows = len(world.executions), dict(world.rows)
    second = finish(world, rng)
    assert second.values == first.values
    assert len(world.executions) == executed
    assert world.rows == rows


@quick
@given(specs=specs(unstable=False), drivers=st.lists(ends, max_size=4), seed=st.integers(0, 2**32), data=st.data())
def test_damaged_results_are_made_again(specs: dict[int, Spec], drivers: Any, seed: int, data: st.DataObject):
    world, rng = World(specs), random.Random(seed)
    for after, how in drivers:
        drive(world, rng, after, how)
        finished = sorted(task for task, row in world.rows.items() if row.status == "done")
        if finished:
            world.damaged |= data.draw(st.sets(st.sampled_from(finished)))
    last = finish(world, rng)
    assert last.values == expected(specs)
    assert last.settled_times == dict.fromkeys(specs, 1)
    assert_everything_was_given_back(last)


@quick
@given(
    specs=specs(),
    drivers=st.lists(ends, max_size=3),
    cancels=st.lists(st.integers(1, 12), max_size=8),
    seed=st.integers(0, 2**32),
)
def test_whatever_is_cancelled_everything_settles_once_and_is_given_back(
    specs: dict[int, Spec], drivers: Any, cancels: list[int], seed: int
):
    world, rng = World(specs), random.Random(seed)
    for after, how in drivers:
        drive(world, rng, after, how)
    last = Driver(world, rng)
    last.run(cancels=tuple(cancels))
    assert last.settled_times == dict.fromkeys(specs, 1)
    assert_everything_was_given_back(last)
