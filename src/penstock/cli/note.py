"""`penstock note`: note something about a run, or name it."""

from __future__ import annotations

import json

import click

from penstock.cli import screen
from penstock.cli.shared_options import complete_run, json_option
from penstock.journal import changes, queries
from penstock.model.visible import visible
from penstock.project import Project

_EPILOG = """\b
Examples:
  penstock note digits/3 "the baseline: no augmentation"
  penstock note digits/3 --name baseline
  penstock note digits/3                  what was noted
  penstock note digits/3 ""               take it off
"""


@click.command(epilog=_EPILOG)
@click.argument("run", shell_complete=complete_run)
@click.argument("text", required=False)
@click.option("--name", metavar="NAME", help="What the run is called, in a few words.")
@json_option
def command(run: str, text: str | None, name: str | None, as_json: bool) -> int:
    """Note TEXT about a run in the place of what was noted, or name the run; without either, print both."""
    project = Project.find()
    row = queries.resolve(project.reader, run)
    if text is not None or name is not None:
        changes.describe(project.journal, row.id, name=name, note=text)
        row = queries.run_by_id(project.reader, row.id)
    if as_json:
        screen.document(json.dumps({"run": row.run_id, "name": row.name, "note": row.note}))
    else:
        screen.out(visible(f"{row.run_id}{f' ({row.name})' if row.name else ''}: {row.note or 'nothing noted'}"))
    return 0
