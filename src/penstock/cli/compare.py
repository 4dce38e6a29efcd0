"""`penstock compare`: what differs between runs."""

from __future__ import annotations

import click

from penstock.cli import output
from penstock.cli.choices import typed
from penstock.cli.ls import complete_filter
from penstock.cli.shared_options import complete_run, json_option
from penstock.cli.show_comparison import show_comparison
from penstock.reading.comparison import compare
from penstock.reading.reader import JournalReader

_EPILOG = """\b
Examples:
  penstock compare digits/3 digits/5                   parameters, code, packages, metrics, results
  penstock compare digits --metric accuracy            which parameter matters, of its latest 50 runs
  penstock compare --filter "digits since:2d" --metric loss --minimize
"""


@click.command(epilog=_EPILOG)
@click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=complete_run)
@click.option(
    "--filter",
    "text",
    metavar="TEXT",
    default="",
    shell_complete=complete_filter,
    help="Also the latest runs for which this holds, 50 in all; as in `penstock ls`.",
)
@click.option("--metric", metavar="NAME", default="", help="Judge the runs by it, and say what it depends on.")
@click.option("--minimize", is_flag=True, help="The smallest value of the metric is the best.")
@json_option
def command(runs: tuple[str, ...], text: str, metric: str, minimize: bool, as_json: bool) -> None:
    """Say what differs between runs, and what does not: up to 50, or the latest of one flow. The code of the others is
    shown beside that of the first."""
    if minimize and not metric:
        raise click.UsageError("--minimize says how a metric is judged: name it with --metric")
    info = compare(JournalReader.find(), runs, text, metric, is_minimized=minimize)
    if as_json:
        output.json(info)
    else:
        show_comparison(info, [*runs, *typed({"--filter": text})])
