"""`penstock ls`: the runs of the project."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import click

from penstock.cli import output
from penstock.cli.choices import typed
from penstock.cli.shared_options import complete_run, json_option, limit_option
from penstock.client.flow_runs import Run
from penstock.journal.views import RunRow
from penstock.model import words
from penstock.model.states import RunStatus
from penstock.reading import finding_runs
from penstock.reading.finding_runs import ChosenRuns, RunColumn
from penstock.reading.influence import LEAST_RUNS
from penstock.reading.listing import duration_s
from penstock.reading.reader import JournalReader
from penstock.reading.run_names import MetricName, ParamName
from penstock.reading.targets import find_flow

_EPILOG = """\b
Examples:
  penstock ls                        the latest 20 runs
  penstock ls digits --since 2d      those of one flow, of the last two days
  penstock ls --status failed --tag nightly
  penstock ls digits --filter "accuracy>0.9 -tag:old" --columns depth,accuracy --sort=-accuracy
"""


def complete_filter(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """What may stand at the end of a filter, for shell completion; nothing where the project can't be read."""
    from penstock.errors import PenstockError
    from penstock.reading.filter_completion import complete

    try:
        found = complete(JournalReader.find(), incomplete, len(incomplete))
    except PenstockError:
        return []
    return [incomplete[: found.at] + one.text for one in found.words]


@click.command(epilog=_EPILOG)
@click.argument("flow", required=False, default="", shell_complete=complete_run)
@click.option(
    "--filter",
    "text",
    metavar="TEXT",
    default="",
    shell_complete=complete_filter,
    help='Only runs for which this holds: "accuracy>0.9 status:failed -tag:old"; see the page "Find runs".',
)
@click.option("--status", type=click.Choice([status.value for status in RunStatus]), help="Only runs that stand so.")
@click.option("--tag", metavar="T", help="Only runs with this tag.")
@click.option("--since", metavar="TIME", help='Only runs begun since: "2d", "90m" ago, or a date, "2026-03-01".')
@click.option("--columns", metavar="NAME,...", default="", help="Show these metrics and parameters, too.")
@click.option("--sort", metavar="[-]NAME", default="", help="Sort by a metric, a parameter, took or number.")
@limit_option(20, "At most so many.")
@json_option
def command(
    flow: str,
    text: str,
    status: str | None,
    tag: str | None,
    since: str | None,
    columns: str,
    sort: str,
    limit: int,
    as_json: bool,
) -> None:
    """List runs, newest first: of all flows, or of FLOW."""
    reader = JournalReader.find()
    chosen = ChosenRuns(find_flow(reader, flow) if flow else None, status, tag, since)
    found = finding_runs.find(reader, text, chosen, sort, limit)
    runs = [Run(reader, row) for row in found.rows]
    if as_json:
        output.json([run.info() for run in runs])
        return
    names = [name for name in (part.strip() for part in columns.split(",")) if name]
    by = finding_runs.sorted_by(reader, sort)
    if by is not None and (name := sort.removeprefix("-")) not in names:
        names.append(name)
    shown, more_notes = finding_runs.columns(reader, found.rows, names)
    for note in dict.fromkeys((*found.notes, *more_notes)):
        output.note(note)
    given = {"--filter": text, "--status": status, "--tag": tag, "--since": since}
    if not runs:
        is_choice = bool(flow) or any(given.values())
        output.note("no run is like that" if is_choice else "there are no runs yet")
        output.next_command(*(("penstock ls", "all runs") if is_choice else ("penstock run FILE", "start one")))
        return
    named = any(row.name for row in found.rows)
    output.table(
        (
            "run",
            *(["name"] if named else []),
            "status",
            "started",
            "duration",
            "done",
            "failed",
            *(column.name for column in shown),
            "tags",
        ),
        [_row(run, row, shown, named=named) for run, row in zip(runs, found.rows, strict=True)],
        right=("duration", "done", "failed", *(column.name for column in shown if _is_of_numbers(column))),
    )
    if found.next is not None:
        again = typed(given | {"--columns": columns, "--sort": sort, "--limit": limit * 5})
        output.note(f"There are more: {shlex.join(['penstock', 'ls', *filter(None, [flow]), *again])}")
    is_chosen = any((status, tag, since))
    output.next_command(*_next(found.rows, flow, text, is_chosen=is_chosen, sort=sort, by=by))


def _next(
    rows: Sequence[RunRow], flow: str, text: str, *, is_chosen: bool, sort: str, by: MetricName | ParamName | None
) -> tuple[str, str]:
    """Of several runs of one flow what sets them apart, else the first of them. `is_chosen`: by other options, too;
    `by`: what `sort` means."""
    flows = {row.flow for row in rows}
    compared = typed({"--filter": f"flow:{rows[0].flow} ({text})" if flow else text}) if text else [*flows]
    if len(rows) >= LEAST_RUNS and len(flows) == 1 and not is_chosen:
        if isinstance(by, MetricName) and sort.startswith("-"):
            metric = sort[1:]
            return shlex.join(["penstock", "compare", *compared, "--metric", metric]), f"what {metric} depends on"
        if not sort:
            return shlex.join(["penstock", "compare", *compared]), "what differs between them"
    return f"penstock show {rows[0].run_id}", "look inside the first" if sort else "look inside the latest"


def _row(run: Run, row: RunRow, columns: list[RunColumn], *, named: bool) -> tuple[str, ...]:
    counts = run.steps
    done, failed = sum(step.done for step in counts), sum(step.failed for step in counts)
    return (
        run.id,
        *([words.one_line(row.name, 40)] if named else []),
        run.status,
        words.when(run.created),
        words.duration(duration_s(row)),
        f"{done:,}",
        output.count(failed),
        *(_cell(column.values[row.id]) if row.id in column.values else "" for column in columns),
        ", ".join(run.tags),
    )


def _cell(value: Any) -> str:
    return words.number(value) if isinstance(value, float) else str(value)


def _is_of_numbers(column: RunColumn) -> bool:
    return all(isinstance(value, (int, float)) for value in column.values.values())
