"""`penstock watch`: a run as it goes, whoever drives it."""

from __future__ import annotations

import sys

import click

from penstock.cli import reporting, screen
from penstock.cli.shared_options import complete_run
from penstock.model.states import RunStatus
from penstock.reading.reader import JournalReader
from penstock.reading.targets import find_run
from penstock.reading.watched_runs import SeenRun

_EPILOG = """\b
Examples:
  penstock watch                     the run that goes on, then the next ones, until q or Ctrl-C
  penstock watch digits              the latest run of digits, until it ends
  penstock watch digits/3 && penstock get digits/3
"""


@click.command(epilog=_EPILOG)
@click.argument("run", metavar="[RUN]", required=False, default="", shell_complete=complete_run)
def command(run: str) -> int:
    """Watch a run as it goes, also one that another terminal drives: what failed and why, its steps, what runs now,
    metrics, the last lines of its log.

    RUN is watched until it ends; the exit code is 1 where it did not end well. Without RUN it is the run that began
    last among those that go on, then the next ones. Keys: q leaves it, as Ctrl-C does, and the run goes on; l shows the
    log alone; n, without RUN, another run that goes on. In a pipe, and where a terminal has hardly any room, lines tell
    of it as they do of a run that one has started oneself.
    """
    reader = JournalReader.find()
    watched = find_run(reader, run).id if run else 0
    if screen.is_live(sys.stdout):
        from penstock.cli.watch_screen import watch
    else:
        from penstock.cli.watch_lines import watch
    seen = watch(reader, watched)
    return reporting.FAILED if run and _ended_badly(seen) else reporting.DONE


def _ended_badly(seen: SeenRun | None) -> bool:
    return seen is not None and seen.is_over and seen.row.status != RunStatus.DONE
