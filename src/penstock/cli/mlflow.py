"""`penstock mlflow`: runs from MLflow, and to it."""

from __future__ import annotations

from typing import Any

import click

from penstock.cli import output
from penstock.cli.shared_options import json_option
from penstock.model.words import plural
from penstock.project import Project

_EPILOG = """\b
Examples:
  penstock mlflow import mlruns
  penstock mlflow import sqlite:///mlflow.db --experiment digits
  penstock mlflow import http://127.0.0.1:5000
"""


@click.group(epilog=_EPILOG)
def command() -> None:
    """Import the runs that MLflow keeps: from a folder, a file of tables, or a server. MLflow need not be installed."""


@command.command("import")
@click.argument("address", metavar="URL")
@click.option("--experiment", "experiments", multiple=True, metavar="NAME", help="Only its runs; may be repeated.")
@click.option("--no-artifacts", is_flag=True, help="Leave the files of the runs where they are.")
@json_option
def import_runs(address: str, experiments: tuple[str, ...], no_artifacts: bool, as_json: bool) -> None:
    """Import the runs of MLflow's that are not here yet.

    URL: a folder `mlruns`, sqlite:///mlflow.db, or a server's address. An experiment becomes a flow, a run one
    without tasks, whose result is the folder of its artifacts; a nested run is a fork of its parent. What was imported
    is known by its tag mlflow.run_id, and imported again only where it had not ended. Nothing is unpickled.
    """
    from penstock.exchange import mlflow_import
    from penstock.exchange.mlflow_address import opened

    found: list[Any] = []
    project = Project.find()
    tracking = opened(address)
    for one in mlflow_import.import_runs(project, tracking, experiments, artifacts=not no_artifacts):
        state = "new" if one.put.is_new else "changed" if one.put.is_changed else "known"
        found.append({"run": one.put.run, "mlflow": one.mlflow, "state": state, "notes": one.notes})
        if state != "known":
            output.note(f"{one.put.run}: {'run' if state == 'new' else 'what is new of run'} {one.mlflow}")
        for text in one.notes:
            output.note(f"{one.put.run}: {text}")
    for text in tracking.unreadable:
        output.note(f"left out: {text}")
    if as_json:
        output.json(found)
        return
    counts = [sum(one["state"] == state for one in found) for state in ("new", "changed", "known")]
    output.line(f"imported {plural(counts[0], 'run')}; {counts[1]:,} changed since, {counts[2]:,} known already")
    if found:
        output.next_command(f"penstock ls {found[-1]['run'].partition('/')[0]}", "look at them")
