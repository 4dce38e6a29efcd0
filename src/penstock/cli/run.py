"""`penstock run`: how a new run of a flow is asked for."""

from __future__ import annotations

from typing import Any

import click

from penstock.cli.choices import Choices
from penstock.cli.run_options import params_option, seed_option, with_options
from penstock.cli.start_run import start

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
    return start(target, words, Choices(tags=tags, **chosen))
