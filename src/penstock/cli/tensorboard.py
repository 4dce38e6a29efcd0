"""`penstock tensorboard`: runs from TensorBoard's event files."""

from __future__ import annotations

from pathlib import Path

import click

from penstock.cli import output
from penstock.cli.mlflow import said_of
from penstock.cli.shared_options import json_option
from penstock.project import Project

_EPILOG = """\b
Examples:
  penstock tensorboard import logs
  penstock tensorboard import --flow digits logs/*
"""


@click.group(epilog=_EPILOG)
def command() -> None:
    """Import what TensorBoard shows: folders of event files. TensorBoard need not be installed."""


@command.command("import")
@click.argument("folders", metavar="FOLDER...", nargs=-1, required=True)
@click.option(
    "--flow", default="tensorboard", show_default=True, metavar="NAME", help="What the runs are counted under."
)
@json_option
def import_folders(folders: tuple[str, ...], flow: str, as_json: bool) -> None:
    """Import each FOLDER of event files, with all folders in it, as a run without tasks: scalars become metrics,
    hyperparameters parameters. Images, histograms and all else are left out, and counted.

    A folder is known by its tag tensorboard.folder: imported again, the run gets what came since.
    """
    from penstock.exchange import event_import

    project, found = Project.find(), list[event_import.EventImport]()
    for folder in folders:
        one = event_import.import_folder(project, Path(folder), flow)
        found.append(one)
        for text in (folder, *one.notes):
            output.note(f"{one.put.run}: {text}")
    if as_json:
        rows = zip(folders, found, strict=True)
        output.json(
            [{"run": one.put.run, "folder": at, "state": one.put.state, "notes": one.notes} for at, one in rows]
        )
        return
    output.line(said_of([one.put.state for one in found]))
    output.next_command(f"penstock show {found[-1].put.run}", "look at its metrics")
