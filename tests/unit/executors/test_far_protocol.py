"""The laws of mail between drivers and agents, whatever is late, frozen, cut off, killed or started anew, and when."""

from __future__ import annotations

import inspect
import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from penstock.model import mail
from penstock.model.states import Cause
from tests.unit.executors.far_world import PARTITION_S, Agent, Driver, World

FULL = os.environ.get("PENSTOCK_REQUIRE_ALL") == "1"
EXAMPLES, SEEDS = (100, 800) if FULL else (10, 40)
picks = st.integers(0, 10_000)
NAMES = ("a", "b")
LEFT_S = (None, 50.0, 200.0, 1000.0)


class Protocol(RuleBasedStateMachine):
    """Drivers, of which the older ones may wake, and agents that keep their rules unless they are frozen."""

    @initialize(tasks=st.integers(1, 8), lanes=st.integers(1, 4), left_s=st.sampled_from(LEFT_S))
    def begin(self, tasks: int, lanes: int, left_s: float | None) -> None:
        self.world = World(tasks, lanes)
        for name in NAMES:
            self.world.place(name, left_s=left_s)
        self.world.take_over()
        self.settled: dict[int, int] = {}

    def agent(self, pick: int) -> Agent:
        return self.world.agents[pick % len(self.world.agents)]

    def driver(self, pick: int) -> Driver:
        """The newest mostly."""
        return self.world.drivers[-1] if pick % 4 else self.world.drivers[pick // 4 % len(self.world.drivers)]

    @rule(sends=st.booleans(), finishes=st.booleans(), writes=st.booleans())
    def newest_driver_and_agents_go_on(self, sends: bool, finishes: bool, writes: bool) -> None:
        driver = self.world.drivers[-1]
        driver.turn()
        while driver.outbox and sends:
            driver.send()
        for agent in self.world.agents:
            if agent.acts:
                agent.read()
                while finishes and agent.staged:
                    agent.bring()
                for attempt in sorted(agent.runs) if finishes else ():
                    agent.finish(attempt)
                agent.write()
                if writes:
                    agent.land()
        driver.poll()

    @rule(pick=picks, count=st.integers(1, 4))
    def agents_read(self, pick: int, count: int) -> None:
        for at in range(count):
            agent = self.agent(pick + at)
            if agent.acts:
                agent.read()

    @rule(pick=picks)
    def agent_writes(self, pick: int) -> None:
        agent = self.agent(pick)
        if agent.acts:
            agent.write()

    @rule(pick=picks)
    def letter_of_agent_lands(self, pick: int) -> None:
        agent = self.agent(pick)
        if not agent.is_dead:
            agent.land()

    @rule(pick=picks)
    def what_an_attempt_needs_comes(self, pick: int) -> None:
        agent = self.agent(pick)
        if agent.acts and agent.staged:
            agent.bring()

    @rule(pick=picks, which=picks)
    def attempt_finishes(self, pick: int, which: int) -> None:
        agent = self.agent(pick)
        if agent.acts and agent.runs:
            agent.finish(sorted(agent.runs)[which % len(agent.runs)])

    @rule(pick=picks, seed=picks, hides=st.booleans())
    def driver_polls(self, pick: int, seed: int, hides: bool) -> None:
        rng = random.Random(seed)
        self.driver(pick).poll(lambda names: rng.sample(names, len(names)), lambda _: hides and rng.random() < 0.5)

    @rule(pick=picks)
    def driver_takes_a_turn(self, pick: int) -> None:
        self.driver(pick).turn()

    @rule(pick=picks)
    def letter_of_driver_lands(self, pick: int) -> None:
        self.driver(pick).send()

    @rule(pick=picks)
    def driver_deletes(self, pick: int) -> None:
        self.driver(pick).delete()

    @rule(pick=picks, which=picks)
    def engine_recalls(self, pick: int, which: int) -> None:
        driver = self.driver(pick)
        if driver.in_flight:
            driver.recall(sorted(driver.in_flight)[which % len(driver.in_flight)])

    @rule(pick=picks, which=picks)
    def engine_cancels(self, pick: int, which: int) -> None:
        driver = self.driver(pick)
        if driver.in_flight:
            driver.cancel(sorted(driver.in_flight)[which % len(driver.in_flight)])

    @precondition(lambda self: len(self.world.drivers) < 4)
    @rule()
    def another_driver_takes_over(self) -> None:
        self.world.take_over()

    @rule(seconds=st.sampled_from([1.0, 10.0, PARTITION_S / 2, PARTITION_S * 1.5]))
    def time_passes(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(pick=picks)
    def agent_freezes_or_thaws(self, pick: int) -> None:
        agent = self.agent(pick)
        agent.is_frozen = not agent.is_frozen
        agent.was_frozen = True

    @rule(pick=picks)
    def network_is_cut_or_mended(self, pick: int) -> None:
        self.agent(pick).is_cut = not self.agent(pick).is_cut

    @rule(pick=picks, anew=st.booleans(), left_s=st.sampled_from(LEFT_S))
    def agent_dies(self, pick: int, anew: bool, left_s: float | None) -> None:
        agent = self.agent(pick)
        if agent.is_dead or len(self.world.agents) > 7:
            return
        agent.die()
        restarts = int(mail.incarnation_of(agent.seat).partition("-")[0])
        if anew:
            self.world.place(agent.name, restarts + 1, left_s)

    @precondition(lambda self: len(self.world.agents) < 7)
    @rule(pick=picks)
    def agent_is_started_twice(self, pick: int) -> None:
        agent = self.agent(pick)
        if not agent.is_dead and not agent.is_gone:
            self.world.place(agent.name, int(mail.incarnation_of(agent.seat).partition("-")[0]))

    @rule(pick=picks)
    def site_says_who_has_ended(self, pick: int) -> None:
        self._site_says(self.driver(pick))

    def _site_says(self, driver: Driver) -> None:
        for name in {agent.name for agent in self.world.agents}:
            if all(agent.is_dead or agent.is_gone for agent in self.world.agents if agent.name == name):
                driver.book.ended(name, Cause.LOST, "its site says so")

    @invariant()
    def what_is_settled_never_changes(self) -> None:
        if not hasattr(self, "world"):
            return
        for task, row in self.world.rows.items():
            if task in self.settled:
                assert row.is_done
                assert row.attempt == self.settled[task]
            elif row.is_done:
                self.settled[task] = row.attempt

    @invariant()
    def a_fenced_driver_is_obeyed_by_none_that_has_seen_another(self) -> None:
        if hasattr(self, "world"):
            assert all(agent.duty.token <= self.world.owner for agent in self.world.agents)

    def teardown(self) -> None:
        """Without more faults everything ends."""
        if not hasattr(self, "world"):
            return
        world = self.world
        for agent in world.agents:
            agent.is_frozen = agent.is_cut = False
        if not any(agent.acts and not agent.duty.going for agent in world.agents):
            world.place("c")
        driver = world.drivers[-1]
        for at in range(4_000):  # seconds: an agent that has too little time for what is left goes with its allocation
            if all(row.is_done for row in world.rows.values()):
                break
            if at % 100 == 99 and not any(agent.acts and not agent.duty.going for agent in world.agents):
                world.place(f"d{at}")
            self._round(driver)
        else:
            raise AssertionError(f"never done: {world.rows}; {driver.in_flight}; {driver.book.seats}")

    def _round(self, driver: Driver) -> None:
        self._site_says(driver)
        driver.turn()
        while driver.outbox:
            driver.send()
        for agent in self.world.agents:
            if agent.acts:
                agent.read()
                while agent.staged:
                    agent.bring()
                for attempt in sorted(agent.runs):
                    agent.finish(attempt)
                agent.write()
                agent.land()
        self.world.pass_time(1.0)
        driver.poll()
        driver.delete()


WEIGHTS = {
    "newest_driver_and_agents_go_on": 12,
    **dict.fromkeys(("letter_of_agent_lands", "driver_polls", "driver_takes_a_turn", "letter_of_driver_lands"), 4),
    **dict.fromkeys(("agents_read", "agent_writes", "attempt_finishes", "driver_deletes"), 3),
    "what_an_attempt_needs_comes": 6,
    "time_passes": 2,
    **dict.fromkeys(("engine_recalls", "engine_cancels", "another_driver_takes_over", "agent_freezes_or_thaws"), 1),
    **dict.fromkeys(("network_is_cut_or_mended", "site_says_who_has_ended"), 1),
    **dict.fromkeys(("agent_dies", "agent_is_started_twice"), 0.5),
}
"""How often each rule is drawn where histories are long: most of what is rare needs many ordinary steps before it."""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_long_histories(seed: int) -> None:
    rng = random.Random(seed)
    protocol = Protocol()
    protocol.begin(rng.randint(1, 8), rng.randint(1, 4), rng.choice(LEFT_S))
    most = {"another_driver_takes_over": 4, "agent_is_started_twice": 6}
    left_out = "agent_freezes_or_thaws" if seed % 2 else ""
    draws: dict[str, Callable[[], Any]] = {
        **dict.fromkeys(("pick", "which", "seed"), lambda: rng.randrange(10_000)),
        **dict.fromkeys(("sends", "finishes", "writes"), lambda: rng.random() < 0.7),
        **dict.fromkeys(("hides", "anew"), lambda: rng.random() < 0.4),
        "left_s": lambda: rng.choice(LEFT_S),
        "count": lambda: rng.randint(1, 4),
        "seconds": lambda: rng.choice((1.0, 10.0, PARTITION_S / 2, PARTITION_S * 1.5)),
    }
    for _ in range(rng.randint(10, 120)):
        (name,) = rng.choices(list(WEIGHTS), list(WEIGHTS.values()))
        there = {"another_driver_takes_over": len(protocol.world.drivers)}.get(name, len(protocol.world.agents))
        if name == left_out or there >= most.get(name, 99):
            continue
        step = getattr(protocol, name)
        step(**{given: draws[given]() for given in inspect.signature(step).parameters})
        protocol.what_is_settled_never_changes()
    protocol.teardown()


TestProtocol = Protocol.TestCase
TestProtocol.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
