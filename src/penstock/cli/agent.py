"""`penstock agent`: run attempts on this machine for a run that is driven elsewhere."""

from __future__ import annotations

import click

_EPILOG = """\b
Examples:
  penstock agent CODE              what a run prints where its executor is of kind "agent"
  sh FOLDER/agent CODE             the same where no Penstock is installed: FOLDER is the project's in its tier

PENSTOCK_AGENT_HOME names the folder that it keeps values, code and environments in; ~/.cache/penstock/agents else.
"""


@click.command(epilog=_EPILOG)
@click.argument("code")
def command(code: str) -> int:
    """Join a run as an agent, and run its attempts here until it has none for a while.

    CODE says which run, and where its tier is; it holds nothing private. Exit code 2 where that run is over.
    """
    from penstock.agent.life import main

    return main([code])
