"""`penstock mlflow`: runs from MLflow, and to it."""

from __future__ import annotations

from typing import Any

import click

from penstock.cli import output
from penstock.cli.shared_options import complete_run, json_option
from penstock.model.words import plural
from penstock.project import Project

_EPILOG = """\b
Examples:
  penstock mlflow import mlruns
  penstock mlflow import sqlite:///mlflow.db --experiment digits
  penstock mlflow import http://127.0.0.1:5000
  penstock mlflow export http://127.0.0.1:5000
  penstock mlflow export http://127.0.0.1:5000 digits/3
  penstock mlflow export http://127.0.0.1:5000 --filter "digits accuracy>0.9"
"""


@click.group(epilog=_EPILOG)
def command() -> None:
    """Import the runs that MLflow keeps, from a folder, a file of tables, or a server; export runs to a server. MLflow
    need not be installed.

    A server that asks for an account gets the one of MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or
    MLFLOW_TRACKING_TOKEN.
    """


def said_of(states: list[str]) -> str:
    """What an import has done, in a line."""
    new, changed, known = (states.count(state) for state in ("new", "changed", "known"))
    return f"imported {plural(new, 'run')}; {changed:,} changed since, {known:,} known already"


@command.command("import")
@click.argument("address", metavar="URL")
@click.option("--experiment", "experiments", multiple=True, metavar="NAME", help="Only its runs; may be repeated.")
@click.option("--again", is_flag=True, help="Look also at runs that are here already, and had ended.")
@click.option("--no-artifacts", is_flag=True, help="Leave the files of the runs where they are.")
@json_option
def import_runs(address: str, experiments: tuple[str, ...], again: bool, no_artifacts: bool, as_json: bool) -> None:
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
    how = {"artifacts": not no_artifacts, "again": again}
    for one in mlflow_import.import_runs(project, tracking, experiments, **how):
        state = one.put.state
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
    output.line(said_of([one["state"] for one in found]))
    if found:
        output.next_command(f"penstock ls {found[-1]['run'].partition('/')[0]}", "look at them")


@command.command("export")
@click.argument("address", metavar="URL")
@click.argument("runs", metavar="[RUN]...", nargs=-1, shell_complete=complete_run)
@click.option("--filter", "text", default="", metavar="TEXT", help="Only runs that it holds for, as of `penstock ls`.")
@click.option(
    "--experiment", default="", metavar="NAME", help="Where they go; without it, an experiment for each flow."
)
@json_option
def export_runs(address: str, runs: tuple[str, ...], text: str, experiment: str, as_json: bool) -> None:
    """Export runs to a server of MLflow's: parameters, metrics with all points, tags, names, notes, and as artifacts
    what they displayed, results that are files or tables, and penstock.json.

    RUN: as `penstock show` takes it; without any, all runs. What is there already is left, or brought up to date.
    """
    from penstock.exchange import mlflow_export
    from penstock.exchange.mlflow_address import server
    from penstock.reading import finding_runs
    from penstock.reading.reader import JournalReader
    from penstock.reading.targets import find_runs

    api, reader = server(address), JournalReader.find()
    chosen = finding_runs.find(reader, text, finding_runs.ChosenRuns(), "", None).rows
    if runs:
        wanted = {row.id for row in find_runs(reader, runs)}
        chosen = [row for row in chosen if row.id in wanted]
    found: list[mlflow_export.MlflowExport] = []
    for one in mlflow_export.export_runs(reader, api, chosen, experiment):
        found.append(one)
        if one.state != "known":
            output.note(f"{one.run}: {'run' if one.state == 'new' else 'what is new, to run'} {one.mlflow}")
        for note in one.notes:
            output.note(f"{one.run}: {note}")
    if as_json:
        output.json([one._asdict() for one in found])
        return
    counts = [sum(one.state == state for one in found) for state in ("new", "changed", "known")]
    output.line(f"exported {plural(counts[0], 'run')}; {counts[1]:,} brought up to date, {counts[2]:,} there already")
