"""`penstock sites`: where agents are placed, and those of runs that are not over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from penstock.cli import output
from penstock.cli.shared_options import json_option
from penstock.model import words
from penstock.project import Project

if TYPE_CHECKING:
    from penstock.reading.site_structs import AgentInfo

_FEW = 3
_EPILOG = """\b
Examples:
  penstock sites           executors with agents, and how each agent is
  penstock sites --json    the same for programs
"""


@click.command(epilog=_EPILOG)
@json_option
def command(as_json: bool) -> None:
    """Show the sites that penstock.toml names, the agents there of runs that are not over, and what waits for them.

    Each site is asked: by ssh, by `squeue`, or by Ray's API. One that can't be is named with what mends it.
    """
    from penstock.reading.far_agents import sites

    found = sites(Project.find())
    if as_json:
        output.json(found)
        return
    if not found:
        output.note('no site is named: penstock.toml has no executor of kind "ssh", "slurm", "ray" or "agent"')
        return
    rows = [(site.executor, site.kind, site.place, site.tier, str(site.max_agents or "")) for site in found]
    output.table(("executor", "kind", "place", "tier", "most agents"), rows, right=("most agents",))
    agents = [_agent(agent) for site in found for agent in site.agents]
    if agents:
        output.line()
        output.table(("agent", "run", "state", "why", "host", "has", "load", "runs"), agents, right=("load",))
    waiting = [(site.executor, one.run, one.step, f"{one.tasks:,}", one.why) for site in found for one in site.waiting]
    if waiting:
        output.line()
        output.table(("waits for", "run", "step", "tasks", "why"), waiting, right=("tasks",))
    for site in found:
        if site.trouble:
            output.note(site.trouble)


def _agent(agent: AgentInfo) -> tuple[str, ...]:
    size = ""
    if agent.cpu is not None:
        memory = f", {words.size(agent.memory_bytes)}" if agent.memory_bytes else ""
        size = f"{agent.cpu:g} CPUs{memory}" + (f", {words.plural(agent.gpus, 'GPU')}" if agent.gpus else "")
    tasks = ", ".join(task.task.partition("/")[2].partition("/")[2] for task in agent.tasks[:_FEW])
    more = f" and {len(agent.tasks) - _FEW:,} more" if len(agent.tasks) > _FEW else ""
    load = "" if agent.load is None else f"{agent.load:.1f}"
    return agent.name, agent.run, agent.state, agent.why, agent.host, size, load, f"{tasks}{more}"
