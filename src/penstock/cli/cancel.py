"""`penstock cancel`: stop a run that another process drives."""

from __future__ import annotations

import json
import time

import click

from penstock.cli import output, screen
from penstock.cli.shared_options import complete_run
from penstock.errors import NotFoundError
from penstock.journal import changes, queries
from penstock.journal.owners import owner_of_this_process
from penstock.journal.views import RunRow
from penstock.model.rows import RunEnd
from penstock.model.states import RunStatus
from penstock.project import Project

_EPILOG = """\b
Examples:
  penstock cancel digits/3
  penstock cancel            the latest run that is running
"""


@click.command(epilog=_EPILOG)
@click.argument("run", default="", shell_complete=complete_run)
@click.option("--json", "as_json", is_flag=True, help="Print what becomes of the run as JSON.")
def command(run: str, as_json: bool) -> int:
    """Stop a run: its driver is asked to, ends what is in flight, and keeps what is done. It can be resumed.

    A run whose driver has died is marked as cancelled at once. RUN: the latest one that is running.
    """
    project = Project.find()
    row = queries.resolve(project.reader, run) if run else _latest(project)
    if row.status == RunStatus.CRASHED:
        _mark_cancelled(project, row)
        told = "its driver has died: it is marked as cancelled"
    else:
        changes.request_cancel(project.journal, row.id)
        told = f"asked process {row.owner.pid} on {row.owner.host} to stop; it will within seconds"
    if as_json:
        status = RunStatus.CANCELLED if row.status == RunStatus.CRASHED else RunStatus.RUNNING
        screen.document(json.dumps({"run": row.run_id, "status": status, "cancel_requested": True}))
    output.note(f"{row.run_id}: {told}. Go on with: penstock resume {row.run_id}")
    return 0


def _latest(project: Project) -> RunRow:
    running = queries.runs(project.reader, status=RunStatus.RUNNING.value, limit=1)
    if not running:
        raise NotFoundError("nothing runs; see `penstock ls`")
    return running[0]


def _mark_cancelled(project: Project, row: RunRow) -> None:
    handle = project.journal.take(row.run_id, owner_of_this_process(), time.time(), time.monotonic())
    try:
        handle.end(RunEnd(RunStatus.CANCELLED.value))
    finally:
        handle.close()
