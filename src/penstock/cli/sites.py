"""`penstock sites`: where agents are placed, and those of runs that are not over."""

from __future__ import annotations

import click

from penstock.cli import output
from penstock.cli.shared_options import json_option
from penstock.project import Project

_EPILOG = """\b
Examples:
  penstock sites           executors with agents, and how each agent is
  penstock sites --json    the same for programs
"""


@click.command(epilog=_EPILOG)
@json_option
def command(as_json: bool) -> None:
    """Show the sites that penstock.toml names, and the agents there of runs that are not over.

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
    agents = [(agent.name, agent.run, agent.state, agent.why) for site in found for agent in site.agents]
    if agents:
        output.line()
        output.table(("agent", "run", "state", "why"), agents)
    for site in found:
        if site.trouble:
            output.note(site.trouble)
