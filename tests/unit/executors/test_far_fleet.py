"""How many agents are placed, and when no more are."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.executors.far_fleet import FAILURES, Fleet, FleetLimits
from penstock.model.agents import AgentRequest, AgentSight, AgentSize
from penstock.model.events import Lane


def fleet(**limits: object) -> Fleet:
    return Fleet(FleetLimits(**limits), "5f0c", "My_Cluster", 10_000, lambda name: f"code of {name}", 0.0)  # type: ignore[arg-type]


def lanes(count: int, cpu: float = 1.0, **more: Any) -> list[Lane]:
    return [Lane(number, cpu, **more) for number in range(1, count + 1)]


def up(placed: Fleet, requests: list[AgentRequest], now: float = 1.0) -> None:
    placed.placed(requests, [request.name for request in requests])
    for request in requests:
        placed.up(request.name, now)


def test_an_agent_is_named_by_the_run_and_has_its_lane_s_size() -> None:
    (request,) = fleet().wants([Lane(1, 2.0, 1 << 30, unnamed_gpus=1)], 0.0)
    assert request == AgentRequest(
        "5f0c-my-cluster-efdcfff4-10000-1", "code of 5f0c-my-cluster-efdcfff4-10000-1", AgentSize(2.0, 1 << 30, 1)
    )


def test_they_come_in_batches_that_double() -> None:
    placed, counts = fleet(), list[int]()
    for _ in range(4):
        requests = placed.wants(lanes(100), 0.0)
        counts.append(len(requests))
        up(placed, requests)
    assert counts == [4, 4, 8, 16]


def test_what_is_on_its_way_is_not_asked_for_again() -> None:
    placed = fleet()
    assert len(placed.wants(lanes(2), 0.0)) == 2
    assert placed.wants(lanes(2), 0.0) == []
    assert len(placed.wants(lanes(3), 0.0)) == 1


def test_an_agent_takes_as_many_lanes_as_fit() -> None:
    assert len(fleet(size=AgentSize(4.0, None)).wants(lanes(9), 0.0)) == 3
    assert len(fleet(size=AgentSize(4.0, 3 << 30)).wants(lanes(4, memory_bytes=1 << 30), 0.0)) == 2
    assert len(fleet(size=AgentSize(4.0, None, 1)).wants(lanes(2, unnamed_gpus=1), 0.0)) == 2


def test_there_are_never_more_than_there_may_be() -> None:
    placed = fleet(max_agents=2)
    requests = placed.wants(lanes(9), 0.0)
    assert len(requests) == 2
    up(placed, requests)
    assert placed.wants(lanes(9), 0.0) == []
    placed.gone(requests[0].name, 2.0)
    assert len(placed.wants(lanes(9), 2.0)) == 1


def test_what_ends_before_it_is_up_is_tried_again_later_and_then_no_more() -> None:
    placed, now = fleet(max_agents=1), 0.0
    for wait_s in (1.0, 4.0, 0.0):
        (request,) = placed.wants(lanes(1), now)
        placed.placed([request], [request.name])
        ended = placed.sights({request.name: AgentSight("ended", "exit status 3", "no space left")}, now)
        assert [name for name, _ in ended] == [request.name]
        assert placed.wants(lanes(1), now + wait_s - 0.1) == []
        now += wait_s
    assert placed.wants(lanes(1), 1e6) == []
    assert placed.why_not == "no agent has come up, 3 times in a row: exit status 3; it had printed:\nno space left"


def test_a_site_that_is_out_of_reach_for_a_minute_is_asked_again() -> None:
    placed, now, tries = fleet(), 0.0, 0
    while not placed.why_not:
        requests = placed.wants(lanes(1), now)
        if requests:
            tries += 1
            placed.refused(requests, "no route to host", now)
        now += 1.0
    assert now > 60.0
    assert tries == 6


def test_the_hours_of_a_run_have_a_bound() -> None:
    placed = fleet(max_agents=2, max_agent_hours=1.0)
    requests = placed.wants(lanes(1), 0.0)
    up(placed, requests)
    placed.gone(requests[0].name, 1800.0)
    assert placed.agent_hours(3600.0) == pytest.approx(0.5)
    up(placed, placed.wants(lanes(1), 1800.0))
    assert placed.wants(lanes(2), 3600.0) == []
    assert "may have max_agent_hours = 1 in a run" in placed.why_not


def test_why_agents_wait_is_told_once() -> None:
    placed = fleet()
    requests = placed.wants(lanes(2), 0.0)
    placed.placed(requests, ["1", "2"])
    placed.sights({"1": AgentSight("pending", "Resources"), "2": AgentSight("pending", "Resources")}, 1.0)
    assert placed.waiting() == placed.pending == "2 agents pending: Resources"
    assert placed.waiting() == ""
    assert placed.pending == "2 agents pending: Resources"
    placed.sights({"1": AgentSight("pending", "Priority")}, 2.0)
    assert placed.waiting() == "1 agent pending: Priority; 1 agent pending: Resources"


def test_agents_of_earlier_drivers_that_have_ended_are_no_failures() -> None:
    placed = fleet()
    names = {f"5f0c-my-cluster-efdcfff4-1-{number}": str(number) for number in range(FAILURES + 1)}
    placed.found(names, 0.0)
    ended = placed.sights(dict.fromkeys(names.values(), AgentSight("ended", "it went")), 1.0)
    assert len(ended) == len(names)
    assert placed.why_not == ""
    assert len(placed.wants(lanes(1), 1.0)) == 1


def test_one_of_which_its_site_knows_nothing_is_given_up() -> None:
    placed = fleet(max_agents=1, partition_s=60.0)
    (request,) = placed.wants(lanes(1), 0.0)
    placed.placed([request], ["1"])
    unknown, silent = AgentSight("unknown", "no such job"), AgentSight("unknown", "cut", is_silent=True)
    for now, sight in ((10.0, unknown), (60.0, silent), (80.0, unknown), (139.0, unknown)):
        placed.sights({"1": sight}, now)
        assert placed.wants(lanes(1), now) == []
    placed.sights({"1": unknown}, 140.0)
    assert placed.to_look_at() == []
    assert len(placed.wants(lanes(1), 150.0)) == 1


def test_one_that_has_come_is_not_given_up_because_its_site_knows_nothing_of_it() -> None:
    placed = fleet(max_agents=1, partition_s=60.0)
    up(placed, placed.wants(lanes(1), 0.0))
    for now in (10.0, 200.0):
        placed.sights({placed.to_look_at()[0]: AgentSight("unknown")}, now)
    assert len(placed.to_look_at()) == 1


def test_executors_of_one_run_tell_their_agents_apart() -> None:
    names = ("gpu", "gpu-1", "GPU", "gpu 1")
    fleets = [Fleet(FleetLimits(), "5f0c", name, 10_000, str, 0.0) for name in names]
    placed = [one.wants(lanes(1), 0.0)[0].name for one in fleets]
    assert [[one.has(name) for name in placed] for one in fleets] == [
        [whose == other for other in names] for whose in names
    ]
    fleets[0].found(dict.fromkeys(placed[1:], "17"), 0.0)
    assert fleets[0].to_look_at() == []


def test_what_earlier_drivers_have_placed_counts_too() -> None:
    placed = fleet(max_agents=1)
    placed.found({"5f0c-my-cluster-efdcfff4-1-1": "17"}, 0.0)
    assert placed.to_look_at() == ["17"]
    assert placed.wants(lanes(1), 0.0) == []
