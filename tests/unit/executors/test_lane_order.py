"""Whatever becomes ready or is taken out, nothing overtakes what was before it in its lane."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penstock.executors.lane_order import LaneOrder

MOVES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 3)),
        st.tuples(st.sampled_from(["ready", "take out"]), st.integers(0, 30)),
        st.tuples(st.just("go on"), st.just(0)),
    )
)


@given(MOVES)
def test_order(moves: list[tuple[str, int]]):
    order = LaneOrder[str]()
    lanes: dict[str, int] = {}
    waits: list[str] = []
    ready = set[str]()
    for move, number in moves:
        name = str(number)
        if move == "add":
            name = str(len(lanes))
            lanes[name] = number
            waits.append(name)
            order.add(name, number, name)
        elif move == "ready":
            order.ready(name)
            ready |= {name} & set(waits)
        elif move == "take out":
            assert order.take_out(name) == (name if name in waits else None)
            waits = [one for one in waits if one != name]
        else:
            gone = order.go_on()
            blocked = set[int]()
            expected: list[str] = []
            for one in waits:
                if one in ready and lanes[one] not in blocked:
                    expected.append(one)
                else:
                    blocked.add(lanes[one])
            assert sorted(gone) == sorted(expected)
            for lane in set(lanes.values()):
                assert [one for one in gone if lanes[one] == lane] == [one for one in expected if lanes[one] == lane]
            waits = [one for one in waits if one not in gone]
        assert [one for one in lanes if one in order] == waits
        assert {lane for lane in range(4) if order.has(lane)} == {lanes[one] for one in waits}
    assert order.clear() == waits
    assert order.go_on() == []
