"""`penstock rm`: remove runs."""

from __future__ import annotations

import json
import shutil
import sys

import click

from penstock.cli import output, screen
from penstock.cli.shared_options import complete_run
from penstock.errors import UsageError
from penstock.journal import changes, queries
from penstock.project import Project
from penstock.space import sweep

_EPILOG = """\b
Examples:
  penstock rm digits/3                 asks first
  penstock rm digits/3 digits/4 --yes
"""


@click.command(epilog=_EPILOG)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_run)
@click.option("--yes", is_flag=True, help="Don't ask.")
@click.option("--json", "as_json", is_flag=True, help="Print the names of the removed runs as JSON.")
def command(runs: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Remove runs with their tasks, logs and checkpoints. Their values are freed by `penstock gc`."""
    project = Project.find()
    found = list({row.id: row for row in (queries.resolve(project.reader, name) for name in runs)}.values())
    names = [row.run_id for row in found]
    if not yes:
        if not sys.stdin.isatty():
            raise UsageError(f"nobody can be asked here: penstock rm {' '.join(names)} --yes")
        click.confirm(f"Remove {', '.join(names)} for good?", abort=True, err=True)
    for row in found:
        changes.delete_run(project.journal, row.id)
        _remove_folders(project, row.folder)
        output.note(f"removed {row.run_id}")
    if as_json:
        screen.document(json.dumps({"removed": names}))
    else:
        output.note("free the space of their values with: penstock gc --yes")
    return 0


def _remove_folders(project: Project, folder: str) -> None:
    """What lies in folders of the run's own; all else that it leaves behind is swept by `penstock gc`."""
    for kind in (*sweep.FOLDERS, "scratch"):
        shutil.rmtree(project.folder(kind, folder), ignore_errors=True)
