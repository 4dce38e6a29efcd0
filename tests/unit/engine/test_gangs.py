"""A gang: the lanes of one attempt, which it gets all at once or not at all."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.engine.admission import why_never
from penstock.engine.facts import Start
from penstock.engine.schedule import GANG_S, HOLD_S
from penstock.model.events import Profile
from penstock.model.options import Options
from tests.unit.engine.rig import GIB, Rig, started


def test_it_gets_all_of_its_lanes_or_none():
    rig = Rig(cpu=4)
    rig.submit(1, cpu=2)
    assert started(rig.submit(2, step="gang", lanes=3)) == []
    (_, start) = rig.end(1)
    assert isinstance(start, Start)
    lanes = (start.lane, *start.others)
    assert len({lane.number for lane in lanes}) == 3
    assert {(lane.cpu, lane.memory_bytes) for lane in lanes} == {(1.0, None)}
    assert started(rig.submit(3, 4)) == [3]


def test_each_lane_has_gpus_and_memory_of_its_own():
    rig = Rig(cpu=4, memory_bytes=4 * GIB, gpus=("0", "1", "2", "3"))
    (start,) = rig.submit(1, lanes=2, gpu=2, memory_bytes=2 * GIB)
    assert isinstance(start, Start)
    assert [lane.gpus for lane in (start.lane, *start.others)] == [("0", "1"), ("2", "3")]
    assert started(rig.submit(2, memory_bytes=GIB)) == []
    assert started(rig.end(1)) == [2]
    assert started(rig.submit(3, gpu=4)) == [3]


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2)), min_size=1, max_size=12))
def test_whatever_gangs_there_were_everything_is_given_back(kinds: list[tuple[int, int]]):
    rig = Rig(cpu=8, cluster=Profile(8, None, ("a", "b"), unnamed_gpus=6))
    for task, (lanes, gpu) in enumerate(kinds, 1):
        rig.submit(task, step=f"{lanes} {gpu}", lanes=lanes, gpu=gpu, on="cluster")
    while rig.machine.tasks:
        for task in [task.id for task in rig.machine.tasks.values() if task.lane]:
            rig.end(task)
    pool = rig.machine._admission.pools["cluster"]
    assert (pool.cpu_millionths, sorted(pool.gpus), pool.unnamed_gpus) == (8_000_000, ["a", "b"], 6)


def test_what_is_held_for_it_is_given_back_after_a_time():
    rig = Rig(cpu=4)
    rig.submit(1, 2, cpu=2)
    rig.submit(3, step="gang", lanes=4)
    rig.submit(4, step="small")
    rig.now = HOLD_S
    assert started(rig.end(1)) == [], "kept for the gang"
    assert started(rig.wait(GANG_S)) == [4]
    assert started(rig.end(4)) == []
    rig.now += HOLD_S
    assert started(rig.submit(5, step="small")) == [], "kept again"
    assert started(rig.end(2)) == [3]


def test_an_executor_says_whether_it_has_gangs():
    options = Options(lanes=2, cpu=2, on="cluster")
    assert "gives an attempt 1" in why_never(options, Profile(4, GIB), {})
    assert why_never(options, Profile(4, GIB, most_lanes=2), {}) == ""
    assert "it asks for cpu=4" in why_never(options, Profile(3, GIB, most_lanes=None), {})
