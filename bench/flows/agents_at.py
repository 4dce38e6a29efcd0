"""Gives a flow the executor `agents`, whose agents a site of this host places, on the far tier of its settings."""

from typing import Any

from penstock.executors.far import FarExecutor
from penstock.executors.far_fleet import FleetLimits
from penstock.executors.site_port import Site
from penstock.launch import preparing
from penstock.model.agents import AgentSize
from penstock.model.events import Profile
from penstock.project_far import packing


def site(place: Site, count: int) -> None:
    """`count`: how many agents, of one CPU each, a run has."""
    wire_executors = preparing.wire_executors

    def wired(settings: Any, environments: Any, **more: Any) -> Any:
        tiers, url = more["tiers"], settings.store.url
        tier = tiers.own(url)
        agents = FarExecutor(
            name="agents",
            site=place,
            tier=tier,
            uploads=tiers.uploads(url),
            packing=packing(settings, environments, tier, print, bundle=False, here=True),
            profile=Profile(
                None, None, depth=128, outlives_driver=True, begins_later=True, lanes=count, round_trip_s=0.2
            ),
            limits=FleetLimits(max_agents=count, size=AgentSize(1.0, None), linger_s=600.0),
        )
        return {**wire_executors(settings, environments, **more), "agents": agents}

    preparing.wire_executors = wired
