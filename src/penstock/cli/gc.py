"""`penstock gc`: free the space of what no run refers to."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from penstock.cli import output
from penstock.client.words import size
from penstock.project import Project

_EPILOG = """\b
Examples:
  penstock rm digits/3 --yes   a run that is not needed any more
  penstock gc                  what could be freed now
  penstock gc --yes            free it
"""


@click.command(epilog=_EPILOG)
@click.option("--yes", is_flag=True, help="Remove it; without, it is only shown.")
@click.option("--json", "as_json", is_flag=True, help="Print what was, or would be, removed as JSON.")
def command(yes: bool, as_json: bool) -> int:
    """Free the space of values, logs, checkpoints and code snapshots that no run refers to.

    Safe beside running flows. Runs themselves are removed by `penstock rm`.
    """
    from penstock.cli.sweep import survey, sweep

    project = Project.find()
    if not (project.home / "journal.db").exists():
        piles = []
    else:
        piles = sweep(project) if yes else survey(project)
    total = sum(pile.bytes for pile in piles)
    if as_json:
        click.echo(json.dumps({"removed": yes, "bytes": total, "piles": [asdict(pile) for pile in piles]}))
        return 0
    for pile in piles:
        click.echo(f"{pile.what:30} {pile.count:>8,}  {size(pile.bytes):>10}")
    if not piles:
        output.note("nothing to free: runs refer to all that is stored")
    elif yes:
        output.note(f"freed {size(total)}")
    else:
        output.note(f"{size(total)} can be freed: penstock gc --yes")
    return 0
