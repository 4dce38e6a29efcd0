"""The sites that the settings name, and the agents there of runs that are not over: each site is asked."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from penstock.errors import PlatformError
from penstock.executors.far_fleet import is_agent_of, whose
from penstock.executors.site_port import Site
from penstock.journal import queries
from penstock.journal.views import RunRow
from penstock.model.states import RunStatus
from penstock.model.tier_urls import parse_tier_url
from penstock.project import Project
from penstock.project_sites import limits_of, site_of
from penstock.settings import ExecutorSettings

_OPEN = (RunStatus.RUNNING, RunStatus.CRASHED, RunStatus.INTERRUPTED)
_MOST_RUNS = 50


class AgentInfo(msgspec.Struct, frozen=True):
    """An agent that was placed for a run."""

    name: str
    run: str  # "digits/3"
    state: str  # "pending", "running", "ended" or "unknown"
    why: str = ""  # it waits or ended, in words


class SiteInfo(msgspec.Struct, frozen=True):
    """An executor whose attempts run at agents."""

    executor: str
    kind: str  # "agent", "ssh", "slurm" or "ray"
    place: str  # hosts, the address, the login node
    tier: str  # URL of its far tier
    max_agents: int | None  # of one run
    agents: tuple[AgentInfo, ...] = ()
    trouble: str = ""  # why it can't be asked, with a mend; "": it was


def sites(project: Project) -> tuple[SiteInfo, ...]:
    """All of them. Blocks until each has answered; nothing is made or changed."""
    far = {name: declared for name, declared in project.settings.executors.items() if declared.is_far}
    rows = list(_open_runs(project)) if far else []
    return tuple(_site(project, name, declared, rows) for name, declared in far.items())


def _open_runs(project: Project) -> Iterator[RunRow]:
    if project.is_new:
        return
    for status in _OPEN:
        yield from queries.runs(project.reader, status=status.value, limit=_MOST_RUNS)


def _site(project: Project, name: str, declared: ExecutorSettings, rows: list[RunRow]) -> SiteInfo:
    url = declared.store or project.settings.store.url
    found = SiteInfo(name, declared.kind, place_of(declared), url, limits_of(declared).max_agents)
    if not rows or project.tiers is None or (declared.kind == "agent" and not declared.here):
        return found
    try:
        seen = parse_tier_url(url)._replace(host="", user="", port=None).text()
        agents: list[AgentInfo] = []
        for tier in project.tiers.readable():
            if tier.url == seen:
                site = site_of(declared, project.settings, tier, url, lambda text: None)
                agents += [agent for row in rows for agent in _agents(site, name, row)]
    except PlatformError as error:
        return msgspec.structs.replace(found, trouble=str(error))
    return msgspec.structs.replace(found, agents=tuple(agents))


def _agents(site: Site, executor: str, row: RunRow) -> Iterator[AgentInfo]:
    if not row.nonce:
        return
    handles = {
        name: handle for name, handle in site.find(row.nonce).items() if is_agent_of(name, whose(row.nonce, executor))
    }
    sights = site.look(list(handles.values()))
    for name, handle in handles.items():
        yield AgentInfo(name, f"{row.flow}/{row.number}", sights[handle].state, sights[handle].why)


def place_of(declared: ExecutorSettings) -> str:
    """Where it is, in words."""
    if declared.kind == "ssh":
        return ", ".join(host.address for host in declared.hosts)
    if declared.kind == "slurm":
        return " of ".join(filter(None, (declared.partition and f"partition {declared.partition}", declared.via)))
    return "this machine" if declared.here else declared.address
