"""`penstock ls`: the runs of the project."""

from __future__ import annotations

import shlex

import click

from penstock.cli import output
from penstock.cli.choices import typed
from penstock.cli.shared_options import complete_run, json_option, limit_option
from penstock.client.flow_runs import Run
from penstock.model import words
from penstock.model.states import RunStatus
from penstock.reading import listing
from penstock.reading.reader import JournalReader
from penstock.reading.targets import find_flow

_EPILOG = """\b
Examples:
  penstock ls                        the latest 20 runs
  penstock ls digits --since 2d      those of one flow, of the last two days
  penstock ls --status failed --tag nightly
"""


@click.command(epilog=_EPILOG)
@click.argument("flow", required=False, default="", shell_complete=complete_run)
@click.option("--status", type=click.Choice([status.value for status in RunStatus]), help="Only runs that stand so.")
@click.option("--tag", metavar="T", help="Only runs with this tag.")
@click.option("--since", metavar="TIME", help='Only runs begun since: "2d", "90m" ago, or a date, "2026-03-01".')
@limit_option(20, "At most so many.")
@json_option
def command(flow: str, status: str | None, tag: str | None, since: str | None, limit: int, as_json: bool) -> None:
    """List runs, newest first: of all flows, or of FLOW."""
    reader = JournalReader.find()
    rows = listing.runs(reader, find_flow(reader, flow) if flow else None, status, tag, since, limit + 1)
    more, found = len(rows) > limit, [Run(reader, row) for row in rows[:limit]]
    if as_json:
        output.json([run.info() for run in found])
        return
    if not found:
        chosen = flow or status or tag or since
        output.note("no run is like that" if chosen else "there are no runs yet")
        output.next_command(*(("penstock ls", "all runs") if chosen else ("penstock run FILE", "start one")))
        return
    output.table(
        ("run", "status", "started", "duration", "done", "failed", "tags"),
        [_row(run) for run in found],
        right=("duration", "done", "failed"),
    )
    if more:
        chosen = typed({"--status": status, "--tag": tag, "--since": since, "--limit": limit * 5})
        output.note(f"There are more: {shlex.join(['penstock', 'ls', *filter(None, [flow]), *chosen])}")
    output.next_command(f"penstock show {found[0].id}", "look inside the latest")


def _row(run: Run) -> tuple[str, ...]:
    counts = run.steps
    done, failed = sum(step.done for step in counts), sum(step.failed for step in counts)
    return (
        run.id,
        run.status,
        words.when(run.created),
        words.duration(run.duration.total_seconds()),
        f"{done:,}",
        output.count(failed),
        ", ".join(run.tags),
    )
