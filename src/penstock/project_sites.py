"""Executors whose attempts run at agents, as the settings have them: which site, tier and bounds each has.

Part of the composition root: it joins `far` with sites, tiers and settings. Nothing is reached before it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import penstock.project_far as project_far
from penstock.executors.far import FarExecutor, Packing
from penstock.executors.far_fleet import FleetLimits
from penstock.executors.late_site import LateSite
from penstock.executors.site_port import Site
from penstock.model.agents import AgentSize
from penstock.model.events import Profile
from penstock.model.tier_urls import parse_tier_url
from penstock.model.tuples import NamedTuple
from penstock.project_tiers import ProjectTiers
from penstock.settings import ExecutorSettings, Settings
from penstock.sites.by_hand import ByHand
from penstock.sites.host_site import HostRoom
from penstock.sites.process_site import ProcessSite
from penstock.sites.ray import RayFolder, RaySite
from penstock.sites.shells import LocalShell, Shell, SshShell
from penstock.sites.slurm import SlurmSite
from penstock.sites.slurm_job import SlurmOptions
from penstock.sites.ssh import SshHost, SshSite
from penstock.tiers.port import Tier
from penstock.tiers.uploads import Uploads

if TYPE_CHECKING:
    from penstock.project_far import FarEnvironments

_MOST_AGENTS = 10
"""Of one run, where nobody says: a map of thousands does not fill a cluster by itself."""
_DEPTH = 2_048
"""So many attempts wait in a lane at most: empty ones by the thousand end while one letter goes there and back."""
_ROUND_TRIP_S = 0.2


class FarWiring(NamedTuple):
    """What an executor `far` is made of."""

    site: Site
    tier: Tier
    uploads: Uploads
    packing: Packing
    limits: FleetLimits


def wiring_of(
    name: str,
    settings: Settings,
    environments: FarEnvironments,
    tiers: ProjectTiers,
    tell: Callable[[str], None],
) -> FarWiring:
    """That of a run's executor. `tell` says a line to the user, from any thread."""
    declared = settings.executors[name]
    url = settings.tier_of(declared)
    tier = tiers.own(url)
    return FarWiring(
        LateSite(lambda: site_of(declared, settings, tier, url, tell)),
        tier,
        tiers.uploads(url),
        project_far.packing(
            settings,
            environments,
            tier,
            tell,
            bundle=not (declared.agent or declared.here),
            wheels=declared.wheels,
            here=declared.here,
            containers=declared.containers or (settings.project.containers if declared.here else ""),
        ),
        limits_of(declared),
    )


def far_executor(name: str, settings: Settings, wiring: FarWiring) -> FarExecutor:
    """A new executor for a run."""
    return FarExecutor(name=name, profile=profile_of(name, wiring.limits), root=settings.root, **wiring._asdict())


def profile_of(name: str, limits: FleetLimits) -> Profile:
    """What all agents of a run can hold together, as far as it is known."""
    size, count = limits.size, limits.max_agents or 1
    known = size is not None
    return Profile(
        size.cpu * count if known else None,
        size.memory_bytes * count if known and size.memory_bytes is not None else None,
        unnamed_gpus=size.gpus * count if known else None,
        depth=_DEPTH,
        outlives_driver=True,
        begins_later=True,
        table=f"executors.{name}",
        lanes=None if known else limits.max_agents,
        round_trip_s=_ROUND_TRIP_S,
    )


def limits_of(declared: ExecutorSettings) -> FleetLimits:
    """How many agents a run may have, and of which size: one that is said in part has a CPU and no GPUs otherwise."""
    size = None
    if (declared.cpu, declared.memory_bytes, declared.gpus) != (None, None, None):
        size = AgentSize(declared.cpu or 1.0, declared.memory_bytes, len(declared.gpus or ()))
    return FleetLimits(
        max_agents=declared.max_agents or most_agents(declared, size),
        size=size,
        linger_s=declared.linger_s,
        max_agent_hours=declared.max_agent_hours,
        partition_s=declared.lost_after_s,
    )


def most_agents(declared: ExecutorSettings, size: AgentSize | None) -> int:
    """How many agents there may be where nobody says."""
    if declared.kind == "agent":
        return 1
    if declared.kind == "ssh":
        rooms = [host.room.agents(size or AgentSize(1.0, None)) for host in _hosts(declared)]
        return max(1, sum(rooms))
    return _MOST_AGENTS


def site_of(declared: ExecutorSettings, settings: Settings, tier: Tier, url: str, tell: Callable[[str], None]) -> Site:
    """The site of an executor. Blocks where the tier has to be asked for the project's folder there."""
    if declared.here:
        return ProcessSite((sys.executable, "-m", "penstock.agent"), Path(settings.folder, "agents"))
    command = declared.agent or ("sh", project_far.agent_script(tier))
    if declared.kind == "agent":
        return ByHand(declared.agent or ("penstock", "agent"), tell)
    if declared.kind == "ssh":
        return SshSite(command, _hosts(declared))
    if declared.home:
        command = ("env", f"PENSTOCK_AGENT_HOME={declared.home}", *command)
    folder = f"{parse_tier_url(tier.url).folder}/{tier.project}/agents"
    if declared.kind == "slurm":
        options = SlurmOptions(
            declared.partition, declared.account, declared.qos, declared.time_limit_s, declared.lines
        )
        return SlurmSite(command, _shell(declared.via), folder, options)
    return RaySite(command, declared.address, RayFolder(_shell(_host_of(url)), folder), dict(declared.resources))


def _hosts(declared: ExecutorSettings) -> list[SshHost]:
    return [
        SshHost(host.address, HostRoom(host.cpu, host.memory_bytes, host.gpus), host.home) for host in declared.hosts
    ]


def _shell(address: str) -> Shell:
    return SshShell(address) if address else LocalShell()


def _host_of(url: str) -> str:
    """The host that sees the tier's folder, as ssh takes it; "": this one."""
    place = parse_tier_url(url)
    if not place.host:
        return ""
    user, port = f"{place.user}@" if place.user else "", f":{place.port}" if place.port else ""
    return f"ssh://{user}{place.host}{port}"
