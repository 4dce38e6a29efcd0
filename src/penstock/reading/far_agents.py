"""Asks sites, and the tiers that agents write to, for the agents of runs that are not over. Blocks for as long as they
take; nothing is made or changed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from penstock.errors import PenstockError
from penstock.executors.far_fleet import is_agent_of, whose
from penstock.executors.site_port import Site
from penstock.journal import queries
from penstock.journal.journal import Journal
from penstock.journal.views import RunRow
from penstock.model import mail
from penstock.model.agents import AgentSight
from penstock.model.mail import Heart
from penstock.model.states import RunStatus
from penstock.model.tier_urls import parse_tier_url
from penstock.project import Project
from penstock.project_sites import site_of
from penstock.reading import site_facts
from penstock.reading.site_facts import SeenAgent, SiteAnswer
from penstock.reading.site_structs import SiteInfo
from penstock.settings import ExecutorSettings
from penstock.tiers.port import Tier

_OPEN = (RunStatus.RUNNING, RunStatus.CRASHED, RunStatus.INTERRUPTED)
_MOST_RUNS = 50
_AT_ONCE = 8


def sites(project: Project) -> tuple[SiteInfo, ...]:
    """All of them, as they answer now. Blocks until each has."""
    far = far_executors(project)
    rows = open_runs(project.reader) if far and not project.is_new else []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        asking = [pool.submit(asked, project, name, declared, rows) for name, declared in far.items()]
        answers = [one.result() for one in asking]
    runs = site_facts.noted(project.reader, rows) if rows else []
    return tuple(
        site_facts.told(name, declared, project.settings.tier_of(declared), answer, runs)
        for (name, declared), answer in zip(far.items(), answers, strict=True)
    )


def far_executors(project: Project) -> dict[str, ExecutorSettings]:
    """Those of the settings whose attempts run at agents."""
    return {name: declared for name, declared in project.settings.executors.items() if declared.is_far}


def open_runs(journal: Journal) -> list[RunRow]:
    """The latest runs that are not over."""
    found = [
        row for status in _OPEN for row in queries.runs(journal, status=status.value, limit=_MOST_RUNS) if row.nonce
    ]
    return sorted(found, key=lambda row: -row.id)[:_MOST_RUNS]


def asked(project: Project, name: str, declared: ExecutorSettings, rows: Sequence[RunRow]) -> SiteAnswer:
    """What the site of an executor says of the agents of runs. Raises nothing that it says."""
    if not rows or project.tiers is None:
        return SiteAnswer()
    url = project.settings.tier_of(declared)
    agents: dict[str, SeenAgent] = {}
    is_there = False  # the project has a folder in the tier
    try:
        seen = parse_tier_url(url)._replace(host="", user="", port=None).text()
        for tier in project.tiers.readable():
            if tier.url == seen:
                is_there = True
                site = site_of(declared, project.settings, tier, url, lambda text: None)
                for row in rows:
                    agents |= _agents(name, site, tier, row)
    except PenstockError as error:
        return SiteAnswer(agents, str(error), time.time())
    return SiteAnswer(agents, "", time.time() if is_there else None)


def _agents(executor: str, site: Site, tier: Tier, row: RunRow) -> dict[str, SeenAgent]:
    run = f"{row.flow}/{row.number}"
    hearts = _hearts(tier, row.nonce, executor)
    handles = {
        name: handle for name, handle in site.find(row.nonce).items() if is_agent_of(name, whose(row.nonce, executor))
    }
    sights = site.look(list(handles.values()))
    found = {name: SeenAgent(run, sights[handle], hearts.pop(name, None)) for name, handle in handles.items()}
    return found | {name: SeenAgent(run, AgentSight("running"), heart) for name, heart in hearts.items()}


def _hearts(tier: Tier, nonce: str, executor: str) -> dict[str, Heart | None]:
    """What each agent of an executor has said of itself last, by its name."""
    found: dict[str, Heart | None] = {}
    for path in tier.list(mail.heart_prefix(nonce)):
        name = mail.agent_of(path.rpartition("/")[2])
        if is_agent_of(name, whose(nonce, executor)):
            data = tier.get(path)
            found[name] = mail.read_heart(data) if data is not None else None
    return found
