"""`penstock resume`: go on with a run where it stopped. What it needs is imported when its first process starts."""

from __future__ import annotations

from typing import Any

import click

from penstock.cli.choices import Choices
from penstock.cli.run_options import with_options
from penstock.cli.shared_options import complete_run, file_option

_EPILOG = """\b
Examples:
  penstock resume                           the latest run that is not done
  penstock resume digits/3                  this one
  penstock resume digits                    the latest one of digits that is not done
  penstock resume --changed                 and what edited code made runs again
  penstock resume --dry-run                 what is kept, what would run, and why
  penstock resume --file new/digits.py digits/3
"""


@click.command(epilog=_EPILOG)
@with_options
@file_option
@click.option(
    "--changed", is_flag=True, help="Run also those finished tasks again whose code has changed since they ran."
)
@click.argument("run", default="", shell_complete=complete_run)
def command(run: str, file: str | None, **chosen: Any) -> int:
    """Go on with a run: what is done is kept, what failed or never began is run. Its parameters stay.

    RUN: the latest one that is not done. Exit codes as of `penstock run`; 2 also where another process drives the run.
    """
    choices = Choices(**chosen)
    from penstock.executors.spare_zygote import spare_zygote

    with spare_zygote(not choices.inline and not choices.dry_run):
        return _resume(run, file, choices)


def _resume(run: str, file: str | None, choices: Choices) -> int:
    from penstock.cli.drive_run import drive
    from penstock.cli.loading import load
    from penstock.cli.unpickling import unpickled_params
    from penstock.launch.flow_of_run import target_of
    from penstock.launch.resuming import request_to_resume
    from penstock.reading.reader import JournalReader

    reader = JournalReader.find()
    root = reader.project.root
    request = request_to_resume(
        reader, run, lambda row, detail: load(target_of(root, row, detail, file, "resume")), unpickled_params
    )
    return drive(reader.project, request, choices, ("penstock", "resume", *choices.words(), request.run_id))
