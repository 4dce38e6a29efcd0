"""`penstock note`: note something about a run, or name it."""

from __future__ import annotations

import json
from pathlib import Path

import click

from penstock.cli import screen
from penstock.cli.shared_options import complete_run, json_option
from penstock.errors import UsageError
from penstock.journal import changes, queries
from penstock.model.visible import visible
from penstock.project import Project

_EPILOG = """\b
Examples:
  penstock note digits/3 "the baseline: no augmentation"
  penstock note digits/3 --name baseline
  penstock note digits/3                  what was noted
  penstock note digits/3 ""               take it off
  penstock note digits/3 --file notes.md  what a file says
"""


@click.command(epilog=_EPILOG)
@click.argument("run", shell_complete=complete_run)
@click.argument("text", required=False)
@click.option("--name", metavar="NAME", help="What the run is called, in a few words.")
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Note what this file says.")
@json_option
def command(run: str, text: str | None, name: str | None, file: Path | None, as_json: bool) -> int:
    """Note TEXT about a run in the place of what was noted, or name the run; without either, print both."""
    if file is not None:
        text = _read(file, text)
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


def _read(file: Path, text: str | None) -> str:
    if text is not None:
        raise UsageError("a run has one note: give TEXT or --file")
    try:
        return file.read_bytes().decode().removesuffix("\n")
    except UnicodeDecodeError:
        raise UsageError(f"{file} is no text in UTF-8") from None
