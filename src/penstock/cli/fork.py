"""`penstock fork`: a new run from an old one. What it needs is imported when its first process starts."""

from __future__ import annotations

from typing import Any

import click

from penstock.cli.choices import Choices, typed
from penstock.cli.run_options import params_option, seed_option, with_options
from penstock.cli.shared_options import complete_run, file_option

_EPILOG = """\b
Examples:
  penstock fork                                 the latest run
  penstock fork digits/3                        with the code as it is now
  penstock fork digits/3 --rows 500             with another parameter
  penstock fork --seed 7 digits/3               with other random numbers
  penstock fork --from train digits/3           run train, and all that came after it, again
  penstock fork --dry-run digits/3              say first what would run, and why
  penstock fork --only train digits/3           one step alone, on the inputs that it had
  penstock fork --only train/2 digits/3         one task of it
"""


@click.command(
    epilog=_EPILOG,
    options_metavar="[OPTIONS]",
    # Whatever stands after RUN belongs to the flow, also what looks like an option of ours.
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True},
)
@with_options
@seed_option
@params_option
@click.option("--name", default="", metavar="NAME", help="What the new run is called, in a few words.")
@click.option("--tag", "tags", multiple=True, metavar="T", help="A tag for the new run; may be given several times.")
@click.option("--from", "step", metavar="STEP", default="", help="Reuse nothing from the first call of this step on.")
@click.option("--keep-code", is_flag=True, help="Reuse also what other code has made.")
@click.option("--only", metavar="STEP[/N]", default="", help="Run this step alone, on its recorded inputs.")
@file_option
@click.argument("run", metavar="[RUN]", default="", shell_complete=complete_run)
@click.argument("words", metavar="[PARAMETERS]...", nargs=-1, type=click.UNPROCESSED)
def command(
    run: str,
    words: tuple[str, ...],
    step: str,
    keep_code: bool,
    only: str,
    file: str | None,
    **chosen: Any,
) -> int:
    """Make a new run from an old one, with other parameters and edited code: what it finished is reused where the step,
    its inputs and its code are the same. The old run stays as it is.

    RUN: the latest one. Options of Penstock stand before it; all after it are the flow's parameters. Exit codes as of
    `penstock run`.
    """
    if run.startswith("-"):
        run, words = "", (run, *words)
    choices = Choices(**chosen)
    from penstock.executors.spare_zygote import spare_zygote

    with spare_zygote(not choices.inline and not choices.dry_run):
        return _fork(run, words, (step, keep_code, only), file, choices)


def _fork(run: str, words: tuple[str, ...], wanted: tuple[str, bool, str], file: str | None, choices: Choices) -> int:
    """`wanted`: the fields of `ForkChoices`."""
    from penstock.cli.drive_run import drive
    from penstock.cli.flow_words import parse
    from penstock.cli.loading import load
    from penstock.cli.unpickling import unpickled_params
    from penstock.launch.flow_of_run import target_of
    from penstock.launch.forking import ForkChoices, request_to_fork
    from penstock.launch.parameters import parameters_of
    from penstock.reading.reader import JournalReader

    reader = JournalReader.find()
    root, fork = reader.project.root, ForkChoices(*wanted)
    request = request_to_fork(
        reader,
        run,
        lambda row, detail: load(target_of(root, row, detail, file, "fork")),
        lambda flow: parse(parameters_of(flow), words, choices.params, partial=True),
        fork,
        choices.seed_text,
        unpickled_params,
    )
    assert request.origin is not None
    options = typed({"--from": fork.step, "--keep-code": fork.keep_code, "--only": fork.only})
    again = ("penstock", "fork", *choices.words(), *options, request.origin.run, *words)
    return drive(reader.project, request, choices, again)
