"""`penstock run`: a new run of a flow. What a run needs is imported when its first process is under way."""

from __future__ import annotations

from typing import Any

import click

from penstock.cli import screen
from penstock.cli.choices import Choices, params_option, seed_option, with_options
from penstock.errors import ParameterError

_EPILOG = """\b
Examples:
  penstock run digits.py                          the only flow of the file
  penstock run digits.py:digits --rows 500        one of several, with a parameter
  penstock run package.module:digits              a module, as Python names it
  penstock run digits.py --depths '[2, 4]'        lists, dicts and dataclasses as JSON
  penstock run digits.py --config @config.json    a value from a file
  penstock run --inline digits.py                 all in one process: breakpoint() works
  penstock run --seed 7 digits.py                 other random numbers
  penstock run --dry-run digits.py                what is cached, what would run, and why
  penstock run --params @all.json digits.py       all parameters from a file
  penstock run digits.py --help                   the flow's own parameters
  penstock run --json digits.py --help            their JSON Schema
"""


def _files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


@click.command(
    epilog=_EPILOG,
    options_metavar="[OPTIONS]",
    # Whatever stands after FILE belongs to the flow, also what looks like an option of ours.
    context_settings={"allow_interspersed_args": False},
)
@with_options
@seed_option
@params_option
@click.option("--name", default="", metavar="NAME", help="What the run is called, in a few words.")
@click.option("--tag", "tags", multiple=True, metavar="T", help="A tag for the run; may be given several times.")
@click.argument("target", metavar="FILE[:FLOW]", shell_complete=_files)
@click.argument("words", metavar="[PARAMETERS]...", nargs=-1, type=click.UNPROCESSED)
def command(target: str, words: tuple[str, ...], tags: tuple[str, ...], **chosen: Any) -> int:
    """Run a flow. Options of Penstock stand before FILE; all after it are the flow's parameters.

    Exit code 0: done, 1: the flow failed, 2: the call was wrong, 130: interrupted.
    """
    wants_help = "--help" in words or "-h" in words
    choices = Choices(tags=tags, **chosen)
    from penstock.executors.spare_zygote import spare_zygote

    with spare_zygote(not (choices.inline or choices.dry_run or wants_help)):
        return _run(target, words, choices, wants_help)


def _run(target: str, words: tuple[str, ...], choices: Choices, wants_help: bool) -> int:
    from penstock.cli.drive_run import drive
    from penstock.cli.flow_words import parse
    from penstock.cli.loading import load
    from penstock.launch.parameters import parameters_of
    from penstock.launch.preparing import RunRequest
    from penstock.project import Project

    flow = load(target)
    parameters = parameters_of(flow)
    if wants_help and choices.as_json:
        from penstock.launch.param_schema import schema_text

        screen.document(schema_text(flow))
        return 0
    if wants_help:
        from penstock.cli.flow_help import flow_help

        screen.out(flow_help(parameters, flow.fn, f"penstock run {target}"))
        return 0
    try:
        given = parse(parameters, words, choices.params)
    except ParameterError as error:
        raise ParameterError(
            f"{str(error).rstrip('?')}{'?' if str(error).endswith('?') else '.'} See `penstock run {target} --help`"
        ) from None
    order = RunRequest(flow, parameters.filled(given), seed=choices.seed_text)
    again = ("penstock", "run", *choices.words(), target, *words)
    return drive(Project.find(), order, choices, again)
