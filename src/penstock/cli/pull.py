"""`penstock pull`: bring values down from the far tier."""

from __future__ import annotations

import click

from penstock.cli import output
from penstock.cli.moved_values import tell_of_moved
from penstock.cli.shared_options import complete_run, json_option
from penstock.client.space import pull

_EPILOG = """\b
Examples:
  penstock pull                  all that is kept
  penstock pull digits/3         what one run needs, before a journey
"""


@click.command(epilog=_EPILOG)
@click.argument("runs", metavar="[RUN...]", nargs=-1, shell_complete=complete_run)
@json_option
def command(runs: tuple[str, ...], as_json: bool) -> None:
    """Bring down from the far tier what runs need, or all that is kept.

    A value that lies there alone comes down by itself when it is touched; this brings all at once. What was cut off
    goes on.
    """
    info = pull(*runs, tell=output.note)
    tell_of_moved(info, "brought", "down from", "here", as_json=as_json)
